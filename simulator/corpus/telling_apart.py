"""Can a small classifier tell our sessions from those of real channels? The area under its ROC curve, on held-out logs.

Windows of as many messages, without nicks (by turn: A, B, …), seen in three ways, each by a logistic regression of its
own over the n-grams of what is seen:

    text             everything that was written, as characters: topic, words, notation
    function words   only the words of the closed classes (`policies/style.yaml`): how people talk, whatever about
    turns            only who speaks and how long the message is

Five folds, none of which splits a session, or a channel where the real side has five or more: what is particular to one
channel then helps nobody. 0.5: it cannot tell them apart; 1: always.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from simulator import intervals
from simulator.document import Document, TranscriptLine
from simulator.errors import UsageError
from simulator.intervals import Figure
from simulator.line_checks.wording import words_of

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

WINDOW = 15
"""Messages."""
FOLDS = 5
MOST = 400
"""Windows of each side."""
FEWEST = 2 * FOLDS
"""Sessions of each side, below which nothing is said."""
TELLING = 12
"""N-grams of each side that are named."""
TEXT: Final = "text"
"""Name of the view of everything."""
LENGTHS = (1, 2, 3, 5, 8, 13, 21, 34)
"""Words: a message counts as the longest of these that it reaches."""
END: Final = "/"
"""Stands between messages where only words are seen."""
_PUT_IN = re.compile(r"\[(?:link|email|host|address|phone)\]|https?://\S+")
"""What an import puts in place of addresses, and addresses that were kept: no talk of either side."""


@dataclass(frozen=True, slots=True)
class SeparabilityView:
    """How well the two sides are told apart by one way to see them."""

    auc: Figure
    """With the bootstrap over sessions, of windows that the classifier did not learn from."""
    ours: tuple[str, ...]
    """N-grams that speak most for our side, the strongest first."""
    real: tuple[str, ...]
    """The same for the real side."""


@dataclass(frozen=True, slots=True)
class Separability:
    """How well the two sides are told apart."""

    auc: Figure
    """By everything that was written."""
    views: dict[str, SeparabilityView]
    """By name: that of everything and those of a part."""
    ours: int
    """Windows."""
    real: int
    """Windows."""
    by_channel: bool
    """Whole channels were held out; otherwise sessions."""


@dataclass(frozen=True, slots=True)
class _Window:
    """So many messages of one session."""

    group: str
    """What a fold holds out as a whole."""
    side: int
    """0: ours, 1: real."""
    lines: tuple[TranscriptLine, ...]
    """The nick is the speaker's letter within the window, and nicks in the text are masked."""


def tell_apart(ours: Iterable[Document], real: Iterable[Document], closed: frozenset[str]) -> Separability | None:
    """`closed`: the function words. None: fewer than FEWEST sessions of a side have a window.

    Raises UsageError without scikit-learn.
    """
    sides = [[each for each in side if len(each.messages) >= WINDOW] for side in (ours, real)]
    if min(map(len, sides)) < FEWEST:
        return None
    channels = {_channel(each) for each in sides[1]}
    by_channel = len(channels) >= FOLDS
    found = [
        window
        for side, documents in enumerate(sides)
        for window in _windows(documents, side, by_channel=by_channel and side == 1)
    ]
    seen: dict[str, Callable[[_Window], str]] = {
        TEXT: _text,
        "function words": lambda window: _function_words(window, closed),
        "turns": _turns,
    }
    views = {name: _view(name, list(map(shown, found)), found) for name, shown in seen.items()}
    theirs = sum(window.side for window in found)
    return Separability(views[TEXT].auc, views, len(found) - theirs, theirs, by_channel)


def _channel(document: Document) -> str:
    return document.header.channel if document.header else ""


def _windows(documents: Sequence[Document], side: int, *, by_channel: bool) -> list[_Window]:
    """Windows that do not overlap; an even part of them where there are many."""
    found = []
    for number, document in enumerate(documents):
        said = document.messages
        nicks = sorted({line.nick for line in said}, key=len, reverse=True)
        masked = re.compile("|".join(rf"(?<!\w){re.escape(nick)}(?!\w)" for nick in nicks))
        group = _channel(document) if by_channel else str(number)
        for start in range(0, len(said) - WINDOW + 1, WINDOW):
            turns: dict[str, str] = {}
            lines = []
            for line in said[start : start + WINDOW]:
                name = turns.setdefault(line.nick, chr(ord("A") + len(turns)))
                text = " ".join(_PUT_IN.sub(" ", masked.sub("@", line.text)).split())
                lines.append(TranscriptLine(name, text))
            found.append(_Window(f"{side}:{group}", side, tuple(lines)))
    step = max(1, -(-len(found) // MOST))
    return found[::step]


def _text(window: _Window) -> str:
    return "\n".join(f"{line.nick} {line.text}" for line in window.lines)


def _function_words(window: _Window, closed: frozenset[str]) -> str:
    """What was left out between two words is one gap, however long it was: nothing is joined across it."""
    lines = (" ".join(word if word in closed else "_" for word in words_of(line.text)) for line in window.lines)
    return f" {END} ".join(re.sub(r"_( _)+", "_", line) for line in lines)


def _turns(window: _Window) -> str:
    """`A5` for a message of five to seven words by the one who spoke first."""
    return " ".join(f"{line.nick}{_length(line.text)}" for line in window.lines)


def _length(text: str) -> int:
    """One of LENGTHS."""
    return LENGTHS[max(0, bisect_right(LENGTHS, len(text.split())) - 1)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """One session or channel, which the bootstrap draws whole."""

    fold: int
    """In which it was held out."""
    side: int
    scores: tuple[float, ...]
    """Of each of its windows, how sure a classifier that has not seen its fold is that it is real."""


def _view(name: str, texts: Sequence[str], windows: Sequence[_Window]) -> SeparabilityView:
    units = _units(name, texts, windows)
    auc = intervals.resampled(units, _auc, 0, "told apart", name)
    assert auc is not None  # every fold has windows of both sides
    if auc.value == 1:
        # The bootstrap draws nothing that was not seen: where every window was told right, it has no width.
        fewest = min(sum(unit.side == side for unit in units) for side in (0, 1))
        least = intervals.share(fewest, fewest)
        assert least is not None
        auc = replace(auc, low=least.low)
    return SeparabilityView(auc, *_telling(name, texts, [window.side for window in windows]))


def _units(name: str, texts: Sequence[str], windows: Sequence[_Window]) -> list[_Unit]:
    """Every session or channel with the scores of its windows."""
    sides, groups = [window.side for window in windows], [window.group for window in windows]
    folds = _library().model_selection.StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    found: dict[str, _Unit] = {}
    for number, (learned, held_out) in enumerate(folds.split(texts, sides, groups)):
        classifier = _classifier(name).fit([texts[place] for place in learned], [sides[place] for place in learned])
        scores = classifier.decision_function([texts[place] for place in held_out])
        for place, score in zip(held_out, scores, strict=True):
            before = found.get(groups[place])
            scored = (*(before.scores if before else ()), float(score))
            found[groups[place]] = _Unit(number, sides[place], scored)
    return list(found.values())


def _telling(name: str, texts: Sequence[str], sides: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The n-grams that weigh most for our side and for the real one, in a classifier of all windows."""
    grams, classifier = _classifier(name).fit(texts, sides).named_steps.values()
    names, weights = grams.get_feature_names_out(), classifier.coef_[0]
    order = [str(names[place]) for place in weights.argsort()]
    return tuple(order[:TELLING]), tuple(reversed(order[-TELLING:]))


def _classifier(name: str) -> Pipeline:
    """Of characters for the text, of words for the other views."""
    sklearn = _library()
    kind: dict[str, Any] = (
        {"analyzer": "char", "ngram_range": (1, 3)}
        if name == TEXT
        else {"token_pattern": r"\S+", "ngram_range": (1, 2)}
    )
    grams = sklearn.feature_extraction.text.TfidfVectorizer(
        lowercase=False, min_df=2, sublinear_tf=True, max_features=20_000, **kind
    )
    regression = sklearn.linear_model.LogisticRegression(max_iter=400, class_weight="balanced")
    return sklearn.pipeline.make_pipeline(grams, regression)


def _library() -> Any:
    """scikit-learn, with the parts that are used. Raises UsageError without it."""
    try:
        import sklearn
        import sklearn.feature_extraction.text
        import sklearn.linear_model
        import sklearn.model_selection
        import sklearn.pipeline
    except ImportError:
        remedy = "install the extra: pip install 'emsim[review]'"
        raise UsageError("telling sessions apart needs scikit-learn", place="--against", remedy=remedy) from None
    return sklearn


def _auc(units: Sequence[_Unit]) -> float | None:
    """The share of pairs, one window of each side, in which the real one has the higher score; ties are half.

    Pairs are of one fold: scores of different classifiers cannot be compared, and pooled they come out below one half
    where there is nothing to tell (G. Forman and M. Scholz, SIGKDD Explorations 12, 2010).
    """
    higher, pairs = 0.0, 0
    for fold in range(FOLDS):
        real = sorted(score for unit in units if unit.fold == fold and unit.side for score in unit.scores)
        ours = [score for unit in units if unit.fold == fold and not unit.side for score in unit.scores]
        pairs += len(real) * len(ours)
        higher += sum(len(real) - (bisect_left(real, score) + bisect_right(real, score)) / 2 for score in ours)
    return higher / pairs if pairs else None
