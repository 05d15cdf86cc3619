"""em init: a world of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.world.world import World


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lead", metavar="NICK", help="Nick of the character to be trained.")
@click.option("--channels", metavar="'#A,#B,#C'",
              help="Names of the channels, in the order of their roles in policies/names.yaml.")  # fmt: skip
@click.option("--example", metavar="NAME", help="One of the example worlds: bridge, stammtisch.")
def init(folder: Path, lead: str | None, channels: str | None, example: str | None) -> None:
    """Copy the shipped world into FOLDER for editing; play it with --world FOLDER, or from inside the folder.

    With --lead and --channels, it speaks of another character and other channels: cards, scripts, quotas and the names
    of what an export writes. With fewer channels than roles, what needs the last ones is left out. FOLDER/README.md
    says what to write next.

    Editors that know YAML schemas then explain every field and mark mistakes (VS Code: with the YAML extension).
    """
    from simulator import files
    from simulator.world import forking, load
    from simulator.world.schemas import editor_files

    source = load.shipped()
    wanted = forking.Fork(lead, tuple(name.strip() for name in channels.split(",")) if channels else ())
    world = load.load(source)
    forking.check(wanted, world)
    over = _example(example) if example is not None else None
    if over is not None and wanted != forking.Fork():
        raise click.UsageError("--example is a world as it is: leave out --lead and --channels")
    editor = {folder / name: text for name, text in editor_files().items()}
    if taken := next((path for path in editor if os.path.lexists(path)), None):
        raise UsageError("is there already", place=str(taken), remedy=load.ANOTHER)
    parts = load.copy(folder, source, over)
    if over is not None:
        forking.borrow(world, folder)
    forking.apply(wanted, world, folder)
    for part in parts:
        click.echo(part)
    for path, text in editor.items():
        files.folder(path.parent)
        files.write(path, text.encode())
    click.echo(folder / "schemas")
    readme = folder / forking.README
    if not os.path.lexists(readme):
        files.write(readme, _next_steps(load.load(folder)).encode())
        click.echo(readme)


def _example(name: str) -> Path:
    from simulator.world import load

    known = load.examples()
    if name not in known:
        raise UsageError(f"no example `{name}`", place="--example", remedy=f"there are {', '.join(known)}")
    return known[name]


def _next_steps(world: World) -> str:
    """The README of a fresh world."""
    lead, names = world.lead, world.names
    channels = "\n".join(f"- `{{{role}}}` is {channel}" for role, channel in names.channels.items())
    return f"""# The world of {lead.nick}

Everything that is played, measured and trained here is in these folders: no Python has to be changed. `em world` says
what is wrong, with file and line, and `em simulate` plays one session; run both from inside this folder.

1. `personas/{lead.nick.lower()}.yaml`: who {lead.nick} is. Write `about`, `pronouns` and the example lines anew; they
   still are those of the world that this one was copied from.
2. `policies/names.yaml`: the header of documents, how files are called, the channels and their roles:

{channels}

   Scripts, probes and quotas speak of roles: `{{{next(iter(names.channels))}}}` in braces, never of names.
3. `policies/engagement.yaml`: the levels ({", ".join(world.engagement.levels)}) and the share of the messages that is
   the lead's at each. Rename them here, in `policies/quota.yaml`, and in scripts that name one under `levels`.
4. `personas/`: the people. Take cards away, change them, write others; nobody's `ties` may name somebody who is gone.
5. `scenarios/`: the situations, a folder for each pattern of `policies/quota.yaml`, and the topics that are talked
   about. `em world --coverage` shows which scripts serve which part of the quotas.
6. `policies/style.yaml` and `scenarios/probes/`: how lines may sound, and what a trained {lead.nick} is asked.

Then:

    em simulate --model scripted
    em generate --run first --sessions 20 --model scripted
    em export first --allow-scripted --out data/corpora/first
"""
