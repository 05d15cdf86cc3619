from __future__ import annotations

import pytest

from simulator.document import TranscriptLine, render_document
from simulator.errors import UsageError
from simulator.train.encoding import TokenClass, split_spans
from tests.layout import LAYOUT
from tests.train import documents

HEAD = "ENGAGEMENT: LOW\nCHANNEL: #general\n"


@pytest.mark.parametrize("text", documents.corpus(), ids=lambda text: f"{len(text)} characters")
def test_every_character_is_in_exactly_one_span(text: str) -> None:
    found = split_spans(text, "Em", LAYOUT)
    assert [s.start for s in found] == [0, *(s.end for s in found[:-1])]
    assert found[-1].end == len(text) and all(s.start < s.end for s in found)
    assert "".join(text[s.start : s.end] for s in found) == text


@pytest.mark.parametrize(
    ("line", "speaker", "words"),
    [
        ("<Em> hi", "<Em>", TokenClass.LEAD),
        ("<Emma> hi", "<Emma>", TokenClass.PEOPLE),
        ("<em> hi", "<em>", TokenClass.PEOPLE),
        ("* Em waves", "* Em", TokenClass.LEAD),
        ("* Em_ waves", "* Em_", TokenClass.PEOPLE),
        ("<kai> <Em> said so", "<kai>", TokenClass.PEOPLE),
        ("<kai> * Em waves", "<kai>", TokenClass.PEOPLE),
    ],
)
def test_a_line_is_who_speaks_and_what_is_said(line: str, speaker: str, words: TokenClass) -> None:
    text = f"{HEAD}<ash> one\n{line}\n<bo> two\n"
    head, *others = [(text[s.start : s.end], s.kind) for s in split_spans(text, "Em", LAYOUT)]
    assert head == (HEAD, TokenClass.HEADER)
    assert others[2:4] == [(speaker, TokenClass.SPEAKER), (line.removeprefix(speaker) + "\n", words)]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "header"),
        ("<kai> hello\n", "header"),
        (HEAD, "no message"),
        (HEAD + "<kai> hello", "newline"),
        (HEAD + "kai: hello\n", "line 3"),
        (HEAD + "<kai> hello\n\n", "line 4"),
    ],
)
def test_what_the_renderer_would_not_make_is_refused(text: str, cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        split_spans(text, "Em", LAYOUT)


def test_rendered_lines_are_read_as_they_were_written() -> None:
    said = [TranscriptLine("a`b", "x"), TranscriptLine("Em", "y y"), TranscriptLine("Em", "z", action=True)]
    text = render_document(LAYOUT.header("HIGH", "#x"), said)
    found = [text[s.start : s.end] for s in split_spans(text, "Em", LAYOUT)[1:]]
    assert found == ["<a`b>", " x\n", "<Em>", " y y\n", "* Em", " z\n"]
