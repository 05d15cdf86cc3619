#!/usr/bin/env python3
"""The plan's own command line: `--test --single`, `--batch N`, `--full`, `--resume`, `--status`."""

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def main() -> None:
    try:
        version("emsim")
    except PackageNotFoundError:
        # Called with the system's Python: the environment beside this file has what is needed.
        own = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
        if not own.is_file():
            sys.exit("em_data_generator.py: emsim is not installed here; run `make install` first")
        os.execv(own, [str(own), __file__, *sys.argv[1:]])
    from simulator.cli import run
    from simulator.cli.seed_commands import seed_commands

    sys.exit(run(seed_commands))


if __name__ == "__main__":
    main()
