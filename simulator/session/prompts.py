"""What a member is told: three dialects, all append-only.

Everything up to the tail is the same bytes for every member of a session and only grows from turn to turn, so that a
server's prefix cache is hit by everybody and a turn costs the newest message plus the tail.

    completion   who is here, lines they said yesterday, what today is about, header, transcript, `<nick>`
    chat         system: rules, cards; user: header, transcript, then the tail: whose line is next, how long, the note
    document     header, transcript, `<nick>`: the training document so far, for a lead who was trained on documents

A model that only continues text follows no rules and no descriptions; it takes up how the log before it sounds. So it
gets a log of yesterday in place of rules, and one sentence about each person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from simulator.document import TranscriptLine
from simulator.line_checks import Secrets
from simulator.line_checks.cards import CardFacts
from simulator.llm.model import Message
from simulator.plan.session_plan import Script, Setting
from simulator.session.channel import Channel
from simulator.session.scheduler import Turn
from simulator.world.persona import Role
from simulator.world.world import World

YESTERDAY = 2
"""Lines of each person in the log of yesterday, where the prompt shows so many; of the lead all that it shows."""
WITHOUT_A_PART = 2
"""Sentences that are told of those who have no part in the script: cards are most of a prompt."""
CHARACTERS_A_TOKEN = 3.4
"""Fewest that a tokenizer makes of chat; SmolLM2's makes 3.9 of cards and transcripts."""
HOUR = 3600
"""Seconds after which writers are told the time again."""
FORGET = 40
"""Messages that leave a full prompt at once: seldom, because the server then reads the whole of it again."""


def secrets(setting: Setting, script: Script, world: World) -> Secrets:
    """What prompts hold and nobody may say: notes, premise, and the cards word for word. The topic is no secret."""
    cards = [world.personas[nick] for nick in setting.members]
    texts = (*script.secrets(), *world.engagement.purposes, *(card.about for card in cards))
    later = (text for b in script.beats if b.subject is not None for text in (b.subject.topic, b.subject.angle))
    public = filter(None, (setting.topic, setting.angle, *later, *script.fill.values()))
    return Secrets(texts, public=tuple(public), examples=(line for card in cards for line in card.voice))


def card_facts(setting: Setting, world: World) -> CardFacts:
    """What lines of the members must not contradict."""
    facts = {nick: card.facts for nick in setting.members if (card := world.personas[nick]).facts is not None}
    return CardFacts(facts, world.style.trades)


@dataclass(frozen=True, slots=True)
class Card:
    """A member as a prompt shows one."""

    nick: str
    is_lead: bool
    about: str
    lines: tuple[str, ...]
    """Example lines."""
    hour: int
    """0 to 23, where the person lives, as the session begins."""
    late: bool
    """The person is not there from the beginning."""


@dataclass(frozen=True, slots=True)
class ShownTie:
    """Two members who know each other; as text in English, other languages' templates take it apart."""

    one: str
    other: str
    kind: str
    history: str

    def __str__(self) -> str:
        return f"{self.one} and {self.other} ({self.kind}): {self.history}"


@dataclass(frozen=True, slots=True)
class RefusedTry:
    """A try that was refused, as the next prompt shows it."""

    text: str
    reason: str
    """A whole sentence."""


class Prompts:
    """The texts of one session; what does not change is put together once."""

    def __init__(self, setting: Setting, script: Script, world: World) -> None:
        self._setting, self._script, self._world = setting, script, world
        self._head = world.layout.header(setting.engagement, setting.channel).text
        parts = {setting.lead, *script.parts.values()}
        self._cards = [
            Card(
                card.nick,
                card.role is Role.LEAD,
                card.about if card.nick in parts else _first_sentences(card.about, WITHOUT_A_PART),
                script.example_lines(card, setting.lead),
                card.hour(setting.begins),
                card.nick in script.late,
            )
            for card in (world.personas[nick] for nick in setting.members)
        ]
        self._system = self._rules()
        self._log = self._before_the_log()

    def completion(self, turn: Turn, channel: Channel, room: int | None = None) -> str:
        """One text that ends where the member's line goes on. `room`: tokens that it may have; None: any number."""
        # Opening words steer such a model; a note is the second best, as a stage direction above the line.
        note = f"({turn.beat.note})\n" if turn.beat and turn.beat.note and not turn.opening else ""
        return self._log + _shown(channel, room, self._log) + note + _begun(turn)

    def document(self, turn: Turn, channel: Channel, room: int | None = None) -> str:
        """The training document up to where the member's line goes on: no card, no note. `room` as for `completion`."""
        return self._head + _shown(channel, room, self._head) + _begun(turn)

    def chat(
        self, turn: Turn, channel: Channel, refused: RefusedTry | None = None, room: int | None = None
    ) -> tuple[Message, ...]:
        """System and user message. `refused`: the last try; None: this is the first. `room` as for `completion`."""
        log = self._head + _shown(channel, room, self._system)
        return Message("system", self._system), Message("user", log + "\n" + self._tail(turn, channel, refused))

    def _tail(self, turn: Turn, channel: Channel, refused: RefusedTry | None) -> str:
        lead = self._setting.lead
        return self._world.prompts.render(
            "session_tail",
            nick=turn.nick,
            hour=self._hour(turn.nick, channel),
            gone=turn.gone,
            arrived=turn.arrived,
            answers=turn.answers,
            again=turn.again,
            leaves=turn.leaves,
            note=turn.beat.note if turn.beat else turn.purpose,
            closes=turn.closes,
            calls=lead if turn.calls_lead else "",
            refused=refused,
            action=turn.action,
            length=turn.length.value,
            to=turn.to,
        )

    def _hour(self, nick: str, channel: Channel) -> int | None:
        """What hour it has become for that person; None: about the one that the system message says."""
        passed = channel.at - self._setting.begins
        return self._world.personas[nick].hour(channel.at) if passed >= HOUR else None

    def _rules(self) -> str:
        setting, prompts = self._setting, self._world.prompts
        return prompts.render(
            "session_system",
            rules=prompts.render("session_rules", channel=setting.channel, lead=setting.lead),
            lead=setting.lead,
            worn=self._script.avoid,
            cards=self._cards,
            ties=self._ties(),
            topic=setting.topic,
            angle=setting.angle,
        )

    def _before_the_log(self) -> str:
        setting = self._setting
        # The lead's card is given whole: what such a model is told of the lead stands nowhere else.
        people = [card if card.is_lead else replace(card, about=_first_sentences(card.about)) for card in self._cards]
        before = self._world.prompts.render(
            "session_completion",
            channel=setting.channel,
            people=people,
            ties=self._ties(),
            yesterday=self._yesterday(),
            topic=setting.topic,
            angle=setting.angle,
            premise=_first_sentences(self._script.premise) if self._script.premise else "",
        )
        return before + self._head

    def _yesterday(self) -> list[TranscriptLine]:
        """Lines of everybody, in turn; the lead's are those of the card's examples."""
        shown = [(card.nick, card.lines if card.is_lead else card.lines[:YESTERDAY]) for card in self._cards]
        rounds = range(max(len(lines) for _, lines in shown))
        return [
            TranscriptLine(nick, lines[number]) for number in rounds for nick, lines in shown if number < len(lines)
        ]

    def _ties(self) -> list[ShownTie]:
        ties = self._world.ties
        pairs = [pair for pair in combinations(sorted(self._setting.members), 2) if ties.has_edge(*pair)]
        known = [(a, b, ties.edges[a, b]["tie"]) for a, b in pairs]
        return sorted((ShownTie(a, b, tie.kind, tie.history) for a, b, tie in known), key=str)


def _first_sentences(text: str, number: int = 1) -> str:
    """So many sentences from the beginning: of a premise the first does not give the ending away.

    >>> _first_sentences("Kai bakes. Then the oven fails.")
    'Kai bakes.'
    """
    return ". ".join(text.split(". ")[:number]).rstrip(".") + "."


def _begun(turn: Turn) -> str:
    """The beginning of the line that is wanted: nick, whom it is for, opening words."""
    nick = f"* {turn.nick}" if turn.action else f"<{turn.nick}>"
    return " ".join(filter(None, (nick, f"{turn.to}:" if turn.to else "", turn.opening)))


def _shown(channel: Channel, room: int | None, before: str) -> str:
    """The transcript, or as much of its end as fits after the text before it; whole blocks of FORGET lines go."""
    rows = channel.transcript
    first = 0
    if room is not None:
        left = room * CHARACTERS_A_TOKEN - len(before)
        sizes = [len(row) + 1 for row in rows]
        total = sum(sizes)
        block = _block(sizes, left) if total > left else FORGET
        while total > left and first < len(rows):
            total -= sum(sizes[first : first + block])
            first += block
    return "\n".join([*(rows[first:] if first else rows), ""])


def _block(sizes: list[int], left: float) -> int:
    """Lines that leave at once: FORGET, or half of what fits where that is less, so that some are always shown."""
    fits = 0
    for size in reversed(sizes):
        left -= size
        if left < 0:
            break
        fits += 1
    return min(FORGET, max(1, fits // 2))
