"""`em import`, and what the other commands make of its runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator import cli
from simulator.document import parse_document
from simulator.events import Acted, Joined, Renamed, Said
from simulator.journal.journal import Journal
from simulator.logs.log_import import SALT, level
from simulator.plan.session_plan import SessionPlan
from tests.layout import LAYOUT
from tests.logs import samples
from tests.worlds import card, shipped

LEAD = shipped().lead.nick


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.run(cli.em, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def write(folder: Path) -> Path:
    """A log of two conversations: she has 2 of 12 messages of the first and none of the second."""
    rows = ["[09:00:00] *** Joins: pim (~p@a.invalid)"]
    for number in range(12):
        nick = "leadbot" if number in (4, 9) else ("pim", "Rolf[x]", "will")[number % 3]
        rows.append(f"[09:00:{number + 1:02}] <{nick}> pim: soup {number} at https://a.example/{number}")
    rows.insert(7, "[09:00:06] *** pim is now known as pim|away")
    rows.insert(9, "[09:00:07] * pim|away asks leadbot, and pim|away")
    rows += [f"[11:00:{n:02}] <{('ann', 'bob')[n % 2]}> ok then {n}" for n in range(11)] + ["gibberish"]
    path = folder / "#kitchen_20120303.log"
    path.write_text("\n".join(rows))
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run `real`."""
    data = tmp_path_factory.mktemp("data")
    assert cli.run(cli.em, ["import", str(write(data)), "--run", "real", "--data", str(data)]) == 0
    return data


def sessions(data: Path, name: str = "real") -> list[tuple[SessionPlan, list]]:
    with Journal.read(data / "runs" / name) as journal:
        return [(row.session, journal.events(row.session.id)) for row in journal.sessions("kept")]


def test_a_log_becomes_a_run(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "import", talk, "--run", "real", "--lead", "LeadBot", "--data", tmp_path)
    assert code == 0, err
    assert "1 lines were not understood" in out and ": gibberish" in out
    (one, events), (other, _) = sessions(tmp_path)
    assert (one.setting.channel, one.setting.engagement, one.messages, one.lead_messages, one.cell.length) == (
        "#kitchen",
        "MEDIUM",
        12,
        2,
        "short",
    )
    assert (other.setting.engagement, other.messages, other.lead_messages) == ("LOW", 11, 0)
    assert one.setting.lead == LEAD and one.cell.pattern == one.scenario == one.cell.group == one.topic == "imported"
    assert set(one.setting.cast) == {"pim", "Rolf[x]", "will"} and other.setting.cast == ("ann", "bob")
    assert one.setting.begins == 9 * 3600 + 1 and not one.script.secrets()[0]
    assert [event.index for event in events] == list(range(len(events)))
    assert [e.text for e in events if isinstance(e, Said)][:2] == ["pim: soup 0 at [link]", "pim: soup 1 at [link]"]
    assert [(e.nick, e.text) for e in events if isinstance(e, Acted)] == [("pim", f"asks {LEAD}, and pim|away")]
    assert [(e.nick, e.to) for e in events if isinstance(e, Renamed)] == [("pim", "pim|away")]
    assert not [e for e in events if isinstance(e, Joined)]  # she came before anything was said
    assert {path.name for path in tmp_path.iterdir()} == {talk.name, "runs"}


def test_pseudonyms(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--lead", "leadbot", "--pseudonyms", "--data", tmp_path)
    assert told(capsys, "import", talk, "--run", "real", *arguments)[0] == 0
    assert told(capsys, "import", talk, "--run", "salted", *arguments, "--salt", "x")[0] == 0
    assert told(capsys, "import", talk, "--run", "again", *arguments, "--salt", "x")[0] == 0
    salt = (tmp_path / "runs" / "real" / SALT).read_text().strip()
    assert not (tmp_path / "runs" / "salted" / SALT).exists()
    (_, events), _ = sessions(tmp_path)
    shown = "".join(event.model_dump_json() for event in events)
    assert not [nick for nick in ("pim", "Rolf", "will", "leadbot") if nick in shown.replace("will be", "")]
    assert len({event.nick for event in events}) == 4 and LEAD in shown
    names = {event.nick for event in events if isinstance(event, Said)}
    assert all(event.text.split(":")[0] in names for event in events if isinstance(event, Said))
    (deed,) = (event for event in events if isinstance(event, Acted))
    assert deed.text == f"asks {LEAD}, and {deed.nick}"
    said = [[plan.setting.cast for plan, _ in sessions(tmp_path, name)] for name in ("real", "salted", "again")]
    assert said[1] == said[2] != said[0]
    assert told(capsys, "export", "real", "--out", tmp_path / "out", "--data", tmp_path, "--allow-imported")[0] == 0
    for path in (tmp_path / "out").iterdir():
        assert salt not in path.read_text() and "Rolf" not in path.read_text(), path.name
    for path in (tmp_path / "runs" / "real").glob("journal*"):
        assert salt.encode() not in path.read_bytes() and b"Rolf" not in path.read_bytes()


def test_export_is_deliberate_and_marked(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "export", "real", "--out", tmp_path / "out", "--data", made)
    assert code == 2 and "--allow-imported" in err and not (tmp_path / "out").exists()
    assert told(capsys, "export", "real", "--out", tmp_path / "out", "--data", made, "--allow-imported")[0] == 0
    out = tmp_path / "out"
    record = json.loads((out / "em_character_training.jsonl").read_text().splitlines()[0])
    assert record["people_model"] == record["lead_model"] == record["pattern"] == "imported"
    assert json.loads((out / "generation_stats.json").read_text())["imported"] is True
    page = (out / "README.md").read_text()
    assert "Imported: real people" in page and "imported" in page.split("---")[1] and "synthetic" not in page.lower()
    for path in out.glob("conversation_*.txt"):
        document = parse_document(path.read_text(), LAYOUT)
        assert document.header is not None and not document.malformed and len(document.messages) in (10, 11)


@pytest.mark.parametrize(
    "arguments",
    [("status", "real"), ("status", "real", "--json"), ("stats", "real"), ("show", "real"), ("show", "real", "i00000"),
     ("log", "real", "--grep", "soup"), ("runs",)],
)  # fmt: skip
def test_other_commands_know_such_a_run(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = told(capsys, *arguments, "--data", made)
    assert code == 0 and out.strip(), err


def test_the_filters_are_asked_and_not_obeyed(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "check", "real", "--data", made, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and "2 of 2 documents rejected" in err
    assert [row["id"] for row in rows] == [plan.id for plan, _ in sessions(made)] == ["i00000", "i00001"]
    rules = {reason["rule"] for row in rows for reason in row["reasons"]}
    assert {"header", "participation"} <= rules and "expectation" not in rules
    code, out, _ = told(capsys, "check", "real", "--data", made)
    assert code == 1 and "#kitchen" in out and "0 kept, 2 rejected: header 2, participation 2, " in out


def test_it_is_reported_replayed_and_measured(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = made / "real.html"
    assert told(capsys, "report", "real", "--out", page, "--data", made)[0] == 0
    assert "real" in page.read_text() and "imported" in page.read_text()
    code, out, err = told(capsys, "replay", "real", "i00000", "--speed", "inf", "--data", made)
    assert code == 0 and "<pim> pim: soup 0 at [link]" in out, err
    code, out, err = told(capsys, "stats", "real", "--data", made, "--json")
    facts = json.loads(out)
    assert code == 0 and (facts["sessions"], facts["messages"]) == (2, 21), err
    code, out, err = told(capsys, "gaps", "real", "--against", "real", "--data", made, "--json")
    assert code == 0 and json.loads(out)["here"]["messages"] == 21, err


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 9), ("Europe/Berlin", 8), ("America/New_York", 14)])
def test_a_log_has_a_time_zone(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], zone: str, hour: int
) -> None:
    code, _, err = told(capsys, "import", talk, "--run", "real", "--timezone", zone, "--data", tmp_path)
    assert code == 0, err
    assert [plan.setting.begins // 3600 for plan, _ in sessions(tmp_path)] == [hour, hour + 2]


def test_a_folder_of_daily_logs_is_one_talk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for day, start in ((3, "23:5"), (4, "00:0")):
        rows = [f"[{start}{n}:00] <{('ann', 'bob')[n % 2]}> line {n}" for n in range(10)]
        (folder / f"#kitchen_201203{day:02}.log").write_text("\n".join(rows))
    (folder / "notes.md").write_text("nothing here")
    code, out, err = told(capsys, "import", folder, "--run", "real", "--data", tmp_path)
    assert code == 0 and "left out: " in err and "notes.md: no known log format" in err
    assert "1 conversations, 20 messages" in out and "`em check real`" in out
    ((plan, events),) = sessions(tmp_path)
    assert plan.messages == 20 and events[-1].at - events[0].at == 19 * 60
    code, out, _ = told(capsys, "import", *folder.glob("*.log"), "--dry-run", "--json")
    facts = json.loads(out)
    assert [log["conversations"] for log in facts["logs"]] == [1, 0] and facts["left_out"] == []


def test_it_cannot_be_resumed(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "resume", "real", "--data", made, "--model", "scripted")
    assert code == 2 and "was made from logs" in err


def test_dry_run(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk.write_bytes(talk.read_bytes() + b"\n[11:00:50] <soupbot> gr\xfcn\n" + b"gibberish\n" * 24)
    code, _, err = told(capsys, "import", talk, "--dry-run", "--data", tmp_path)
    assert code == 2 and "looks like ZNC" in err and "--format znc" in err
    code, out, _ = told(capsys, "import", talk, "--dry-run", "--data", tmp_path, "--format", "znc")
    assert code == 0 and "bots: " in out and "soupbot 1" in out and "cp1252 1" in out
    assert out.count(": gibberish") == 20 and "and 5 more" in out and "nothing was written" in out
    assert [path.name for path in tmp_path.iterdir()] == [talk.name]
    (log,) = json.loads(told(capsys, "import", talk, "--dry-run", "--json", "--format", "znc")[1])["logs"]
    assert log["not_understood"] == len(log["unknown"]) == 25 and log["unknown"][0]["line"] == 27
    assert log["kinds"]["message"] == 24 and log["speakers"]["pim"] == 4 and log["channel"] == "#kitchen"


def test_several_logs_make_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = [samples.write(tmp_path, name) for name in ("irssi", "weechat", "hexchat")]
    chat = [samples.message(n, ("Ann", "Bob")[n % 2], f"line {n}") for n in range(12)]
    logs.append(samples.discord(tmp_path, chat))
    options = ("--silence", "1500", "--shortest", "2", "--channel", "#general", "--engagement", "high", "--json")
    code, out, err = told(capsys, "import", *logs, "--run", "real", "--data", tmp_path, *options)
    facts = json.loads(out)
    assert code == 0 and facts["conversations"] == 4 and facts["engagement"] == {"HIGH": 4}, err
    assert [log["format"] for log in facts["logs"]] == ["irssi", "weechat", "hexchat", "discord-json"]
    assert {plan.setting.channel for plan, _ in sessions(tmp_path)} == {"#general"}


@pytest.mark.parametrize(
    ("arguments", "cause", "code"),
    [
        (["{log}"], "--run NAME", 2),
        (["{log}", "--run", "../x"], "--run ../x", 2),
        (["{log}", "--run", "x", "--channel", "general"], "a channel is #", 2),
        (["{log}", "--run", "x", "--shortest", "50", "--longest", "20"], "--shortest", 2),
        (["missing.log", "--run", "x"], "missing.log", 2),
        (["{log}", "--run", "x", "--timezone", "Mars/Olympus"], "--timezone: no time zone is called `Mars/Olympus`", 2),
        (["{log}", "--run", "x", "--format", "irssi"], "no conversation", 1),
        (["{log}", "--run", "x", "--shortest", "100"], "no conversation of 100 messages", 1),
    ],
)
def test_what_cannot_be_done(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], cause: str, code: int
) -> None:
    given = [argument.format(log=talk) for argument in arguments]
    found, _, err = told(capsys, "import", *given, "--data", tmp_path)
    assert found == code and cause in err
    assert [path.name for path in tmp_path.iterdir()] == [talk.name]


def test_a_run_is_made_once_and_whole(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("import", talk, "--run", "real", "--data", tmp_path)
    with Journal.create(tmp_path / "importing" / "real", card(sessions=1)):
        code, _, err = told(capsys, *arguments)
        assert code == 2 and "another process is writing" in err and (tmp_path / "importing" / "real").exists()
    assert told(capsys, *arguments)[0] == 0  # what a killed import has left behind is in nobody's way
    assert len(sessions(tmp_path)) == 2 and not (tmp_path / "importing").exists()
    code, _, err = told(capsys, *arguments)
    assert code == 2 and "this run exists" in err


@pytest.mark.parametrize(
    ("n", "k", "wanted"),
    [(20, 0, "LOW"), (20, 2, "LOW"), (20, 4, "MEDIUM"), (20, 6, "HIGH"), (20, 15, "HIGH"), (100, 12, "LOW"),
     (100, 13, "MEDIUM"), (100, 24, "HIGH"), (14, 2, "MEDIUM")],
)  # fmt: skip
def test_the_level_is_the_nearest(n: int, k: int, wanted: str) -> None:
    assert level(shipped().engagement, n, k) == wanted
