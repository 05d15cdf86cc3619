"""Sessions from wherever they lie: a run of a real channel, logs, a folder of logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.document import TranscriptLine
from simulator.errors import UsageError
from simulator.events import Acted, Joined, Parted, Renamed, Said
from simulator.gaps import clustered_intervals
from simulator.gaps.measures import Finding
from simulator.gaps.sources import GapRequest, talks
from simulator.irc import session_recorder
from simulator.irc.session_recorder import SessionRecorder
from simulator.journal.model_choice import ModelChoice
from simulator.plan.session_plan import Origin
from tests.gaps.channels import LEAD, PEOPLE, channel, gaps, talk
from tests.layout import LAYOUT, NAMES
from tests.worlds import shipped

BEGAN = 1_700_000_000.0


def wish(runs: Path, level: str | None = None) -> GapRequest:
    return GapRequest(runs, LEAD, LEAD, LAYOUT, NAMES.split(False, ".jsonl"), level, 1 << 20)


def staged(folder: Path, *, sessions: int = 3, origin: Origin = Origin.STAGED) -> None:
    """A run as `em stage` writes it: half of the messages are the lead's, and a person who joined complains."""
    with session_recorder.opened(folder, shipped(), ModelChoice(lead="scripted"), seed=1) as journal:
        made = SessionRecorder(journal, shipped(), "#general", "LOW", origin)
        for number in range(sessions):
            at = BEGAN + 10_000 * number
            made.begin(at, "rain")
            made.write(Joined, "visitor", at)
            for place in range(40):
                at += 20
                nick = LEAD if place % 2 else PEOPLE[place // 2 % len(PEOPLE)]
                made.write(Said, nick, at, text=f"the rain again, {number} and {place}")
                if place == 21:
                    made.write(Renamed, "visitor", at, to="guest9")
                    made.write(Said, "guest9", at + 1, text=f"{LEAD} pls stop")
                    made.write(Acted, LEAD, at + 2, text="hides")
            made.write(Parted, "guest9", at)
            made.close()


@pytest.mark.parametrize("origin", [Origin.STAGED, Origin.JOINED])
def test_a_run_of_a_real_channel(tmp_path: Path, origin: Origin) -> None:
    staged(tmp_path / "st", origin=origin)
    here = talks(["st"], wish(tmp_path), [])
    assert [(len(each.messages), each.level, each.pattern, each.group) for each in here] == [
        (41, "LOW", None, None)
    ] * 3
    found = gaps(here, channel(seed=2))
    rows = {row.name: row for row in found.rows}
    assert rows["share-LOW"].finding is Finding.ABOVE and rows["share-LOW"].here.n == 123
    assert [(remark.kind, remark.nick, remark.index) for remark in found.complaints] == [("quiet", "guest9", 22)] * 3
    assert found.reaction.remarks == 3 and found.complaints[0].lead_line == "the rain again, 0 and 21"


def test_a_short_run_says_little(tmp_path: Path) -> None:
    """One session has nothing that it could be drawn against: no figure of it is certain."""
    staged(tmp_path / "st", sessions=1)
    found = gaps(talks(["st"], wish(tmp_path), []), channel(seed=2))
    for row in found.rows:
        if row.finding is not Finding.FEW and row.unit == "share" and row.here is not None:
            assert row.here.high - row.here.low > 0.05, row.name
    assert {row.name for row in found.rows if row.gap} == {"share-LOW"} and not found.topics


@pytest.mark.parametrize(("sessions", "finding"), [(1, Finding.FEW), (4, Finding.FEW), (5, Finding.INSIDE)])
def test_that_the_share_is_not_outside_its_band_takes_sessions_to_say(sessions: int, finding: Finding) -> None:
    lines = [f"<{LEAD if place % 6 == 0 else PEOPLE[place % 3]}> line {place}" for place in range(60)]
    one = talk("\n".join(lines), level="MEDIUM")
    found = gaps([one] * sessions, channel(seed=2))
    assert {row.name: row.finding for row in found.rows}["share-MEDIUM"] is finding


def test_the_interval_of_a_mean_knows_that_lines_differ() -> None:
    one = talk("<pim> a\n<pim> a b c d e f g h\n<pim> a b\n<pim> a b c d")
    found = clustered_intervals.mean([one], lambda each: [len(line.text.split()) for line in each.messages], "x")
    assert found.value == 3.75 and found.n == 4 and found.low < 1 and found.high > 6
    same = [TranscriptLine("pim", "a b")] * 4
    assert clustered_intervals.mean([one], lambda _: [len(line.text.split()) for line in same], "x").low == 2
    assert clustered_intervals.mean([one], lambda _: [], "x") is None


def daily(folder: Path) -> Path:
    for number, hour in ((3, "23:5"), (4, "00:0")):
        rows = [f"[{hour}{n}:00] <{(LEAD, 'bob')[n % 2]}> line {n}" for n in range(10)]
        (folder / f"2012-03-{number:02}.log").write_text("\n".join(rows))
    return folder


def test_daily_logs_are_one_talk(tmp_path: Path) -> None:
    folder = daily(tmp_path)
    (whole,) = talks([str(folder)], wish(tmp_path, "HIGH"), [])
    assert (len(whole.messages), whole.source, whole.id) == (20, "2012-03-03.log", "0:line-1")
    assert talks([str(path) for path in folder.glob("*.log")], wish(tmp_path, "HIGH"), []) == [whole]


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no logs"):
        talks([str(tmp_path)], wish(tmp_path), [])
