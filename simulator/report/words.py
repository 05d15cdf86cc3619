"""What statistics are called on the page, and how numbers are written there."""

from __future__ import annotations

import re

from simulator.corpus.facts import CostRow

_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

STATISTICS = {
    "speakers": "speakers",
    "gini": "unevenness (Gini)",
    "entropy": "entropy, bits",
    "entropy_norm": "entropy, share of most",
    "top_share": "share of the loudest",
    "aba": "back and forth (A-B-A)",
    "new": "first words of somebody",
    "rank3": "third most recent speaks",
    "direct": "begins with a nick",
    "mention": "has a nick in it",
    "sd_speakers": "spread of speakers",
    "sd_top_share": "spread of the loudest",
    "answer_next_direct": "addressed: speaks next",
    "answer_next_other_direct": "addressed: next but writer",
    "answer_in3_direct": "addressed: within three",
    "answer_in5_direct": "addressed: within five",
    "answer_next_mention": "named: speaks next",
    "answer_next_other_mention": "named: next but writer",
    "answer_in3_mention": "named: within three",
    "answer_in5_mention": "named: within five",
    "words_mean": "words, mean",
    "words_median": "words, median",
    "words_sd": "words, deviation",
    "chars_median": "characters, median",
    "short": "two words or fewer",
    "multi_sentence": "several sentences",
    "question": "questions",
    "url": "links",
    "action": "/me lines",
    "lower_start": "lower-case start",
    "end_punct": "closed by . ! ?",
}
"""By the name in `corpus/realism.py`, without the window."""


def statistic(name: str) -> str:
    """
    >>> statistic("w15.aba"), statistic("question")
    ('back and forth (A-B-A)', 'questions')
    """
    own = name.rpartition(".")[2]
    return STATISTICS.get(own, own)


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as a percentage; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    """
    >>> number(1234), number(None), number(0.256), number(12345.6)
    ('1,234', '–', '0.26', '12,346')
    """
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}"


def dollars(row: CostRow) -> str:
    """What a purpose cost, or the word that says why there is no sum."""
    value = row.dollars
    if row.dollars_at_least is not None:
        return f"{value}, over ${row.dollars_at_least:.4f}"
    return "–" if value is None else value if isinstance(value, str) else f"${value:.4f}"


def visible(text: str) -> str:
    """Characters that show nothing, or turn the direction of what follows, by their number; as in `report.js`.

    >>> visible("gnp\\u202e.exe")
    'gnp⟨U+202E⟩.exe'
    """
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
