"""Runs a command in this process, for tests of what it says: a tenth of a second in place of a whole one."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess

from simulator import cli


def em(*arguments: str, cwd: Path) -> CompletedProcess[str]:
    """As `tests.cli.em.em` with the data folder below `cwd`, in a pipe."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run(cli.em, [*arguments, "--data", str(cwd / "data")])
    return CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
