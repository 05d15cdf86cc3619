from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.document import TranscriptLine, render_document
from simulator.errors import UsageError
from simulator.train.encoding import Encoded, Encoder, TokenClass, split_spans
from tests.layout import LAYOUT
from tests.train import documents
from tests.train.tokenizers import BOS, EOS, GOOD, tokenizer

KINDS = pytest.mark.parametrize("kind", GOOD)


def pieces(encoder: Encoder, encoded: Encoded) -> list[tuple[str, TokenClass]]:
    """Text and class of each run of tokens of one class, line by line; without BOS and EOS."""
    special = encoder.tokenizer.all_special_ids
    pairs = [pair for pair in zip(encoded.ids, encoded.classes, strict=True) if pair[0] not in special]
    runs = [(kind, [token for token, _ in run]) for kind, run in groupby(pairs, lambda pair: pair[1])]
    return [(encoder.tokenizer.decode(ids, clean_up_tokenization_spaces=False), kind) for kind, ids in runs]


@KINDS
def test_tokens_of_a_class_are_its_characters_and_no_others(kind: str) -> None:
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    for text in documents.corpus():
        encoded = encoder.encode(text)
        assert pieces(encoder, encoded) == [(text[s.start : s.end], s.kind) for s in split_spans(text, "Em", LAYOUT)]
        assert len(encoded.ids) == len(encoded.classes) == len(encoded)


@KINDS
@settings(max_examples=40, deadline=None, database=None)
@given(
    st.lists(
        st.builds(
            TranscriptLine,
            st.sampled_from(("Em", "Emma", "Em_", "e", "[x]")),
            st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1).filter(
                lambda text: not text[0].isspace()
            ),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_comes_back(kind: str, lines: list[TranscriptLine]) -> None:
    text = render_document(LAYOUT.header("HIGH", "#general"), lines)
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    assert "".join(piece for piece, _ in pieces(encoder, encoder.encode(text))) == text


@KINDS
def test_the_frame_is_the_headers(kind: str) -> None:
    words = tokenizer(kind)
    encoded = Encoder(words, "Em", LAYOUT).encode(documents.short())
    begin = words.convert_tokens_to_ids(BOS)
    assert encoded.ids[-1] == words.convert_tokens_to_ids(EOS)
    assert encoded.ids.count(encoded.ids[-1]) == 1
    assert [place for place, token in enumerate(encoded.ids) if token == begin] == ([0] if kind == "tekken" else [])
    assert encoded.classes[0] == encoded.classes[-1] == TokenClass.HEADER


@KINDS
def test_lines_begin_where_somebody_had_to_be_next(kind: str) -> None:
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    for text in documents.corpus()[:10]:
        encoded = encoder.encode(text)
        rest = encoder.tokenizer.decode
        starts = [rest(encoded.ids[place:-1], clean_up_tokenization_spaces=False) for place in encoded.lines]
        rows = text.split("\n")[2:-1]
        assert starts == ["\n".join(rows[place:]) + "\n" for place in range(len(rows))]


@KINDS
def test_a_nick_is_spelled_as_in_documents(kind: str) -> None:
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    encoded = encoder.encode(documents.short(lines=4))
    for place, nick in zip(encoded.lines, ("Emma", "Em", "Em_", "kai"), strict=True):
        spelled = encoder.speaker(nick)
        assert encoded.ids[place : place + len(spelled)] == spelled
        assert encoded.classes[place + len(spelled)] is not TokenClass.SPEAKER


def test_a_running_text_has_the_same_tokens_where_the_tokenizer_cuts_there() -> None:
    """What a server sees is what was trained on; tekken's way to merge `.` and a newline crosses no boundary."""
    for kind in GOOD:
        encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
        for text in documents.corpus():
            whole = tokenizer(kind)(text, split_special_tokens=True).input_ids
            assert list(encoder.encode(text).ids[:-1]) == whole


def test_tekken_merges_a_newline_into_what_it_ends() -> None:
    """Without this the test above would show nothing."""
    words = tokenizer("tekken")
    assert any(token != "\n" and token.endswith("\n") for token in map(words.decode, range(len(words))))


@pytest.mark.parametrize("kind", ["lower", "words", "spaces", "endless"])
def test_a_tokenizer_that_cannot_spell_is_refused_at_once(kind: str) -> None:
    with pytest.raises(UsageError, match=r"^(?!.*\n).*tokenizer"):
        Encoder(tokenizer(kind), "Em", LAYOUT)
