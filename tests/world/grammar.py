"""Every text of a script with everything filled in, and rules by which to read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from simulator.world.persona import Pronouns
from simulator.world.scenario import PLACEHOLDER, Scenario, Topic

NAMES = ("Kit", "Ash", "Rae", "Lou", "Sal")
"""Whom slots stand for while a script is read; real nicks begin in lower case and would look like mistakes."""
LEAD = "Nim"
PRONOUNS = Pronouns(they="he", them="him", their="his", theirs="his", themself="himself")
"""Of which none is an object and a possessive at the same time, as `her` is."""
SUBJECTS = ("topic", "angle")
"""Placeholders that stand for hundreds of things: what they join is read, not every text with every one of them."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a script, as written."""

    script: str
    place: str
    """`premise`, or a beat and what it is there, such as `ask.note.0`."""
    template: str

    @property
    def opening(self) -> bool:
        """True if it is only the first words of a line."""
        return ".opening." in self.place


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text once it is filled in."""

    rule: str
    text: Text
    filled: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text.script} {self.text.place}: `{self.evidence}` in: {self.filled}"


def read(scripts: Iterable[Scenario], topics: Mapping[str, Sequence[Topic]]) -> Iterator[Fault]:
    """All faults of all texts of all scripts: with each variant of each fill, and with each topic and angle."""
    for script in scripts:
        those = [topic for group in (script.topics or topics) for topic in topics[group]]
        for text in texts(script):
            yield from _template_faults(text)
            for names in fillings(text, script, those[0]):
                yield from faults(text, names)
            for join in joins(text.template, those):
                yield from (Fault(rule, text, join, words) for rule, words in link_faults(join))


def texts(script: Scenario) -> Iterator[Text]:
    """Everything of a script that is filled in and read by a model."""
    yield Text(script.name, "premise", script.premise)
    for beat in script.beats:
        for key, those in (("note", beat.note), ("opening", beat.opening)):
            for number, text in enumerate(those):
                yield Text(script.name, f"{beat.id}.{key}.{number}", text)


def fillings(text: Text, script: Scenario, topic: Topic) -> Iterator[dict[str, str]]:
    """Every way to fill a text in with the script's own words, about one topic."""
    named = set(PLACEHOLDER.findall(text.template))
    fixed = {"lead": LEAD, **_called(), **dict(zip(script.slots, NAMES, strict=False))}
    fixed |= {"topic": topic.subject, "angle": topic.angles[0]}
    own = {name: [variant.text for variant in script.fill[name]] for name in sorted(named) if name in script.fill}
    for variants in product(*own.values()):
        yield {**fixed, **{name: filled(variant, fixed) for name, variant in zip(own, variants, strict=True)}}


def joins(template: str, topics: Sequence[Topic]) -> Iterator[str]:
    """What each topic and angle makes together with the words beside it: the last two before, the first two after."""
    for found in PLACEHOLDER.finditer(template):
        if found[1] in SUBJECTS:
            left = " ".join(template[: found.start()].split(" ")[-3:])
            right = " ".join(template[found.end() :].split(" ")[:3])
            for topic in topics:
                for words in (topic.subject,) if found[1] == "topic" else topic.angles:
                    yield PLACEHOLDER.sub(LEAD, left) + words + PLACEHOLDER.sub(LEAD, right)


def filled(template: str, names: Mapping[str, str]) -> str:
    """A template with what its placeholders stand for; what is not known stays as it is."""
    return PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), template)


def _called() -> dict[str, str]:
    words = PRONOUNS.model_dump()
    return {f"lead.{key}": text for name, word in words.items() for key, text in _both(name, word)}


def _both(name: str, word: str) -> tuple[tuple[str, str], ...]:
    return (name, word), (name.capitalize(), word.capitalize())


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ARTICLES = r"a|an|the|your|my|their|our|its|his"
_LINKS = {
    "doubled word": re.compile(r"\b(?!(?:had|that|so|no|very|now|ok|please|wait|sorry)\b)(\w+) \1\b"),
    "a before a vowel": re.compile(r"\ba (?=[aeiou])(?!(?:one|once|uni|use|us[aeiu]|eu|ouija))\w+", re.IGNORECASE),
    "an before a consonant": re.compile(r"\b[Aa]n (?![aeiouAEIOU\"'8])(?!(?:hour|honest|heir)\b)\w+"),
    "two articles": re.compile(rf"\b(?:{_ARTICLES}) (?:{_ARTICLES}|some|somebody's|every|each|whether|these|those)\b"),
    "article before a name": re.compile(rf"\b(?:a|an|your|my) (?:{'|'.join((LEAD, *NAMES))})\b(?!')"),
    "punctuation twice": re.compile(r"[,;:] ?[,;:.!?]|(?<!\.)\.[,;:](?!\S)|(?<!\.)\.\.(?!\.)|[!?][.,;:]"),
    "space before punctuation": re.compile(r" [,;.!?](?:\s|$)"),
    "two spaces": re.compile(r"  "),
    "not filled in": re.compile(r"[{}]"),
    "possessive twice": re.compile(r"'s's|s's\b|'s '"),
    "sentence in lower case": re.compile(r"[.!?] [a-z]\w*"),
}
_FEW_WORDS = frozenset({"sentence in lower case"})
"""Rules to which first words of a line are not held: people type as they like."""
_PROPER = _set(
    """I AI AIs ChatGPT IRC Monday Tuesday Thursday Friday Fridays Thursdays Saturday Sunday August June July New Year
    Eve Lear King Wuthering Heights Frankenstein Shakespeare Gatsby Monte Cristo Hamlet Moby Dick Odyssey
    Jane Austen Hadrian Wall Lisbon Orkneys Vienna Chicago Osaka Portuguese Polish Japanese Danish Hungarian Italian
    Hanseatic League Crisis Black Death Treaty Tordesillas Meiji Japan Jaws Europe Italy Africa Americas Canberra
    Brasilia Trial Rs REALLY"""
)
_CAPITAL = re.compile(r"(?<=[a-z,;] )[\"']?(?!The Trial\b)([A-Z]\w*)")
_AS_SUBJECT = re.compile(
    r"(?:\b(\w+) )?\{([a-z][a-z0-9-]*)\} (is|was|has|does|needs|goes|works|looks|means|comes|are|were|have|do)\b"
)
_INVERTED = re.compile(r"\b(?:there|how|what|where|so|now) (is|was|has|are|were|have) \{([a-z][a-z0-9-]*)\}")
_PREPOSITION = re.compile(r"\b(?:about|of|with|from|for|over|on|at|by|after|without) \{([a-z][a-z0-9-]*)\}")
_FINITE = re.compile(r"\b(?:is|was|are|were|has|had|does|did|won't|can't|cannot|keeps|came|got|fell|failed|died)\b")
_RELATIVE = re.compile(r"\b(?:that|who|which|whether|what|where|when|how|why|nobody|everybody|anybody|somebody|once)\b")
_RUNS_ON = re.compile(r"\{(?:topic|angle)\}(?! \(\{angle\}\))(?= *[\w{])")
_PREPOSITIONS = _set("of with in on at to from about before for behind without over against")
_MANY = _set("are were have do")
_SINGULAR_IN_S = _set("series bus chess class glass news this yes paris gas crisis address across always")
_HEAD_ENDS = _PREPOSITIONS | _set("that who which stuck between and")


@cache
def link_faults(words: str) -> tuple[tuple[str, str], ...]:
    """(rule, what shows it) of what can be seen in any words that stand together."""
    return tuple((rule, found[0]) for rule, pattern in _LINKS.items() for found in pattern.finditer(words))


def faults(text: Text, names: Mapping[str, str]) -> Iterator[Fault]:
    """What the rules find in one filling of one text. `names`: as `fillings` gives them."""
    line = filled(text.template, names)
    for rule, words in link_faults(line):
        if not (text.opening and rule in _FEW_WORDS):
            yield Fault(rule, text, line, words)
    if not text.opening:
        if line[0].islower():
            yield Fault("sentence in lower case", text, line, line.split()[0])
        for found in _CAPITAL.finditer(line):
            if found[1] not in _PROPER and found[1] not in (LEAD, *NAMES):
                yield Fault("capital in a sentence", text, line, found[1])
    yield from (Fault("number of the verb", text, line, words) for words in _numbers(text.template, names))
    for found in _PREPOSITION.finditer(text.template):
        words = "" if found[1] in SUBJECTS else names.get(found[1], "")
        verb, relative = _FINITE.search(words), _RELATIVE.search(words)
        if verb and (relative is None or relative.start() > verb.start()):
            yield Fault("clause after a preposition", text, line, found[0].replace(f"{{{found[1]}}}", words))


def _numbers(template: str, names: Mapping[str, str]) -> Iterator[str]:
    """Fills that do not agree with their verb."""
    pairs = [(name, verb) for before, name, verb in _AS_SUBJECT.findall(template) if before not in _PREPOSITIONS]
    pairs += [(name, verb) for verb, name in _INVERTED.findall(template)]
    for name, verb in pairs:
        phrase = names.get(name, "")
        if phrase and name not in SUBJECTS and phrase not in (LEAD, *NAMES) and plural(phrase) is not (verb in _MANY):
            yield f"{phrase} {verb}"


def _template_faults(text: Text) -> Iterator[Fault]:
    """A topic may be long and may end in any word: nothing but punctuation follows one."""
    for found in _RUNS_ON.finditer(text.template):
        yield Fault("words after a topic", text, text.template, text.template[found.start() : found.end() + 12])


def plural(phrase: str) -> bool:
    """True if a noun phrase stands for more than one thing.

    >>> plural("a jar of plums"), plural("dates stuck in 1970"), plural("the jokes about soup"), plural("the news")
    (False, True, True, False)
    """
    words = phrase.replace(",", " ,").split()
    if words[0] in ("a", "an", "one", "every", "each", "this"):
        return False
    head: list[str] = []
    for word in words:
        if word in _HEAD_ENDS or word == ",":
            break
        head.append(word)
    if not head or head[-1].endswith("'s"):
        return False
    last = head[-1].casefold()
    return last.endswith("s") and not last.endswith("ss") and last not in _SINGULAR_IN_S
