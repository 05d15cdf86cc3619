"""What is installed is what was locked, and the program talks to nobody whom the user did not name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.cli.em import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
REFUSED = {"litellm": ("1.82.7", "1.82.8")}
"""Releases that carried a thief of credentials: PYSEC-2026-2."""
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)

WATCH = """
import json, sys
asked = []

def hook(event, details):
    if event == "socket.connect":
        asked.append(["connect", repr(details[1])])
    elif event == "socket.getaddrinfo":
        asked.append(["name", repr(details[0])])

sys.addaudithook(hook)
"""
HERE = ("'127.0.0.1'", "('127.0.0.1',", "'localhost'", "'::1'", "('::1',")


def watched(code: str, folder: Path, **environment: str) -> list[list[str]]:
    """Every name looked up and every address connected to by a program of its own, in order."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code + "\nprint('\\n' + json.dumps(asked))"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_version_is_exact_and_has_its_digest(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text, "a lock names no registry"
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert blocks
    for block in blocks:
        assert PIN.match(block) and "--hash=sha256:" in block, block.splitlines()[0]


def test_no_version_that_is_known_to_be_bad() -> None:
    pinned = [(name.lower(), version) for lock in LOCKS for name, version in PIN.findall(lock.read_text())]
    assert "litellm" in dict(pinned)
    assert not [pin for pin in pinned if pin[1] in REFUSED.get(pin[0], ())]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {made.name: made.specifier for made in map(Requirement, project["dependencies"])}
    for name, versions in REFUSED.items():
        assert not any(Version(version) in wanted[name] for version in versions)


EVERY_MODULE = """
import importlib, pkgutil, simulator
names = [m.name for m in pkgutil.walk_packages(simulator.__path__, "simulator.") if not m.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
from simulator.llm.litellm_transport import library
library()
assert len(names) > 200
"""


def test_nothing_is_asked_of_the_network_by_an_import(tmp_path: Path) -> None:
    assert watched(EVERY_MODULE, tmp_path) == []


COMMANDS = """
from pathlib import Path
from simulator.cli import main

def em(*words):
    try:
        main(list(words))
    except SystemExit as end:
        assert end.code in (0, 1, None), (words, end.code)

em("generate", "--run", "r", "--sessions", "3", "--length", "short", "--model", "scripted")
em("simulate", "--model", "embedded", "--messages", "10")
for command in ("status", "stats", "show", "log", "report"):
    em(command, "r")
em("export", "r", "--out", "out", "--allow-scripted", "--format", "jsonl,txt,chatml,parquet")
em("check", *map(str, Path("out").glob("*.jsonl")))
em("plan", "--sessions", "5", "--model", "openai/gpt-4o-mini")
"""


@pytest.mark.model
def test_the_commands_reach_nobody_but_this_machine(tmp_path: Path) -> None:
    """No telemetry, no version check, no fetched price table: all addresses are the embedded server's."""
    asked = watched(COMMANDS, tmp_path)
    assert [where for _, where in asked if "127.0.0.1" in where], "the embedded server was reached"
    assert not [pair for pair in asked if not pair[1].startswith(HERE)]
