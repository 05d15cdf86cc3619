"""Exports of messengers as JSON: Discord (DiscordChatExporter), Slack, Telegram, Element, Mattermost, Zulip, Twitch.

A reply becomes `Name: text`, a mention at the beginning likewise, and lines of one message are joined by a space: so
people address each other in IRC. A message of pictures alone is empty. People keep the name under which they first
speak; two with the same name are told apart.
"""

from __future__ import annotations

import html
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, JOIN, MESSAGE, NOTICE, PART, SYSTEM, TOPIC, LogEntry
from simulator.logs.formats.record import (
    Authors,
    Parsed,
    RecordFormat,
    addressed,
    beside,
    each,
    items,
    moment,
    one_line,
)

_EMPHASIS = re.compile(r"(?:^|[^\w])_|_(?:[^\w]|$)")


class _Export(ABC):
    """Reads the records of one file."""

    def __init__(self, path: Path) -> None:
        self.path, self.authors, self.channel = path, Authors(), ""

    def begin(self, head: dict[str, Any]) -> None:  # noqa: B027 - most exports say nothing before their messages
        """What stands before the messages."""

    @abstractmethod
    def entry(self, record: dict[str, Any]) -> LogEntry:
        """What one record says."""

    def entries(self, key: str) -> Iterator[Parsed]:
        records = items(self.path, key)
        if key:
            self.begin(next(records))
        yield from each(records, self.entry)


class _Discord(_Export):
    def begin(self, head: dict[str, Any]) -> None:
        channel = head.get("channel")
        name = channel.get("name") if isinstance(channel, dict) else None
        self.channel = f"#{name}" if name else ""

    def entry(self, record: dict[str, Any]) -> LogEntry:
        author = record["author"]
        nick, stamp = self._name(author), moment(record["timestamp"])
        kind, bot = record.get("type", "Default"), bool(author.get("isBot"))
        self.authors.wrote(record.get("id"), nick)
        if kind in ("GuildMemberJoin", "7"):
            return LogEntry(JOIN, nick, "", stamp, self.channel, bot)
        if kind not in ("Default", "Reply", "ThreadStarterMessage", "0", "19"):
            return LogEntry(SYSTEM, stamp=stamp)
        text = one_line(record["content"])
        # Discord makes `_text_` of /me; with another emphasis inside it is two of them, and no /me.
        if len(text) > 2 and text[0] == text[-1] == "_" and text[1:-1].strip(" _") and not _EMPHASIS.search(text[1:-1]):
            return LogEntry(ACTION, nick, text[1:-1], stamp, self.channel, bot)
        mentioned = {shown: self._name(who) for who in record.get("mentions") or () for shown in _shown(who)}
        for shown in sorted(mentioned, key=len, reverse=True):
            text = addressed(text, f"@{shown}", mentioned[shown])
        if kind in ("Reply", "19"):
            to = (record.get("reference") or {}).get("messageId")
            text = self.authors.answer(text, to, next(iter(mentioned.values()), None))
        return LogEntry(MESSAGE, nick, text, stamp, self.channel, bot)

    def _name(self, author: dict[str, Any]) -> str:
        return self.authors.nick(author["id"], author.get("nickname") or author["name"])


def _shown(who: dict[str, Any]) -> Iterator[str]:
    for field in ("nickname", "name"):
        if who.get(field):
            yield who[field]


class _Telegram(_Export):
    def begin(self, head: dict[str, Any]) -> None:
        name = head.get("name")
        self.channel = f"#{re.sub(r'[^A-Za-z0-9_-]+', '-', str(name)).strip('-')}" if name else ""

    def entry(self, record: dict[str, Any]) -> LogEntry:
        stamp = moment(record.get("date_unixtime") or record["date"])
        if record["type"] != "message":
            actor, action = record.get("actor"), str(record.get("action"))
            if actor and action in ("join_group_by_link", "join_group_by_request"):
                nick = self.authors.nick(record.get("actor_id"), actor)
                return LogEntry(JOIN, nick, "", stamp, self.channel)
            return LogEntry(SYSTEM, stamp=stamp)
        nick = self.authors.nick(record.get("from_id"), record.get("from") or "deleted account")
        self.authors.wrote(record.get("id"), nick)
        parts = record.get("text") or ""
        text = (
            parts if isinstance(parts, str) else "".join(p if isinstance(p, str) else p.get("text", "") for p in parts)
        )
        text = one_line(text)
        if (to := record.get("reply_to_message_id")) is not None:
            text = self.authors.answer(text, to)
        return LogEntry(MESSAGE, nick, text, stamp, self.channel)


class _Slack(_Export):
    _MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|([^>]*))?>")
    _LINK = re.compile(r"<(?:(https?:[^|>]*|mailto:[^|>]*)(?:\|[^>]*)?|#\w+\|([^>]*)|!(\w+)(?:\|[^>]*)?)>")

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.channel = f"#{path.parent.name}"
        known = beside(path, "../users.json", "users.json")
        self._known: dict[str, str] = {}
        for user in known if isinstance(known, list) else ():
            profile = user.get("profile") or {}
            self._known[user.get("id", "")] = (
                profile.get("display_name") or user.get("real_name") or user.get("name") or ""
            )

    def entry(self, record: dict[str, Any]) -> LogEntry:
        stamp, subtype = moment(record["ts"]), record.get("subtype")
        if record.get("type", "message") != "message":
            return LogEntry(SYSTEM, stamp=stamp)
        profile = record.get("user_profile") or {}
        ident = record.get("user") or record.get("bot_id") or record.get("username")
        name = self._known.get(str(ident)) or profile.get("display_name") or profile.get("real_name")
        nick = self.authors.nick(ident, name or record.get("username") or str(ident or "unknown"))
        bot = subtype == "bot_message" or "bot_id" in record
        if subtype in ("channel_join", "group_join"):
            return LogEntry(JOIN, nick, "", stamp, self.channel)
        if subtype in ("channel_leave", "group_leave"):
            return LogEntry(PART, nick, "", stamp, self.channel)
        if subtype in ("channel_topic", "group_topic"):
            return LogEntry(TOPIC, nick, str(record.get("topic", "")), stamp, self.channel)
        if subtype not in (None, "me_message", "thread_broadcast", "bot_message", "file_share", "file_comment"):
            return LogEntry(SYSTEM, stamp=stamp)
        text = one_line(record.get("text") or "")
        for found in {mention[0]: mention for mention in self._MENTION.finditer(text)}.values():
            named = self._known.get(found[1]) or found[2] or found[1]
            text = addressed(text, found[0], self.authors.nick(found[1], named))
        text = html.unescape(self._LINK.sub(_slack_link, text))
        return LogEntry(ACTION if subtype == "me_message" else MESSAGE, nick, text, stamp, self.channel, bot)


def _slack_link(found: re.Match[str]) -> str:
    link, channel, group = found.groups()
    return link or (f"#{channel}" if channel else f"@{group}")


class _Matrix(_Export):
    _QUOTE = re.compile(r"(?:^> .*\n)+\n?", re.MULTILINE)

    def begin(self, head: dict[str, Any]) -> None:
        name = head.get("room_name") or head.get("name")
        self.channel = f"#{str(name).lstrip('#').split(':')[0].replace(' ', '-')}" if name else ""
        self._shown: dict[str, str] = {}

    def entry(self, record: dict[str, Any]) -> LogEntry:
        stamp, sender, content = moment(record["origin_server_ts"]), record["sender"], record.get("content") or {}
        kind = record["type"]
        if kind == "m.room.member":
            if content.get("displayname"):
                self._shown[record.get("state_key") or sender] = content["displayname"]
            nick = self._nick(record.get("state_key") or sender)
            before = ((record.get("unsigned") or {}).get("prev_content") or {}).get("membership")
            joined = content.get("membership") == "join"
            if joined == (before == "join"):
                return LogEntry(SYSTEM, stamp=stamp)
            return LogEntry(JOIN if joined else PART, nick, "", stamp, self.channel)
        if kind == "m.room.topic":
            return LogEntry(TOPIC, self._nick(sender), str(content.get("topic", "")), stamp, self.channel)
        relates = content.get("m.relates_to") or {}
        if kind != "m.room.message" or relates.get("rel_type") == "m.replace":
            return LogEntry(SYSTEM, stamp=stamp)
        nick = self._nick(sender)
        self.authors.wrote(record.get("event_id"), nick)
        typed, text = content.get("msgtype"), str(content.get("body") or "")
        reply = (relates.get("m.in_reply_to") or {}).get("event_id")
        if typed not in ("m.text", "m.emote", "m.notice"):
            return LogEntry(MESSAGE, nick, "", stamp, self.channel)
        text = one_line(self._QUOTE.sub("", text, count=1) if reply else text)
        if reply:
            text = self.authors.answer(text, reply)
        shown = {"m.emote": ACTION, "m.notice": NOTICE}.get(typed, MESSAGE)
        return LogEntry(shown, nick, text, stamp, self.channel)

    def _nick(self, sender: str) -> str:
        return self.authors.nick(sender, self._shown.get(sender) or sender.lstrip("@").split(":")[0])


class _ZulipApi(_Export):
    def entry(self, record: dict[str, Any]) -> LogEntry:
        stamp = moment(record.get("timestamp") or record["date_sent"])
        nick = self.authors.nick(record.get("sender_id") or record["sender_email"], record["sender_full_name"])
        channel = record.get("display_recipient")
        return _zulip(record, nick, stamp, f"#{channel}" if isinstance(channel, str) else "")


def _zulip(record: dict[str, Any], nick: str, stamp: Any, channel: str) -> LogEntry:
    text = one_line(
        re.sub(r"<[^<>]*>", "", record["content"]) if record.get("content_type") == "text/html" else record["content"]
    )
    text = re.sub(r"^@_?\*\*([^*|]+)(?:\|\d+)?\*\*[:,]? ?", lambda found: f"{found[1].replace(' ', '_')}: ", text)
    text = re.sub(r"@_?\*\*([^*|]+)(?:\|\d+)?\*\*", lambda found: found[1].replace(" ", "_"), text)
    if text.startswith("/me "):
        return LogEntry(ACTION, nick, text[4:], stamp, channel)
    return LogEntry(MESSAGE, nick, text, stamp, channel)


class _ZulipExport(_Export):
    """Zulip's export names people and streams in `realm.json` beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        realm = beside(path, "realm.json", "../realm.json") or {}
        self._people = {
            user["id"]: user.get("full_name") or user.get("email") for user in realm.get("zerver_userprofile", ())
        }
        self._people |= {
            user["id"]: user.get("full_name")
            for user in realm.get("zerver_userprofile_crossrealm", ())
            if "full_name" in user
        }
        streams = {stream["id"]: stream["name"] for stream in realm.get("zerver_stream", ())}
        self._streams = {
            row["id"]: streams.get(row.get("type_id"))
            for row in realm.get("zerver_recipient", ())
            if row.get("type") == 2
        }

    def entry(self, record: dict[str, Any]) -> LogEntry:
        sender = record["sender"]
        nick = self.authors.nick(sender, self._people.get(sender) or f"user{sender}")
        return _zulip(record, nick, moment(record["date_sent"]), self.room(record))

    def room(self, record: dict[str, Any]) -> str:
        name = self._streams.get(record.get("recipient"))
        return f"#{str(name).replace(' ', '-')}" if name else f"#recipient-{record.get('recipient')}"


class _Twitch(_Export):
    def begin(self, head: dict[str, Any]) -> None:
        name = (head.get("streamer") or {}).get("name") or (head.get("video") or {}).get("user_name")
        self.channel = f"#{str(name).lower()}" if name else ""

    def entry(self, record: dict[str, Any]) -> LogEntry:
        who, message = record["commenter"], record["message"]
        nick = self.authors.nick(who.get("_id") or who.get("name"), who.get("display_name") or who["name"])
        kind = ACTION if message.get("is_action") else MESSAGE
        return LogEntry(kind, nick, one_line(message["body"]), moment(record["created_at"]), self.channel)


def _entries(make: Callable[[Path], _Export], key: str, path: Path, channel: str) -> Iterable[Parsed]:
    return make(path).entries(key)


def _begins(*marks: str) -> Callable[[Path, str], bool]:
    return lambda path, start: start[:1] in "{[" and all(re.search(rf'"{mark}"\s*:', start) for mark in marks)


def _slack_known(path: Path, start: str) -> bool:
    return start[:1] == "[" and '"ts"' in start and '"type"' in start


def _zulip_rooms(path: Path) -> list[str]:
    export = _ZulipExport(path)
    records = items(path, "zerver_message")
    next(records)
    return list(dict.fromkeys(export.room(record) for record in records))


def _zulip_entries(path: Path, channel: str) -> Iterator[Parsed]:
    export = _ZulipExport(path)
    records = items(path, "zerver_message")
    next(records)
    yield from each((record for record in records if export.room(record) == channel), export.entry)


def _posts(path: Path) -> Iterator[dict[str, Any]]:
    """Mattermost's lines of JSON: every post and, as posts of their own, the replies to it."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line) if line.strip() else {}
                except (ValueError, RecursionError):
                    raise UsageError(
                        "is not JSON", place=f"{path}:{number}", remedy="export the channel again"
                    ) from None
                post = row.get("post") if isinstance(row, dict) else None
                if isinstance(post, dict):
                    yield post
                    for reply in post.get("replies") or ():
                        yield {**reply, "channel": post.get("channel"), "to": post.get("user")}
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def _mattermost_rooms(path: Path) -> list[str]:
    return list(dict.fromkeys(str(post.get("channel") or "") for post in _posts(path)))


def _mattermost(path: Path, channel: str) -> Iterator[Parsed]:
    posts = [post for post in _posts(path) if str(post.get("channel") or "") == channel]
    posts.sort(key=lambda post: int(post.get("create_at") or 0))

    def read(post: dict[str, Any]) -> LogEntry:
        nick, stamp, text = str(post["user"]), moment(post["create_at"]), one_line(post.get("message") or "")
        kind = str(post.get("type") or "")
        room = f"#{channel}"
        if kind in ("system_join_channel", "system_add_to_channel"):
            return LogEntry(JOIN, nick, "", stamp, room)
        if kind in ("system_leave_channel", "system_remove_from_channel"):
            return LogEntry(PART, nick, "", stamp, room)
        if kind == "me":
            return LogEntry(ACTION, nick, text.strip("*"), stamp, room)
        if kind.startswith("system_"):
            return LogEntry(SYSTEM, stamp=stamp)
        if found := re.match(r"@([\w.-]+)[:,]? +(.*)", text):
            text = f"{found[1]}: {found[2]}"
        elif post.get("to") and post["to"] != nick:
            text = f"{post['to']}: {text}" if text else text
        return LogEntry(MESSAGE, nick, text, stamp, room, bool((post.get("props") or {}).get("from_bot")))

    yield from each(posts, read)


DISCORD = RecordFormat(
    "discord-json", "DiscordChatExporter's JSON", _begins("guild", "channel"), partial(_entries, _Discord, "messages")
)
FORMATS = (
    DISCORD,
    RecordFormat("slack", "Slack's export", _slack_known, partial(_entries, _Slack, "")),
    RecordFormat(
        "matrix", "Element's JSON", _begins("messages", "sender", "content"), partial(_entries, _Matrix, "messages")
    ),
    RecordFormat(
        "telegram", "Telegram's JSON", _begins("messages", "date", "from"), partial(_entries, _Telegram, "messages")
    ),
    RecordFormat(
        "zulip", "Zulip's API", _begins("messages", "sender_full_name"), partial(_entries, _ZulipApi, "messages")
    ),
    RecordFormat("zulip-export", "Zulip's export", _begins("zerver_message"), _zulip_entries, _zulip_rooms),
    RecordFormat(
        "twitch", "TwitchDownloader's JSON", _begins("comments", "commenter"), partial(_entries, _Twitch, "comments")
    ),
    RecordFormat(
        "mattermost",
        "Mattermost's bulk export",
        lambda path, start: (
            start[:1] == "{" and bool(re.search(r'"type"\s*:\s*"(?:version|post)"', start.split("\n")[0]))
        ),
        _mattermost,
        _mattermost_rooms,
    ),
)
