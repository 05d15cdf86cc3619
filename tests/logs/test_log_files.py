"""Which files go on with each other, and that nothing is cut at midnight."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.logs.conversations import Conversation, SplitRules
from simulator.logs.log_files import Log, LogSelection, logs
from simulator.logs.reading import account, conversations, flow


def chat(times: list[str], first: int = 0) -> str:
    return "".join(f"[{time}] <{('ann', 'bob')[n % 2]}> line {n}\n" for n, time in enumerate(times, first))


def day(folder: Path, name: str, times: list[str], first: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(chat(times, first))
    return path


EVENING = [f"23:{minute:02}:00" for minute in range(50, 60)]
MORNING = [f"00:{minute:02}:00" for minute in range(10)]


def rows(*what: Path, left_out: list[str] | None = None) -> list[list[str]]:
    found = logs(LogSelection(what), [] if left_out is None else left_out)
    return [[log.path.name for log in row] for row in found]


def talks(*what: Path) -> tuple[list[Conversation], list[Log]]:
    found, every = [], []
    for row in logs(LogSelection(what), []):
        found += flow(row, SplitRules())
        every += row
    return found, every


def test_midnight_is_no_silence(tmp_path: Path) -> None:
    late, early = day(tmp_path, "2012-03-03.log", EVENING), day(tmp_path, "2012-03-04.log", MORNING, 10)
    (found,), read = talks(early, late)
    assert found.messages == 20 and found.file == late.name
    assert [turn.text for turn in found.turns] == [f"line {n}" for n in range(20)]
    assert [log.account.messages for log in read] == [20, 0]
    assert [log.account.lines for log in read] == [10, 10]
    assert [
        c.messages for path in (late, early) for c in conversations(path, SplitRules(), account(path, "auto", 0))
    ] == [
        10,
        10,
    ]


@pytest.mark.parametrize(
    ("name", "times"), [("2012-03-04.log", ["00:15:00"] * 10), ("2012-03-05.log", MORNING), ("2013-03-04.log", MORNING)]
)
def test_silence_cuts_between_files_too(tmp_path: Path, name: str, times: list[str]) -> None:
    found, _ = talks(day(tmp_path, "2012-03-03.log", EVENING), day(tmp_path, name, times))
    assert [c.messages for c in found] == [10, 10]


def test_a_nick_that_is_changed_at_midnight_is_followed(tmp_path: Path) -> None:
    late = day(tmp_path, "#a_20120303.log", EVENING)
    late.write_text(late.read_text() + "[23:59:30] *** bob is now known as bob|away\n")
    early = day(tmp_path, "#a_20120304.log", MORNING)
    early.write_text(early.read_text().replace("bob", "bob|away"))
    (found,), _ = talks(late, early)
    assert {turn.nick for turn in found.turns} == {"ann", "bob"} and found.channel == "#a"


def test_every_line_of_several_files_is_accounted_for(tmp_path: Path) -> None:
    for number in range(1, 8):
        day(tmp_path, f"2012-03-{number:02}.log", [*MORNING, "12:00:00", *EVENING])
    found, read = talks(tmp_path)
    assert [c.messages for c in found] == [10, *[20] * 6, 10]
    assert sum(log.account.messages for log in read) == 140
    assert sum(log.account.dropped.total() for log in read) == 7
    assert sum(log.account.kinds["message"] for log in read) == 7 * 21


SAME = {
    "dates in names": (["#a_20120304.log", "#a_20120303.log"], [["#a_20120303.log", "#a_20120304.log"]]),
    "two channels": (["#a_20120303.log", "#b_20120304.log"], [["#a_20120303.log"], ["#b_20120304.log"]]),
    "two folders": (["a/2012-03-03.log", "b/2012-03-04.log"], [["2012-03-03.log"], ["2012-03-04.log"]]),
    "no date": (["a.log", "b.log"], [["a.log"], ["b.log"]]),
    "no date, put aside": (["a.log", "a.log.1"], [["a.log"], ["a.log.1"]]),
    "a number that is no date": (["#2012.log", "#2013.log"], [["#2012.log"], ["#2013.log"]]),
    "twice": (["2012-03-03.log", "2012-03-03.log"], [["2012-03-03.log"]]),
}


@pytest.mark.parametrize("case", SAME)
def test_which_files_go_on_with_each_other(tmp_path: Path, case: str) -> None:
    names, wanted = SAME[case]
    assert rows(*(day(tmp_path, name, MORNING) for name in names)) == wanted


def test_dates_inside_count_as_well(tmp_path: Path) -> None:
    later, first = (day(tmp_path, name, []) for name in ("kitchen.log", "kitchen.log.1"))
    talk = "\n".join(f"10:{n:02} <{('ann', 'bob')[n % 2]}> hello {n}" for n in range(12))
    later.write_text(f"--- Log opened Sun Mar 04 09:58:00 2012\n{talk}\n")
    first.write_text(f"--- Log opened Sat Mar 03 09:58:00 2012\n{talk}\n")
    assert rows(later, first) == [["kitchen.log.1", "kitchen.log"]]
    assert [c.messages for c in talks(later, first)[0]] == [12, 12]


def test_a_folder_is_searched(tmp_path: Path) -> None:
    day(tmp_path, "net/#a/2012-03-03.log", MORNING)
    day(tmp_path, "net/#b/2012-03-03.log", MORNING)
    day(tmp_path, "net/#a/2012-03-04.log", MORNING)
    day(tmp_path, ".hidden/2012-03-04.log", MORNING)
    (tmp_path / "README").write_text("These are logs.\n" * 3)
    (tmp_path / "empty.log").touch()
    (tmp_path / "lines.jsonl").write_text('{"nick": "ann"}\n')
    told: list[str] = []
    assert rows(tmp_path, left_out=told) == [["2012-03-03.log", "2012-03-04.log"], ["2012-03-03.log"]]
    causes = ["README: no known log format", "empty.log: no known log format", "lines.jsonl: no list of messages"]
    assert len(told) == 3 and all(cause in line for cause, line in zip(causes, told, strict=True))


def test_a_folder_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no logs"):
        rows(tmp_path)
