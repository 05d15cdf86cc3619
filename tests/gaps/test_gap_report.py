"""Channels with a known fault: that it is found, and that nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.document import TranscriptLine
from simulator.errors import ContentError
from simulator.gaps import patch as patches
from simulator.gaps.measures import Finding
from simulator.world import load
from simulator.world.yaml_file import parse
from tests.gaps.channels import LEAD, channel, gaps, rules
from tests.worlds import shipped


def found(here, there) -> dict[str, Finding]:
    return {row.name: row.finding for row in gaps(here, there).rows if row.gap}


def often(text: str, places: int):
    """Every so many of the lead's messages, the one after it is `text`."""

    def change(place: int, line: TranscriptLine) -> TranscriptLine:
        return TranscriptLine("rolf", text.replace("LEAD", LEAD)) if place % (12 * places) == 7 else line

    return change


def once(text: str):
    """One message of the whole channel."""
    left = [TranscriptLine("rolf", text.replace("LEAD", LEAD))]
    return lambda place, line: left.pop() if left and place == 7 else line


def hers(text: str):
    def change(place: int, line: TranscriptLine) -> TranscriptLine:
        return TranscriptLine(LEAD, text) if line.nick == LEAD else line

    return change


def test_a_corpus_against_itself_has_no_gap() -> None:
    result = gaps(channel(), channel())
    assert not [row for row in result.rows if row.gap]
    assert not result.topics and not result.complaints and result.patch.empty
    assert parse(patches.as_yaml(result.patch, "x"), "patch") == {}


def test_two_halves_of_one_channel_have_no_gap() -> None:
    result = gaps(channel(seed=1), channel(seed=2))
    assert not [row for row in result.rows if row.gap] and not result.topics


KNOWN = {
    "share doubled": ({"every": 6}, {"share-LOW": Finding.ABOVE}),
    "hardly there": ({"every": 48}, {"share-LOW": Finding.BELOW}),
    "habits": (
        {"change": hers("I hope this helps! Let me know if you have any questions about the cat and bus.")},
        {"habits": Finding.MORE, "words": Finding.MORE},
    ),
    "silent when asked": (
        {"change": lambda p, line: TranscriptLine("rolf", f"{LEAD}: and what of the bus") if p % 12 == 8 else line},
        {"addressed": Finding.LESS},
    ),
    "longer lines": ({"change": hers("the soup " * 30)}, {"words": Finding.MORE}),
    "complaints": ({"change": often("LEAD shut up", 1)}, {"quiet": Finding.OFTEN}),
    "corrections": ({"change": often("no, it's the other one", 1)}, {"correction": Finding.OFTEN}),
    "praise": ({"change": often("good one", 1)}, {}),
    "one complaint": ({"change": once("LEAD shut up")}, {}),
}


@pytest.mark.parametrize("case", KNOWN)
def test_a_known_fault_is_found_and_no_other(case: str) -> None:
    fields, wanted = KNOWN[case]
    there = channel(seed=2, change=lambda p, line: TranscriptLine("rolf", f"{LEAD}: the bus") if p % 12 == 5 else line)
    assert found(channel(**fields), there) == wanted


def test_few_observations_say_nothing() -> None:
    result = gaps(channel(1, n=20, every=5), channel())
    assert {row.finding for row in result.rows if row.name not in ("words-people",)} == {Finding.FEW}
    assert result.patch.empty


def test_a_share_read_off_the_share_is_not_held_against_a_band() -> None:
    rows = {row.name: row for row in gaps(channel(level=None, every=2), channel()).rows}
    assert rows["share"].finding is Finding.UNKNOWN and rows["share"].here.n == 768
    assert rows["share-LOW"].here is None


def test_every_figure_has_n_and_an_interval_around_it() -> None:
    for row in gaps(channel(change=often("LEAD: shut up", 2)), channel(seed=5)).rows:
        for figure in (row.here, row.there):
            assert figure is None or (figure.low <= figure.value <= figure.high and figure.n > 0)


def test_scripted_complaints_are_not_about_her() -> None:
    scripted = channel(change=often("LEAD shut up", 1), pattern=rules().answer("quiet"))
    result = gaps(scripted, channel())
    assert not result.complaints and "quiet" not in found(scripted, channel())
    assert result.reaction.remarks == 64, "what she does then is what she learned"


def test_what_she_does_after_being_told_off() -> None:
    def told(backs_off: bool):
        def change(place: int, line: TranscriptLine) -> TranscriptLine:
            if place == 24:
                return TranscriptLine("rolf", f"{LEAD}: let others talk")
            spoke = place % 3 == 2 and (place < 24 or not backs_off)
            return TranscriptLine(LEAD if spoke else "pim" if line.nick == LEAD else line.nick, line.text)

        return channel(10, change=change)

    calm, stubborn = gaps(told(True), told(True)).reaction, gaps(told(False), told(True))
    assert calm.remarks == 10 and calm.change.high < -0.2 and calm.after.value == 0
    rows = {row.name: row for row in stubborn.rows}
    assert (
        stubborn.reaction.change.low > calm.change.high
        and rows["reaction"].finding is Finding.MORE
        and rows["reaction"].gap
    )
    assert "scenarios/calibration/gap-reaction.yaml" in {stub.path for stub in stubborn.patch.stubs}


def applied(folder: Path, text: str):
    """The shipped world with a patch in it, as `em world` loads it."""
    load.copy(folder)
    for name, content in parse(text, "patch").items():
        assert (folder / name).resolve().is_relative_to(folder.resolve())
        (folder / name).write_text(json.dumps(content))
    return load.load(folder)


def test_a_patch_is_a_world(tmp_path: Path) -> None:
    def change(place: int, line: TranscriptLine) -> TranscriptLine:
        if place % 12 == 4:
            return TranscriptLine("rolf", f"{LEAD} shut up")
        return TranscriptLine(line.nick, "the kernel module crashed") if line.nick != LEAD and place % 3 == 0 else line

    result = gaps(channel(every=6, change=change), channel(seed=2))
    text = patches.as_yaml(result.patch, "hostile\n- title: [")
    world = applied(tmp_path, text)
    assert world.quota.engagement["LOW"] == pytest.approx(shipped().quota.engagement["LOW"] + 0.05)
    assert {"gap-quiet", "gap-topic-kernel-module-crashed"} <= set(world.scenarios)
    assert "# +0.050: share at LOW" in text and "scenarios/participation/" in text


def test_nobody_is_named_in_a_patch_and_text_stays_text() -> None:
    attack = f"{LEAD} shut up\u2028policies: x\x85\x1b[2J rolf and TESS, see http://a.example/x # }} - &a !!t"
    here = channel(change=lambda p, line: TranscriptLine("rolf", attack) if p % 12 == 7 else line)
    result = gaps(here, channel(seed=2))
    text = patches.as_yaml(result.patch, "x")
    assert "shut up" in text and "<p1>" in text
    assert not any(nick in text.lower() for nick in ("rolf", "tess", "a.example"))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert set(parse(text, "patch")) == {"policies/quota.yaml", "scenarios/calibration/gap-quiet.yaml"}
    assert result.complaints[0].text == attack


def test_the_same_sessions_give_the_same_bytes() -> None:
    here, there = channel(every=6, change=often("LEAD shut up", 1)), channel(seed=2)
    one, other = (patches.as_yaml(gaps(list(here), list(there)).patch, "x") for _ in range(2))
    assert one == other


def test_a_world_without_the_policy_says_so(tmp_path: Path) -> None:
    load.copy(tmp_path)
    (tmp_path / "policies" / "gaps.yaml").unlink()
    with pytest.raises(ContentError, match=r"policies/gaps\.yaml: is missing"):
        load.load(tmp_path)
