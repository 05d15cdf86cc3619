"""Can a small classifier tell our sessions from those of real channels? The area under its ROC curve, on held-out logs.

Windows of as many messages, without nicks (by turn: A, B, …), as bags of character n-grams; logistic regression; five
folds, none of which splits a session. 0.5: it cannot tell them apart; 1: always.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.document import Document
from simulator.errors import UsageError
from simulator.intervals import Figure, resampled

WINDOW = 15
"""Messages."""
FOLDS = 5
MOST = 400
"""Windows of each side."""
FEWEST = 2 * FOLDS
"""Sessions of each side, below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Separability:
    """How well the two sides are told apart."""

    auc: Figure
    """With the bootstrap over sessions, of windows that the classifier did not learn from."""
    ours: int
    """Windows."""
    real: int
    """Windows."""


def tell_apart(ours: Iterable[Document], real: Iterable[Document]) -> Separability | None:
    """None: fewer than FEWEST sessions of a side have a window. Raises UsageError without scikit-learn."""
    sides = [_windows(ours), _windows(real)]
    if min(len({group for group, _ in side}) for side in sides) < FEWEST:
        return None
    texts = [text for side in sides for _, text in side]
    labels = [number for number, side in enumerate(sides) for _ in side]
    groups = [f"{number}:{group}" for number, side in enumerate(sides) for group, _ in side]
    units = _units(texts, labels, groups)
    auc = resampled(units, _auc, 0, "told apart")
    return None if auc is None else Separability(auc, len(sides[0]), len(sides[1]))


def _windows(documents: Iterable[Document]) -> list[tuple[int, str]]:
    """(Number of the session, text) of windows that do not overlap; an even part of them where there are many."""
    found = []
    for number, document in enumerate(documents):
        said = document.messages
        nicks = {line.nick for line in said}
        masked = re.compile(
            "|".join(rf"(?<!\w){re.escape(nick)}(?!\w)" for nick in sorted(nicks, key=len, reverse=True))
        )
        for start in range(0, len(said) - WINDOW + 1, WINDOW):
            turns: dict[str, str] = {}
            rows = []
            for line in said[start : start + WINDOW]:
                name = turns.setdefault(line.nick, chr(ord("A") + len(turns)))
                rows.append(f"{name} {masked.sub('@', line.text)}")
            found.append((number, "\n".join(rows)))
    step = max(1, -(-len(found) // MOST))
    return found[::step]


@dataclass(frozen=True, slots=True)
class _Unit:
    """One session, which the bootstrap draws whole."""

    fold: int
    """In which it was held out."""
    side: int
    """0: ours, 1: real."""
    scores: tuple[float, ...]
    """Of each of its windows, how sure a classifier that has not seen its fold is that it is real."""


def _units(texts: Sequence[str], labels: Sequence[int], groups: Sequence[str]) -> list[_Unit]:
    """Every session with the scores of its windows."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold
        from sklearn.pipeline import make_pipeline
    except ImportError:
        remedy = "install the extra: pip install 'emsim[review]'"
        raise UsageError("telling sessions apart needs scikit-learn", place="--against", remedy=remedy) from None
    found: dict[str, _Unit] = {}
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for number, (learned, held_out) in enumerate(folds.split(texts, labels, groups)):
        classifier = make_pipeline(
            TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, max_features=20_000),
            LogisticRegression(max_iter=400, class_weight="balanced"),
        )
        classifier.fit([texts[place] for place in learned], [labels[place] for place in learned])
        scores = classifier.decision_function([texts[place] for place in held_out])
        for place, score in zip(held_out, scores, strict=True):
            before = found.get(groups[place])
            scored = (*(before.scores if before else ()), float(score))
            found[groups[place]] = _Unit(number, labels[place], scored)
    return list(found.values())


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
