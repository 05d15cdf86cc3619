"""em new"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.world.policy import QuotaPolicy
    from simulator.world.stubs import Stub


@click.group()
def new() -> None:
    """Write a stub of a card, a script or a topic group into your own world: every field explained, blanks to fill in.

    The blanks are listed; `em world` names those that are left, and `em world --watch` checks while you write.
    """


@new.command()
@click.argument("nick")
@options.world_option
def persona(nick: str, world_dir: Path | None) -> None:
    """A card for a new person called NICK."""
    from simulator.world import stubs
    from simulator.world.strict import Nick

    _hold(Nick, nick, "a nick has letters, digits and []\\`_^{|}-, and begins with no digit")
    _write(world_dir, lambda root: stubs.persona(nick))


@new.command()
@click.argument("name", metavar="PATTERN/NAME")
@options.world_option
def script(name: str, world_dir: Path | None) -> None:
    """A script called NAME for a PATTERN of the quotas, such as boundaries/lost-keys."""
    from simulator.world import stubs
    from simulator.world.strict import Name

    pattern, _, name = name.rpartition("/")
    _hold(Name, name, "a script's name has lower case letters, digits and hyphens")

    def made(root: Path) -> Stub:
        quota, channels = _quota(root)
        if pattern not in quota.patterns:
            known = ", ".join(quota.patterns)
            raise click.UsageError(f"write PATTERN/NAME, with one of the patterns of policies/quota.yaml: {known}")
        return stubs.script(pattern, name, channels)

    _write(world_dir, made)


@new.command()
@click.argument("group")
@options.world_option
def topic(group: str, world_dir: Path | None) -> None:
    """A file for a new GROUP of topics."""
    from simulator.world import stubs
    from simulator.world.strict import Name

    _hold(Name, group, "a group's name has lower case letters, digits and hyphens")
    root = _write(world_dir, lambda root: stubs.topic(group))
    if group not in _quota(root)[0].topics:
        click.echo(f"then give `{group}` a share under `topics` in policies/quota.yaml")


def _hold(kind: Any, given: str, rule: str) -> None:
    from simulator.world.strict import fits

    if not fits(kind, given):
        raise click.UsageError(f"{given!r}: {rule}")


def _write(world_dir: Path | None, made: Callable[[Path], Stub]) -> Path:
    """Writes the stub into the world, says what is blank in it, and returns the world's folder."""
    from simulator import files
    from simulator.errors import UsageError
    from simulator.world import load

    root = load.find(world_dir)
    if root == load.shipped():
        remedy = "make a world of your own with `em init DIR`, and name it with --world DIR"
        raise UsageError("the shipped world is not for editing", place="em new", remedy=remedy)
    stub = made(root)
    path = root / stub.name
    files.folder(path.parent)
    if path.exists():
        raise UsageError("is there already", place=str(path), remedy="edit it, or choose another name")
    files.write(path, stub.text.encode(), option="name")
    click.echo(path)
    for blank in stub.blanks:
        click.echo(f"  line {blank.line:3}: {blank.field} is blank")
    return root


def _quota(root: Path) -> tuple[QuotaPolicy, list[str]]:
    """The world's quotas, and the channels as scripts name them: by their roles in braces."""
    from simulator.world import channel_roles, reading
    from simulator.world.policy import QuotaPolicy
    from simulator.world.world_files import read_text
    from simulator.world.yaml_file import parse, validate

    place = "policies/quota.yaml"
    data = parse(read_text(root / place, root), place)
    quota = validate(QuotaPolicy, channel_roles.filled(data, QuotaPolicy, reading.channels(root)), place)
    return quota, list(data["channels"])
