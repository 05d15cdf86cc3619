"""The state of a channel: a fold over its events, and nothing that the events do not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from simulator.addressing import addressee, mentioned
from simulator.document import TranscriptLine, render_line
from simulator.events import Acted, Event, Joined, Parted, Passed, Renamed, Said, TopicSet
from simulator.plan.session_plan import Setting


class Channel:
    """Grows by `apply`; everything in it follows from the setting and the events applied so far."""

    def __init__(self, setting: Setting, past: Iterable[Event] = (), *, late: Collection[str] = ()) -> None:
        """`late`: who of the cast is not there when the session begins."""
        self.setting = setting
        here = [setting.lead, *(nick for nick in setting.cast if nick not in late)]
        self.present: dict[str, None] = dict.fromkeys(here)
        """Nicks in the room, in a fixed order."""
        self.away: set[str] = set()
        self.events = 0
        self.at = setting.begins
        """Simulated seconds after midnight of the last event."""
        self.lines: list[TranscriptLine] = []
        """Messages, in order; /me lines are not among them."""
        self.transcript: list[str] = []
        """The lines of the screen as rendered, /me lines included."""
        self.counts: Counter[str] = Counter()
        self.recent: list[str] = []
        """Nicks by how recently they spoke, the last speaker first."""
        self.spoke_at: dict[str, int] = {}
        """Nick to the index of the last message."""
        self.addressed: list[str | None] = []
        """For each message, whom it spoke to."""
        self.owing: dict[str, tuple[str, int]] = {}
        """Who was addressed and has said nothing since: by whom last, and in which message."""
        self.mentions: frozenset[str] = frozenset()
        """Nicks in the last message besides the one it spoke to."""
        self.question = False
        """The last message asks something."""
        self.presence_changes = 0
        """How often somebody has come, gone or changed nick."""
        self.tries = 0
        """Turns since the last message that brought none: /me lines, and members who passed."""
        self.failed: set[str] = set()
        """Who found no fit line since the last message."""
        self.lead_passed = False
        """The lead's silence at this point is on record."""
        for event in past:
            self.apply(event)

    @property
    def messages(self) -> int:
        """Messages up to now."""
        return len(self.lines)

    @property
    def last_speaker(self) -> str | None:
        """Whose the last message is; None: there is none."""
        return self.lines[-1].nick if self.lines else None

    def apply(self, event: Event) -> None:
        """The next event has happened."""
        self.events += 1
        self.at = event.at
        match event:
            case Said():
                self._said(event)
            case Acted():
                self.transcript.append(render_line(TranscriptLine(event.nick, event.text, action=True)))
                self._spoke(event.nick)
                self.tries += 1
            case Joined():
                self.present[event.nick] = None
                self.presence_changes += 1
            case Parted():
                self.present.pop(event.nick, None)
                self.presence_changes += 1
            case Renamed():
                (self.away.discard if event.to == event.nick else self.away.add)(event.nick)
                self.presence_changes += 1
            case TopicSet():
                pass  # shown by clients; nobody's turn depends on it
            case Passed(refused=()) if event.nick == self.setting.lead:  # on purpose: no line was refused
                self.lead_passed = True
            case Passed():
                self.failed.add(event.nick)
                self.tries += 1

    def able(self) -> list[str]:
        """Who could speak now, the lead included."""
        return [nick for nick in self.present if nick not in self.away and nick not in self.failed]

    def _said(self, event: Said) -> None:
        line = TranscriptLine(event.nick, event.text)
        others = [nick for nick in self.present if nick != event.nick]
        to = addressee(event.text, others)
        self.lines.append(line)
        self.transcript.append(render_line(line))
        self.counts[event.nick] += 1
        self.spoke_at[event.nick] = len(self.lines) - 1
        self.addressed.append(to)
        self.owing.pop(event.nick, None)
        if to is not None:
            self.owing[to] = (event.nick, len(self.lines) - 1)
        self.mentions = mentioned(event.text, others) - {to}
        self.question = "?" in event.text
        self._spoke(event.nick)
        self.tries, self.lead_passed = 0, False
        self.failed.clear()

    def _spoke(self, nick: str) -> None:
        if nick in self.recent:
            self.recent.remove(nick)
        self.recent.insert(0, nick)
