"""Lines of the protocol: read, and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import UsageError
from simulator.irc import irc_message
from simulator.irc.irc_address import parse_address

BEFORE = ":nick!~emsim@host PRIVMSG #general :"


@pytest.mark.parametrize(
    ("line", "command", "params", "source", "tags"),
    [
        ("PING :x y", "PING", ("x y",), "", {}),
        ("PING x", "PING", ("x",), "", {}),
        ("AUTHENTICATE +", "AUTHENTICATE", ("+",), "", {}),
        (":server AUTHENTICATE :+", "AUTHENTICATE", ("+",), "server", {}),
        ("@time=2026;a :s 376 own :end", "376", ("own", "end"), "s", {"time": "2026", "a": ""}),
        ("@a=1\\:\\s\\\\\\r\\nx\\;b=;=c PING :", "PING", ("",), "", {"a": "1; \\\r\nx", "b": ""}),
        ("@x  :ann!a@h  privmsg  #tea   ::)", "PRIVMSG", ("#tea", ":)"), "ann!a@h", {"x": ""}),
        (":ann!a@h JOIN #tea ", "JOIN", ("#tea",), "ann!a@h", {}),
    ],
)
def test_a_line_is_read(line: str, command: str, params: tuple[str, ...], source: str, tags: dict[str, str]) -> None:
    assert irc_message.parse_message(line) == irc_message.IrcMessage(command, params, source, tags)


@pytest.mark.parametrize("line", ["", " ", ":", "@", ":x", "@x", "@x :y", "é", "12 x", "1234", "PRIV-MSG x", ":a :b"])
def test_what_is_no_line(line: str) -> None:
    assert irc_message.parse_message(line) is None


@given(st.binary(max_size=600))
def test_any_bytes_are_a_line_or_none(raw: bytes) -> None:
    found = irc_message.read_message(raw)
    assert found is None or (found.command == found.command.upper() and "\r\n" not in found.command)


def test_a_line_that_a_server_cut_within_a_letter_loses_that_letter() -> None:
    whole = ":ann!a@h PRIVMSG #tea :" + "né à l'été 🦊 " * 60
    raw = whole.encode()
    for end in range(505, 511):
        (_, text) = irc_message.read_message(raw[:end] + b"\r\n").params
        assert whole.endswith(text[-8:]) or (text in whole and len(text.encode()) > 480)
        assert "\ufffd" not in text


@given(st.text(max_size=700))
def test_every_text_becomes_one_harmless_line(text: str) -> None:
    line = irc_message.harmless(text)
    assert not [c for c in line if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000]
    assert len(line.splitlines()) <= 1 and line == line.strip() == irc_message.harmless(line)
    line.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]) | st.just(" "), max_size=1500))
def test_pieces_fit_and_lose_nothing(text: str) -> None:
    text = irc_message.harmless(text)
    found = irc_message.split_text(text, BEFORE, "\x01")
    assert all(
        len(f"{BEFORE}{piece}\x01\r\n".encode()) <= irc_message.LINE and piece == piece.strip() for piece in found
    )
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("letter", "count"), [("x", 2), ("é", 3), ("日", 4), ("🦊", 5)])
def test_a_long_word_is_cut_between_letters(letter: str, count: int) -> None:
    found = irc_message.split_text(letter * 500, BEFORE)
    assert len(found) == count and "".join(found) == letter * 500


def test_words_stay_whole() -> None:
    words = [f"word{number}" for number in range(300)]
    assert " ".join(irc_message.split_text(" ".join(words), BEFORE)).split() == words


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
        ("ircs://irc.example.net/", "is not a channel name"),
        ("ircs://irc.example.net/#a,#b", "is not a channel name"),
        ("ircs://irc.example.net/#a b", "is not a channel name"),
        ("ircs://irc.example.net/#a%0d%0aQUIT", "is not a channel name"),
        ("ircs://irc.example.net:99999/#a", "not an address"),
        ("https://irc.example.net/#general", "not the address of an IRC server"),
    ],
)
def test_addresses(address: str, wanted: str) -> None:
    if "://" in wanted:
        assert str(parse_address(address)) == wanted
    else:
        with pytest.raises(UsageError, match=wanted) as found:
            parse_address(address)
        assert "secret" not in str(found.value)
