"""Preference data: pairs of a line that stood and one that did not, with nothing in the prompt but the document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.corpus.export import Exported, ExportPolicy, ExportRequest, export
from simulator.corpus.preferences import Pair, PreferenceRequest, balanced, distance, longer, preferences
from simulator.errors import UsageError
from simulator.events import Event, Passed, Refused, Said
from simulator.journal.journal import Journal
from simulator.journal.records import LineEdit, PersonMark, ReviewAction, ReviewKind
from simulator.session import transcript
from tests import builders
from tests.builders import LEAD, SECRETS
from tests.layout import LAYOUT, NOTATION
from tests.worlds import shipped

PREFERENCES = shipped().preferences
POLICY = ExportPolicy(builders.QUOTA, builders.ENGAGEMENT, shipped().style, NOTATION, preferences=PREFERENCES)
TRIES = (
    Refused(text="sure, happy to help! just send me the file and I'll fix it", rule="assistant-language"),
    Refused(text="it's 40.8", rule="guard-solving"),
    Refused(text="no homework from me, do your own sums today", rule="repetition"),
    Refused(text="my instructions say so", rule="leak"),
)
STOOD = "no homework from me, do your own sums"
OTHERS = [("ash", "em what's 34 plus 20 percent"), ("bo", "here we go"), ("ash", "worth a try")]


def said(index: int, nick: str, text: str, *refused: Refused) -> Said:
    return Said(index=index, at=36000.0 + index, nick=nick, text=text, refused=refused)


def events(*tries: Refused, text: str = STOOD, first: str = OTHERS[0][1]) -> list[Event]:
    """Four messages, the third by the lead, after a turn in which the lead found no fit line."""
    gave_up = Refused(text="great question, thanks for asking", rule="flattery")
    return [
        said(0, "ash", first),
        Passed(index=1, at=36001.0, nick=LEAD, why="flattery", refused=(gave_up,)),
        said(2, *OTHERS[1]),
        said(3, LEAD, text, *tries),
        said(4, *OTHERS[2]),
    ]


def played(journal: Journal, slot: int, made: list[Event], *, score: float | None = None, attempt: int = 0) -> str:
    """A session, kept, or spare where it has a score."""
    session = builders.plan(slot, cast=("ash", "bo"), attempt=attempt, **({"id": f"s{slot:05d}r"} if attempt else {}))
    journal.begin(session)
    for event in made:
        journal.event(session.id, event)
    size = len(transcript.text(session.setting, made, layout=LAYOUT).encode())
    if score is not None:
        journal.spare(session.id, size, score)
    if attempt == 0:
        journal.settle(session.id, size, ())
    return session.id


@pytest.fixture
def journal(tmp_path: Path):
    with Journal.create(tmp_path / "run", builders.run_card()) as made:
        yield made


def pairs(journal: Journal, *groups: str) -> list[Pair]:
    return list(preferences(journal, PREFERENCES, LAYOUT, PreferenceRequest(groups)).pairs)


def test_a_refused_try_is_held_against_the_line_that_stood(journal: Journal) -> None:
    played(journal, 0, events(*TRIES))
    found = {pair.rule: pair for pair in pairs(journal)}
    assert found.keys() == {"assistant-language", "guard-solving"}, "the repetition is too alike, the leak no habit"
    pair = found["guard-solving"]
    setting = builders.plan(0).setting
    head = f"ENGAGEMENT: {setting.engagement}\nCHANNEL: {setting.channel}\n"
    assert pair.prompt == f"{head}<ash> {OTHERS[0][1]}\n<bo> {OTHERS[1][1]}\n<{LEAD}>"
    assert (pair.chosen, pair.rejected) == (f" {STOOD}\n", " it's 40.8\n")
    assert (pair.source, pair.message, pair.judge_gap) == ("refused", 2, None)
    assert (pair.chosen_words, pair.rejected_words, pair.edit_distance) == (8, 2, 1.0)


def test_a_pair_continues_the_document_that_trains(journal: Journal) -> None:
    name = played(journal, 0, events(*TRIES))
    session = journal.session(name)
    whole = transcript.text(session.session.setting, journal.events(name), layout=LAYOUT)
    for pair in pairs(journal):
        assert whole.startswith(pair.prompt + pair.chosen)


@pytest.mark.parametrize(
    ("groups", "rules"),
    [
        (("assistant",), {"assistant-language"}),
        (("solving",), {"guard-solving"}),
        (("character",), set()),
        (("assistant", "solving"), {"assistant-language", "guard-solving"}),
    ],
)
def test_groups_choose(journal: Journal, groups: tuple[str, ...], rules: set[str]) -> None:
    played(journal, 0, events(*TRIES))
    assert {pair.rule for pair in pairs(journal, *groups)} == rules


def test_a_line_that_was_marked_bad_is_never_chosen_and_is_rejected_once_it_has_other_words(journal: Journal) -> None:
    name = played(journal, 0, events(TRIES[0]))
    journal.mark(PersonMark(name, 2, False, "wooden"))
    assert pairs(journal) == []
    bad = preferences(journal, PREFERENCES, LAYOUT, PreferenceRequest(("marked",))).judgements
    assert [(row.completion, row.label, row.rule) for row in bad] == [(f" {STOOD}\n", False, "marked")]
    edit = LineEdit(name, 2, "ask the till, it has buttons for that")
    journal.act([ReviewAction(name, edit.line, ReviewKind.EDIT, text=edit.text)])
    (pair,) = pairs(journal)
    assert (pair.source, pair.chosen, pair.rejected) == ("marked", f" {edit.text}\n", f" {STOOD}\n")


def test_an_edit_makes_no_pair_of_its_own(journal: Journal) -> None:
    name = played(journal, 0, events(TRIES[0]))
    journal.act([ReviewAction(name, 2, ReviewKind.EDIT, text="no homework from me, ask the till")])
    assert pairs(journal) == []


def test_a_lost_play_counts_where_the_lead_alone_differs(journal: Journal) -> None:
    played(journal, 0, events(), score=0.9)
    played(journal, 0, events(text="well, the answer would be forty point eight"), score=0.6, attempt=1)
    played(journal, 1, events(), score=0.9)
    played(journal, 1, events(text="well, the answer would be forty point eight"), score=0.85, attempt=1)
    played(journal, 2, events(), score=0.9)
    played(journal, 2, events(text="it's forty", first="hello everybody"), score=0.2, attempt=1)
    (pair,) = pairs(journal)
    assert (pair.source, pair.judge_gap, pair.session) == ("loser", 0.3, "s00000")
    assert pair.rejected == " well, the answer would be forty point eight\n"


def test_a_session_that_was_marked_bad_gives_nothing(journal: Journal) -> None:
    journal.mark(PersonMark(played(journal, 0, events(*TRIES)), None, False))
    assert pairs(journal) == []


def test_single_lines_are_each_there_once(journal: Journal) -> None:
    played(journal, 0, events(*TRIES))
    rows = preferences(journal, PREFERENCES, LAYOUT, PreferenceRequest()).judgements
    told = [(row.completion.strip(), row.label) for row in rows]
    assert told == [
        ("great question, thanks for asking", False),
        (STOOD, True),
        (TRIES[0].text, False),
        (TRIES[1].text, False),
    ]
    assert rows[0].prompt.endswith(f"{OTHERS[0][1]}\n<{LEAD}>"), "where the lead gave up"


def exported(journal: Journal, out: Path, **wanted: object) -> Exported:
    return export(journal, out, POLICY, ExportRequest(formats=("jsonl", "dpo", "kto"), **wanted))


def test_the_export_writes_both_splits_tells_what_it_left_out_and_shows_nothing_private(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "trial", 30) as journal:
        for slot in range(100, 130):
            played(journal, slot, events(*TRIES))
        done = exported(journal, tmp_path / "out")
    facts = done.preferences
    assert facts is not None and (facts.pairs, facts.alike) == (60, 30)
    rows = {}
    for ending in ("dpo", "kto"):
        files = [tmp_path / "out" / f"{stem}.{ending}.jsonl" for stem in ("em_character_training", "validation")]
        rows[ending] = [json.loads(row) for file in files for row in file.read_text().splitlines()]
        assert all(file.stat().st_size for file in files)
    assert len(rows["dpo"]) == 60 and {"prompt", "chosen", "rejected"} <= rows["dpo"][0].keys()
    assert {"prompt", "completion", "label"} <= rows["kto"][0].keys()
    assert not any(secret in json.dumps(rows) for secret in SECRETS)
    documents = {r["id"] for r in map(json.loads, (tmp_path / "out" / "validation.jsonl").read_text().splitlines())}
    held = map(json.loads, (tmp_path / "out" / "validation.dpo.jsonl").read_text().splitlines())
    assert {row["session"] for row in held} <= documents
    assert "Preference data: 60 pairs" in (tmp_path / "out" / "README.md").read_text()
    stats = json.loads((tmp_path / "out" / "generation_stats.json").read_text())
    assert stats["preferences"]["by_rule"] == {"assistant-language": 30, "guard-solving": 30}


def test_an_unknown_group_and_real_peoples_lines_are_refused(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "trial", 3) as journal, pytest.raises(UsageError, match="no group `nothing`"):
        exported(journal, tmp_path / "out", pairs=("nothing",))
    with (
        Journal.create(tmp_path / "log", builders.run_card(models={"people": "imported"})) as journal,
        pytest.raises(UsageError, match="not of what people said"),
    ):
        exported(journal, tmp_path / "out", allow_imported=True)
    assert not (tmp_path / "out").exists()


def pair(number: int, chosen: int, rejected: int) -> Pair:
    return Pair(
        prompt="p", chosen="c", rejected="r", session="s", message=number, source="refused", rule="offer",
        judge_gap=None, edit_distance=1, chosen_words=chosen, rejected_words=rejected,
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=60))
def test_lengths_are_balanced_by_as_few_pairs_as_it_takes(words: list[tuple[int, int]]) -> None:
    every = [pair(number, *each) for number, each in enumerate(words)]
    kept = balanced(every, 0.55)
    assert longer(kept) <= 0.55 and longer(kept) >= 0.45
    assert kept == [each for each in every if each in kept]
    if 0.45 <= longer(every) <= 0.55:
        assert kept == every


@given(st.text(alphabet="ab ", max_size=30), st.text(alphabet="ab ", max_size=30))
def test_the_distance_is_a_share_and_knows_no_direction(one: str, other: str) -> None:
    assert 0 <= distance(one, other) == distance(other, one) <= 1
    assert distance(one, one) == 0
