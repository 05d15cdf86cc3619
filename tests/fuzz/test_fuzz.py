"""Bytes that nobody meant well: whatever reads them ends in a value or in one of our errors.

Here every target gets a few hundred inputs, made by cutting and mixing ones that it understands. `tests/bench/fuzz.py`
looks further, guided by coverage; what it finds becomes a row of FOUND.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.errors import EmError
from simulator.logs.formats import registry
from tests.fuzz.targets import HELLO, TARGETS, run, seeds

TRIES = {"cards": 60, "logs": 150, "documents": 150, "answers": 150, "server": 120}
ODD = (
    b"\0", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\r", b"\n", b"\t", b" ", b":", b"<", b">", b"{", b"[", b'"', b"-",
    b"!", b"@", b"#", b"*", b"\x01", b"1e999", b"-1", b"99999999999999999999", b"null", b"~", b"\xe2\x80\xa8", b"NaN",
)  # fmt: skip
"""What parsers tend to fall over."""

DISCORD = bytes([1 + registry.NAMES.index("discord-json")])
FOUND: dict[str, tuple[str, bytes]] = {
    "asked for an account that nobody offered": ("server", b"\x3f" + HELLO + b"AUTHENTICATE +\r\n"),
    "a notice of the server to the channel": (
        "server",
        b"\x3f" + HELLO + b":irc.example.net NOTICE #general :hello\r\n",
    ),
    "the server itself joins": ("server", b"\x3f" + HELLO + b":irc.example.net JOIN #general\r\n"),
    "half a surrogate pair from a model": ("answers", b'{"choices": [{"text": "\\ud800"}]}'),
    "a choice that is none": ("answers", b'{"choices": [7]}'),
    "usage that is none": ("answers", b'{"choices": [{"text": "x"}], "usage": "much"}'),
    "tokens that are no number": ("answers", b'{"choices": [{"text": "x"}], "usage": {"prompt_tokens": "9"}}'),
    "probabilities beyond all measure": (
        "answers",
        b'{"choices": [{"text": "x", "logprobs": {"content": [{"top_logprobs": [{"token": "a", "logprob": 9999}]}]}}]}',
    ),
    "an answer nested too deeply": ("answers", b'{"choices": ' + b"[" * 200_000),
    "lists within lists until the parser's stack is full": ("cards", b"\0" + b"[" * 50_000),
    "dashes within dashes": ("cards", b"\0" + b"- " * 50_000),
    "keys within keys": ("cards", b"\0" + b"? " * 50_000),
    "mappings within mappings": ("cards", b"\0" + b"{a: " * 50_000),
    "a number that Python will not print": ("cards", b"\0nick: 0x" + b"9" * 50_000),
    "an export nested too deeply": ("logs", DISCORD + b'{"channel": {"name": "x"}, "messages": [' + b"[" * 200_000),
    "an export with a head nested too deeply": ("logs", DISCORD + b'{"channel":' + b"[" * 200_000 + b',"messages": ['),
    "an export whose channel is none": ("logs", DISCORD + b'{"channel": "x", "messages": []}'),
}
"""Name to target and input that it died of once."""


@st.composite
def mutated(draw: st.DrawFn, target: str) -> bytes:
    """An input that the target understands, with a few cuts, repeats and odd bytes; or parts of two of them."""
    known = seeds(target)
    data = bytearray(draw(st.sampled_from(known)))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        match draw(st.sampled_from(("put", "odd", "cut", "twice", "other", "long"))):
            case "put":
                data[start:end] = draw(st.binary(max_size=12))
            case "odd":
                data[start:end] = draw(st.sampled_from(ODD))
            case "cut":
                del data[start:end]
            case "twice":
                data[start:start] = data[start:end]
            case "other":
                other = draw(st.sampled_from(known))
                data[start:] = other[draw(st.integers(0, len(other))) :]
            case "long":
                data[start:end] = data[start:end] * draw(st.integers(1, 400))
    return bytes(data)


@pytest.mark.parametrize("target", TARGETS)
def test_mutated(target: str, tmp_path: Path) -> None:
    @settings(max_examples=TRIES[target], deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutated(target))
    def tried(data: bytes) -> None:
        run(target, data, tmp_path)

    tried()


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_understands_is_understood(target: str, tmp_path: Path) -> None:
    """Else the mutations would begin nowhere."""
    fine = 0
    for data in seeds(target):
        try:
            TARGETS[target](data, tmp_path)
            fine += 1
        except EmError:
            pass
    assert fine > len(seeds(target)) // 2


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, tmp_path: Path) -> None:
    target, data = FOUND[name]
    run(target, data, tmp_path)
