"""What may stand in a line of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import UsageError
from simulator.irc import message_splitter
from simulator.irc.irc_address import place

BEFORE = ":nick!~emsim@host PRIVMSG #general :"


@given(st.text(max_size=700))
def test_every_text_becomes_one_harmless_line(text: str) -> None:
    line = message_splitter.harmless(text)
    assert not [c for c in line if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000]
    assert len(line.splitlines()) <= 1 and line == line.strip() == message_splitter.harmless(line)
    line.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]) | st.just(" "), max_size=1500))
def test_pieces_fit_and_lose_nothing(text: str) -> None:
    text = message_splitter.harmless(text)
    found = message_splitter.pieces(text, BEFORE, "\x01")
    assert all(
        len(f"{BEFORE}{piece}\x01\r\n".encode()) <= message_splitter.LINE and piece == piece.strip() for piece in found
    )
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("letter", "count"), [("x", 2), ("é", 3), ("日", 4), ("🦊", 5)])
def test_a_long_word_is_cut_between_letters(letter: str, count: int) -> None:
    found = message_splitter.pieces(letter * 500, BEFORE)
    assert len(found) == count and "".join(found) == letter * 500


def test_words_stay_whole() -> None:
    words = [f"word{number}" for number in range(300)]
    assert " ".join(message_splitter.pieces(" ".join(words), BEFORE)).split() == words


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("ircs://irc.example.net/#general", "ircs://irc.example.net:6697/#general"),
        ("ircs://irc.example.net:7000/%23general", "ircs://irc.example.net:7000/#general"),
        ("irc://127.0.0.1:6667/#x-y", "irc://127.0.0.1:6667/#x-y"),
        ("irc://[::1]/#x", "irc://::1:6667/#x"),
        ("irc://irc.example.net/#general", "unencrypted"),
        ("irc://127.0.0.1.example.net/#general", "unencrypted"),
        ("ircs://me:secret@irc.example.net/#general", "password in the address"),
        ("ircs://irc.example.net/", "is no channel"),
        ("ircs://irc.example.net/#a,#b", "is no channel"),
        ("ircs://irc.example.net/#a b", "is no channel"),
        ("ircs://irc.example.net/#a%0d%0aQUIT", "is no channel"),
        ("ircs://irc.example.net:99999/#a", "not an address"),
        ("https://irc.example.net/#general", "not the address of an IRC server"),
    ],
)
def test_addresses(address: str, wanted: str) -> None:
    if "://" in wanted:
        assert str(place(address)) == wanted
    else:
        with pytest.raises(UsageError, match=wanted) as found:
            place(address)
        assert "secret" not in str(found.value)
