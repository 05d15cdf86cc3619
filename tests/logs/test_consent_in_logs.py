"""`!em optin` in a log: by person, from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.corpus.consent import Consent, ConsentFilter, asked
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.logs.conversations import SplitRules
from simulator.logs.log_files import LogSelection
from simulator.logs.log_import import ImportOptions, import_logs
from tests.worlds import shipped

LEAD = shipped().lead.nick
WORD = f"!{LEAD.lower()}"


def talk(rows: list[tuple[str, str]], start: int = 0) -> list[str]:
    """Lines of a log with a time a minute; a row that begins with `***` is the log's own."""
    made = []
    for n, (nick, text) in enumerate(rows, start):
        clock = f"[2012-03-03 {10 + n // 60:02}:{n % 60:02}:00]"
        made.append(f"{clock} *** {text}" if nick == "***" else f"{clock} <{nick}> {text}")
    return made


def chat(count: int, first: int = 0, nicks: tuple[str, ...] = ("ann", LEAD)) -> list[tuple[str, str]]:
    return [(nicks[n % len(nicks)], f"line {n}") for n in range(first, first + count)]


def exported(tmp_path: Path, rows: list[str]) -> list[tuple[str, str]]:
    """(nick, text) of what `--opted-in` leaves of the run."""
    path = tmp_path / "#x.log"
    path.write_text("\n".join(rows) + "\n")
    rules = SplitRules(lead=LEAD, commands=(WORD,))
    import_logs(LogSelection((path,), "znc"), tmp_path / "runs" / "real", shipped(), rules, ImportOptions())
    kept: list[tuple[str, str]] = []
    with Journal.read(tmp_path / "runs" / "real") as journal:
        answers = asked(journal)
        cut = ConsentFilter(Consent(answers.yes, answers.no, answers.since), answers.people, (3, 20))
        for row in journal.sessions("kept"):
            for _, events in cut.parts(row.session, journal.events(row.session.id)):
                kept += [(event.nick, event.text) for event in events if isinstance(event, Said)]
    return kept


def test_what_was_said_before_does_not_count(tmp_path: Path) -> None:
    kept = exported(tmp_path, talk([*chat(10), ("ann", f"{WORD} optin"), *chat(10, 10)]))
    assert kept == chat(10, 10)  # and the command itself is no talk


def test_nobody_agreed(tmp_path: Path) -> None:
    assert exported(tmp_path, talk([*chat(10), ("ann", "optin"), *chat(10, 10)])) == []


def test_a_nick_change_takes_the_consent_with_it(tmp_path: Path) -> None:
    renamed = [("***", "ann is now known as ann_away")]
    rows = talk([*chat(4), ("ann", f"{WORD} optin"), *chat(4, 4), *renamed, *chat(6, 8, ("ann_away", LEAD))])
    assert [text for _, text in exported(tmp_path, rows)] == [f"line {n}" for n in range(4, 14)]


def test_who_takes_the_nick_that_was_left_is_somebody_else(tmp_path: Path) -> None:
    first = talk([*chat(8), ("ann", f"{WORD} optin"), *chat(4, 8), ("***", "ann is now known as bea")])
    later = talk(chat(12, 20, ("ann", LEAD)), 120)
    same = talk(chat(12, 40, ("bea", LEAD)), 180)
    kept = exported(tmp_path, [*first, *later, *same])
    assert [text for _, text in kept] == [f"line {n}" for n in (*range(8, 12), *range(40, 52))]


@pytest.mark.parametrize("at", [0, 41, 151])
def test_the_last_word_counts_wherever_it_stands(tmp_path: Path, at: int) -> None:
    rows = [*talk([("ann", f"{WORD} optin"), *chat(12)], 1), *talk(chat(12, 20), 80)]
    rows.append(talk([("ann", f"{WORD} optout")], at)[0])
    assert exported(tmp_path, sorted(rows)) == ([] if at else chat(12) + chat(12, 20))


@pytest.mark.parametrize("start", [0, 30])
def test_consent_outside_of_a_conversation_counts_for_the_next(tmp_path: Path, start: int) -> None:
    first = talk(chat(12), 0) if start else []
    alone = talk([("ann", f"{WORD} optin")], start + 30)
    kept = exported(tmp_path, [*first, *alone, *talk(chat(12, 20), start + 100)])
    assert kept == chat(12, 20)
