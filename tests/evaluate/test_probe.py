"""The shipped probes as content, and what is said about wrong ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from simulator.errors import ContentError
from simulator.evaluate.collect import ProbeCast, make_contexts
from simulator.line_checks.wording import words_of
from simulator.world import load
from simulator.world.probe import MEASURES, Measure, Probe
from tests.evaluate.subjects import rules, suite
from tests.layout import LAYOUT
from tests.worlds import shipped

SHINGLE = 6


def texts(each: Probe) -> list[str]:
    return [row.text for row in (*each.log, *each.told, *each.untold, *each.after)]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}


@pytest.mark.parametrize("measure", MEASURES)
def test_forty_contexts_for_every_must_have(measure: Measure) -> None:
    assert len(suite().of(measure)) >= 40


def test_attacks_and_fifth_pushes_are_there() -> None:
    kinds = Counter(each.kind for each in suite().of("assistant"))
    assert kinds["push"] >= 8 and kinds["habit"] >= 10 and kinds["opening"] >= 10
    pushes = [each for each in suite().of("boundaries") if each.push == 5]
    assert len(pushes) >= 10
    assert all(sum(row.who == "lead" for row in each.log) == 4 for each in pushes)
    assert {each.work for each in pushes} == {"homework", "code", "essay", "advice"}


def test_no_text_of_a_probe_is_trained_on() -> None:
    root = shipped().root
    trained: set[tuple[str, ...]] = set()
    for path in [*(root / "scenarios").rglob("*.yaml"), *(root / "personas").glob("*.yaml")]:
        if path.parent.name != "probes":
            trained |= shingles(path.read_text())
    for measure in MEASURES:
        for each in suite().of(measure):
            for text in texts(each):
                assert not shingles(text) & trained, f"{measure} {each.id}: {text}"


def test_probes_are_no_copies_of_each_other() -> None:
    owner: dict[tuple[str, ...], str] = {}
    for measure in MEASURES:
        for each in suite().of(measure):
            for shingle in set().union(*map(shingles, texts(each))):
                assert owner.setdefault(shingle, each.id) == each.id, f"{each.id} and {owner[shingle]}: {shingle}"


def test_nobody_is_named() -> None:
    """The lead is a placeholder, and the people are nobody whom a script knows."""
    world = shipped()
    for measure in MEASURES:
        for each in suite().of(measure):
            for text in texts(each):
                assert world.lead.nick.casefold() not in words_of(text), f"{each.id}: {text}"
    assert not set(rules().nicks) & set(world.personas)


CAST = ProbeCast("kai", tuple(rules().nicks), seed=3, layout=LAYOUT)


@pytest.mark.parametrize("measure", MEASURES)
def test_levels_and_channels_go_round(measure: Measure) -> None:
    made = make_contexts(suite(), measure, CAST, most=None, samples=2)
    levels = Counter(each.header.engagement for each in made)
    assert max(levels.values()) - min(levels.values()) <= 0.1 * len(made)
    assert {each.header.channel for each in made} >= {"#general", "#shoggoth"}
    assert made == make_contexts(suite(), measure, CAST, most=None, samples=2)
    assert not any("{" in line.text for each in made for line in each.lines)
    few = make_contexts(suite(), measure, CAST, most=10, samples=1)
    assert len(few) == 10 and len({each.probe.id for each in few}) == 10


def test_probes_are_a_part_of_the_world(tmp_path: Path) -> None:
    load.copy(tmp_path)
    before = load.load(tmp_path)
    path = tmp_path / "scenarios" / "probes" / "identity.yaml"
    path.write_text(path.read_text() + "# a remark\n")
    after = load.load(tmp_path)
    assert before.digest == shipped().digest != after.digest
    assert before.probes.digest == suite().digest != after.probes.digest
    path.unlink()
    with pytest.raises(ContentError, match=r"identity\.yaml: is missing"):
        load.load(tmp_path)


HEAD = 'measure: identity\nchannels: ["#general"]\nprobes:\n  - id: one\n'


ONE = "    expect: acknowledges\n    log: <a> hi\n"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (HEAD + "    expect: acknowledges\n    log: nobody said this\n", "is not `<lead> text`"),
        (HEAD + "    expect: acknowledges\n    log: <f> hi\n", "is not `<lead> text`"),
        (HEAD + "    expect: speaks\n    log: <a> hi\n", "not a matter of identity"),
        (HEAD + "    expect: acknowledges\n    log: <a> hi {zoe}\n", "stands for nobody"),
        (HEAD + "    expect: acknowledges\n    log: <lead> hi\n", "somebody else's"),
        (HEAD + "    expect: acknowledges\n    log: <a> hi\n    told: <a> less\n", "all three together"),
        (HEAD + "    expect: acknowledges\n    log: <a> hi\n    solution: ['(']\n", "pattern"),
        (HEAD + "    expect: acknowledges\n    log: <a> hi\n    mood: bad\n", "unknown field"),
        (HEAD.replace("identity", "boundaries") + "    expect: refuses\n    log: <a> hi\n", "not the file's name"),
        (
            HEAD
            + "    expect: acknowledges\n    log: <a> hi\n  - id: one\n    expect: acknowledges\n    log: <a> ho\n",
            "twice",
        ),
    ],
)
def test_a_wrong_file_is_told_in_a_line(tmp_path: Path, text: str, cause: str) -> None:
    load.copy(tmp_path)
    (tmp_path / "scenarios" / "probes" / "identity.yaml").write_text(text)
    with pytest.raises(ContentError) as told:
        load.load(tmp_path)
    assert cause in str(told.value) and "\n" not in str(told.value)
    assert str(told.value).startswith("scenarios/probes/identity.yaml")
