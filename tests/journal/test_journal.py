import json
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from simulator import rng
from simulator.errors import StorageError, UsageError
from simulator.events import Acted, Joined, Parted, Passed, Refused, Renamed, Said, TopicSet
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.records import Cost, Goal, RunProgress
from simulator.llm.model import Billing, CallId, Prompt, Purpose, Reply, Usage
from tests import builders

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "trial"


def state(journal):
    """Everything that a journal holds of its sessions."""
    return {
        row.plan.id: (row, journal.events(row.plan.id), journal.replies(row.plan.id), journal.reasons(row.plan.id))
        for row in journal.sessions()
    }


def in_child(work):
    """Runs `work` in a process of its own and returns its exit code: 0 unless it returns another or fails."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = work() or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# Made, opened, read


def test_a_new_run_has_its_card(folder):
    models = {"people": ["a/x", "b/y"], "lead": None, "judge": "c/z", "dialect": "chat", "api_base": None}
    run = builders.run_card(seed=2**62, goal=Goal(target_mb=0.5), models=models)
    with Journal.create(folder, run) as journal:
        assert journal.run == run and list(journal.sessions()) == [] and journal.tally() == RunProgress(0, 0, 0, 0)
    with Journal.open(folder) as journal:
        journal.extend(Goal(sessions=9))
    with Journal.read(folder) as journal:
        assert journal.run == run.model_copy(update={"goal": Goal(sessions=9)})


def test_a_run_is_not_made_twice(folder):
    with Journal.create(folder, builders.run_card()) as journal:
        builders.fill(journal, [builders.plan(0)])
    with pytest.raises(UsageError, match="exists"):
        Journal.create(folder, builders.run_card(seed=8))
    with Journal.open(folder) as journal:
        assert journal.run.seed == 7 and journal.tally().kept == 1


@pytest.mark.parametrize("way", [Journal.open, Journal.read])
def test_a_run_that_is_not_there(folder, way):
    with pytest.raises(UsageError, match="no such run"):
        way(folder)
    assert not folder.exists()


@pytest.mark.parametrize("again", [Journal.open, lambda folder: Journal.create(folder, builders.run_card())])
def test_a_second_writer_is_refused_until_the_first_is_gone(folder, again):
    with Journal.create(folder, builders.run_card()), pytest.raises(UsageError, match="another process"):
        again(folder)
    with Journal.open(folder) as journal:
        assert journal.run.name == "trial"


@forks
def test_a_second_writer_in_another_process_is_refused(folder):
    def work():
        try:
            Journal.open(folder)
        except UsageError as error:
            return error.exit_code

    with Journal.create(folder, builders.run_card()):
        assert in_child(work) == 2
    assert in_child(work) == 0


def test_what_is_half_made_is_no_run(folder):
    folder.mkdir(parents=True)
    (folder / (FILE + ".new")).write_bytes(b"half a database")
    with pytest.raises(UsageError, match="no such run"):
        Journal.read(folder)
    with Journal.create(folder, builders.run_card()) as journal:
        assert journal.run.name == "trial"


@forks
@pytest.mark.parametrize("acknowledged", [0, 1, 3, 7])
def test_killed_while_a_run_is_made_it_is_there_with_its_card_or_not_at_all(tmp_path, acknowledged):
    def work(tell):
        for number in range(10_000):
            Journal.create(tmp_path / str(number), builders.run_card(seed=number)).close()
            tell()

    made = _killed(work, acknowledged)
    for number in range(made + 1):
        there = (tmp_path / str(number) / FILE).exists()
        assert there or number == made
        if not there:
            Journal.create(tmp_path / str(number), builders.run_card(seed=number)).close()
        with Journal.open(tmp_path / str(number)) as journal:
            assert journal.run.seed == number and journal.tally() == RunProgress(0, 0, 0, 0)


@pytest.mark.parametrize("name", ["with space", "what?", "half#way", "50%25", "naïve 日本", "a&mode=memory"])
def test_folders_may_have_any_name(tmp_path, name):
    with Journal.create(tmp_path / name, builders.run_card()) as journal:
        builders.fill(journal, [builders.plan(0)])
    with Journal.read(tmp_path / name) as journal:
        assert journal.tally().kept == 1


def test_a_run_is_read_while_it_is_written(folder):
    with (
        Journal.create(folder, builders.run_card()) as journal,
        Journal.read(folder) as one,
        Journal.read(folder) as two,
    ):
        plan = builders.plan(0)
        journal.begin(plan)
        for number, event in enumerate(builders.events(plan), 1):
            journal.event(plan.id, event)
            assert len(one.events(plan.id)) == number
        rows = one.sessions()
        next(rows)  # a reader in the middle of its rows holds nobody up
        journal.settle(plan.id, 321, ())
        assert two.tally() == RunProgress(1, 0, 0, 321)
        rows.close()


def test_a_reader_cannot_write(folder):
    Journal.create(folder, builders.run_card()).close()
    with Journal.read(folder) as journal, pytest.raises(StorageError, match="readonly"):
        journal.begin(builders.plan(0))


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_a_run_that_cannot_be_put_there_is_refused_in_one_line(tmp_path, name):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError) as caught:
        Journal.create(tmp_path / name, builders.run_card())
    assert str(tmp_path / "file") in str(caught.value) and "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


# What is told comes back


def test_every_event_comes_back(folder):
    refused = (Refused(text="as an AI", rule="assistant"), Refused(text="“x”", rule="leak", evidence="\0 日本"))
    at = {"at": 36000.25, "nick": "ash"}
    events = [
        Said(
            index=0,
            **at,
            text="naïve ‘日本’ \U0001f600\u2028 {}",
            reasons={"recency": 0.35},
            cue="ask",
            refused=refused,
        ),
        Acted(index=1, **at, text="waves", reasons={"tie": 1.3}, refused=refused[:1]),
        Joined(index=2, **at),
        Parted(index=3, **at),
        Renamed(index=4, **at, to="ash-away"),
        TopicSet(index=5, **at, text="soup"),
        Passed(index=6, **at, why="not her turn", refused=refused),
    ]
    with Journal.create(folder, builders.run_card()) as journal:
        journal.begin(builders.plan(0))
        for event in events:
            journal.event("s00000", event)
        assert journal.events("s00000") == events and journal.events("s00001") == []
        assert journal.retried() == {"assistant": 3, "leak": 2}


def test_every_reply_comes_back_under_its_key(folder):
    replies = {
        "0.0": builders.reply("naïve\n“日本”", seconds=0.125, attempts=3),
        "0.1": builders.reply("", billing=Billing.UNKNOWN, cost_usd=None, cut=True),
        "1.0": builders.reply("x", usage=Usage(), billing=Billing.LOCAL, cost_usd=None),
    }
    with Journal.create(folder, builders.run_card()) as journal:
        journal.begin(builders.plan(0))
        for key, reply in replies.items():
            journal.call("s00000", builders.prompt(key), reply)
        assert journal.replies("s00000") == {CallId.parse(key): reply for key, reply in replies.items()}
        assert journal.replies("s00001") == {}


def test_prompts_are_not_kept(folder):
    with builders.filled(folder, 2) as journal:
        pass
    plan = builders.plan(0).model_dump_json().encode()
    assert builders.NOTE.encode() in plan  # a plan may hold it, a call may not
    with sqlite3.connect(journal.path) as db:
        assert builders.NOTE not in json.dumps(db.execute("SELECT * FROM call").fetchall())


def test_sessions_come_in_the_order_of_the_plan_whatever_the_order_of_play(folder):
    with Journal.create(folder, builders.run_card()) as journal:
        for slot, attempt in [(2, 0), (0, 0), (1, 1), (1, 0)]:
            journal.begin(builders.plan(slot, id=f"s{slot}-{attempt}", attempt=attempt))
        journal.settle("s1-0", 0, [("walls", None, "")])
        journal.settle("s2-0", 10, [])
        journal.settle("s0-0", 20, ())
        assert [row.plan.id for row in journal.sessions()] == ["s0-0", "s1-0", "s1-1", "s2-0"]
        assert [row.plan.id for row in journal.sessions("kept")] == ["s0-0", "s2-0"]
        assert [row.plan.id for row in journal.sessions("rejected")] == ["s1-0"]
        assert [row.plan.id for row in journal.sessions("open")] == ["s1-1"]
        assert journal.tally() == RunProgress(kept=2, rejected=1, open=1, bytes=30)
        assert journal.session("s1-1").plan == builders.plan(1, id="s1-1", attempt=1)
        assert journal.session("s9") is None


def test_verdicts_are_counted_by_rule_once_a_session(folder):
    with builders.filled(folder, 3) as journal:
        assert journal.rejections() == {"leak": 2, "walls": 2}
        reasons = [("walls", 3, builders.EVIDENCE), ("walls", 5, builders.EVIDENCE), ("leak", None, builders.EVIDENCE)]
        assert sorted(journal.reasons("s00003"), key=str) == sorted(reasons, key=str)
        assert journal.reasons("s00000") == []


def test_costs_are_summed_by_purpose(folder):
    with Journal.create(folder, builders.run_card()) as journal:
        journal.begin(builders.plan(0))
        local = {"billing": Billing.LOCAL, "cost_usd": None}
        for key, purpose, fields in [
            ("0.0", Purpose.PEOPLE, {"attempts": 3}),
            ("1.0", Purpose.PEOPLE, {}),
            ("1.1", Purpose.PEOPLE, {}),
            ("2.0", Purpose.LEAD, local),
            ("2.1", Purpose.LEAD, local),
        ]:
            journal.call("s00000", builders.prompt(key, purpose), builders.reply(**fields))
        both = frozenset({Billing.KNOWN, Billing.LOCAL})
        assert journal.costs() == [
            Cost("lead", 1, 100, 60, 20, None, frozenset({Billing.LOCAL}), 0),
            Cost("people", 2, 200, 120, 40, 0.002, frozenset({Billing.KNOWN}), 2),
            Cost("retries", 2, 200, 120, 40, 0.001, both, 0),
        ]


@pytest.mark.parametrize("key", ["judge", "12", "verdict.judge"])
def test_a_key_that_counts_no_tries_is_a_first_try(folder, key):
    with Journal.create(folder, builders.run_card()) as journal:
        journal.begin(builders.plan(0))
        journal.call("s00000", builders.prompt(key, Purpose.JUDGE), builders.reply())
        assert [cost.purpose for cost in journal.costs()] == ["judge"]


# What must not happen


WRONG = {
    "begun twice": lambda journal: journal.begin(builders.plan(0)),
    "slot twice": lambda journal: journal.begin(builders.plan(0, id="other")),
    "event twice": lambda journal: journal.event("s00000", builders.events(builders.plan(0))[2]),
    "call twice": lambda journal: journal.call("s00000", builders.prompt("0.0"), builders.reply()),
    "event of none": lambda journal: journal.event("s00099", builders.events(builders.plan(0))[0]),
    "call of none": lambda journal: journal.call("s00099", builders.prompt("0.0"), builders.reply()),
    "kept of none": lambda journal: journal.settle("s00099", 10, ()),
    "rejected of none": lambda journal: journal.settle("s00099", 10, [("walls", None, "")]),
    "kept twice": lambda journal: journal.settle("s00000", 10, ()),
    "rejected after kept": lambda journal: journal.settle("s00000", 10, [("walls", None, "")]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_nothing_is_told_twice_or_of_no_session(folder, wrong):
    with builders.filled(folder, 1) as journal:
        before, costs = state(journal), journal.costs()
        with pytest.raises((sqlite3.IntegrityError, ValueError)):
            wrong(journal)
        assert state(journal) == before and journal.costs() == costs and journal.rejections()["walls"] == 2
        journal.begin(builders.plan(77))
        assert journal.session("s00077").state == "open"


# Files that are cut, garbled, or something else


def _reads(journal):
    state(journal)
    return journal.run, journal.tally(), journal.rejections(), journal.costs(), journal.retried()


@pytest.mark.parametrize("way", [Journal.open, Journal.read])
@pytest.mark.parametrize("harm", ["empty", "text", "other", "cut", "zeros", "ones"])
def test_a_file_that_is_no_whole_journal_is_told_in_one_line(folder, way, harm):
    with builders.filled(folder, 12) as journal:
        path = journal.path
    whole, page = path.read_bytes(), 4096
    harms = {"empty": [b""], "text": [b"nick: kai\n" * 1000]}
    if harm == "other":
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other (x)")
        harms[harm] = [path.read_bytes()]
    elif harm == "cut":
        harms[harm] = [whole[:at] for at in (1, 99, page, page + 1, len(whole) // 2, len(whole) - page, len(whole) - 1)]
    elif harm in ("zeros", "ones"):
        fill = (b"\0" if harm == "zeros" else b"\xff") * page
        harms[harm] = [whole[:at] + fill + whole[at + page :] for at in range(0, len(whole), page)]
    seen = 0
    for content in harms[harm]:
        path.write_bytes(content)
        for left in folder.glob(FILE + "-*"):
            left.unlink()
        try:
            with way(folder) as journal:
                _reads(journal)
        except StorageError as error:
            assert str(path) in str(error) and "\n" not in str(error)
            seen += 1
    assert seen >= 0.9 * len(harms[harm])  # a page that nothing points to does no harm


@forks
def test_a_cut_log_loses_its_end_and_nothing_else(tmp_path):
    def work():
        journal = Journal.create(tmp_path / "trial", builders.run_card())
        journal.begin(builders.plan(3))
        for event in builders.events(builders.plan(3)):
            journal.event("s00003", event)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work) == -signal.SIGKILL
    files = {path.name: path.read_bytes() for path in (tmp_path / "trial").iterdir() if not path.name.endswith("-shm")}
    log, all_events = files[FILE + "-wal"], builders.events(builders.plan(3))
    lengths = []
    for number, cut in enumerate(sorted(rng.stream(1, "cuts").sample(range(len(log)), 30))):
        copy = tmp_path / str(number)
        copy.mkdir()
        for name, content in {**files, FILE + "-wal": log[:cut]}.items():
            (copy / name).write_bytes(content)
        with Journal.open(copy) as journal:
            events = journal.events("s00003")
            assert events == all_events[: len(events)]
            lengths.append(len(events))
            if journal.session("s00003") is None:
                journal.begin(builders.plan(3))
            for event in all_events[len(events) :]:
                journal.event("s00003", event)
            assert journal.events("s00003") == all_events
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]


# A full disk


@forks
@pytest.mark.parametrize("limit", [0, 1000, 6000, 20_000])
def test_a_run_that_does_not_fit_is_not_made(folder, limit):
    def work():
        _limit_files(limit)
        for _ in range(2):  # the lock of the first try must not be in the way of the second
            try:
                Journal.create(folder, builders.run_card())
            except StorageError as error:
                if "\n" in str(error) or (folder / FILE).exists():
                    return 1
            else:
                return 1
        return 3

    assert in_child(work) == 3
    with Journal.create(folder, builders.run_card()) as journal:
        assert journal.run.name == "trial"


@forks
@pytest.mark.parametrize("limit", range(40_000, 80_000, 3_700))
def test_on_a_full_disk_nothing_is_lost_that_was_told(folder, limit):
    told = folder.parent / "told"
    events = builders.events(builders.plan(3))

    def work():
        with Journal.create(folder, builders.run_card()) as journal, told.open("w") as acknowledged:
            journal.begin(builders.plan(3))
            _limit_files(limit)
            for number, event in enumerate(events, 1):
                try:
                    journal.event("s00003", event)
                except StorageError as error:
                    if "em resume" not in str(error):
                        return 4
                    return 3 if journal.events("s00003") == events[: number - 1] else 1
                acknowledged.seek(0)
                acknowledged.write(f"{number}\n")
                acknowledged.flush()

    assert in_child(work) == 3
    with Journal.open(folder) as journal:
        kept = journal.events("s00003")
        assert kept == events[: int(told.read_text())]
        for event in events[len(kept) :]:
            journal.event("s00003", event)
        assert journal.events("s00003") == events


def _limit_files(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# Killed


def _steps():
    """What a run tells its journal, in order: three sessions side by side, one of them rejected."""
    plans = [builders.plan(slot) for slot in (3, 4, 8)]
    for plan in plans:
        yield "begin", (plan,)
    for number, events in enumerate(zip(*map(builders.events, plans), strict=True)):
        for plan, event in zip(plans, events, strict=True):
            yield "call", (plan.id, builders.prompt(f"{number}.0"), builders.reply(f"line {number}"))
            yield "event", (plan.id, event)
    for plan in plans:
        yield "settle", (plan.id, 5000, [("walls", 3, "x"), ("leak", None, "y")] if plan.number == 4 else [])


def _killed(work, acknowledged):
    """Starts `work(tell)` in another process, kills it with SIGKILL once it told so often; how often it did in all."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(lambda: os.write(writing, b"."))
        finally:
            os._exit(70)
    os.close(writing)
    told = 0
    while told < acknowledged:
        told += len(os.read(reading, acknowledged - told))
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 65536):
        told += len(more)
    os.close(reading)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return told


@pytest.fixture(scope="module")
def uncut(tmp_path_factory):
    with Journal.create(tmp_path_factory.mktemp("uncut") / "trial", builders.run_card()) as journal:
        for method, arguments in _steps():
            getattr(journal, method)(*arguments)
        yield state(journal), journal.tally(), journal.costs()


@forks
@pytest.mark.parametrize("cut", range(16))
def test_killed_at_any_point_nothing_is_lost_and_nothing_is_there_twice(folder, uncut, cut):
    steps = list(_steps())

    def work(tell):
        with Journal.create(folder, builders.run_card()) as journal:
            for method, arguments in steps:
                getattr(journal, method)(*arguments)
                tell()
            signal.pause()

    told = _killed(work, rng.stream(5, "kill", cut).randrange(1, len(steps)))
    with Journal.read(folder) as journal:  # a reader comes first and finds the log that the writer left
        seen = state(journal)
    with Journal.open(folder) as journal:
        assert state(journal) == seen
        done = sum(len(events) + len(replies) for _, events, replies, _ in seen.values())
        done += len(seen) + sum(row.state != "open" for row, *_ in seen.values())
        # The step in which the process died may be there, though the process never knew.
        assert told <= done <= told + 1
        for method, arguments in steps[done:]:
            getattr(journal, method)(*arguments)
        assert (state(journal), journal.tally(), journal.costs()) == uncut


def test_the_schema_is_part_of_the_package():
    from simulator import journal

    assert (Path(journal.__file__).parent / "schema.sql").is_file()
    assert (Path(journal.__file__).parent / "later.sql").is_file()


def test_what_is_spent_is_what_the_calls_cost(tmp_path: Path) -> None:
    """The running sum and a fresh one agree."""
    with Journal.create(tmp_path / "run", builders.run_card()) as journal:
        plan = builders.plan()
        journal.begin(plan)
        assert journal.spent() == 0
        for number, dollars in enumerate((0.25, None, 0.5)):
            prompt = Prompt(Purpose.LEAD, CallId(number), 1, 10, 0.5, text="x")
            journal.call(plan.id, prompt, Reply("y", "m", cost_usd=dollars))
        assert journal.spent() == 0.75
    with Journal.read(tmp_path / "run") as journal:
        assert journal.spent() == 0.75
