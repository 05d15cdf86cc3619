"""Edits from the shell and by the editor: checked as every line is, refused in one line, applied to lines alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.corpus.verdict import Verdict
from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.journal.records import LineEdit
from simulator.journal.reviews import Reviews
from simulator.plan.session_plan import Origin, RecordedSession, Setting
from simulator.review import editing
from simulator.runs.session_runner import verdict_of, world_filters
from tests import builders
from tests.cli.inside import em
from tests.worlds import card, play_run, shipped


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edits")
    play_run(folder / "data" / "runs" / "trial", card(sessions=6, length="short"))
    return folder


@pytest.fixture
def journal(played: Path):
    with Reviews.open(played / "data" / "runs" / "trial") as journal:
        yield journal
        while journal.undo("ann"):
            pass


def kept(journal: Reviews) -> str:
    return next(row.session.id for row in journal.sessions("kept"))


def said(journal: Reviews, session: str) -> list[Said]:
    return [event for event in journal.edited(session) if isinstance(event, Said)]


def lead_line(journal: Reviews, session: str) -> int:
    lead = shipped().lead.nick
    return next(line for line, event in enumerate(said(journal, session)) if event.nick == lead)


def change(journal: Reviews, text: str, line: int = 0) -> LineEdit:
    return LineEdit(kept(journal), line, text, person="ann")


FINE = "so the thing with that old bridge is that nobody ever painted it"


def test_a_fine_line_is_written_and_the_session_still_passes(journal: Reviews) -> None:
    wanted = change(journal, FINE, 1)
    assert editing.edit(journal, shipped(), wanted).lines == ((wanted.session, 1),)
    assert said(journal, wanted.session)[1].text == FINE
    row = journal.session(wanted.session)
    filters = world_filters(shipped(), journal.run.models)
    assert verdict_of(filters, shipped(), row.plan, journal.edited(wanted.session))[1] == Verdict(keep=True)
    editing.restore(journal, wanted.session, 1, "ann")
    assert journal.edits() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("How can I help you today?", "How can I help"),
        ("", "begins and ends with a word"),
        (" " + FINE, "begins and ends with a word"),
        ("one\ntwo and some more words", "garbled"),
        ("...", "fragment"),
        ("and then I thought that I would go and", "fragment"),
        (FINE + "." + " It goes on." * 9, "wall"),
    ],
)
def test_a_line_that_breaks_a_check_is_refused_in_one_line_and_nothing_written(
    journal: Reviews, text: str, told: str
) -> None:
    place = lead_line(journal, kept(journal)) if "help" in text else 1
    before = journal.last_action()
    with pytest.raises(UsageError) as refusal:
        editing.edit(journal, shipped(), change(journal, text, place))
    line = str(refusal.value)
    assert "\n" not in line and f"message {place}" in line and told in line
    assert journal.last_action() == before


def test_an_edit_that_a_later_line_would_repeat_is_refused(journal: Reviews) -> None:
    lines = said(journal, kept(journal))
    later = next(place for place in range(4, len(lines)) if len(lines[place].text.split()) > 5)
    with pytest.raises(UsageError, match="repetition"):
        editing.edit(journal, shipped(), change(journal, lines[later].text.partition(": ")[2] or lines[later].text, 1))


def test_the_same_words_again_are_no_edit(journal: Reviews) -> None:
    with pytest.raises(UsageError, match="stand there"):
        editing.edit(journal, shipped(), change(journal, said(journal, kept(journal))[0].text))


def keep_staged(journal: Journal, slot: int, text: str) -> None:
    """A staged session in which somebody says that, and the lead the same as in every other."""
    session = RecordedSession(
        setting=Setting(id=f"s{slot}", channel="#general", engagement="LOW", lead="Em", cast=("ash",)),
        origin=Origin.STAGED, number=slot, messages=2, lead_messages=1,
    )  # fmt: skip
    journal.keep(session, builders.said([("ash", text), ("Em", "Never ever in this whole world")]), 1)


def test_one_fix_goes_to_all_lines_alike_as_one_step(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "trial", builders.run_card(world=shipped().digest)) as journal:
        for slot in range(3):
            keep_staged(journal, slot, "somebody wrote this line in a channel" if slot < 2 else FINE)
        done = editing.edit(journal, shipped(), LineEdit("s0", 1, FINE, person="ann"), alike=True)
        assert done.lines == (("s0", 1), ("s1", 1)) and len(done.left) == 1 and "repetition" in done.left[0]
        assert len(journal.undo("ann")) == 2 and journal.edits() == []
        with pytest.raises(UsageError, match="a real person wrote"):
            editing.edit(journal, shipped(), LineEdit("s0", 0, FINE))


def test_lines_are_alike_as_they_were_said_until_somebody_gives_them_other_words(tmp_path: Path) -> None:
    """What the page counts is what a fix of all alike then goes to, also where some were edited before."""
    with Journal.create(tmp_path / "trial", builders.run_card(world=shipped().digest)) as journal:
        for slot in range(4):
            keep_staged(journal, slot, f"somebody wrote line {slot} in a channel")
        editing.edit(journal, shipped(), LineEdit("s1", 1, "Not that one, it is somebody else's"))
        editing.edit(journal, shipped(), LineEdit("s0", 1, FINE))
        assert journal.alike("s0", 1) == [("s2", 1), ("s3", 1)], "s1 was given words of its own"
        assert journal.alike("s2", 1) == [("s3", 1)] and journal.alike("s1", 1) == [("s2", 1), ("s3", 1)]
        again = editing.edit(journal, shipped(), LineEdit("s0", 1, "Once more, and better than before"), alike=True)
        assert again.lines == (("s0", 1), ("s2", 1), ("s3", 1)) and not again.left
        assert journal.alike("s0", 1) == [("s2", 1), ("s3", 1)], "they were given the same words"
        assert journal.alike("s0", 9) == [] == journal.alike("elsewhere", 0)


def test_the_shell_edits_lists_and_takes_back(played: Path) -> None:
    with Journal.read(played / "data" / "runs" / "trial") as journal:
        session = kept(journal)
    done = em("mark", "trial", session, "edit", "--line", "1", "--text", FINE, "--as", "ann", cwd=played)
    assert (done.returncode, done.stdout) == (0, f"{session} message 1: edited\n")
    assert f"edit {session} message 1, ann: {FINE}\n" == em("mark", "trial", cwd=played).stdout
    refused = em("mark", "trial", session, "edit", "--line", "1", "--text", "...", cwd=played)
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1 and "fragment" in refused.stderr
    taken = em("mark", "trial", session, "--undo", "--as", "ann", cwd=played)
    assert taken.stdout == f"{session}: 0 marks and 1 edits taken back\n"
    assert em("mark", "trial", cwd=played).stdout == ""
    assert em("mark", "trial", session, "edit", "--line", "1", cwd=played).returncode == 2
    assert em("mark", "elsewhere", session, "bad", cwd=played).returncode == 2
