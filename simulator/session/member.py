"""A member of the channel: an agent with a card, a model, and manners."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import rng
from simulator.addressing import leading_nick
from simulator.document import TranscriptLine
from simulator.events import Refused
from simulator.line_checks import LineChecker, Violation, solves
from simulator.line_checks.cards import AGAINST_CARD
from simulator.line_checks.reply import clean
from simulator.line_checks.wording import first_sentences, own_words
from simulator.llm.model import CallId, Model, Models, Prompt, PromptFormat, Purpose, Reply, ScriptedContext
from simulator.llm.openai_protocol import whole_sentences
from simulator.llm.provider_errors import ContextExceeded
from simulator.plan.session_plan import Script, Setting, first_request
from simulator.session.channel import Channel
from simulator.session.goodbyes import GOODBYE, Goodbyes
from simulator.session.guard import Guard
from simulator.session.line_length import SENTENCES
from simulator.session.prompt_room import PromptRoom
from simulator.session.prompts import Prompts, RefusedTry, card_facts, secrets
from simulator.session.scheduler import Turn
from simulator.world.policy import LineLength
from simulator.world.scenario import LEAD, Expect
from simulator.world.world import World

ABSENT = "to-somebody-absent"
"""The rule that a line does not begin with the nick of somebody who is not there."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a member came up with; `text` is None if no try was fit to be said."""

    text: str | None
    refused: tuple[Refused, ...]
    shown: tuple[str, ...] = ()
    """Signals that the script waits for and that the guard found in it by its meaning."""


class Members:
    """Everybody in a session, the lead included: asks the right model and holds the answer to the manners."""

    def __init__(self, setting: Setting, script: Script, world: World, models: Models, *, checked: bool = True) -> None:
        """`checked` False: whatever a model says stands."""
        self._setting, self._script, self._world, self._models = setting, script, world, models
        self._prompts = Prompts(setting, script, world)
        self._checker = LineChecker(world.style, setting.lead)
        self._secrets = secrets(setting, script, world)
        self._facts = card_facts(setting, world)
        self._goodbyes = Goodbyes(world.style)
        self._room = PromptRoom(world.turns.max_tokens)
        self._guard = Guard(world, models.guard, setting.lead, script.seed, setting.id)
        self._checked = checked
        self._politics = setting.channel in world.quota.confined.values()

    async def speak(self, turn: Turn, channel: Channel) -> Line:
        """The member's line, after as many tries as `policies/turns.yaml` allows.

        Raises ProviderError when the model fails for good.
        """
        lead = turn.nick == self._setting.lead
        purpose = Purpose.LEAD if lead else Purpose.PEOPLE
        model = self._models.of(purpose, self._world.personas[turn.nick].model)
        refused: list[Refused] = []
        last: RefusedTry | None = None
        for attempt in range(self._world.turns.retries + 1):
            reply = await self._ask(turn, channel, model, attempt, last)
            text = self._text(turn, reply, model.dialect)
            if not self._checked:
                return Line(text, ())
            faults = self._faults(turn, channel, text) or self._overused(turn, text, attempt)
            if reply.reasoned and not text:
                faults = [Violation("reasoning", "thoughts, and no line after them", each.hint) for each in faults]
            shown: tuple[str, ...] = ()
            if not faults:
                faults, shown = await self._meaning(turn, channel, text, attempt)
            if not faults:
                return Line(text, tuple(refused), shown)
            refused.append(Refused(text=text, rule=faults[0].rule, evidence=faults[0].evidence))
            last = RefusedTry(text, faults[0].hint)
        return Line(None, tuple(refused))

    async def _ask(self, turn: Turn, channel: Channel, model: Model, attempt: int, last: RefusedTry | None) -> Reply:
        """The reply; where the window has no room for the prompt, less and less of the log is shown."""
        prompt = self._prompt(turn, channel, model, attempt, last)
        while True:
            try:
                return await model.reply(prompt)
            except ContextExceeded as refusal:
                refused = prompt
                while prompt == refused:
                    if not self._room.narrow(model, prompt, refusal):
                        raise
                    prompt = self._prompt(turn, channel, model, attempt, last)

    def _prompt(self, turn: Turn, channel: Channel, model: Model, attempt: int, last: RefusedTry | None) -> Prompt:
        turns = self._world.turns
        asked = {PromptFormat.COMPLETION: self._prompts.completion, PromptFormat.DOCUMENT: self._prompts.document}
        raw = asked.get(model.dialect)
        room = self._room.tokens(model)
        call_id = CallId(channel.messages, channel.tries, attempt=attempt)
        return Prompt(
            purpose=Purpose.LEAD if turn.nick == self._setting.lead else Purpose.PEOPLE,
            call_id=call_id,
            seed=rng.number(self._script.seed, "line", call_id.question, attempt) % 2**31,
            max_tokens=turns.max_tokens,
            temperature=turns.temperature,
            text=raw(turn, channel, room) if raw else None,
            messages=() if raw else self._prompts.chat(turn, channel, last, room),
            stop=("\n",) if raw else (),
            sentences=_most_sentences(turn, model.dialect),
            speaker=turn.nick,
            scripted=self._scripted(turn, channel),
            session=self._setting.id,
        )

    def _scripted(self, turn: Turn, channel: Channel) -> ScriptedContext:
        subject = self._script.subject_at(channel.messages)
        topic = subject.topic if subject is not None else self._setting.topic or ""
        cue, asked = turn.beat.kind if turn.beat else "", self._script.asked(turn.beat)
        return ScriptedContext(cue, topic, turn.length.value, asked)

    def _text(self, turn: Turn, reply: Reply, dialect: PromptFormat) -> str:
        """The line as it would stand in the channel, without the nick in brackets."""
        raw = reply.text
        if not raw.strip():
            return ""  # what would be put before it is no line
        if dialect is not PromptFormat.CHAT and turn.opening:
            raw = f"{turn.opening} {raw.lstrip()}"
        text = clean(raw, turn.nick)
        if reply.cut:
            # Better a sentence less than half a sentence: a line that stops in the middle teaches to stop there.
            text = whole_sentences(text)
        text = first_sentences(text, _most_sentences(turn, dialect)) if dialect is PromptFormat.COMPLETION else text
        if dialect is not PromptFormat.CHAT and turn.to and not turn.action:
            # The prompt ended with this address; a chat model is free to leave it out.
            text = text if text.lower().startswith(turn.to.lower()) else f"{turn.to}: {text}"
        return text

    def _faults(self, turn: Turn, channel: Channel, text: str) -> list[Violation]:
        faults = self._checker.faults(
            TranscriptLine(turn.nick, text, action=turn.action),
            cast=self._setting.members,
            earlier=channel.lines,
            secrets=self._secrets,
            politics_allowed=self._politics,
        )
        faults = faults or self._against_presence(turn, channel, text)
        if not faults and (against := self._facts.contradicted(turn.nick, text)):
            faults = [Violation(AGAINST_CARD, against, self._world.style.hints["card"])]
        script = self._script
        if not faults and turn.nick == self._setting.lead and channel.messages > first_request(script):
            fault = solves(text, turn.nick, script.solution, channel.lines, self._setting.members)
            faults = [] if fault is None else [fault]
        return faults

    def _against_presence(self, turn: Turn, channel: Channel, text: str) -> list[Violation]:
        """An address to somebody who has left or not come yet; a goodbye of somebody who is needed."""
        hints = self._world.style.hints
        absent = {nick.lower(): nick for nick in self._setting.members if nick not in channel.present}
        if nick := leading_nick(text, absent):
            return [Violation(ABSENT, nick, hints["nobody"])]
        leaves = turn.stays and not turn.closes and not turn.action
        if leaves and self._goodbyes.leaves(TranscriptLine(turn.nick, text), channel.lines):
            return [Violation(GOODBYE, text, hints["goodbye"])]
        return []

    async def _meaning(
        self, turn: Turn, channel: Channel, text: str, attempt: int
    ) -> tuple[list[Violation], tuple[str, ...]]:
        """What the guard says about a line that no rule is against, and about what the line has to show."""
        call_id = CallId(channel.messages, channel.tries, attempt=attempt)
        shown: list[str] = []
        for missed in self._missed(turn, text):
            if not await self._guard.shows(missed.evidence, text, channel.lines, call_id):
                return [missed], ()
            shown.append(missed.evidence)
        if turn.nick != self._setting.lead or turn.action:
            return [], tuple(shown)
        fault = await self._guard.fault(text, channel.lines, call_id)
        return ([] if fault is None else [fault]), tuple(shown)

    def _overused(self, turn: Turn, text: str, attempt: int) -> list[Violation]:
        """A phrase of the lead's that the run has heard too often. Better a worn phrase than none: the last try may."""
        if turn.nick != self._setting.lead or not self._script.avoid or attempt == self._world.turns.retries:
            return []
        said = f" {' '.join(own_words(text))} "
        for phrase in self._script.avoid:
            if said.startswith(f" {phrase} ") or (phrase.count(" ") > 1 and f" {phrase} " in said):
                return [Violation("phrase-budget", phrase, f'You have said "{phrase}" too often. Put it differently.')]
        return []

    def _missed(self, turn: Turn, text: str) -> list[Violation]:
        """What this line should show and does not, if it is the answer that an `expect` of the script waits for."""
        if turn.beat is None:
            return []
        for expect in self._script.expect:
            if expect.kind != "shows" or expect.signal is None or self._answer(expect) != turn.beat.at:
                continue
            if self._checker.shows(expect.signal, text) is None:
                signal = self._world.style.signals.get(expect.signal)
                wanted = signal.about if signal is not None else f"Shows {expect.signal.replace('-', ' ')}."
                wanted = wanted[0].lower() + wanted[1:]
                return [Violation("expectation", expect.signal, f"It has to be a line that {wanted}")]
        return []

    def _answer(self, expect: Expect) -> int | None:
        """The message index of the first line that the script gives to the expected speaker after the beat."""
        beats = self._script.beats
        begins = next(beat.at for beat in beats if beat.id == expect.after)
        who = self._setting.lead if expect.who == LEAD else self._script.parts[expect.who]
        return next((b.at for b in beats if b.nick == who and begins < b.at <= begins + expect.within), None)


def _most_sentences(turn: Turn, dialect: PromptFormat) -> int:
    """Of a line. A line of the script's has to get round to what it is for, and a chat model is told how long to be."""
    free = turn.beat is not None or dialect is not PromptFormat.COMPLETION
    return SENTENCES[LineLength.MORE if free else turn.length]
