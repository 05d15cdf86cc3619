"""Turn-taking, measured and held against real channels."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.addressing import leading_nick
from simulator.corpus.facts import to_json
from simulator.corpus.realism import Realism, inside, join_turns
from simulator.document import Document, TranscriptLine, render_document
from simulator.errors import ContentError
from simulator.session import transcript
from simulator.world import load
from simulator.world.realism_reference import Reference
from tests.bench import realism_ranges
from tests.bench.turn_faults import played
from tests.corpus.language import ROOT
from tests.layout import LAYOUT
from tests.worlds import shipped

FILE = "policies/realism.yaml"
OUTSIDE = ROOT.parent / "shared" / "reference"
SCRIPT, FIGURES = OUTSIDE / "realism.py", OUTSIDE / "irc_stats.json"
needs_reference = pytest.mark.skipif(
    not SCRIPT.exists() or not FIGURES.exists(), reason="no ../shared/reference beside this checkout"
)
NICKS = ("kai", "bo", "Mar[x]", "x_", "old^fox", "Tess|away", "d-day", "lin")


def real() -> Reference:
    return shipped().realism


def talk(order: str, texts: list[str] | None = None) -> Document:
    """One letter a message, or `order` with a text for each."""
    said = texts or ["well then"] * len(order)
    return Document(None, tuple(TranscriptLine(nick, text) for nick, text in zip(order, said, strict=True)))


def measured(*documents: Document) -> Realism:
    realism = Realism()
    for document in documents:
        realism.add(document)
    return realism


def chatter(seed: int, messages: int) -> Document:
    """People who speak at random, to each other, about each other and in every form of address."""
    draw = random.Random(seed)
    cast = draw.sample(NICKS, draw.randint(3, 8))
    lines = []
    for _ in range(messages):
        nick, other = draw.choice(cast), draw.choice(NICKS)
        words = draw.choices(("Yes", "no,", "see www.a.example?", "why?", "...", "fine.", "I.e. this", "7"), k=5)
        words = words[: draw.randint(1, 5)]
        head = draw.choice(
            ("", "", "", f"{other}:", f"{other.upper()},", f"@{other}", f"@{other}:", f"{other} :", f"<@{other}>")
        )
        tail = draw.choice(("", "", f"ask {other}!", f"({other.lower()})", f"{other}'s", f"{other}?"))
        text = " ".join(filter(None, (head, *words, tail)))
        lines.append(TranscriptLine(nick, text, action=draw.random() < 0.05))
    return Document(LAYOUT.header("LOW", "#general"), tuple(lines))


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("kai: hello", "Kai"),
        ("KAI, hello", "Kai"),
        ("kai : hello", "Kai"),
        ("@kai hello", "Kai"),
        ("@kai: hello", "Kai"),
        ("<@kai> hello", "Kai"),
        ("kai> hello", "Kai"),
        ("kai:", "Kai"),
        ("kai", None),
        ("kai hello", None),
        ("kai:hello", None),
        ("kai:: hello", None),
        ("hello kai: you", None),
        ("bo: hello", None),
        (": hello", None),
        ("@ hello", None),
    ],
)
def test_who_is_addressed(text: str, nick: str | None) -> None:
    assert leading_nick(text, {"kai": "Kai"}) == nick


def test_a_window_counted_by_hand() -> None:
    found = measured(talk("aabacdabbbacdeacab")).figures()  # the turns: abacdabacdeacab
    assert found["w15.speakers"] == 5
    assert found["w15.top_share"] == 6 / 15
    assert found["w15.aba"] == pytest.approx(3 / 13)
    assert found["w15.new"] == pytest.approx(4 / 14)
    assert found["w15.rank3"] == pytest.approx(1 / 14)
    assert not any(name.startswith(("w100", "all")) or ".sd_" in name for name in found)


def test_lines_in_a_row_are_one_turn() -> None:
    once, broken = talk("abacdabacdeacab"), talk("aabacdaaabbacdeacaab")
    assert measured(once).figures().keys() == measured(broken).figures().keys()
    for name, value in measured(once).figures().items():
        assert "words" in name or "chars" in name or name == "short" or measured(broken).figures()[name] == value, name


def test_who_answers_and_how_far_away() -> None:
    texts = ["hi", "a: yes", "no", "well", "b: so", "right"]
    realism = measured(*[talk("abcacb", texts)] * 20)
    found = realism.figures()
    assert (found["all.answer_next_direct"], found["all.answer_in3_direct"]) == (0.5, 1.0)
    assert found["all.answer_next_other_direct"] == 0.5
    assert "all.answer_in5_direct" not in found, "too near the end of the session to be told"
    distance = to_json(realism.table(real()))["reply_distance"]
    assert (distance["back"]["p25"], distance["back"]["p75"], distance["back"]["messages"]) == (1, 3, 40)
    assert (distance["answer"]["p25"], distance["answer"]["p75"], distance["answer"]["never"]) == (1, 2, 0)


def test_only_too_little_deviation_is_a_fault() -> None:
    spread = "w15.sd_top_share"
    assert inside(spread, 0.9, (0.1, 0.2, 0.3)) and not inside(spread, 0.05, (0.1, 0.2, 0.3))
    assert not inside("w15.aba", 0.9, (0.1, 0.2, 0.3)) and inside("w15.aba", 0.3, (0.1, 0.2, 0.3))


def test_sessions_without_turns_are_left_out() -> None:
    realism = measured(talk("a"), talk(""), talk("ab"))
    assert (realism.sessions, realism.messages, realism.figures()) == (1, 2, {})
    rows = realism.rows(real())
    assert len(rows) == 30 and all(row.inside is None for row in rows)


@pytest.mark.parametrize("order", ["abcdefgh" * 13, "ab" * 52, "abababacad" * 11])
def test_machines_that_take_turns_are_told_from_people(order: str) -> None:
    realism = measured(*[talk(order)] * 20)
    assert realism.table(real()).outside > real().allow


def test_the_order_of_sessions_does_not_matter() -> None:
    sessions = [chatter(seed, 120) for seed in range(12)]
    there, back = measured(*sessions).figures(), measured(*reversed(sessions)).figures()
    assert there == pytest.approx(back)


@needs_reference
def test_the_same_figures_as_the_reference_measures(tmp_path: Path) -> None:
    """The reference measures lines; turns that are joined beforehand are its lines."""
    sessions = [chatter(seed, messages) for seed, messages in enumerate((15, 100, 61, 2, 1, 230, 104, 90, 33, 120))]
    for number, document in enumerate(sessions):
        assert document.header is not None
        turns = join_turns(document.lines)
        (tmp_path / f"{number:02}.txt").write_text(render_document(document.header, turns))
    command = [sys.executable, str(SCRIPT), str(tmp_path), "--ref", str(FIGURES), "--what", "both", "--json"]
    outside = {row["stat"]: row for row in json.loads(subprocess.run(command, capture_output=True, check=False).stdout)}
    own = measured(*sessions)
    for row in own.rows(real()):
        assert row.value == pytest.approx(outside[row.name]["value"], abs=5e-4), row.name
    for name, value in own.figures().items():
        if "." not in name:
            assert value == pytest.approx(outside[f"w15.{name}"]["value"], abs=5e-4), name


@needs_reference
def test_the_figures_in_the_policy_are_measured_on_the_logs() -> None:
    """`tests/bench/realism_ranges.py` gives the ranges of turn-taking; those of the form are the reference's."""
    logs = [OUTSIDE / "irc" / name for name in ("linux_channel_two", "ubuntu", "new_domains")]
    ranges = realism_ranges.ranges([realism_ranges.stretches(folder) for folder in logs])
    for row in Realism().rows(real()):
        assert list(row.reference) == pytest.approx(ranges[row.name], rel=1e-5), row.name
    blocks = json.loads(FIGURES.read_text())["sources"]["pooled_social"]["block_250"]
    for name, figure in real().form.items():
        assert list(figure) == [blocks[f"w15.{name}"][key] for key in ("p5", "p50", "p95")], name


@needs_reference
def test_scripted_sessions_lie_inside_the_range_of_logs_that_were_held_out() -> None:
    logs = [OUTSIDE / "irc" / name for name in ("linux_channel_two", "ubuntu", "new_domains")]
    held_out = realism_ranges.ranges([realism_ranges.stretches(folder)[1::2] for folder in logs])
    found = measured(
        *(transcript.document(plan.setting, events, layout=LAYOUT) for plan, events in played(shipped(), 5, 60))
    ).figures()
    outside = [
        name
        for name, row in held_out.items()
        if "." in name and name in found and not inside(name, found[name], (row[0], row[1], row[2]))
    ]
    assert not outside


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("speakers: [5.25, 7, 9.375]", "speakers: [7, 5.25, 9.375]", "must rise"),
        ("speakers: [5.25, 7, 9.375]", "shouters: [5.25, 7, 9.375]", "turn_taking.w15"),
        ("distinct: {1: 0.20, 2: 0.71, 3: 0.90}", "distinct: {1: 0.20}", "variety.distinct"),
        ("opening: {1: 0.10, 2: 0.03}", "opening: {1: 0.10}", "habits.opening"),
        ("allow: 2", "allow: 2\nsource: me", "unknown field"),
    ],
)
def test_a_policy_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, cause: str) -> None:
    text = (ROOT / FILE).read_text()
    assert old in text
    load.copy(tmp_path)
    (tmp_path / FILE).write_text(text.replace(old, new, 1))
    with pytest.raises(ContentError) as raised:
        load.load(tmp_path)
    assert cause in str(raised.value) and FILE in str(raised.value)
