"""What a member is told: two dialects, both append-only.

Everything up to the tail is the same bytes for every member of a session and only grows from turn to turn, so that a
server's prefix cache is hit by everybody and a turn costs the newest message plus the tail.

    completion   rules, cards, premise, header, transcript, `<nick>`
    chat         system: rules, cards; user: header, transcript, then the tail: who you are, the note, what is wanted
"""

from __future__ import annotations

from simulator import screen
from simulator.llm.model import Message
from simulator.manners import Secrets
from simulator.plan.session_plan import SessionPlan
from simulator.session.channel import Channel
from simulator.session.scheduler import Turn
from simulator.world.persona import Persona, Role
from simulator.world.world import World

VOICE_LINES = 3
"""Example lines of each card that a prompt shows."""


def secrets(plan: SessionPlan, world: World) -> Secrets:
    """What prompts hold and nobody may say: notes, premise, and the cards word for word. The topic is no secret."""
    cards = [world.personas[nick] for nick in (*plan.cast, plan.lead)]
    texts = (*plan.secrets(), *(card.about for card in cards), *(line for card in cards for line in card.voice))
    return Secrets(texts, public=(plan.topic, plan.angle))


class Prompts:
    """The texts of one session; what does not change is put together once."""

    def __init__(self, plan: SessionPlan, world: World) -> None:
        self._plan, self._world = plan, world
        self._head = screen.header(screen.Header(plan.engagement.value, plan.channel))
        cards = "\n\n".join(self._card(world.personas[nick]) for nick in (*plan.cast, plan.lead))
        known = self._ties()
        setting = f"Today's talk is about {plan.topic}, in particular {plan.angle}."
        guidance = world.style.guidance
        rules = [*guidance.people, *(line.replace("{lead}", plan.lead) for line in guidance.lead)]
        people = "\n\n".join(part for part in (f"Who is here:\n\n{cards}", known) if part)
        self._system = "\n".join(
            [
                f"You write the lines of the members of {plan.channel}, an IRC channel, one line at a time.",
                *(f"- {rule}" for rule in rules),
                "",
                people,
                "",
                setting,
            ]
        )
        self._log = (
            f"A log of {plan.channel}, an IRC channel where people know each other. {' '.join(rules)}\n\n"
            f"{people}\n\n{setting} {plan.premise}\n\n{self._head}"
        )

    def completion(self, turn: Turn, channel: Channel) -> str:
        """One text that ends where the member's line goes on."""
        nick = f"* {turn.nick}" if turn.action else f"<{turn.nick}>"
        begun = [nick, f"{turn.to}:" if turn.to else "", turn.beat.opening if turn.beat else ""]
        return self._log + "".join(row + "\n" for row in channel.transcript) + " ".join(filter(None, begun))

    def chat(self, turn: Turn, channel: Channel, refused: str = "") -> tuple[Message, ...]:
        """System and user message. `refused` is what was wrong with the last try."""
        wanted = f"Write the next line of {turn.nick}: only the text, without the nick in brackets."
        if turn.action:
            wanted = f"Write what {turn.nick} does, as the text of a /me line in the third person, a few words."
        elif turn.to:
            wanted += f" Begin with `{turn.to}: `."
        tail = [
            f"You are {turn.nick} now.",
            f"Private, for this line only: {turn.beat.note}" if turn.beat else "",
            f"Your last try was refused: {refused}" if refused else "",
            wanted,
        ]
        log = self._head + "".join(row + "\n" for row in channel.transcript)
        return Message("system", self._system), Message("user", log + "\n" + " ".join(filter(None, tail)))

    def _card(self, persona: Persona) -> str:
        lead = " (never an assistant)" if persona.role is Role.LEAD else ""
        lines = "\n".join(f"<{persona.nick}> {line}" for line in persona.voice[:VOICE_LINES])
        return f"{persona.nick}{lead}: {persona.about}\n{lines}"

    def _ties(self) -> str:
        here = (*self._plan.cast, self._plan.lead)
        edges = self._world.ties.subgraph(here).edges(data=True)
        found = sorted(f"{a} and {b} ({data['kind']}): {data['history']}" for a, b, data in edges)
        return "\n".join(found)
