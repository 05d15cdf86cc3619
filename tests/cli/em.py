"""Runs the program as a user does: another process, its own folder, nothing of ours in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EM = Path(sys.executable).with_name("em")


def em(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """The finished process of `em …`, or of `python em_data_generator.py …` if that is the first argument."""
    first = str(arguments[0]) if arguments else ""
    program = [sys.executable, str(ROOT / first)] if first.endswith(".py") else [str(EM), first] if first else [str(EM)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("EM_") and "API_KEY" not in key}
    return subprocess.run(
        [*program, *map(str, arguments[1:])],
        cwd=cwd,
        env={**clean, "COLUMNS": "100", **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
