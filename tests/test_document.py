from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.document import Document, Header, TranscriptLine, parse_document, render_document
from tests.layout import LAYOUT

TEXT = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="<>"), min_size=1, max_size=40)
NICK = st.from_regex(r"[A-Za-z_\[\]^|][A-Za-z0-9_|-]{0,15}", fullmatch=True)
LINES = st.lists(st.builds(TranscriptLine, NICK, TEXT, st.booleans()), max_size=20)
HEADER = st.builds(
    LAYOUT.header, st.sampled_from(["LOW", "MEDIUM", "HIGH"]), st.sampled_from(["#general", "#culture-war"])
)


@given(HEADER, LINES)
def test_what_is_rendered_is_read_back(header: Header, lines: list[TranscriptLine]) -> None:
    assert parse_document(render_document(header, lines), LAYOUT) == Document(header, tuple(lines))


@pytest.mark.parametrize(
    ("text", "malformed"),
    [
        ("ENGAGEMENT: LOW\nCHANNEL: #general\n<a> hi\n\n<b> ho\n", [4]),
        ("ENGAGEMENT: LOW\nCHANNEL: #general\n<a>hi\n", [3]),
        ("ENGAGEMENT: LOW\nCHANNEL: #general\njust text\n<b>  \n", [3, 4]),
        ("<a> hi\n", []),
        ("ENGAGEMENT: low\nCHANNEL: #general\n<a> hi\n", [1, 2]),
    ],
)
def test_what_does_not_fit_is_named_by_its_line(text: str, malformed: list[int]) -> None:
    assert [bad.number for bad in parse_document(text, LAYOUT).malformed] == malformed


def test_an_action_is_no_message() -> None:
    document = parse_document("ENGAGEMENT: HIGH\nCHANNEL: #general\n<a> hi\n* b waves\n", LAYOUT)
    assert [line.nick for line in document.messages] == ["a"]
    assert document.lines[1] == TranscriptLine("b", "waves", action=True)
