"""Exports as records: the same small talk from every messenger, and databases of clients."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.logs.conversations import SplitRules
from simulator.logs.formats.registry import detect
from simulator.logs.log_files import LogSelection, logs
from simulator.logs.reading import flow

TALK = [
    ("message", "Ann", "who put soup in the printer"),
    ("message", "Bob", "Ann: not me"),
    ("action", "Ann", "waves a spoon"),
    ("message", "Bob", "see you"),
]
START = 1330768740
"""2012-03-03T09:59:00Z."""


def times() -> list[int]:
    return [START + 60 * n for n in range(4)]


def iso(number: int) -> str:
    """The time of a line of the talk."""
    return datetime.fromtimestamp(START + 60 * number, UTC).isoformat()


def slack(folder: Path) -> Path:
    channel = folder / "kitchen"
    channel.mkdir()
    people = [{"id": "U1", "profile": {"display_name": "Ann"}}, {"id": "U2", "profile": {}, "real_name": "Bob"}]
    (folder / "users.json").write_text(json.dumps(people))
    bodies = ["who put soup in the printer", "<@U1> not me", "waves a spoon", "see you"]
    rows = [
        {"type": "message", "user": f"U{n % 2 + 1}", "text": text, "ts": f"{at}.000100"}
        | ({"subtype": "me_message"} if n == 2 else {})
        for n, (text, at) in enumerate(zip(bodies, times(), strict=True))
    ]
    path = channel / "2012-03-03.json"
    join = {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1330768700.1"}
    path.write_text(json.dumps([join, *rows]))
    return path


def telegram(folder: Path) -> Path:
    bold = ["who put ", {"type": "bold", "text": "soup"}, " in the printer"]
    rows: list[dict[str, object]] = [
        {
            "id": n,
            "type": "message",
            "date": "2012-03-03T10:59:00",
            "date_unixtime": str(at),
            "from": nick,
            "text": text,
        }
        | {"from_id": f"user{nick}"}
        for n, (nick, text, at) in enumerate(
            zip(("Ann", "Bob") * 2, (bold, "not me", "waves a spoon", "see you"), times(), strict=True)
        )
    ]
    rows[1]["reply_to_message_id"] = 0
    rows.insert(1, {"id": 9, "type": "service", "date": "2012-03-03T10:59:01", "actor": "Ann", "action": "pin_message"})
    path = folder / "result.json"
    path.write_text(json.dumps({"name": "kitchen", "type": "private_group", "id": 1, "messages": rows}, indent=1))
    return path


def matrix(folder: Path) -> Path:
    def event(number: int, sender: str, content: dict[str, object], kind: str = "m.room.message") -> dict[str, object]:
        return {"type": kind, "sender": f"@{sender.lower()}:h.invalid", "event_id": f"${number}", "content": content,
                "origin_server_ts": (START + 60 * number) * 1000}  # fmt: skip

    reply = {"msgtype": "m.text", "body": "> <@ann:h.invalid> who put soup\n\nnot me",
             "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}  # fmt: skip
    member = event(0, "Ann", {"displayname": "Ann", "membership": "join"}, "m.room.member")
    other = event(0, "Bob", {"displayname": "Bob", "membership": "join"}, "m.room.member")
    edit = event(2, "Bob", {"msgtype": "m.text", "body": "* x", "m.relates_to": {"rel_type": "m.replace"}})
    rows = [member, other, event(0, "Ann", {"msgtype": "m.text", "body": "who put soup in the printer"}),
            event(1, "Bob", reply), event(2, "Ann", {"msgtype": "m.emote", "body": "waves a spoon"}), edit,
            event(3, "Bob", {"msgtype": "m.text", "body": "see you"})]  # fmt: skip
    path = folder / "export.json"
    path.write_text(json.dumps({"room_name": "kitchen", "messages": rows}))
    return path


def mattermost(folder: Path) -> Path:
    at = [moment * 1000 for moment in times()]
    first = {"team": "t", "channel": "kitchen", "user": "Ann", "message": "who put soup in the printer", "create_at":
    at[0],
             "replies": [{"user": "Bob", "message": "not me", "create_at": at[1]}]}  # fmt: skip
    rest = [
        {
            "team": "t",
            "channel": "kitchen",
            "user": "Ann",
            "type": "me",
            "message": "*waves a spoon*",
            "create_at": at[2],
        },
        {"team": "t", "channel": "kitchen", "user": "Bob", "message": "see you", "create_at": at[3]},
        {"team": "t", "channel": "attic", "user": "Cy", "message": "alone", "create_at": at[3]},
    ]
    rows = [{"type": "version", "version": 1}, *({"type": "post", "post": post} for post in (first, *rest))]
    path = folder / "export.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def zulip(folder: Path) -> Path:
    bodies = ["who put soup in the printer", "@**Ann** not me", "/me waves a spoon", "see you"]
    realm = {
        "zerver_userprofile": [{"id": 1, "full_name": "Ann"}, {"id": 2, "full_name": "Bob"}],
        "zerver_stream": [{"id": 7, "name": "kitchen"}],
        "zerver_recipient": [{"id": 70, "type": 2, "type_id": 7}],
    }
    (folder / "realm.json").write_text(json.dumps(realm))
    rows = [
        {"id": n, "sender": n % 2 + 1, "content": text, "date_sent": float(at), "recipient": 70}
        for n, (text, at) in enumerate(zip(bodies, times(), strict=True))
    ]
    path = folder / "messages-000001.json"
    path.write_text(json.dumps({"zerver_message": rows, "zerver_usermessage": []}))
    return path


def twitch(folder: Path) -> Path:
    rows = [
        {
            "_id": str(n),
            "created_at": iso(n),
            "commenter": {"display_name": nick, "name": nick.lower()},
            "message": {"body": text, "is_action": kind == "action"},
        }
        for n, (kind, nick, text) in enumerate(TALK)
    ]
    path = folder / "chat.json"
    path.write_text(json.dumps({"streamer": {"name": "Kitchen"}, "comments": rows, "video": {}}))
    return path


def discord_csv(folder: Path) -> Path:
    rows = [f'"{nick}1","{nick.lower()}","{iso(n)}","{text}","",""' for n, (_, nick, text) in enumerate(TALK)]
    path = folder / "kitchen.csv"
    path.write_text("\ufeffAuthorID,Author,Date,Content,Attachments,Reactions\n" + "\n".join(rows) + "\n")
    return path


def lounge(folder: Path) -> Path:
    path = folder / "user.sqlite3"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE options (name TEXT, value TEXT)")
        base.execute(
            "CREATE TABLE messages (id INTEGER, network TEXT, channel TEXT, time INTEGER, type TEXT, msg TEXT)"
        )
        for n, ((kind, nick, text), at) in enumerate(zip(TALK, times(), strict=True)):
            said = json.dumps({"from": {"nick": nick, "mode": "@"}, "text": text, "self": n % 2 == 0})
            base.execute("INSERT INTO messages VALUES (?, 'net', '#kitchen', ?, ?, ?)", (n, at * 1000, kind, said))
        base.execute("INSERT INTO messages VALUES (9, 'net', '#attic', 1, 'message', '{}')")
    return path


def quassel(folder: Path) -> Path:
    path = folder / "quassel-storage.sqlite"
    columns = (
        "messageid INTEGER, time INTEGER, bufferid INTEGER, type INTEGER, flags INTEGER, senderid INTEGER, message TEXT"
    )
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE buffer (bufferid INTEGER PRIMARY KEY, buffername TEXT, networkid INTEGER)")
        base.execute("CREATE TABLE sender (senderid INTEGER PRIMARY KEY, sender TEXT)")
        base.execute(f"CREATE TABLE backlog ({columns})")
        base.execute("INSERT INTO buffer VALUES (3, '#kitchen', 1), (4, 'Ann', 1)")
        base.execute("INSERT INTO sender VALUES (1, 'Ann!~a@h.invalid'), (2, 'Bob!~b@h.invalid')")
        base.execute("INSERT INTO backlog VALUES (0, ?, 3, 32, 0, 2, '#kitchen')", ((START - 5) * 1000,))
        for n, ((kind, nick, text), at) in enumerate(zip(TALK, times(), strict=True)):
            row = (n + 1, at * 1000, 4 if kind == "action" else 1, 1 if nick == "Ann" else 2, text)
            base.execute("INSERT INTO backlog VALUES (?, ?, 3, ?, 0, ?, ?)", row)
    return path


DUMP = """--
-- PostgreSQL database dump
--

COPY public.backlog (messageid, "time", bufferid, type, flags, senderid, senderprefixes, message) FROM stdin;
{}
\\.

COPY public.buffer (bufferid, userid, buffername) FROM stdin;
3\t1\t#kitchen
4\t1\tAnn
\\.

COPY public.sender (senderid, sender) FROM stdin;
1\tAnn!~a@h.invalid
2\tBob!~b@h.invalid
\\.
"""


def quassel_dump(folder: Path) -> Path:
    rows = []
    for n, (kind, nick, text) in enumerate(TALK):
        at = iso(n).replace("T", " ").removesuffix("+00:00")
        rows.append(
            "\t".join(
                [str(n), at, "3", "4" if kind == "action" else "1", "0", "1" if nick == "Ann" else "2", "\\N", text]
            )
        )
    path = folder / "quassel.sql"
    path.write_text(DUMP.format("\n".join(rows)))
    return path


ADIUM = """<?xml version="1.0" encoding="UTF-8" ?>
<chat xmlns="http://purl.org/net/ulf/ns/0.4-02" service="IRC">
<event type="windowOpened" sender="Ann" time="2012-03-03T10:50:00+01:00"/>{}</chat>
"""


def adium(folder: Path) -> Path:
    bodies = ["who put soup in the printer", "Ann: not me", "/me waves a spoon", "see you"]
    rows = [
        f'<message sender="{("Ann", "Bob")[n % 2]}" time="{iso(n)}"><div><span style="x">{text}</span></div></message>'
        for n, text in enumerate(bodies)
    ]
    path = folder / "#kitchen (2012-03-03).xml"
    path.write_text(ADIUM.format("".join(rows)))
    return path


EXPORTS: dict[str, Callable[[Path], Path]] = {
    "slack": slack, "telegram": telegram, "matrix": matrix, "mattermost": mattermost, "zulip-export": zulip,
    "twitch": twitch, "discord-csv": discord_csv, "thelounge-sqlite": lounge, "quassel-sqlite": quassel,
    "quassel-dump": quassel_dump, "adium": adium,
}  # fmt: skip
NO_ACTIONS = ("telegram", "discord-csv")
"""They tell no /me."""


@pytest.mark.parametrize("name", EXPORTS)
def test_the_same_talk_of_every_export(tmp_path: Path, name: str) -> None:
    path = EXPORTS[name](tmp_path)
    assert detect(path) == name
    rows = logs(LogSelection((path,)), [])
    found = [each for row in rows for each in flow(row, SplitRules(silence=1e6, shortest=2))]
    got = [(turn.kind, turn.nick.title(), turn.text) for each in found for turn in each.turns if turn.spoken]
    wanted = [("message" if name in NO_ACTIONS else kind, nick, text) for kind, nick, text in TALK]
    assert got == wanted
    accounts = [log.account for row in rows for log in row]
    assert sum(about.not_understood for about in accounts if about.conversations) == 0
    if name not in ("discord-csv", "adium"):
        assert accounts[0].plain()["first_message_utc"] == "2012-03-03T09:59:00Z"
        assert accounts[0].channel == "#kitchen"


def test_a_data_package_of_one_person_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    path.write_text("ID,Timestamp,Contents,Attachments\n1,2012-03-03 10:00:00,hello,\n")
    with pytest.raises(UsageError, match="holds only what one person said"):
        detect(path)


def test_xml_with_a_document_type_is_refused(tmp_path: Path) -> None:
    path = adium(tmp_path)
    path.write_text(path.read_text().replace("<chat", "<!DOCTYPE x [<!ENTITY a 'b'>]><chat"))
    with pytest.raises(UsageError, match="has a document type"):
        logs(LogSelection((path,)), [])


@pytest.mark.parametrize("name", ["slack", "telegram", "matrix", "twitch"])
def test_an_export_that_is_cut_off_is_told(tmp_path: Path, name: str) -> None:
    path = EXPORTS[name](tmp_path)
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UsageError, match="ends in the middle"):
        for row in logs(LogSelection((path,), name), []):
            list(flow(row, SplitRules()))


def test_a_database_without_a_channel_says_so_and_stops_no_folder(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "empty.sqlite3") as base:
        base.execute("CREATE TABLE options (name TEXT)")
        base.execute(
            "CREATE TABLE messages (id INTEGER, network TEXT, channel TEXT, time INTEGER, type TEXT, msg TEXT)"
        )
    with pytest.raises(UsageError, match="holds no channel"):
        logs(LogSelection((tmp_path / "empty.sqlite3",)), [])
    telegram(tmp_path)
    left_out: list[str] = []
    assert len(logs(LogSelection((tmp_path,)), left_out)) == 1
    assert len(left_out) == 1 and "holds no channel" in left_out[0]
