"""The documentation site: it builds without warnings, has every command and field, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from simulator.cli import COMMANDS, em
from simulator.world.reading import KINDS
from tests.cli.em import ROOT

COMMAND = re.compile(r"^(?:\$ )?(em [a-z].*?)(?: +#.*)?$", re.MULTILINE)
FENCE = re.compile(r"^```(?:console)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: a dead link is an error."""
    made = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(made)]
    done = subprocess.run(
        build, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_every_command_and_every_kind_of_file_is_described(site: Path) -> None:
    commands, fields = (site / "commands.html").read_text(), (site / "fields.html").read_text()
    assert not [name for name in COMMANDS if f">em {name}<" not in commands]
    kinds = {model.__name__: pattern for pattern, model in KINDS.items()}
    assert not [pattern for pattern in kinds.values() if pattern not in fields]
    assert "chattiness" in fields and "Messages relative to the average member" in fields


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 12
    loaded = re.compile(
        r"""<(?:script|img|iframe)[^>]+src="(https?:)?//|<link[^>]+rel="stylesheet"[^>]+href="(https?:)?//"""
    )
    assert not [page.name for page in pages if loaded.search(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_have_only_options_that_exist(page: Path) -> None:
    for block in FENCE.findall(page.read_text()):
        for line in COMMAND.findall(block):
            words = [word for word in shlex.split(line) if word != "…"]
            command: click.Command = em
            context = click.Context(em, info_name="em")
            rest = words[1:]
            while isinstance(command, click.Group) and rest:
                found = command.get_command(context, rest[0])
                assert found is not None, line
                command, rest = found, rest[1:]
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            given = [word.split("=")[0] for word in rest if word.startswith("--")]
            assert not [word for word in given if word not in known], line
