"""The wheel holds the program and its world, and works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.cli.em import ROOT

PLAY = """
from simulator.cli import em, run
from simulator.world import load

code = run(em, ["simulate", "--model", "scripted"])
print(type(load.load(load.shipped())).__name__)
raise SystemExit(code)
"""


def test_the_wheel_plays_without_a_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        cwd=tmp_path / "dist",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "EM_CACHE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("KeptWorld\n"), "the wheel holds the content as it is after a check"
    assert "_content (shipped)" in done.stderr
