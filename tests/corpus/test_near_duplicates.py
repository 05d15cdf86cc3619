"""Near-duplicates among sessions."""

from __future__ import annotations

import random
import subprocess
import sys

from simulator.corpus.near_duplicates import NearDuplicates
from simulator.document import Document, TranscriptLine
from tests.corpus.language import ROOT, style
from tests.layout import LAYOUT

WORDS = [f"{a}{b}" for a in "brglmstk" for b in ("ad", "end", "ip", "oss", "unt", "ark", "elt", "ine", "ow", "eam")]


def session(seed: int, messages: int = 15) -> Document:
    draw = random.Random(seed)
    lines = [TranscriptLine(f"p{draw.randrange(5)}", " ".join(draw.choices(WORDS, k=12))) for _ in range(messages)]
    return Document(LAYOUT.header("LOW", "#general"), tuple(lines))


def altered(document: Document, share: float, seed: int) -> Document:
    """With that share of the messages written anew."""
    draw = random.Random(seed)
    lines = [
        TranscriptLine(line.nick, " ".join(draw.choices(WORDS, k=12))) if draw.random() < share else line
        for line in document.lines
    ]
    return Document(document.header, tuple(lines))


def test_the_same_session_under_other_nicks_is_a_twin() -> None:
    near = NearDuplicates(style())
    assert near.find("one", session(1)) is None
    renamed = Document(
        LAYOUT.header("HIGH", "#shoggoth"),
        tuple(TranscriptLine("x" + line.nick, line.text) for line in session(1).lines),
    )
    assert near.find("two", renamed) == ("one", 1.0)


def test_a_little_changed_is_a_near_duplicate_and_much_changed_is_none() -> None:
    near = NearDuplicates(style())
    originals = {str(seed): session(seed, 15 if seed % 2 else 90) for seed in range(100)}
    for name, document in originals.items():
        assert near.find(name, document) is None
    for name, document in originals.items():
        found = near.find("again", altered(document, 0.1, 7), remember=False)
        assert found is not None and found[0] == name and found[1] > 0.5
        assert near.find("other", altered(document, 0.7, 7), remember=False) is None


def test_what_is_not_remembered_has_no_twin() -> None:
    near = NearDuplicates(style())
    near.find("one", session(1), remember=False)
    assert near.find("two", session(1)) is None


def test_sessions_without_words_are_nobodys_twins() -> None:
    near = NearDuplicates(style())
    empty = Document(None, ())
    assert near.find("one", empty) is None and near.find("two", empty) is None


def test_the_same_in_every_process() -> None:
    code = (
        "from tests.corpus.test_near_duplicates import *; t = NearDuplicates(style()); t.find('a', session(1));"
        "print(t.find('b', altered(session(1), 0.2, 3)))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1 and "'a'" in said.pop()
