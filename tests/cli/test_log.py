"""What can be asked of a run, against the same asked of its events by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.events import Said
from simulator.journal.journal import Journal
from tests import builders
from tests.cli.hostile import ATTACKS, FORBIDDEN
from tests.cli.inside import em


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kept sessions, two rejected, one open with hostile lines."""
    folder = tmp_path_factory.mktemp("log")
    with builders.filled(folder / "data" / "runs" / "trial", 3) as journal:
        for index, line in enumerate(ATTACKS.values(), 1):
            journal.event("s00005", Said(index=index, at=36000 + index, nick="ash", text=line))
    return folder


def found(run: Path, *arguments: str) -> list[dict]:
    done = em("log", "trial", *arguments, "--json", cwd=run)
    assert done.returncode == (0 if done.stdout else 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_hand(run: Path, state: str | None = None) -> list[tuple[str, int, str, str]]:
    """Session, index, nick and text of every message."""
    with Journal.read(run / "data" / "runs" / "trial") as journal:
        return [
            (row.session.id, index, event.nick, event.text)
            for row in journal.sessions(state)
            for index, event in enumerate(e for e in journal.events(row.session.id) if isinstance(e, Said))
        ]


def messages(hits: list[dict]) -> list[tuple[str, int, str, str]]:
    return [(hit["session"], hit["message"], hit["nick"], hit["text"]) for hit in hits if hit["kind"] == "said"]


def test_messages_by_text_nick_state_and_session(run: Path) -> None:
    everything = by_hand(run)
    assert messages(found(run)) == everything
    assert messages(found(run, "--grep", "tea.*rain")) == [
        m for m in everything if "tea" in m[3] and "rain" in m[3][m[3].index("tea") :]
    ]
    assert messages(found(run, "--nick", "Em", "--state", "kept")) == [m for m in by_hand(run, "kept") if m[2] == "Em"]
    assert messages(found(run, "--session", "s00001", "--grep", "(?i)TEA")) == [
        m for m in everything if m[0] == "s00001" and "tea" in m[3]
    ]
    assert len(found(run, "--limit", "7")) == 7


def test_rejections_and_refused_tries_by_rule(run: Path) -> None:
    walls = found(run, "--rule", "walls")
    assert {(hit["session"], hit["message"], hit["found"]) for hit in walls} == {
        (session, message, "rejected") for session in ("s00003", "s00004") for message in (3, 5)
    }
    leaks = found(run, "--rule", "leak")
    assert [hit["found"] for hit in leaks].count("rejected") == 2
    tries = found(run, "--refused")
    assert [hit for hit in leaks if hit["found"] == "refused"] == tries
    assert [(hit["session"], hit["message"]) for hit in tries] == [(f"s{slot:05d}", 3) for slot in range(5)]
    assert all(hit["text"] == builders.PERSONA for hit in tries)
    assert found(run, "--rule", "leak", "--refused", "--state", "rejected") == tries[3:]


def test_calls_by_purpose(run: Path) -> None:
    for purpose in ("people", "lead", "retries"):
        calls = found(run, "--purpose", purpose)
        assert [call["session"] for call in calls] == ["s00000", "s00001", "s00002"]
        assert {(call["purpose"], call["prompt_tokens"], call["cached_tokens"]) for call in calls} == {
            (purpose, 100, 60)
        }
    done = em("log", "trial", "--purpose", "lead", cwd=run)
    assert "3 found in 3 sessions, 300 prompt tokens, 180 of them cached, 60 completion tokens" in done.stderr
    assert "0.003 dollars" in done.stderr


def test_a_line_a_hit_and_the_count_beside_it(run: Path) -> None:
    done = em("log", "trial", "--nick", "Em", "--session", "s00000", cwd=run)
    hers = [m for m in by_hand(run) if m[0] == "s00000" and m[2] == "Em"]
    assert len(done.stdout.splitlines()) == len(hers)
    assert done.stderr.strip() == f"{len(hers)} found in 1 session"
    for line, (session, index, _, text) in zip(done.stdout.splitlines(), hers, strict=True):
        assert line.startswith(f"{session} {index:>3} ") and line.endswith(f"<Em> {text}")


def test_hostile_lines_stay_text(run: Path) -> None:
    done = em("log", "trial", "--session", "s00005", cwd=run)
    assert not FORBIDDEN.search(done.stdout)
    assert len(done.stdout.splitlines()) == len(ATTACKS)
    assert [hit["text"] for hit in found(run, "--session", "s00005")][-len(ATTACKS) :] == list(ATTACKS.values())


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("trial", "--grep", "no such text"), 1, "nothing found"),
        (("trial", "--grep", "(broken"), 2, "missing )"),
        (("trial", "--grep", r"(a)\1"), 2, "RE2"),
        (("trial", "--session", "s9"), 2, "no session `s9`"),
        (("nothing",), 2, "no such run"),
        (("trial", "--purpose", "lead", "--rule", "x"), 2, "give one of them"),
        (("trial", "--purpose", "everything"), 2, "everything"),
    ],
)
def test_nothing_found_and_nothing_to_find(run: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = em("log", *arguments, cwd=run)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert not done.stdout and "Traceback" not in done.stderr
