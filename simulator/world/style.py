"""How lines may sound: `policies/style.yaml`. All word lists and numbers of line checks and filters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, model_validator

from simulator.world.phrases import Patterns, Phrases, expression, fault_of
from simulator.world.prefilter import Prefilter
from simulator.world.strict import Name, Prose, Share, StrictModel, WordedModel, was_checked
from simulator.world.word_families import noun_lists, verb_lists

Count = Annotated[int, Field(ge=1)]
WordList = Annotated[str, Field(min_length=1, max_length=8000)]

UNFINISHED = (
    "and", "but", "because", "the", "an", "your", "their", "whose", "than", "if", "or", "which", "my", "our", "every",
    "very", "into",
)  # fmt: skip
"""In English."""
NEEDED_RULES = frozenset({"offer"})
NEEDED_SIGNALS = frozenset({"refusal", "willing", "redirects", "says-goodbye"})
_NAMED = re.compile(r"\{([a-z][a-z-]*)\}")
NEEDED_HINTS = frozenset(
    {
        "repetition",
        "rapid-fire",
        "wall",
        "fragment",
        "garbled",
        "others-line",
        "narration",
        "not-asked",
        "secret",
        "nobody",
        "card",
        "goodbye",
    }
)


class StyleRule(StrictModel):
    """Something that must not be said. Several entries may share a name; each has its own hint."""

    name: Name
    """What a verdict calls it."""
    about: Prose
    """What is wrong with a line that matches, for reports."""
    who: Literal["anyone", "lead", "people"] = "anyone"
    """Whose lines are held to it; people: everybody but the lead."""
    topic: Name | None = None
    """A topic group that `policies/quota.yaml` confines to one channel: the entry holds in the others. None: in all."""
    quotable: bool = False
    """People (never the lead) may say it inside one of the `quotation` patterns."""
    after: Name | None = None
    """A signal: the entry holds only in answer to a line of somebody else's that shows it. None: anywhere."""
    at_once: bool = False
    """True: and only if it is the line just before this one, or speaks of the lead; needs `after`."""
    lacking: bool = False
    """True: the fault is that the answer shows none of the patterns; needs `after`, in a line that names the lead."""
    patterns: Annotated[Patterns, Field(min_length=1)]
    """Regular expressions (RE2, lower case, in any place of the line); one match is enough."""
    unless: Patterns = ()
    """Exceptions: a match that overlaps a match of one of these is no fault."""
    hint: Prose
    """What the model that wrote such a line is told when it is asked again."""


class Signal(StrictModel):
    """Something that a line can show; scenarios expect signals by name."""

    about: Prose
    """What a line shows that matches."""
    patterns: Annotated[Patterns, Field(min_length=1)]
    """Regular expressions (RE2, lower case); one match is enough."""
    unless: Patterns = ()
    """Patterns that undo a match."""


class Numbers(StrictModel):
    """Every limit of the line checks and the filters."""

    max_sentences: Count
    """Most sentences of one message."""
    max_characters: Count
    """Most characters of one message."""
    short_words: Count
    """A message with fewer words is short."""
    rapid_fire_share: Annotated[Fraction, Field(gt=0, le=1)]
    """Largest share of short messages in a session, written as a fraction."""
    rapid_fire_run: Count
    """So many short messages in a row are too many."""
    repeat_words: Count
    """Fewest words of a message that may not be said twice; "same here" is free."""
    repeat_window: Count
    """How many messages back near repeats are looked for; exact ones are looked for in the whole session."""
    repeat_similarity: Share
    """Two messages are nearly the same from this share of common word pairs on (Jaccard)."""
    echo_words: Count
    """Fewest words of both messages for an echo: a message that holds most of another one."""
    echo_share: Share
    """From this share of the shorter one's word pairs on, the longer one echoes it."""
    echo_free_words: Count
    """A line of at most so many words may be echoed by another person within `answer_within` messages."""
    same_word_run: Count
    """One word so often in a row is a broken model, not a person."""
    vocabulary_words: Count
    """From so many words on, a message must not go round in circles:"""
    vocabulary_share: Share
    """the fewest distinct words it may have, as a share of its words."""
    odd_characters: Count
    """So many characters that are not of a Latin script (emoji among them) are too many if they also make up"""
    odd_share: Share
    """more than this share of the message."""
    answer_within: Count
    """A line answers what others said in so many messages before it."""
    own_repeat_words: Count
    """Fewest words of a line that its speaker must not say again in nearly the same words, in any order:"""
    own_repeat_share: Share
    """from this share of common words on, of the longer one's."""
    lead_repeat_run: Count
    """So many words in a row that the lead said within `repeat_window` messages are a repetition of the lead's."""
    answer_words: Count
    """Fewest words of a line that can answer what was asked of somebody else."""
    empty_words: Count
    """From so many words on, a message must say something:"""
    empty_share: Share
    """the largest share of `closed_class` words among its words."""
    leak_words: Count
    """So many words in a row from a note, the premise or a card are a leak."""
    leak_line_words: Count
    """A whole text (such as a voice line) with fewer than `leak_words` words, but at least this many, is one too."""
    min_people: Count
    """Fewest people with a message of their own, the lead not counted."""
    refusal_within: Count
    """How many messages of the lead after an offer a refusal is looked for."""
    redirect_within: Count
    """How many messages after a confined subject came up the lead may send it to its channel."""
    redirect_most: Annotated[int, Field(ge=0)]
    """Most messages on a confined subject that this makes good."""
    near_duplicate_shingle: Count
    """Words in a row that are compared between sessions."""
    near_duplicate_similarity: Share
    """Two sessions are near-duplicates from this share of common shingles on (Jaccard)."""
    small_model_lines: Count
    """From so many messages on, a session is measured for writing as a very small model does:"""
    closed_class_most: Share
    """the largest share of `closed_class` words among its words,"""
    closed_class_repeating: Share
    """the largest share of them where messages also repeat each other, plain talk being near it,"""
    shared_grams_some: Share
    """which begins at this share of messages with four words in a row that another one of the window has,"""
    shared_grams_most: Share
    """and the largest share of such messages."""
    shared_grams_window: Count
    """Messages in a row that are compared for that."""
    evidence: Count
    """Most characters of evidence in a verdict."""
    max_document_bytes: Count
    """A document that is longer is not read, and rejected."""


class StylePolicy(WordedModel):
    """What a line in this channel sounds like."""

    numbers: Numbers
    """Limits of the checks that count."""
    hints: dict[Name, Prose]
    """What the model is told when a rule without patterns sends its line back."""
    closed_class: tuple[str, ...] = ()
    """Articles, pronouns, auxiliaries, prepositions and conjunctions; see `corpus/small_model.py`."""
    abbreviations: frozenset[str] = frozenset()
    """Words without a vowel that people put before a colon, and that are nobody's nick."""
    speaks_of_oneself: frozenset[str] = frozenset()
    """Pronouns: a line with one gives no answer in the place of another."""
    speaks_of_others: frozenset[str] = frozenset()
    """Pronouns: a line with one does only if it has a figure in it."""
    hedges: frozenset[str] = frozenset()
    """What does not make an answer one's own, such as "I think"."""
    figures: frozenset[str] = frozenset()
    """Words for numbers and hours."""
    words: dict[Name, WordList] = {}
    """What a pattern here or in `policies/evaluation.yaml` calls `{name}`: alternatives, as in an expression, that
    may name other lists."""
    nouns: dict[Name, WordList] = {}
    """The same as plain words, of which patterns find singular and plural; see `word_families.py`."""
    verbs: dict[Name, WordList] = {}
    """The same as verbs: `{name}` finds the base forms, and with `-s`, `-ing`, `-past` or `-done` the others."""
    unfinished: tuple[str, ...] = UNFINISHED
    """Words with which no whole thought ends: a line that does was cut off."""
    quotation: Patterns = ()
    """How people quote an assistant in order to laugh at it; see `quotable`."""
    rules: Annotated[tuple[StyleRule, ...], Field(min_length=1)]
    """What no line may say, or no line of the lead."""
    signals: dict[Name, Signal]
    """What a line may show, by name: scripts, evaluation and gaps refer to these."""

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> StylePolicy:
        if was_checked(info):
            return self
        for place, patterns in self._all_patterns():
            for pattern in patterns:
                if cause := fault_of(self.spelled((pattern,))[0]):
                    raise ValueError(f"{place}: pattern `{pattern}`: {cause}")
        for rule in self.rules:
            if rule.after is not None and rule.after not in self.signals:
                raise ValueError(f"rules.{rule.name}: after: no signal `{rule.after}`")
            if rule.after is not None and rule.who != "lead":
                raise ValueError(f"rules.{rule.name}: after: goes with `who: lead`")
            if (rule.lacking or rule.at_once) and rule.after is None:
                raise ValueError(f"rules.{rule.name}: {'lacking' if rule.lacking else 'at_once'}: goes with `after`")
        for what, needed, given in (
            ("rules", NEEDED_RULES, {rule.name for rule in self.rules}),
            ("signals", NEEDED_SIGNALS, set(self.signals)),
            ("hints", NEEDED_HINTS, set(self.hints)),
        ):
            if missing := sorted(needed - given):
                raise ValueError(f"{what}: missing {', '.join(missing)}")
        if both := sorted({rule.name for rule in self.rules} & set(self.signals)):
            raise ValueError(f"signals: {', '.join(both)} is the name of a rule already")
        return self

    def spelled(self, patterns: Patterns) -> Patterns:
        """The patterns with the words that they name. Raises ValueError for one that there is not."""
        return tuple(_NAMED.sub(self._word, pattern) for pattern in patterns)

    def named(self) -> set[str]:
        """The names of all signals and all rules with patterns: what a scenario may expect to be shown or lacking."""
        return {rule.name for rule in self.rules} | set(self.signals)

    @cached_property
    def cut_off(self) -> re.Pattern[str]:
        """The end of a line that breaks off: a comma, or one of the `unfinished` words."""
        among = "|".join(map(re.escape, self.unfinished)) or r"(?!)"
        return re.compile(rf"(?:,|\b(?:{among}))\s*$", re.IGNORECASE)

    @cached_property
    def closed_class_words(self) -> frozenset[str]:
        """The same, to look words up in."""
        return frozenset(self.closed_class)

    @cached_property
    def prefilter(self) -> Prefilter:
        """Of all rules and signals together: a line is looked through once, whoever asks about it."""
        return Prefilter(self.expressions())

    def expressions(self) -> list[str]:
        """The RE2 expressions of all rules and signals."""
        patterns = [pattern for rule in self.rules for pattern in rule.patterns]
        patterns += [pattern for signal in self.signals.values() for pattern in signal.patterns]
        return [expression(pattern) for pattern in self.spelled(tuple(patterns))]

    @cached_property
    def trades(self) -> frozenset[str]:
        """Words for what people are by trade, singular and plural: the nouns of the list `trade`."""
        return frozenset(noun_lists(self.nouns).get("trade", "").split("|"))

    @cached_property
    def of_lead(self) -> tuple[tuple[StyleRule, ...], Phrases]:
        """The rules that hold for the lead's lines whatever was said before, and their patterns in the same order."""
        return self._held_by("people")

    @cached_property
    def of_people(self) -> tuple[tuple[StyleRule, ...], Phrases]:
        """The rules that hold for everybody else's lines, and their patterns in the same order."""
        return self._held_by("lead")

    @cached_property
    def answers(self) -> dict[str, tuple[tuple[StyleRule, ...], Phrases]]:
        """By signal: the rules that hold for the lead's lines in answer to it, and their patterns in the same order."""
        found = {}
        for signal in dict.fromkeys(rule.after for rule in self.rules if rule.after is not None):
            rules = tuple(rule for rule in self.rules if rule.after == signal and not rule.lacking)
            found[signal] = rules, Phrases([self._group(rule) for rule in rules], self.prefilter)
        return found

    @cached_property
    def questions(self) -> tuple[tuple[str, ...], Phrases]:
        """The signals that rules are in answer to, and their patterns in the same order."""
        names = tuple(dict.fromkeys(rule.after for rule in self.rules if rule.after is not None))
        return names, Phrases([self._group(self.signals[name]) for name in names], self.prefilter)

    @cached_property
    def shown(self) -> dict[str, Phrases]:
        """By name of signal or rule: what shows it."""
        found = {name: Phrases([self._group(signal)], self.prefilter) for name, signal in self.signals.items()}
        for name in {rule.name for rule in self.rules}:
            groups = [self._group(r) for r in self.rules if r.name == name and r.after is None]
            found[name] = Phrases(groups, self.prefilter)
        return found

    @cached_property
    def lacking(self) -> tuple[tuple[StyleRule, Phrases], ...]:
        """The entries that want the lead's answer to show something, and what shows it."""
        return tuple((rule, Phrases([self._group(rule)], self.prefilter)) for rule in self.rules if rule.lacking)

    def __getstate__(self) -> dict[Any, Any]:
        """Compiled patterns do not travel to another process: they are compiled anew where they are needed."""
        state = super().__getstate__()
        fields = {name: value for name, value in state["__dict__"].items() if name in type(self).model_fields}
        return state | {"__dict__": fields}

    def _held_by(self, others: str) -> tuple[tuple[StyleRule, ...], Phrases]:
        rules = tuple(rule for rule in self.rules if rule.who != others and rule.after is None)
        quoted = self.spelled(self.quotation) if others == "lead" else ()
        groups = [
            (patterns, (*unless, *quoted) if rule.quotable else unless)
            for rule, (patterns, unless) in zip(rules, map(self._group, rules), strict=True)
        ]
        return rules, Phrases(groups, self.prefilter)

    def _group(self, said: StyleRule | Signal) -> tuple[Patterns, Patterns]:
        return self.spelled(said.patterns), self.spelled(said.unless)

    def _word(self, named: re.Match[str]) -> str:
        if named[1] not in self._lists:
            raise ValueError(f"words: no `{named[1]}`, which a pattern names")
        return f"({_NAMED.sub(self._word, self._lists[named[1]])})"

    @cached_property
    def _lists(self) -> dict[str, str]:
        """All word lists by name."""
        return {**noun_lists(self.nouns), **verb_lists(self.verbs), **self.words}

    def _all_patterns(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        yield "quotation", self.quotation
        for number, rule in enumerate(self.rules):
            yield f"rules.{number} ({rule.name})", (*rule.patterns, *rule.unless)
        for name, signal in self.signals.items():
            yield f"signals.{name}", (*signal.patterns, *signal.unless)
