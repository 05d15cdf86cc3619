"""Is this line something a person in this channel types? Asked of every line when it is made.

    manners = Manners(style, lead)
    faults = manners.faults(text, nick=..., cast=..., earlier=..., secrets=...)

What must not be said, and every number, is in `policies/style.yaml`. The cost of a line does not grow with the session.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from simulator.screen import Line
from simulator.world.phrases import folded
from simulator.world.style import Numbers, StylePolicy

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_ADDRESS = re.compile(r"\S{1,31}[:,] ")
_BROKEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffd\ud800-\udfff]|\\S{80}")
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s|$)")
_BRACKETED = re.compile(r"<([^\s<>]{1,31})>")
_INVENTED = re.compile(r"(?:^|\s)<(?:(?:user|person|member|guest|nick|speaker)_?\d*|[a-z_]+\d+)> \S", re.IGNORECASE)
_SCRIPTED = re.compile(r"(?:^|[.!?…\"')] +|\s[-|/] )([^\s:<>]{1,31}): ")
_OUTSIDE = re.compile(r"(?!is\b|was\b|has\b|does\b|this\b|here's\b|yes\b|its\b|as\b|vs\b)[a-z]{2,}[^s\W]s\b")
_CUT = re.compile(r"(?:,|\b(?:and|but|because|the|an|your|their|whose|than|if|or|which))\s*$", re.IGNORECASE)
_URL = re.compile(r"https?://\S+|www\.\S+")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line may not be said."""

    rule: str
    evidence: str
    """The part of the line that shows it, or a count."""
    hint: str
    """What to tell the model that is asked again."""


class Secrets:
    """Texts that no message may repeat: notes, premise, cards and their voice lines. Built once a session.

    Found are runs of words, and short texts that are repeated as a whole. `public` are phrases that the texts share with
    the talk itself, such as its topic: they alone give nothing away.
    """

    def __init__(self, texts: Iterable[str], public: Iterable[str] = ()) -> None:
        self._texts = [_words(text) for text in texts]
        self._public = [_words(text) for text in public]
        self._built_for: tuple[int, int] | None = None
        self._runs: set[str] = set()
        self._wholes: dict[str, list[list[str]]] = {}

    def found(self, text: str, run: int, whole: int) -> str | None:
        """The repeated words, or None. `run`: words in a row; `whole`: fewest words of a text that is shorter."""
        if self._built_for != (run, whole):
            self._build(run, whole)
        words = _words(text)
        for start in range(len(words) - run + 1):
            if " ".join(words[start : start + run]) in self._runs:
                return _passage(text, start, run)
        for start, word in enumerate(words):
            for secret in self._wholes.get(word, ()):
                if words[start : start + len(secret)] == secret:
                    return _passage(text, start, len(secret))
        return None

    def _build(self, run: int, whole: int) -> None:
        self._runs, self._wholes, self._built_for = set(), {}, (run, whole)
        for words in self._texts:
            self._runs.update(" ".join(words[i : i + run]) for i in range(len(words) - run + 1))
            if whole <= len(words) < run:
                self._wholes.setdefault(words[0], []).append(words)
        for words in self._public:
            self._runs.difference_update(" ".join(words[i : i + run]) for i in range(len(words) - run + 1))


class Manners:
    """The manners of one channel: a style, and who its lead is."""

    def __init__(self, style: StylePolicy, lead: str) -> None:
        self._style, self._numbers, self._lead = style, style.numbers, lead

    def faults(
        self,
        text: str,
        *,
        nick: str,
        cast: Collection[str] = (),
        earlier: Sequence[Line] = (),
        secrets: Secrets | None = None,
        politics_allowed: bool = True,
        action: bool = False,
    ) -> list[Fault]:
        """What is wrong with a line that `nick` is about to say; empty: nothing.

        `cast`: everybody's nick, for lines that answer for others. `earlier`: the lines before this one, all of them or
        the last ones. `politics_allowed`: whether this is the channel that confined topics belong to. `action`: the
        text of a /me line, which need not be a sentence.
        """
        found = [*self.wording(text, nick=nick, politics_allowed=politics_allowed), *self._form(text)]
        if not action:
            found += [*self._thought(text, earlier), *self._own_line(text, nick, cast)]
        if secrets is not None:
            numbers = self._numbers
            if passage := secrets.found(text, numbers.leak_words, numbers.leak_line_words):
                found.append(self._fault("leak", passage, "secret"))
        if twin := repeated(text, earlier, self._numbers):
            found.append(self._fault("repetition", f"as before: {twin[1].text}", "repetition"))
        return found

    def in_document(
        self, text: str, *, nick: str, cast: Collection[str], secrets: Secrets | None, politics_allowed: bool
    ) -> Iterator[Fault]:
        """The part of `faults` that holds for each line of a finished session on its own."""
        yield from self.wording(text, nick=nick, politics_allowed=politics_allowed)
        yield from self._form(text)
        yield from self._own_line(text, nick, cast)
        if secrets is not None and (
            passage := secrets.found(text, self._numbers.leak_words, self._numbers.leak_line_words)
        ):
            yield self._fault("leak", passage, "secret")

    def wording(self, text: str, *, nick: str, politics_allowed: bool = True) -> Iterator[Fault]:
        """The rules made of patterns, each name at most once."""
        rules, phrases = self._style.of_lead if nick == self._lead else self._style.of_people
        seen: set[str] = set()
        for found in phrases.find(folded(text)):
            rule = rules[found.group]
            if rule.name not in seen and (rule.topic is None or not politics_allowed):
                seen.add(rule.name)
                yield Fault(rule.name, self._clipped(text[found.start : found.end]), rule.hint)

    def shows(self, signal: str, text: str) -> str | None:
        """The words that show a signal, or break the rule of that name; None if there are none.

        Raises ValueError for a name that the style does not know.
        """
        phrases = self._style.shown.get(signal)
        if phrases is None:
            raise ValueError(f"no signal or rule `{signal}`; known are {', '.join(sorted(self._style.shown))}")
        found = next(phrases.find(folded(text)), None)
        return text[found.start : found.end] if found else None

    def _form(self, text: str) -> Iterator[Fault]:
        """Too long, or not readable."""
        numbers = self._numbers
        if len(text) > numbers.max_characters:
            yield self._fault("wall", f"{len(text)} characters", "wall")
        elif (count := sentences(text)) > numbers.max_sentences:
            yield self._fault("wall", f"{count} sentences", "wall")
        if broken := _BROKEN.search(_URL.sub("", text) if "://" in text or "www." in text else text):
            yield self._fault("garbled", repr(broken[0]), "garbled")
            return
        words = text.casefold().split()
        if len(words) >= numbers.vocabulary_words and len(set(words)) < numbers.vocabulary_share * len(words):
            yield self._fault("garbled", text, "garbled")
        elif len(words) >= numbers.same_word_run and (run := _longest_run(words)) >= numbers.same_word_run:
            yield self._fault("garbled", f"one word {run} times in a row: {text}", "garbled")

    def _thought(self, text: str, earlier: Sequence[Line]) -> Iterator[Fault]:
        """Not a complete thought, or one more scrap after several."""
        numbers = self._numbers
        if not _WORD.search(text):
            yield self._fault("fragment", text or "nothing", "fragment")
        elif cut := _CUT.search(text):
            yield self._fault("fragment", f"ends in `{cut[0].strip()}`", "fragment")
        elif len(text.split()) < numbers.short_words:
            tail = [line for line in earlier[-4 * numbers.rapid_fire_run :] if not line.action]
            last = tail[len(tail) - numbers.rapid_fire_run + 1 :] if len(tail) >= numbers.rapid_fire_run - 1 else []
            if last and all(len(line.text.split()) < numbers.short_words for line in last):
                yield self._fault("rapid-fire", " / ".join([*(line.text for line in last), text]), "rapid-fire")

    def _own_line(self, text: str, nick: str, cast: Collection[str]) -> Iterator[Fault]:
        """Lines of others, or oneself seen from outside."""
        if "<" in text:
            known = {name.casefold() for name in (*cast, nick, self._lead)}
            named = (found for found in _BRACKETED.finditer(text) if found[1].casefold() in known)
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

    def _fault(self, rule: str, evidence: str, hint: str) -> Fault:
        return Fault(rule, self._clipped(evidence), self._style.hints[hint])

    def _clipped(self, evidence: str) -> str:
        most = self._numbers.evidence
        line = " ".join(evidence.split())
        return line if len(line) <= most else line[: most - 1] + "…"


def repeated(text: str, earlier: Sequence[Line], numbers: Numbers) -> tuple[int, Line] | None:
    """(index, line) of an earlier line that this one repeats or nearly repeats.

    Near repeats are looked for in the last `repeat_window` lines only; before that, lines must be the same.
    """
    own = _gist(text)
    if own.words < numbers.repeat_words:
        return None
    begins = max(0, len(earlier) - numbers.repeat_window)
    for index in range(len(earlier) - 1, begins - 1, -1):
        line = earlier[index]
        if not line.action and _alike(own, _gist(line.text), numbers):
            return index, line
    for index in range(begins):
        if earlier[index].text == text and not earlier[index].action:
            return index, earlier[index]
    return None


def sentences(text: str) -> int:
    """
    >>> sentences("wait... really? no way")
    3
    """
    ends = 0
    last = 0
    for found in _SENTENCE_END.finditer(text):
        ends, last = ends + 1, found.end()
    return ends + (last < len(text) and not text[last:].isspace())


@dataclass(frozen=True, slots=True)
class _Gist:
    """A text as far as repetition is concerned: without case, punctuation and the nick that it is addressed to."""

    key: str
    words: int
    pairs: frozenset[int]
    """Hashes of each two words in a row."""


@lru_cache(maxsize=8192)
def _gist(text: str) -> _Gist:
    address = _ADDRESS.match(text)
    words = _words(text[address.end() :] if address else text)
    return _Gist(" ".join(words), len(words), frozenset(map(hash, zip(words, words[1:], strict=False))))


def _alike(new: _Gist, old: _Gist, numbers: Numbers) -> bool:
    if new.key == old.key:
        return True
    a, b = len(new.pairs), len(old.pairs)
    less, more = (a, b) if a < b else (b, a)
    echo = less >= numbers.echo_words - 1
    if less < 3 or (not echo and less < numbers.repeat_similarity * more):
        return False
    shared = len(new.pairs & old.pairs)
    if shared >= numbers.repeat_similarity * (a + b - shared):
        return True
    return echo and shared >= numbers.echo_share * less


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text).casefold())


def _passage(text: str, start: int, count: int) -> str:
    """The `count` words from word `start` on, as typed."""
    places = [found.span() for found in _WORD.finditer(folded(text))]
    return text[places[start][0] : places[start + count - 1][1]]


def _longest_run(words: list[str]) -> int:
    longest = run = 1
    for before, word in zip(words, words[1:], strict=False):
        run = run + 1 if word == before else 1
        longest = max(longest, run)
    return longest


_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.DOTALL | re.IGNORECASE)
_END_TOKEN = re.compile(r"(?:<\|[^|>]*\|>|</s>|<end_of_turn>)\s*$")
_FENCE = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
_CLOCK = re.compile(r"\s*\[\d\d:\d\d(?::\d\d)?\]\s*")
_CONTROL = re.compile(
    "\x03\\d{0,2}(?:,\\d{1,2})?|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]"
)
_OTHERS_LINE = re.compile(
    r"<[^\s<>]{1,31}>|\*\*?[\w\[\]\\`^{}|-]{1,30}:?\*?\*?:? |[A-Za-z_][\w\[\]\\`^{}|-]{0,30}: |\* \S|---|==="
)
_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»"}


def clean(raw: str, nick: str) -> str:
    """A model's raw reply as one line: what the model meant to type, if it kept to its own line.

    Taken away: thoughts, code fences, control characters, the own `<nick>` or `nick:` in front, quotation marks around
    the whole, and everything from the first line on that belongs to somebody else. Such a reply only ran on: its own
    part is whole, and nothing of the rest gets into the channel. A reply that *begins* with somebody else's line is
    left as it is, for `Manners.faults` to refuse. Several lines of one's own become one.

    >>> clean('<kai> "hello there"\\n<mara> hi', "kai")
    'hello there'
    """
    text = _END_TOKEN.sub("", _THOUGHTS.sub("", raw))
    text = _CONTROL.sub("", _FENCE.sub("", text.replace("\r", "\n").replace("\t", " ")))
    own = re.compile(rf"(?:<{re.escape(nick)}>|\**{re.escape(nick)}\**:\**)\s*", re.IGNORECASE)
    kept: list[str] = []
    for row in text.split("\n"):
        if clock := _CLOCK.match(row):
            row = row[clock.end() :]
        row = row.strip()
        mine = own.match(row)
        if not mine and kept and _OTHERS_LINE.match(row):
            break
        row = row[mine.end() :] if mine else row
        if row:
            kept.append(row)
    line = " ".join(" ".join(kept).split())
    closing = _QUOTES.get(line[:1])
    if closing and len(line) > 2 and line.endswith(closing) and closing not in line[1:-1]:
        line = line[1:-1].strip()
        if mine := own.match(line):
            line = line[mine.end() :]
    return line
