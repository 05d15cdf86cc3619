"""What a member is told: three dialects, all append-only.

Everything up to the tail is the same bytes for every member of a session and only grows from turn to turn, so that a
server's prefix cache is hit by everybody and a turn costs the newest message plus the tail.

    completion   who is here, lines they said yesterday, what today is about, header, transcript, `<nick>`
    chat         system: rules, cards; user: header, transcript, then the tail: who you are, the note, what is wanted
    document     header, transcript, `<nick>`: the training document so far, for a lead who was trained on documents

A model that only continues text follows no rules and no descriptions; it takes up how the log before it sounds. So it
gets a log of yesterday in place of rules, and one sentence about each person.
"""

from __future__ import annotations

from simulator.document import Header, render_header
from simulator.line_checks import Secrets
from simulator.llm.model import Message
from simulator.plan.session_plan import Script, Setting
from simulator.session.channel import Channel
from simulator.session.scheduler import Turn
from simulator.world.persona import Persona, Role
from simulator.world.world import World

YESTERDAY = 2
"""Lines of each person in the log of yesterday."""


CHARACTERS_A_TOKEN = 3.4
"""Fewest that a tokenizer makes of chat; SmolLM2's makes 3.9 of cards and transcripts."""
FORGET = 40
"""Messages that leave a full prompt at once: seldom, because the server then reads the whole of it again."""


def secrets(setting: Setting, script: Script, world: World) -> Secrets:
    """What prompts hold and nobody may say: notes, premise, and the cards word for word. The topic is no secret."""
    cards = [world.personas[nick] for nick in setting.members]
    texts = (*script.secrets(), *(card.about for card in cards), *(line for card in cards for line in card.voice))
    public = filter(None, (setting.topic, setting.angle, *script.fill.values()))
    return Secrets(texts, public=tuple(public))


class Prompts:
    """The texts of one session; what does not change is put together once."""

    def __init__(self, setting: Setting, script: Script, world: World) -> None:
        self._setting, self._script, self._world = setting, script, world
        self._head = render_header(Header(setting.engagement.value, setting.channel))
        self._here = [world.personas[nick] for nick in setting.members]
        self._today = _subject(setting)
        self._system = self._rules()
        self._log = self._yesterday()

    def completion(self, turn: Turn, channel: Channel, room: int | None = None) -> str:
        """One text that ends where the member's line goes on. `room`: tokens that it may have; None: any number."""
        # Opening words steer such a model; a note is the second best, as a stage direction above the line.
        note = f"({turn.beat.note})\n" if turn.beat and not turn.beat.opening else ""
        return self._log + _shown(channel, room, self._log) + note + _begun(turn)

    def document(self, turn: Turn, channel: Channel, room: int | None = None) -> str:
        """The training document up to where the member's line goes on: no card, no note. `room` as for `completion`."""
        return self._head + _shown(channel, room, self._head) + _begun(turn)

    def chat(self, turn: Turn, channel: Channel, refused: str = "", room: int | None = None) -> tuple[Message, ...]:
        """System and user message. `refused` is what was wrong with the last try; `room` as for `completion`."""
        wanted = f"Write the next line of {turn.nick}: only the text, without the nick in brackets."
        if turn.action:
            wanted = f"Write what {turn.nick} does, as the text of a /me line in the third person, a few words."
        elif turn.to:
            wanted += f" Begin with `{turn.to}: `."
        tail = [
            f"You are {turn.nick} now.",
            f"Private, for this line only: {turn.beat.note}" if turn.beat else "",
            self._worn(turn.nick),
            f"Your last try was refused: {refused}" if refused else "",
            wanted,
        ]
        log = self._head + _shown(channel, room, self._system)
        return Message("system", self._system), Message("user", log + "\n" + " ".join(filter(None, tail)))

    def _worn(self, nick: str) -> str:
        if nick != self._setting.lead or not self._script.avoid:
            return ""
        return "You have worn these out, do without them: " + "; ".join(self._script.avoid) + "."

    def _rules(self) -> str:
        guidance, setting = self._world.style.guidance, self._setting
        rules = [*guidance.people, *(line.replace("{lead}", setting.lead) for line in guidance.lead)]
        parts = [
            f"You write the lines of the members of {setting.channel}, an IRC channel, one line at a time.",
            "\n".join(f"- {rule}" for rule in rules),
            "Who is here:",
            *(_card(persona, self._script.example_lines(persona, setting.lead)) for persona in self._here),
            self._ties(),
            self._today,
        ]
        return "\n\n".join(filter(None, parts))

    def _yesterday(self) -> str:
        people = "\n".join(f"{p.nick}: {p.about.partition('. ')[0].rstrip('.')}." for p in self._here)
        channel = self._setting.channel
        lines = "\n".join(f"<{p.nick}> {p.voice[number]}" for number in range(YESTERDAY) for p in self._here)
        parts = [
            f"A log of {channel}, an IRC channel where people know each other. They write in whole sentences.",
            "\n".join(filter(None, (people, self._ties()))),
            f"Yesterday:\n{lines}",
            f"{self._today} {self._script.premise}",
            self._head,
        ]
        return "\n\n".join(parts)

    def _ties(self) -> str:
        edges = self._world.ties.subgraph(persona.nick for persona in self._here).edges(data=True)
        return "\n".join(sorted(f"{a} and {b} ({data['kind']}): {data['history']}" for a, b, data in edges))


def _subject(setting: Setting) -> str:
    """What the talk is about, in a sentence."""
    angle = f", in particular {setting.angle}" if setting.angle else ""
    return f"Today's talk is about {setting.topic or 'whatever comes up'}{angle}."


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
    return "".join(row + "\n" for row in rows[first:])


def _block(sizes: list[int], left: float) -> int:
    """Lines that leave at once: FORGET, or half of what fits where that is less, so that some are always shown."""
    fits = 0
    for size in reversed(sizes):
        left -= size
        if left < 0:
            break
        fits += 1
    return min(FORGET, max(1, fits // 2))


def _card(persona: Persona, voice: tuple[str, ...]) -> str:
    lead = " (never an assistant)" if persona.role is Role.LEAD else ""
    lines = "\n".join(f"<{persona.nick}> {line}" for line in voice)
    return f"{persona.nick}{lead}: {persona.about}\n{lines}"
