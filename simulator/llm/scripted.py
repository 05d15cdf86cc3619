"""Scripted model, the fake beside the real ones: makes every line up, at no cost, from the prompt alone.

The same prompt gives the same line, always. It is for tests and dry runs; what it makes says so (`Billing.SCRIPTED`).
Lines are casual talk of a few words to three sentences about the session's topic. They do what the beat asks for,
and name what the script has somebody ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from simulator import rng as chance
from simulator.addressing import without_address
from simulator.errors import UsageError
from simulator.llm.model import Billing, Prompt, PromptFormat, Purpose, Reply

NAME = "scripted"
ENGLISH = "en"
_WORDS = Path(__file__).with_name("scripted.yaml")
"""What it is made of in English; in another language that is `scripted.LANGUAGE.yaml` beside it."""
LEAST_WORDS, MOST_WORDS = 6, 30
"""Of a line whose length is not told."""
HANDY_WORDS, MOST_TOPIC_WORDS = 4, 7
"""Of a noun phrase from a topic: one with more than the first ends where it is joined, one with more than the second is
not used."""
FEW_WORDS = "few-words"
CHANCES_OF_MORE = {FEW_WORDS: (), "sentence": (), "two-or-three": (1.0, 0.3), "more": (1.0, 1.0, 0.5)}
"""By the length that is wanted: how likely each further sentence is."""
MOST_WORDS_OF = {FEW_WORDS: 7, "sentence": 16, "two-or-three": 28, "more": 60}
"""By the length that is wanted."""

_SLOT = re.compile(r"\{(\w+)\}")
_NICK = re.compile(r"<[^\s<>]{1,31}>")
_ACTION = re.compile(r"\* \S{1,31} ?")
_NOUNS_FIRST = re.compile(
    r"(?:an?|the|one|some|two|three|four|five|six|ten|eleven|forty|my|your|(?:[A-Z]\w+ )?[A-Za-z]+'s|daily \w+|"
    r"\w+ (?:for|about|in|of)) "
)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|had|got|won't|can't|keeps?|came|went|fell|took|threw|died|\w+s the)\b")
_RELATIVE = re.compile(r"\b(?:that|who|which|nobody|everybody|somebody)\b")
_MARKS = re.compile("[\0-\3]")
_AN = re.compile(r"\b([Aa]) (?=[aeio]|u(?!k|n[it]|s))(?!one\b)")

Form = tuple["str | Alternatives", ...]


class Alternatives(list[Form]):
    """Forms of which one is drawn."""


@dataclass(frozen=True, slots=True)
class Words:
    """The file of words, as it stands there; the meaning of each field is told beside it."""

    lists: Mapping[str, str]
    lead_lists: Mapping[str, str]
    say: Mapping[str, str]
    cues: Mapping[str, Mapping[str, str]]
    acts: str
    go_on: Mapping[str, str]
    wants: Mapping[str, str]
    passed_over: str
    pronouns: str
    empty: str
    leading: str
    breaks: str
    joints: str
    kinds: str
    whole_topics: bool = False
    """A topic's words stand in sentences as they are written, up to the first comma: nothing is taken out of them."""


@cache
def words(language: str = ENGLISH) -> Words:
    """The file of words, read once (15 ms). Raises UsageError for a language without one."""
    from ruamel.yaml import YAML

    path = _path(language)
    if not path.is_file():
        known = ", ".join(sorted({ENGLISH, *(each.name.split(".")[1] for each in path.parent.glob("scripted.*.yaml"))}))
        raise UsageError(f"has no words in `{language}`", place=NAME, remedy=f"use a model; it has words in {known}")
    return Words(**YAML(typ="safe").load(path.read_text(encoding="utf-8")))


def _path(language: str) -> Path:
    return _WORDS if language == ENGLISH else _WORDS.with_name(f"scripted.{language}.yaml")


@dataclass(frozen=True, slots=True)
class LineForms:
    """What a line is made of."""

    first: Alternatives
    """Its first sentence."""
    after: Alternatives
    """Its first sentence after opening words that say half of it and end in a comma, such as `not a chance,`."""
    more: Alternatives
    """Each further one."""
    short: Alternatives
    """The whole of a line of a few words."""


class SentenceGrammar:
    """Lists and forms, taken apart once."""

    def __init__(self, lists: Mapping[str, str], words: Words) -> None:
        self._texts = lists
        self._lists: dict[str, Alternatives] = {
            "np": Alternatives([("\0",)]),
            "word": Alternatives([("\1",)]),
            "asked": Alternatives([("\2",)]),
            "subject": Alternatives([("\3",)]),
        }
        self.say = self._line_forms(words.say)
        self.acts = self._forms(words.acts)
        self.cues = {cue: self._line_forms(forms) for cue, forms in words.cues.items()}
        self.unasked = self._list("unasked")
        self.go_on = {kind: self._forms(text) for kind, text in words.go_on.items()}

    def _line_forms(self, forms: Mapping[str, str]) -> LineForms:
        first, more, short = (self._forms(forms[key]) for key in ("first", "more", "short"))
        return LineForms(first, self._forms(forms["after"]) if "after" in forms else first, more, short)

    def _forms(self, text: str) -> Alternatives:
        return Alternatives(self._form(form.strip()) for form in text.split("|"))

    def _form(self, text: str) -> Form:
        parts = _SLOT.split(text)
        return tuple(self._list(part) if i % 2 else part for i, part in enumerate(parts) if part)

    def _list(self, name: str) -> Alternatives:
        if name not in self._lists:
            self._lists[name] = self._forms(self._texts[name])
        return self._lists[name]


@cache
def _grammar(language: str, *, lead: bool) -> SentenceGrammar:
    known = words(language)
    return SentenceGrammar({**known.lists, **known.lead_lists} if lead else known.lists, known)


class Scripted:
    """A Model without a language model."""

    name = NAME

    def __init__(self, dialect: PromptFormat = PromptFormat.COMPLETION, language: str = ENGLISH) -> None:
        """`language`: of its lines, a code of ISO 639. Raises UsageError for one that it has no words in."""
        words(language)
        self.dialect, self._language = dialect, language
        self.context: int | None = None

    async def reply(self, prompt: Prompt) -> Reply:
        """A line that the prompt's seed and context stand for, always the same."""
        rng = chance.stream(prompt.seed, prompt.speaker, prompt.scripted.cue, prompt.scripted.topic)
        text = _line(rng.random, prompt, self._language)
        return Reply(text=text, model=NAME, billing=Billing.SCRIPTED)

    async def aclose(self) -> None:
        """Nothing to give back."""


def _line(draw: Callable[[], float], prompt: Prompt, language: str) -> str:
    known, grammar = words(language), _grammar(language, lead=prompt.purpose is Purpose.LEAD)
    cue, length = prompt.scripted.cue, prompt.scripted.length
    forms = grammar.cues.get(cue, grammar.say)
    phrases, content_words = content(prompt.scripted.topic, language)
    phrase = phrases[int(draw() * len(phrases))]
    word = content_words[int(draw() * len(content_words))]
    asked = prompt.scripted.asked if known.whole_topics else noun_phrase(prompt.scripted.asked)
    asked = asked or _fill(grammar.unasked, draw)

    pronouns = known.pronouns.split(" | ")
    parts: list[str] = []

    def sentence(forms: Alternatives) -> str:
        # Who has named the subject of the talk, or answers in a session, need not name it.
        named = any(phrase in part for part in parts) or (bool(length) and not parts)
        pronoun = pronouns[int(draw() * len(pronouns))] if named and draw() < 0.35 else ""
        slots = {"\0": pronoun or phrase, "\1": word, "\2": asked, "\3": phrase}
        return _MARKS.sub(lambda mark: slots[mark[0]], _fill(forms, draw))

    begun = "" if prompt.text is None else prompt.text[prompt.text.rfind("\n") + 1 :]
    if _ACTION.fullmatch(begun):
        return _with_articles(" " + sentence(grammar.acts), language)
    opening = _opening(begun)
    kind = wanted(opening, language)

    def fitting(forms: Alternatives, room: int) -> str:
        """A sentence of at most so many words, or the shortest of a few."""
        drawn: list[tuple[int, str]] = []
        while len(drawn) < 3:
            part = sentence(forms)
            drawn.append((part.count(" ") + 1, part))
            if drawn[-1][0] <= room:
                return part
        return min(drawn)[1]

    further = CHANCES_OF_MORE.get(length, (0.9, 0.0 if cue else 0.3))
    room = MOST_WORDS_OF.get(length, MOST_WORDS) - len(opening.split()) - 1  # one for whom it is said to
    first = forms.after if opening.endswith(",") and not kind else forms.first
    brief = length == FEW_WORDS and not opening
    kept = 9 if kind else 6 if further else 0
    parts.append(fitting(forms.short if brief else first, room - kept))
    if kind:
        parts.insert(0, fitting(grammar.go_on[kind], room - _words(parts)))
    for chance_of_more in further:
        left = room - _words(parts)
        wanting = not length and left > room - LEAST_WORDS
        if left >= 6 and (draw() < chance_of_more or wanting):
            part = fitting(forms.more, left)
            again = any(part.split()[:2] == said.split()[:2] for said in parts)
            if _words([part]) <= left and not again:
                parts.append(part)
    capitals = _writes_capitals(prompt.speaker)
    said = parts if brief and not capitals else [_ended(part) for part in parts]
    if capitals:
        begins = 1 if opening and opening[-1] not in ".!?" else 0
        said[begins:] = [part[0].upper() + part[1:] for part in said[begins:]]
    line = _with_articles(" ".join(said), language)
    return line if prompt.text is None or prompt.text.endswith(" ") else " " + line


def _with_articles(line: str, language: str) -> str:
    return _AN.sub(r"\1n ", line) if language == ENGLISH else line


@lru_cache(maxsize=4096)
def noun_phrase(text: str) -> str:
    """The text if it can stand where a noun does, or nothing.

    >>> noun_phrase("a page of integrals"), noun_phrase("the landlord keeps the deposit"), noun_phrase("set a timer")
    ('a page of integrals', '', '')
    """
    if not _NOUNS_FIRST.match(text):
        return ""
    finite, relative = _FINITE.search(text), _RELATIVE.search(text)
    return "" if finite and (relative is None or finite.start() < relative.start()) else text


@lru_cache(maxsize=4096)
def _writes_capitals(speaker: str) -> bool:
    """One in three begins sentences with a capital."""
    return chance.number(0, "case", speaker) % 3 == 0


def _fill(forms: Alternatives, draw: Callable[[], float]) -> str:
    out = ""
    for part in forms[int(draw() * len(forms))]:
        out += part if isinstance(part, str) else _fill(part, draw)
    return out


def _words(parts: list[str]) -> int:
    return sum(part.count(" ") + 1 for part in parts)


def _ended(part: str) -> str:
    return part if part[-1] in ".!?" else part + "."


def _opening(line: str) -> str:
    """What the speaker has typed already: what stands after `<nick>`, less an address such as `nick:`."""
    nick = _NICK.match(line)
    return without_address(line[nick.end() :].lstrip()).strip() if nick else ""


@cache
def _wants(language: str) -> Mapping[str, str]:
    return {word: kind for kind, last in words(language).wants.items() for word in last.split()}


@cache
def _set(name: str, language: str = ENGLISH) -> frozenset[str]:
    """One of the plain lists of words."""
    return frozenset(str(getattr(words(language), name)).split())


def wanted(opening: str, language: str = ENGLISH) -> str:
    """What grammar wants after opening words, as a key of `go_on` in the file of words; empty: a sentence of its own.

    >>> wanted("hold on, are you"), wanted("no,"), wanted("I'm not going near"), wanted("not happening.")
    ('complement', '', 'noun', '')
    """
    opened = opening.lower().split()
    if not opened or opened[-1][-1] in ".!?…,;:)":
        return ""
    while len(opened) > 1 and opened[-1] in _set("passed_over", language):
        opened.pop()
    last, before = opened[-1], opened[-2] if len(opened) > 1 else ""
    wants = _wants(language)
    if last in ("you", "it", "we", "they") and wants.get(before) not in (None, "clause", "infinitive"):
        return "complement" if wants[before] == "complement" else "after"
    return wants.get(last, "after")


@lru_cache(maxsize=4096)
def content(topic: str, language: str = ENGLISH) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Noun phrases to talk about a topic with, and its content words; stand-ins for a topic that has none.

    >>> content("the box of cables nobody dares to throw out")
    (('the box of cables',), ('box', 'cables'))
    """
    if words(language).whole_topics:
        phrase = topic.partition(",")[0]
        nouns = tuple(re.findall(r"\b[A-ZÄÖÜ][\w-]+", phrase))
        return (phrase,), nouns or (phrase,)
    empty, leading, breaks, joints = _set("empty"), _set("leading"), _set("breaks"), _set("joints")
    spoken = re.sub(r"[^\w\s',;:-]", "", topic.lower()).split()
    named_by = tuple(dict.fromkeys(w.strip(",;:'") for w in spoken if w.strip(",;:'") not in empty and len(w) > 2))
    if not named_by:
        return ("the talk in here", "the weather"), ("talk", "weather")
    whole = topic.lower().partition(",")[0]
    most = MOST_TOPIC_WORDS + 2 if spoken[0] in _set("kinds") else HANDY_WORDS
    if spoken[0] not in leading and 2 < len(whole.split()) <= most:
        return (whole,), tuple(word for word in named_by if word in whole)
    run: list[str] = []
    for token in spoken[1:] if spoken[0] in leading else spoken:
        if token.strip(",;:") in breaks and run:
            break
        run.append(token.strip(",;:"))
        if token[-1] in ",;:":
            break
    if len(run) > HANDY_WORDS:
        cut = next((at for at, token in enumerate(run) if at and token in joints and run[at - 1] not in empty), None)
        run = run[:cut]
    while run and run[-1] in empty:
        run.pop()
    named = tuple(word for word in named_by if word in run)
    if named and len(run) <= MOST_TOPIC_WORDS and (spoken[0] not in leading or spoken[0] in ("whether", "if")):
        return (" ".join(run),), named
    return tuple(f"the {word} question" for word in named_by[:2]), named_by[:2]
