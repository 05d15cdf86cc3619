"""The checks that one line of a channel has to pass."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from simulator.addressing import addressee, mentioned, without_address
from simulator.document import TranscriptLine
from simulator.line_checks.leaks import Secrets
from simulator.line_checks.repeats import repeated
from simulator.line_checks.wording import WORD, clipped, longest_run, most_sentences, sentences, words_of
from simulator.world.phrases import folded
from simulator.world.style import StylePolicy

_BROKEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffd\ud800-\udfff]|\\S{80}")
_LONG = 80
"""Characters without a space that `_BROKEN` finds."""
_ODD = re.compile("[^\x00-\u024f\u1e00-\u1eff\u2000-\u20cf]")
_BRACKETED = re.compile(r"<([^\s<>]{1,31})>")
_INVENTED = re.compile(r"(?:^|\s)<(?:(?:user|person|member|guest|nick|speaker)_?\d*|[a-z_]+\d+)> \S", re.IGNORECASE)
_SCRIPTED = re.compile(r"(?:^|[.!?…\"')] +|\s[-|/] |(?:^|\s)[\"'(])([^\s:<>\"'(]{1,31}): ")
_OUTSIDE = re.compile(r"(?!is\b|was\b|has\b|does\b|this\b|here's\b|yes\b|its\b|as\b|vs\b)[a-z]{2,}[^s\W]s\b")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_TAIL = "_`^"
"""What people put behind a nick that is taken."""
_ADDRESS = re.compile(r"([A-Za-z][\w\[\]\\`^{}|-]{1,30}): (?=\S)")
_SPOKEN = re.compile(r"[aeiouy]")
_NICK_ONLY = re.compile(r"[\d_\[\]\\`^{}|]")
_ASKS = re.compile(
    r"\?|^\S+[:,]? (?:what|when|where|which|who|why|how|do|did|does|are|is|was|were|can|could|will|would|have|has)\b",
    re.IGNORECASE,
)
REMEMBERED = 4096
"""Lines of which it is remembered what they ask."""
_MARKS = " .,:;!?-"
_URL = re.compile(r"https?://\S+|www\.\S+")


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a line may not be said."""

    rule: str
    evidence: str
    """The part of the line that shows it, or a count."""
    hint: str
    """What to tell the model that is asked again."""


def _means(word: str, nick: str) -> bool:
    """Whether a word of a line is a nick, or its beginning as people shorten it."""
    return word == nick or (len(word) > 2 and nick.startswith(word))


class LineChecker:
    """The line checks of one channel: a style, and who its lead is."""

    def __init__(self, style: StylePolicy, lead: str) -> None:
        self._style, self._numbers, self._lead = style, style.numbers, lead
        self._shown: dict[str, frozenset[str]] = {}

    def faults(
        self,
        line: TranscriptLine,
        *,
        cast: Collection[str] = (),
        earlier: Sequence[TranscriptLine] = (),
        secrets: Secrets | None = None,
        politics_allowed: bool = True,
    ) -> list[Violation]:
        """What is wrong with a line that somebody is about to say; empty: nothing. A /me line need not be a sentence.

        `cast`: everybody's nick, for lines that answer for others. `earlier`: the lines before this one, all of them or
        the last ones. `politics_allowed`: whether this is the channel that confined topics belong to.
        """
        nick, text = line.nick, line.text
        wording = self.wording(text, nick=nick, politics_allowed=politics_allowed, earlier=earlier)
        found = [*wording, *self._form(text), *self._for_another(text, nick, cast, earlier)]
        if not line.action:
            found += self._thought(text, earlier)
        found += self._own_line(text, nick, cast)
        found += self.to_nobody(text, cast, earlier)
        found += self._repeats_secret(text, secrets)
        if earlier_line := repeated(TranscriptLine(nick, text), earlier, self._numbers, lead=self._lead):
            found.append(self._fault("repetition", f"as before: {earlier_line[1].text}", "repetition"))
        return found

    def in_document(
        self,
        text: str,
        *,
        nick: str,
        cast: Collection[str],
        earlier: Sequence[TranscriptLine] = (),
        secrets: Secrets | None,
        politics_allowed: bool,
    ) -> Iterator[Violation]:
        """The part of `faults` that holds for each line of a finished session; repetition is looked for elsewhere."""
        yield from self.wording(text, nick=nick, politics_allowed=politics_allowed, earlier=earlier)
        yield from self._form(text)
        yield from self._for_another(text, nick, cast, earlier)
        yield from self._own_line(text, nick, cast)
        yield from self._repeats_secret(text, secrets)

    def wording(
        self, text: str, *, nick: str, politics_allowed: bool = True, earlier: Sequence[TranscriptLine] = ()
    ) -> Iterator[Violation]:
        """The rules made of patterns, each name at most once. `earlier`: the lines before, for rules about answers."""
        rules, phrases = self._style.of_lead if nick == self._lead else self._style.of_people
        seen: set[str] = set()
        for found in phrases.find(folded(text)):
            rule = rules[found.group]
            if rule.name in seen or (rule.topic is not None and politics_allowed):
                continue
            seen.add(rule.name)
            yield Violation(rule.name, self._clipped(text[found.start : found.end]), rule.hint)
        if nick != self._lead or not earlier:
            return
        for signal, (rules, phrases) in self._style.answers.items():
            asked = self._asked(signal, nick, earlier, self._numbers.answer_within)
            if asked is None:
                continue
            question, at_once = asked.text, asked is earlier[-1] or self._named(asked.text)
            for found in phrases.find(folded(text)):
                rule, words = rules[found.group], text[found.start : found.end]
                if rule.at_once and not at_once:
                    continue
                if rule.name not in seen and words.strip(_MARKS).casefold() not in question.casefold():  # no quotation
                    seen.add(rule.name)
                    yield Violation(rule.name, self._clipped(words), rule.hint)
        for rule, wanted in self._style.lacking:
            asked = self._asked(rule.after or "", nick, earlier, self._numbers.answer_within, named=True)
            if asked is not None and next(wanted.find(folded(text)), None) is None:
                yield Violation(rule.name, self._clipped(f"to `{asked.text}`: {text}"), rule.hint)

    def _asked(
        self, signal: str, nick: str, earlier: Sequence[TranscriptLine], within: int, *, named: bool = False
    ) -> TranscriptLine | None:
        """The latest of the last lines by others that shows the signal, or None.

        `named`: it names the lead, and the lead has not spoken since.
        """
        for line in reversed(earlier[-within:]):
            if line.nick == nick:
                if named:
                    return None
            elif self._asked_of_another(line.text):
                continue
            elif (not named or self._named(line.text)) and signal in self._questions(line.text):
                return line
        return None

    def _named(self, text: str) -> bool:
        return self._lead in mentioned(text, (self._lead,))

    def _questions(self, text: str) -> frozenset[str]:
        """The signals of `StylePolicy.questions` that a line shows; the last few thousand lines are remembered."""
        known = self._shown.get(text)
        if known is None:
            if len(self._shown) >= REMEMBERED:
                self._shown.clear()
            names, phrases = self._style.questions
            known = self._shown[text] = frozenset(names[found.group] for found in phrases.find(folded(text)))
        return known

    def _asked_of_another(self, text: str) -> bool:
        """Whether the line is a question that begins with somebody else's nick."""
        address = _ADDRESS.match(text) if "?" in text else None
        return address is not None and address[1].casefold() != self._lead.casefold()

    def _for_another(
        self, text: str, nick: str, cast: Collection[str], earlier: Sequence[TranscriptLine]
    ) -> Iterator[Violation]:
        """The lead gives the answer to what the last line asked somebody else by name.

        A joke with an "I" in it or a question of the lead's own are no answers, nor is a remark about somebody, unless
        it has a figure in it.
        """
        if nick != self._lead or not earlier or "?" in text or not _ASKS.search(earlier[-1].text):
            return
        asker, question = earlier[-1].nick, earlier[-1].text
        asked = addressee(question, [other for other in cast if other != asker])
        if asked is None or asked == nick:
            return
        words = words_of(text)
        if len(words) < self._numbers.answer_words or not self._style.speaks_of_oneself.isdisjoint(self._own(text)):
            return
        about = any(_means(word, nick.casefold()) for nick in (asked, asker) for word in words)
        about = about or not self._style.speaks_of_others.isdisjoint(words)
        if about and not any(word.isdigit() or word in self._style.figures for word in words):
            return
        yield self._fault("answers-for-another", f"`{question}` was asked of {asked}", "not-asked")

    def _own(self, text: str) -> list[str]:
        """The words of a line without its hedges."""
        plain = f" {' '.join(words_of(text))} "
        for hedge in self._style.hedges:
            plain = plain.replace(f" {hedge} ", " ")
        return plain.split()

    def shows(self, signal: str, text: str) -> str | None:
        """The words that show a signal, or break the rule of that name; None if there are none.

        Raises ValueError for a name that the style does not know.
        """
        phrases = self._style.shown.get(signal)
        if phrases is None:
            raise ValueError(f"no signal or rule `{signal}`; known are {', '.join(sorted(self._style.shown))}")
        found = next(phrases.find(folded(text)), None)
        return text[found.start : found.end] if found else None

    def _form(self, text: str) -> Iterator[Violation]:
        """Too long, or not readable."""
        numbers = self._numbers
        if len(text) > numbers.max_characters:
            yield self._fault("wall", f"{len(text)} characters", "wall")
        elif most_sentences(text) > numbers.max_sentences and (count := sentences(text)) > numbers.max_sentences:
            yield self._fault("wall", f"{count} sentences", "wall")
        words = text.casefold().split()
        if not (text.isascii() and text.isprintable()) or len(max(words, key=len, default="")) >= _LONG:
            broken = _BROKEN.search(_URL.sub("", text) if "://" in text or "www." in text else text)
            if broken is not None:
                yield self._fault("garbled", repr(broken[0]), "garbled")
                return
        odd = 0 if text.isascii() else len(_ODD.findall(text))
        if odd >= numbers.odd_characters and odd > numbers.odd_share * len(text):
            yield self._fault("garbled", text, "garbled")
            return
        distinct = len(set(words))
        if len(words) >= numbers.vocabulary_words and distinct < numbers.vocabulary_share * len(words):
            yield self._fault("garbled", text, "garbled")
        elif len(words) - distinct >= numbers.same_word_run - 1 and longest_run(words) >= numbers.same_word_run:
            yield self._fault("garbled", f"one word again and again: {text}", "garbled")
        elif len(words) >= numbers.empty_words:
            closed = sum(map(self._style.closed_class_words.__contains__, words_of(text)))
            if closed > numbers.empty_share * len(words):
                yield self._fault("garbled", f"hardly anything but function words: {text}", "garbled")

    def _thought(self, text: str, earlier: Sequence[TranscriptLine]) -> Iterator[Violation]:
        """Not a complete thought, or one more scrap after several."""
        numbers = self._numbers
        if not WORD.search(text) or not without_address(text).strip():
            yield self._fault("fragment", text or "nothing", "fragment")
        elif cut := self._style.cut_off.search(text):
            yield self._fault("fragment", f"ends in `{cut[0].strip()}`", "fragment")
        elif len(text.split()) < numbers.short_words:
            tail = [line for line in earlier[-4 * numbers.rapid_fire_run :] if not line.action]
            last = tail[len(tail) - numbers.rapid_fire_run + 1 :] if len(tail) >= numbers.rapid_fire_run - 1 else []
            if last and all(len(line.text.split()) < numbers.short_words for line in last):
                yield self._fault("rapid-fire", " / ".join([*(line.text for line in last), text]), "rapid-fire")

    def _own_line(self, text: str, nick: str, cast: Collection[str]) -> Iterator[Violation]:
        """Lines of others, or oneself seen from outside."""
        if "<" in text:
            known = {name.casefold() for name in (*cast, nick, self._lead)}
            # In front of a line any name in brackets is a speaker's, also of somebody who is not there.
            brackets = _BRACKETED.finditer(text)
            named = (found for found in brackets if found.start() == 0 or found[1].casefold() in known)
            if found := next(named, None) or _INVENTED.search(text):
                yield self._fault("leak", found[0], "others-line")
                return
        if ": " in text:
            for found in _SCRIPTED.finditer(text):
                if found[1] == nick or (found.start() > 0 and found[1] in cast):
                    yield self._fault("leak", text[found.start() :].strip(), "others-line")
                    return
        if text.startswith(nick + " ") and (outside := _OUTSIDE.match(text, len(nick) + 1)):
            yield self._fault("leak", text[: outside.end()], "narration")

    def _repeats_secret(self, text: str, secrets: Secrets | None) -> Iterator[Violation]:
        numbers = self._numbers
        if secrets is not None and (passage := secrets.found(text, numbers.leak_words, numbers.leak_line_words)):
            yield self._fault("leak", passage, "secret")

    def to_nobody(
        self, text: str, cast: Collection[str], earlier: Sequence[TranscriptLine] = ()
    ) -> Iterator[Violation]:
        """An address to a nick that nobody has. Only what can be no word is taken for a nick.

        `cast`: everybody who may be addressed; empty: that is not known.
        """
        address = _ADDRESS.match(text)
        if address is None or not cast:
            return
        name = address[1].casefold()
        known = {nick.casefold() for nick in (*cast, self._lead)} | {line.nick.casefold() for line in earlier}
        shortest = _DRAWN_OUT.sub(r"\1\1", name)
        if shortest in self._style.abbreviations or any(name.rstrip(_TAIL) in nick for nick in known):
            return
        if not _SPOKEN.search(name) or _NICK_ONLY.search(name):
            yield self._fault("leak", address[0].strip(), "nobody")

    def _fault(self, rule: str, evidence: str, hint: str) -> Violation:
        return Violation(rule, self._clipped(evidence), self._style.hints[hint])

    def _clipped(self, evidence: str) -> str:
        return clipped(evidence, self._numbers.evidence)
