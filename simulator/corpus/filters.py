"""May this session be training data? Every rule has a name; every reason has its evidence; all reasons are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING

from simulator.corpus.small_model import SMALL_MODEL, written_by_small_model
from simulator.corpus.verdict import Reason, Verdict
from simulator.document import Document, HeaderLayout, TranscriptLine
from simulator.line_checks import LineChecker, Secrets, solves
from simulator.line_checks.cards import AGAINST_CARD, CardFacts
from simulator.line_checks.repeats import Repeats
from simulator.line_checks.wording import clipped
from simulator.world.policy import EngagementPolicy, QuotaPolicy
from simulator.world.style import StylePolicy

if TYPE_CHECKING:
    from simulator.plan.session_plan import SessionPlan


class Filters:
    """The rules for whole sessions: shape, language, and what the script expected.

    Rules: header, malformed, length, participation, people, rapid-fire, very-small-model, repetition,
    offer-then-refuse, expectation;
    line by line wall, garbled, leak and every rule with patterns in `policies/style.yaml` (assistant-language, offer,
    solving, policing, meanness, abuse, politics). `near-duplicate` looks at several sessions: see `duplicates`.
    """

    def __init__(
        self,
        style: StylePolicy,
        engagement: EngagementPolicy,
        quota: QuotaPolicy,
        lead: str,
        layout: HeaderLayout,
        *,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        """`layout`: of the header that a document has to have. `ignored`: rules that are not held against a session,
        such as SMALL_MODEL where no better model plays.
        """
        self.style, self.layout, self._ignored = style, layout, ignored
        self._numbers, self._engagement, self._quota, self._lead = style.numbers, engagement, quota, lead
        self._checker = LineChecker(style, lead)
        self._political = {rule.name for rule in style.rules if rule.topic is not None}

    def sparing(self, rules: frozenset[str]) -> Filters:
        """The same filters with further rules that are not held against a session."""
        made = copy(self)
        made._ignored = self._ignored | rules
        return made

    def judge(
        self,
        document: Document,
        *,
        plan: SessionPlan | None = None,
        secrets: Secrets | None = None,
        shown: Mapping[int, frozenset[str]] = MappingProxyType({}),
        cards: CardFacts | None = None,
    ) -> Verdict:
        """`plan`: what the session was to show. `secrets`: its notes and cards, which the document must not contain.
        `shown`: signals that the guard found in messages by their meaning, by the message's index. `cards`: what is
        known of the people.
        """
        messages = document.messages
        by_line = [*self._lines(document, messages, secrets), *self._repetition(messages), *self._offers(messages)]
        reasons = [
            *self._header(document),
            *self._malformed(document),
            *self._length(messages),
            *self._participation(document, messages),
            *self._people(messages),
            *self._rapid_fire(messages),
            *self._small_model(messages),
            *sorted(by_line, key=lambda reason: -1 if reason.message is None else reason.message),
        ]
        if cards is not None:
            reasons += self._against_cards(cards, messages)
        if plan is not None:
            from simulator.corpus.expectation import unmet  # `em check` has no plans, and begins sooner

            reasons += [
                *self._to_nobody(plan, messages),
                *self._solved(plan, messages),
                *unmet(plan, messages, self._checker, shown),
            ]
        return Verdict(keep=not reasons, reasons=tuple(reasons))

    def _header(self, document: Document) -> Iterator[Reason]:
        if document.header is None:
            first = next((bad.text for bad in document.malformed if bad.number == 1), None)
            shown = f"the first line is `{self._clipped(first)}`" if first is not None else "there is none"
            yield _whole("header", f"{shown}, not {self.layout}")
        elif document.header.channel not in self._quota.channels:
            known = ", ".join(self._quota.channels)
            yield _whole("header", f"`{document.header.channel}` is no channel of policies/quota.yaml: {known}")

    def _malformed(self, document: Document) -> Iterator[Reason]:
        for bad in document.malformed:
            yield _whole("malformed", f"line {bad.number}: `{self._clipped(bad.text)}`")

    def _length(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        classes = sorted(length.messages for length in self._quota.lengths.values())
        if not any(fewest <= len(messages) <= most for fewest, most in classes):
            wanted = " or ".join(f"{fewest}-{most}" for fewest, most in classes)
            yield _whole("length", f"{len(messages)} messages, not {wanted}")

    def _participation(self, document: Document, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        if document.header is None or not messages:
            return
        level = document.header.engagement
        legal = self._engagement.bands[level].counts(len(messages))
        own = sum(line.nick == self._lead for line in messages)
        if own not in legal:
            wanted = f"{legal[0]}-{legal[-1]}" if legal else "no whole number"
            yield _whole(
                "participation",
                f"{own} of {len(messages)} messages are {self._lead}'s "
                f"({own / len(messages):.1%}); {level} allows {wanted}",
            )

    def _people(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        people = {line.nick for line in messages} - {self._lead}
        if len(people) < self._numbers.min_people:
            yield _whole(
                "people", f"{len(people)} besides {self._lead}, at least {self._numbers.min_people} are needed"
            )

    def _rapid_fire(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        numbers = self._numbers
        short = [len(line.text.split()) < numbers.short_words for line in messages]
        if sum(short) > numbers.rapid_fire_share * len(messages):
            limit = numbers.rapid_fire_share
            yield _whole(
                "rapid-fire",
                f"{sum(short)} of {len(messages)} messages have under {numbers.short_words} words, more than {limit}",
            )
        run = 0
        for index, brief in enumerate(short):
            run = run + 1 if brief else 0
            if run == numbers.rapid_fire_run:
                first = index - run + 1
                texts = " / ".join(line.text for line in messages[first : index + 1])
                yield Reason(rule="rapid-fire", message=first, evidence=self._clipped(texts))

    def _small_model(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        if SMALL_MODEL not in self._ignored and (evidence := written_by_small_model(messages, self.style)):
            yield _whole(SMALL_MODEL, evidence)

    def _against_cards(self, cards: CardFacts, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        for index, line in enumerate(messages):
            if evidence := cards.contradicted(line.nick, line.text):
                yield Reason(rule=AGAINST_CARD, message=index, evidence=self._clipped(evidence))

    def _to_nobody(self, plan: SessionPlan, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        """Lines to a nick that nobody in the channel has."""
        known = {*plan.setting.members, *(line.nick for line in messages)}
        for index, line in enumerate(messages):
            for fault in self._checker.to_nobody(line.text, known):
                yield Reason(rule=fault.rule, message=index, evidence=fault.evidence)

    def _solved(self, plan: SessionPlan, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        """Lines of the lead that hold what the script knows as a solution, from the first request on."""
        from simulator.plan.session_plan import first_request

        asked = first_request(plan.script)
        for index, line in enumerate(messages):
            if line.nick != self._lead or index <= asked:
                continue
            if fault := solves(line.text, line.nick, plan.script.solution, messages[:index], plan.setting.members):
                yield Reason(rule=fault.rule, message=index, evidence=self._clipped(fault.evidence))

    def _lines(
        self, document: Document, messages: tuple[TranscriptLine, ...], secrets: Secrets | None
    ) -> Iterator[Reason]:
        cast = {line.nick for line in document.lines}
        channel = document.header.channel if document.header else None
        allowed = channel is None or channel in self._quota.confined.values()
        political: list[Reason] = []
        index = 0
        for line in document.lines:
            place = None if line.action else index
            for fault in self._checker.in_document(
                line.text,
                nick=line.nick,
                cast=cast,
                earlier=messages[max(0, index - self._numbers.answer_within) : index],
                secrets=secrets,
                politics_allowed=allowed,
            ):
                reason = Reason(rule=fault.rule, message=place, evidence=fault.evidence)
                if fault.rule in self._political and place is not None and line.nick != self._lead:
                    political.append(reason)
                else:
                    yield reason
            index += not line.action
        if not self._redirected(political, messages):
            yield from political

    def _redirected(self, political: list[Reason], messages: tuple[TranscriptLine, ...]) -> bool:
        """True if people strayed into a confined subject in passing and the lead sent it to its channel each time."""
        if len(political) > self._numbers.redirect_most:
            return False
        within = self._numbers.redirect_within
        return all(
            any(
                line.nick == self._lead and self._checker.shows("redirects", line.text)
                for line in messages[reason.message + 1 : reason.message + 1 + within]
            )
            for reason in political
            if reason.message is not None
        )

    def _repetition(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        said = Repeats(self._numbers, self._lead)
        for index, line in enumerate(messages):
            if (before := said.before(line)) is not None:
                evidence = self._clipped(f"as message {before}: {line.text}")
                yield Reason(rule="repetition", message=index, evidence=evidence)

    def _offers(self, messages: tuple[TranscriptLine, ...]) -> Iterator[Reason]:
        """Offers by the lead that are taken back, in the same message or in one of the lead's next."""
        own = [(index, line.text) for index, line in enumerate(messages) if line.nick == self._lead]
        shows = self._checker.shows
        for number, (index, text) in enumerate(own):
            offer = shows("offer", text) or shows("willing", text)
            if offer is None:
                continue
            for later, after in own[number : number + 1 + self._numbers.refusal_within]:
                if (refusal := shows("refusal", after)) and refusal not in offer:
                    evidence = self._clipped(f"{offer} … {refusal}" + (f" (message {later})" if later != index else ""))
                    yield Reason(rule="offer-then-refuse", message=index, evidence=evidence)
                    break

    def _clipped(self, text: str) -> str:
        return clipped(text, self._numbers.evidence)


def _whole(rule: str, evidence: str) -> Reason:
    return Reason(rule=rule, message=None, evidence=evidence)
