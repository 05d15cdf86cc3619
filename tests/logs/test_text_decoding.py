"""One broken letter costs one letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.logs.text_decoding import BROKEN, decode_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("né 日本 🦊".encode(), "né 日本 🦊"),
        (b"caf\xe9 \x93quoted\x94", "café “quoted”"),
        ("né ".encode() + b"caf\xe9" + " 日本".encode(), "né café 日本"),
        ("né ".encode() + "🦊".encode()[:3] + b" 20 \xe2\x82\xac", "né \ufffd 20 €"),
        ("né ".encode() + "🦊".encode()[1:], "né \ufffd\ufffd\ufffd"),
        (b"na\xc3\xafve and \xc3 then", "naïve and \ufffd then"),
        ("🦊".encode()[:3] + b" hi", "\ufffd hi"),
        (b"\xff\xfe\x81", "ÿþ\x81"),
        (b"", ""),
    ],
)
def test_what_is_well_formed_stays(raw: bytes, text: str) -> None:
    assert decode_text(raw) == text


@given(st.text(max_size=80), st.integers(0, 400))
def test_a_cut_line_loses_at_most_its_last_letter(text: str, at: int) -> None:
    text = text.encode(errors="ignore").decode()
    got = decode_text(text.encode()[:at], cut=True)
    assert text.startswith(got) and len(text.encode()[:at]) - len(got.encode()) < 4


@given(st.binary(max_size=120))
def test_any_bytes_are_some_text_and_ascii_is_itself(raw: bytes) -> None:
    got = decode_text(raw)
    assert bytes(byte for byte in raw if byte < 128).decode() == "".join(c for c in got if ord(c) < 128)
    assert BROKEN not in got or not raw.isascii()
