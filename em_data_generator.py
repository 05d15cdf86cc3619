#!/usr/bin/env python3
"""The plan's own command line: `--test --single`, `--batch N`, `--full`, `--resume`, `--status`."""

import os
import sys
from pathlib import Path


def main() -> None:
    try:
        from simulator.cli import run
        from simulator.cli.door import door
    except ModuleNotFoundError as missing:
        # Called with the system's Python: the environment beside this file has what is needed.
        own = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
        if not own.is_file() or Path(sys.executable) == own:
            sys.exit(f"em_data_generator.py: {missing.name} is not installed; run `make install` here first")
        os.execv(own, [str(own), __file__, *sys.argv[1:]])
    sys.exit(run(door))


if __name__ == "__main__":
    main()
