"""A stub names its blanks, is refused for nothing but these, and is valid when they are filled in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.world import load, stubs
from simulator.world.stubs import Stub
from simulator.world.yaml_file import WorldFaults, parse
from tests.cli.em import em

CHANNELS = ["#general"]
STUBS = {
    "persona": stubs.persona("Kaja[x]"),
    "script": stubs.script("boundaries", "lost-keys", CHANNELS),
    "topic": stubs.topic("gardening"),
}
WORDS = {"heading": "lost-keys", "opening": "has anybody seen"}
"""By field, where not any sentence will do."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    load.copy(tmp_path / "world")
    return tmp_path / "world"


def put(root: Path, stub: Stub, text: str) -> None:
    (root / stub.name).write_text(text)
    quota = root / "policies" / "quota.yaml"
    if "topics/" in stub.name:
        quota.write_text(quota.read_text().replace("  everyday: 0.20\n", "  everyday: 0.19\n  gardening: 0.01\n"))


def filled(stub: Stub) -> str:
    rows = stub.text.splitlines()
    for number, blank in enumerate(stub.blanks):
        words = next((text for field, text in WORDS.items() if field in blank.field), f"a sentence of a kind, {number}")
        rows[blank.line - 1] += f" {words}"
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("kind", STUBS)
def test_a_stub_is_refused_for_its_blanks_alone(root: Path, kind: str) -> None:
    stub = STUBS[kind]
    put(root, stub, stub.text)
    with pytest.raises(WorldFaults) as caught:
        load.load(root)
    blank = [(fault.line, fault.cause) for fault in caught.value.faults if fault.file == stub.name]
    assert blank == [(one.line, f"{one.field}: is blank") for one in stub.blanks] and len(blank) >= 3


@pytest.mark.parametrize("kind", STUBS)
def test_a_stub_is_valid_when_its_blanks_are_filled_in(root: Path, kind: str) -> None:
    put(root, STUBS[kind], filled(STUBS[kind]))
    made = load.load(root)
    assert "Kaja[x]" in made.personas or "lost-keys" in made.scenarios or "gardening" in made.topics


@pytest.mark.parametrize("kind", ["persona", "script"])
def test_what_stands_in_comments_is_the_default(root: Path, kind: str) -> None:
    """With every comment that is a field taken in, the file says the same."""
    stub = STUBS[kind]
    text = re.sub(r"^# ([a-z_]+: )(?!null$)", r"\1", filled(stub), flags=re.M)
    assert len(parse(text, "x")) > len(parse(filled(stub), "x")) + 3
    put(root, stub, filled(stub))
    before = load.load(root)
    put(root, stub, text)
    after = load.load(root)
    assert before.personas == after.personas and before.scenarios == after.scenarios


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("persona", "bo2"), 0, "line   4: about is blank"),
        (("script", "identity/who-is-it"), 0, "who-is-it.yaml"),
        (("topic", "gardening"), 0, "then give `gardening` a share under `topics` in policies/quota.yaml"),
        (("persona", "9lives"), 2, "begins with no digit"),
        (("script", "who-is-it"), 2, "write PATTERN/NAME, with one of the patterns of policies/quota.yaml: identity"),
        (("script", "identity/Who"), 2, "lower case letters"),
        (("topic", "everyday"), 2, "is there already; edit it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_em_new(root: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = em("new", *arguments, "--world", root, cwd=root.parent)
    assert done.returncode == code and told in done.stdout + done.stderr, done.stderr
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before and len(after) - len(before) == (code == 0)


def test_the_shipped_world_is_not_written_to(tmp_path: Path) -> None:
    done = em("new", "persona", "bo2", cwd=tmp_path)
    assert done.returncode == 2 and "em init DIR" in done.stderr
