"""A stream of lines to conversations: cut where nobody said anything for a while. Holds one conversation at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulator.logs.bots import Bots
from simulator.logs.entry import ACTION, JOIN, MESSAGE, OPTIN, OPTOUT, PART, RENAME, TOPIC, LogEntry
from simulator.logs.line_counts import LineCounts
from simulator.logs.nicks import NickHistory, fold
from simulator.logs.text_decoding import plain
from simulator.logs.timeline import Zone
from simulator.logs.turn_repair import LogTurn, Pastes, mended

SILENCE = 15
"""Minutes of silence that end a conversation by default. Of nine channels that were measured (`reference/irc.md`), in
seven 95 % of all gaps between messages are shorter than 36 seconds (##linux) to 5.4 minutes (rust); the two others, at
27 and 89 minutes, are slow ones that a person would call quiet. 15 minutes is well beyond the pauses of a talk."""
SHORTEST, LONGEST = 10, 120
"""Messages of a conversation; the shortest and longest session of the plan."""


@dataclass(frozen=True, slots=True)
class SplitRules:
    """How a log is to be taken."""

    silence: float = SILENCE
    """Minutes."""
    shortest: int = SHORTEST
    """Messages; what has fewer is left out."""
    longest: int = LONGEST
    """Messages; a channel that never falls silent is cut at its longest silence in the last third of so many."""
    pastes: Pastes = Pastes.CUT
    keep_bots: bool = False
    bots: tuple[str, ...] = ()
    """Nicks that are programs, besides those that are known."""
    bridges: tuple[str, ...] = ()
    """NICK, or NICK=PATTERN: see `bots.bridge`."""
    lead: str = ""
    """The lead's nick in the log: followed through nick changes, and never a bot."""
    commands: tuple[str, ...] = ()
    """Words that begin a line to the lead's program (`!em`), in lower case: such lines are no talk. Of these,
    `optin` and `optout` are what their writer says of the own lines from there on."""
    zone: Zone | None = None
    """Of the log's clock, where its lines do not say; None: UTC."""


def command_words(*leads: str) -> tuple[str, ...]:
    """With what a line to the lead's program begins, each once. `leads`: nicks, on the card and in the log.

    >>> command_words("Kai", "kai"), command_words("Kai", "kai_")
    (('!kai',), ('!kai', '!kai_'))
    """
    return tuple(dict.fromkeys(f"!{nick.lower()}" for nick in leads))


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is left when lines are understood, people are known and floods are gone."""

    file: str
    """Name of the log in which it begins, without its folder."""
    channel: str
    """As the log names it; empty: it does not."""
    turns: tuple[LogTurn, ...]

    @property
    def messages(self) -> int:
        """How many messages it has; /me lines are none."""
        return sum(turn.kind == MESSAGE for turn in self.turns)

    def followed_by(self, more: list[LogTurn]) -> Conversation:
        """With some turns behind the last one."""
        return replace(self, turns=(*self.turns, *more)) if more else self


class ConversationSplitter:
    """Give it entries in order; it gives back conversations as soon as they are over."""

    def __init__(self, rules: SplitRules) -> None:
        self._rules = rules
        self._account = self._began = LineCounts("", "")
        """Of the file that is read, and of the one in which the open conversation began."""
        lead = frozenset((fold(rules.lead),)) if rules.lead else frozenset()
        self._people = NickHistory(lead)
        self._bots = Bots(rules.bots, rules.bridges, (rules.lead,) if rules.lead else ())
        self._open: list[LogTurn] = []
        self._consents: list[LogTurn] = []
        """What people said of their own lines while there was no conversation."""
        self._held: Conversation | None = None
        """The last one that is over; what people say of their own lines before the next belongs to its end."""
        self._messages = 0
        self._spoke = 0
        """When somebody last said something."""

    def reads(self, account: LineCounts) -> None:
        """What comes now is of this file."""
        self._account = account
        if not self._open:
            self._began = account

    def add(self, entry: LogEntry, at: int, number: int) -> Iterator[Conversation]:
        """One line of the log, understood; yields what it ends."""
        kind = entry.kind
        if self._open and not -60 <= at - self._spoke <= self._rules.silence * 60:
            yield from self.close()
        if entry.more:
            self._continued(entry)
        elif kind in (MESSAGE, ACTION):
            yield from self._spoken(entry, at, number)
        elif kind == RENAME:
            self._renamed(entry, at, number)
        elif self._open and kind in (JOIN, PART, TOPIC):
            fine = entry.stamp is None or entry.stamp.fine
            self._open.append(LogTurn(kind, at, fine, self._people.person(entry.nick), plain(entry.text), number))

    def end(self) -> Iterator[Conversation]:
        """The end of the log."""
        yield from self.close()
        if self._held is not None:
            yield self._held.followed_by(self._consents)
        self._held, self._consents = None, []

    def close(self) -> Iterator[Conversation]:
        """The end of a conversation; yields the one before it."""
        yield from self._finished(self._open)
        self._open, self._messages, self._began = [], 0, self._account
        self._people.forget()

    def _spoken(self, entry: LogEntry, at: int, number: int) -> Iterator[Conversation]:
        kind, nick, text, stamp, marked = entry.kind, entry.nick, entry.text, entry.stamp, entry.bot
        text = plain(text)
        dropped = self._account.dropped
        bot, bridge = self._bots.kind(nick)
        bot = (bot or marked) and fold(nick) != fold(self._rules.lead)
        if bridge and (found := self._bots.inside(nick, text)):
            nick, text = found
        elif bot:
            self._account.bots[nick] += 1
            if not self._rules.keep_bots:
                dropped["bot"] += 1
                return
        if not text:
            dropped["empty"] += 1
            return
        turn = LogTurn(kind, at, stamp is None or stamp.fine, self._people.person(nick), text, number)
        words = text.lower().split()
        if kind == MESSAGE and words[0] in self._rules.commands:
            dropped["command"] += 1
            if len(words) == 2 and words[1] in (OPTIN, OPTOUT):
                self._people.follow(turn.nick)
                (self._open if self._open else self._consents).append(turn._replace(kind=words[1], text=""))
            return
        self._open.append(turn)
        self._spoke = at
        if kind == MESSAGE:
            self._messages += 1
            # The rest of a cut message and the end of a paste must not be parted from their beginning.
            if self._messages > self._rules.longest * 3 // 2 or (
                self._messages > self._rules.longest and turn.nick != self._before(turn)
            ):
                yield from self._longest()

    def _continued(self, entry: LogEntry) -> None:
        """The rest of a message of several lines."""
        text = plain(entry.text)
        if text and self._open and self._open[-1].kind == MESSAGE:
            self._open[-1] = self._open[-1]._replace(text=f"{self._open[-1].text} {text}")
        self._account.dropped["joined" if text else "empty"] += 1

    def _before(self, turn: LogTurn) -> str:
        return next((t.nick for t in reversed(self._open) if t.kind == MESSAGE and t is not turn), "")

    def _renamed(self, entry: LogEntry, at: int, number: int) -> None:
        before = self._people.person(entry.nick)
        same = self._people.rename(entry.nick, entry.text)
        if same is not None:
            one, other = same
            self._open = [t._replace(nick=other) if t.nick == one else t for t in self._open]
            before = other
        if self._open:
            fine = entry.stamp is None or entry.stamp.fine
            self._open.append(LogTurn(RENAME, at, fine, before, plain(entry.text), number))

    def _longest(self) -> Iterator[Conversation]:
        """Ends the conversation at its longest silence, not in its first two thirds and not at the newest line."""
        most = self._rules.longest
        places, count, last, best, where = 0, 0, self._open[0].at, -1, len(self._open) - 1
        for place, turn in enumerate(self._open[:-1]):
            if turn.kind != MESSAGE:
                continue
            if 2 * most // 3 <= count <= most and turn.at - last > best:
                best, where = turn.at - last, place
            last, count = turn.at, count + 1
            places = place
        rest = self._open[min(where, places + 1) :]
        yield from self._finished(self._open[: len(self._open) - len(rest)])
        self._open, self._messages = rest, sum(turn.kind == MESSAGE for turn in rest)

    def _finished(self, turns: list[LogTurn]) -> Iterator[Conversation]:
        account, rules = self._began, self._rules
        turns = mended(turns, rules.pastes, account.dropped)
        speakers = Counter(turn.nick for turn in turns if turn.spoken)
        messages = sum(turn.kind == MESSAGE for turn in turns)
        consents = [turn for turn in turns if turn.kind in (OPTIN, OPTOUT)]
        if messages < max(rules.shortest, 2):
            self._consents += consents
            account.dropped["in a conversation that is too short"] += speakers.total()
            return
        if len({turn.nick for turn in turns if turn.kind == MESSAGE}) < 2:
            self._consents += consents
            account.dropped["in a conversation of one"] += speakers.total()
            return
        turns = _framed(turns, frozenset(speakers))
        spoken = [turn.at for turn in turns if turn.spoken]
        account.first = spoken[0] if account.first is None else account.first
        account.last = spoken[-1]
        account.speakers += speakers
        account.conversations += 1
        account.messages += messages
        account.actions += speakers.total() - messages
        if self._held is not None:
            yield self._held.followed_by(self._consents)
            self._consents = []
        self._held = Conversation(account.file, account.channel, (*self._consents, *turns))
        self._consents = []


def _framed(turns: list[LogTurn], speakers: frozenset[str]) -> list[LogTurn]:
    """From the first thing said to the last, with the comings and goings of those who speak and of nobody else. What
    people say of their own lines is kept wherever it stands."""
    spoken = [place for place, turn in enumerate(turns) if turn.spoken]
    within = range(spoken[0], spoken[-1] + 1)
    return [
        turn
        for place, turn in enumerate(turns)
        if turn.kind in (OPTIN, OPTOUT)
        or (place in within and (turn.spoken or turn.kind == TOPIC or turn.nick in speakers))
    ]
