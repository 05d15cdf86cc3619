"""From files to their conversations. START HERE: the rest of the folder is what one of these lines does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.logs import calendar, formats
from simulator.logs.conversations import Conversation, ConversationSplitter, SplitRules
from simulator.logs.entry import RENAME
from simulator.logs.line_counts import LineCounts
from simulator.logs.log_files import Log
from simulator.logs.timeline import Timeline

_IN_NAME = re.compile(r"##?[A-Za-z][^\s,:_.\x00-\x1f]{0,47}")
_CHANNEL = re.compile(r"#[^\s,:\x00-\x1f\x7f]{1,49}")


def conversations(path: Path, rules: SplitRules, account: LineCounts) -> Iterator[Conversation]:
    """The conversations of one log in order, each as soon as it is over; `account` is complete when they are.

    Raises UsageError for a file that cannot be read or that is not in the account's format.
    """
    return flow([Log(path, account)], rules)


def flow(logs: Iterable[Log], rules: SplitRules) -> Iterator[Conversation]:
    """The conversations of some logs of which each goes on where the one before it ends: see `files.logs`.

    Only silence ends a conversation, and not the end of a file. Its lines are in the account of the file in which it
    began, those that are in no conversation in their own file's. Raises as `conversations` does.
    """
    cutter = ConversationSplitter(rules)
    for path, account in logs:
        time = Timeline(calendar.in_name(path.name), rules.zone)
        cutter.reads(account)
        named = _IN_NAME.search(path.name)
        account.channel = named[0] if named else ""
        kinds = account.kinds
        number = 0
        for number, (line, entry) in enumerate(formats.entries(path, account.format, account.encodings), 1):
            if entry is None:
                account.lost(number, line)
                continue
            kinds[entry.kind] += 1
            at = time.at(entry.stamp)
            if entry.channel and not account.channel and _CHANNEL.fullmatch(entry.channel):
                account.channel = entry.channel
            yield from cutter.add(entry, at, number)
        account.lines, account.dated = number, time.dated
    yield from cutter.close()


def speakers(path: Path, format: str) -> Iterator[str]:
    """Every nick that a log shows, some more than once: of those who speak, come, go or change their nick."""
    for _, entry in formats.entries(path, format, Counter()):
        if entry is not None and entry.nick:
            yield entry.nick
            if entry.kind == RENAME:
                yield entry.text


def account(path: Path, format: str, keep: int | None) -> LineCounts:
    """An empty account of a log. `format`: a name, or `auto`. Raises UsageError if no format fits."""
    return LineCounts(path.name, formats.detect(path) if format == "auto" else format, keep=keep)
