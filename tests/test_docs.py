"""The documentation names files that exist and words that are used, and calls the brief by one name."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from simulator.cli import COMMANDS, em
from tests.cli.em import ROOT

PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "data/README.md", "tests/bench/README.md")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]
GLOSSARY = ROOT / "docs" / "glossary.md"
_PATH = re.compile(r"`((?:personas|scenarios|policies|simulator|tests|docs|requirements)/[\w./-]*)`")
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)\)")
_WORDS = re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY.read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    missing = [name for name in _PATH.findall(text) if "PATTERN" not in name and not (ROOT / name).exists()]
    missing += [name for name in _LINK.findall(text) if not (page.parent / name).exists()]
    assert not missing


def test_the_glossary_explains_few_words_and_each_is_used() -> None:
    text = "\n".join(page.read_text() for page in PAGES if page != GLOSSARY)
    assert 10 <= len(_WORDS) <= 15
    assert not [word for word in _WORDS if not re.search(rf"\b{word}", text, re.IGNORECASE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_was_asked_for_is_called_the_brief(page: Path) -> None:
    assert not re.findall(r"\bthe plan(?:'s|\b(?! (?:of|for|to)\b))", page.read_text(), re.IGNORECASE)
    assert not re.findall(r"\b(?:manners|hers)\b", page.read_text(), re.IGNORECASE)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_speaks_of_the_brief_and_of_the_lead_without_gender(name: str) -> None:
    command = em.get_command(click.Context(em), name)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=name, terminal_width=1000))
    assert not re.findall(r"\bthe plan\b|\b(?:she|her|hers|manners)\b", text, re.IGNORECASE)
