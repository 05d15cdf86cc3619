"""A command that goes on in the background, as `em join` and `em stage` do."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.irc.local_server import HOST
from tests.cli.em import EM


@contextmanager
def running(*arguments: str | Path, cwd: Path, wanted: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`em …` in the background, with `cwd` for temporary files too, and its line with the wanted words."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("EM_")} | {"TMPDIR": str(cwd)}
    command = subprocess.Popen(
        [EM, *map(str, arguments)], cwd=cwd, env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        line = next((line for line in command.stderr if wanted in line), "")
        assert line, "it ended before"
        yield command, line
    finally:
        command.kill()
        command.wait()
        command.stderr.close()


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((HOST, port)) == 0
