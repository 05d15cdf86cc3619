"""em world --watch"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import click

PACE = 0.5
"""Seconds between two looks at the files."""


def watch_world(world_dir: Path | None) -> None:
    """Prints the faults of the world, then each that comes or goes, until somebody presses Ctrl-C."""
    from simulator.tui.printing import say
    from simulator.world import load
    from simulator.world.watching import WorldWatch

    root = load.find(world_dir)
    watch, ended = WorldWatch(root), threading.Event()
    click.echo(f"watching {root}; Ctrl-C ends it", err=True)
    try:
        while True:
            if (change := watch.look()) is not None:
                for fault in change.mended:
                    say(f"mended: {fault.file}: {fault.cause}", "green")
                for fault in change.new:
                    say(str(fault), "red")
                faults = f"{change.left} fault{'' if change.left == 1 else 's'}"
                say(f"valid, {change.digest}" if change.digest else faults, "green" if change.digest else "")
                sys.stdout.flush()
            ended.wait(PACE)
    except KeyboardInterrupt:
        return
