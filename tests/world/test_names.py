"""`policies/names.yaml`: language, header, names of files, roles of channels."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from simulator.document import Header, HeaderLayout, TranscriptLine, messages_of, parse_document, render_document
from simulator.world import load
from simulator.world.channel_roles import filled
from simulator.world.policies.names import NamesPolicy
from simulator.world.scenario import Scenario
from simulator.world.style import StylePolicy
from simulator.world.yaml_file import WorldFaults
from tests.worlds import shipped

GIVEN = {"header": "A: {level}\nB: {channel}\n", "output": "x", "channels": {"home": "#a"}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("header", "A: {level}\n"),
        ("header", "A: {level} {level}\nB: {channel}\n"),
        ("header", "A: {level}\nB: {channel}"),
        ("header", "A: {level}\n\nB: {channel}\n"),
        ("header", "<a> {level}\nB: {channel}\n"),
        ("output", "two words"),
        ("output", "../x"),
        ("channels", {}),
        ("channels", {"home": "#a", "general": "#A"}),
        ("channels", {"lead": "#a"}),
        ("language", "english"),
    ],
)
def test_names_refuse_to_be_wrong(field: str, value: object) -> None:
    NamesPolicy.model_validate(GIVEN)
    with pytest.raises(ValidationError):
        NamesPolicy.model_validate({**GIVEN, field: value})


@pytest.mark.parametrize(
    "template",
    [
        "ENGAGEMENT: {level}\nCHANNEL: {channel}\n",
        "[{channel}] ({level})\n",
        "{level}\n--\n{channel}\n",
        "über {channel}: {level}.\n",
    ],
)
def test_any_header_is_read_back(template: str) -> None:
    layout = HeaderLayout(template, ("low.", "a+b", "HIGH"))
    lines = (TranscriptLine("kai", "hi"), TranscriptLine("a[b]", "waves", action=True))
    for level in layout.levels:
        header = layout.header(level, "#x-y")
        text = render_document(header, lines)
        read = parse_document(text, layout)
        assert (read.header, read.lines, read.malformed) == (Header(level, "#x-y", layout), lines, ())
        assert messages_of(text) == lines[:1] and layout.begins(text)
    assert parse_document("<kai> hi\n", layout).header is None and not layout.begins("<kai> hi\n")
    other = HeaderLayout(template, ("other",))
    assert parse_document(render_document(other.header("other", "#x"), lines), layout).header is None


def test_roles_stand_for_channels() -> None:
    channels = {"home": "#a-b", "heated": "#c"}
    script = {"channels": ["{home}", "{nobody}"], "premise": "in {heated} and {lead}", "beats": [{"note": ["{home}!"]}]}
    assert filled(script, Scenario, channels) == {
        "channels": ["#a-b", "{nobody}"],
        "premise": "in #c and {lead}",
        "beats": [{"note": ["#a-b!"]}],
    }
    own = filled({"slots": {"home": {}}, "premise": "{home} {heated}"}, Scenario, channels)
    assert own["premise"] == "{home} #c", "a script's own part comes first"
    assert filled("{home} {channel.home}", StylePolicy, channels) == "{home} #a-?b", "word lists have names, too"


def changed(folder: Path, **edits: tuple[str, str]) -> list[str]:
    """The faults of a copy of the shipped world with some texts replaced; a name's double underscore is a slash."""
    load.copy(folder)
    for name, (old, new) in edits.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    with pytest.raises(WorldFaults) as caught:
        load.load(folder)
    return [f"{fault.file}: {fault.cause}; {fault.remedy}" for fault in caught.value.faults]


def test_a_role_that_no_channel_has(tmp_path: Path) -> None:
    found = changed(tmp_path, policies__names=('  heated: "#culture-war"\n', ""))
    assert any("quota.yaml: no channel has the role `heated`; policies/names.yaml gives" in fault for fault in found)


def test_a_level_that_has_no_band(tmp_path: Path) -> None:
    found = changed(tmp_path, policies__quota=("HIGH: 0.20", "LOUD: 0.20"))
    assert any("engagement: no `LOUD`; known are HIGH, LOW, MEDIUM" in fault for fault in found)
    assert any("engagement: missing HIGH" in fault for fault in found)


def test_another_language_has_rules_of_its_own(tmp_path: Path) -> None:
    """Each file that holds words of another language is named once, with what to do."""
    found = changed(tmp_path, policies__names=("language: en", "language: fi"))
    named = [fault for fault in found if "its words are in `en`, and policies/names.yaml says `fi`" in fault]
    files = {fault.partition(":")[0] for fault in named}
    assert {"policies/style.yaml", "scenarios/probes/identity.yaml", "policies/turns.yaml"} <= files
    assert len(named) == len(files) == 13 and all("write it in `fi`" in fault for fault in named)
    assert any("session_tail.j2: is missing" not in fault for fault in found)


def test_a_world_without_the_file_calls_things_as_the_shipped_one(tmp_path: Path) -> None:
    load.copy(tmp_path)
    (tmp_path / "policies" / "names.yaml").unlink()
    world = load.load(tmp_path)
    assert world.names == shipped().names and world.layout == shipped().layout


def test_runs_from_before_channels_had_roles_are_of_the_same_content(tmp_path: Path) -> None:
    """The files as they were then: no names.yaml, and every channel by its name."""
    load.copy(tmp_path)
    new = load.load(tmp_path)
    before = load.nameless_digests(new)
    (tmp_path / "policies" / "names.yaml").unlink()
    for path in (*tmp_path.rglob("scenarios/**/*.yaml"), *tmp_path.glob("policies/*.yaml")):
        text = path.read_text()
        for role, channel in new.names.channels.items():
            spelled = channel.replace("-", "-?") if path.name == "style.yaml" else channel
            brace = f"{{channel.{role}}}" if path.name == "style.yaml" else f"{{{role}}}"
            text = text.replace(brace, spelled)
        path.write_text(text)
    old = load.load(tmp_path)
    assert (old.digest, load.played_digest(tmp_path)) == before
    assert all(load.same_content(shipped(), digest) for digest in before)
    assert old.scenarios == new.scenarios and old.quota == new.quota and old.style == new.style
