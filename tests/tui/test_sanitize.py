"""Nothing that anybody typed is a command to a terminal, and nothing of it is lost in JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from simulator.tui import lines
from simulator.tui.sanitize import as_json, columns, sanitize
from tests.cli.hostile import ATTACKS, FORBIDDEN, TEXTS


@pytest.mark.parametrize("text", TEXTS)
def test_no_command_is_left(text: str) -> None:
    assert not FORBIDDEN.search(sanitize(text)) and "\n" not in sanitize(text)
    assert len(sanitize(text)) == len(text)
    assert json.loads(as_json({"text": text})) == {"text": text}
    assert not FORBIDDEN.search(as_json([text], indent=1))


@given(st.text())
def test_any_text(text: str) -> None:
    assert not FORBIDDEN.search(sanitize(text)) and "\n" not in sanitize(text)
    assert json.loads(as_json(text)) == text
    assert sum(map(cell_len, columns(text))) >= cell_len(columns(text))


def test_honest_text_is_left_alone() -> None:
    for text in ("hello [there] <b>", "naïve “quotes” – 日本 👍", "tab-free"):
        assert sanitize(text) == text


def test_a_console_prints_strings_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """The other commands print file names and evidence as strings: the same door holds for them."""
    lines.console().print(" ".join(ATTACKS.values()).replace("\n", " "))
    shown = capsys.readouterr().out
    assert not FORBIDDEN.search(shown)
    assert "[bold red]no[/]" in shown
