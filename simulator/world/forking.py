"""Another lead, other channels: a world that was copied for editing, told to speak of them.

Everything is done on the files' text, so that comments and the order of fields stay. What is left to do is for people:
who the new lead is, and what is talked about there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.errors import UsageError
from simulator.world import reading
from simulator.world.persona import Persona
from simulator.world.strict import ChannelName, Nick, fits
from simulator.world.world import World
from simulator.world.world_files import NAMES, content_files
from simulator.world.yaml_text import scalar

README = "README.md"
"""What to do next, for people."""
_LIST = re.compile(r"^(\s*)(channels|topics): \[(.*)\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fork:
    """What is to be other than in the world that is copied."""

    lead: str | None = None
    """Nick of the lead; None: as it is."""
    channels: tuple[str, ...] = ()
    """Names for the roles of the world's channels, in their order, the first ones at least; empty: as they are."""


def check(fork: Fork, world: World) -> None:
    """Raises UsageError for what no fork of the world can be."""
    if fork.lead is not None:
        _valid(Nick, fork.lead, "--lead", "is no nick", "letters, digits and []\\`_^{|}-, no digit first")
        if fork.lead.lower() in {person.nick.lower() for person in world.people}:
            raise UsageError(f"`{fork.lead}` is somebody else of this world", place="--lead", remedy="choose another")
    for channel in fork.channels:
        _valid(ChannelName, channel, "--channels", "is no channel", "a channel is # and a word, such as '#chat'")
    roles = list(world.names.channels)
    if len(set(map(str.lower, fork.channels))) < len(fork.channels) or len(fork.channels) > len(roles):
        remedy = f"one to {len(roles)} names, each once, for: {', '.join(roles)}; more can be added in {NAMES}"
        raise UsageError(f"{len(fork.channels)} channels", place="--channels", remedy=remedy)


def apply(fork: Fork, world: World, folder: Path) -> None:
    """Makes the fork of a fresh copy of the world. Everything in `folder` was made in this very call."""
    if fork.channels:
        _rename_channels(fork.channels, world, folder)
    if fork.lead is not None and fork.lead != world.lead.nick:
        _rename_lead(fork.lead, world.lead, folder)


def _valid(kind: Any, value: str, place: str, cause: str, remedy: str) -> None:
    if not fits(kind, value):
        raise UsageError(f"`{value}` {cause}", place=place, remedy=remedy)


def _rename_lead(nick: str, old: Persona, folder: Path) -> None:
    """The card, and every other one that names the lead; what scripts say of the lead has no name in it."""
    written = scalar(nick)
    named = re.compile(rf"(?<![\w-]){re.escape(old.nick)}(?![\w-])")
    value = re.compile(rf"^(\s*(?:- )?(?:nick|to): ){re.escape(old.nick)}$", re.MULTILINE)
    for path in content_files(folder, "personas"):
        text = path.read_text(encoding="utf-8")
        changed = named.sub(lambda _: nick, value.sub(lambda found: f"{found[1]}{written}", text))
        if path.stem.lower() == old.nick.lower():
            path.unlink()
            path = path.with_name(f"{nick.lower()}.yaml")
        elif changed == text:
            continue
        path.write_text(changed, encoding="utf-8", newline="\n")
    base = re.sub(r"[^a-z0-9]+", "", nick.lower()) or "lead"
    _rewrite(folder / NAMES, r"^output: .*$", f"output: {base}_character")


def _rename_channels(channels: Sequence[str], world: World, folder: Path) -> None:
    """The names by their roles; what belongs to a role that nobody has any more goes."""
    roles = list(world.names.channels)
    rows = "".join(f"  {role}: {scalar(name)}\n" for role, name in zip(roles, channels, strict=False))
    _rewrite(folder / NAMES, r"^channels:\n(?:  .*\n)+", f"channels:\n{rows}")
    if gone := roles[len(channels) :]:
        _take_away(gone, world, folder)


def borrow(world: World, folder: Path) -> None:
    """Makes what the example in `folder` took over from `world` fit it: probes and stubs name no role that it lacks."""
    channels = reading.channels(folder)
    gone = [role for role in world.names.channels if role not in channels]
    first = next(iter(channels))
    for path in (*content_files(folder, "scenarios/probes"), folder / "policies/gaps.yaml"):
        _without(path, gone, (), first=first)


def _take_away(gone: Sequence[str], world: World, folder: Path) -> None:
    """Roles that no channel has any more, and the topic groups that were confined to them."""
    roles, confined = list(world.names.channels), world.quota.confined
    left = {world.names.channels[role] for role in gone}
    groups = [group for group, channel in confined.items() if channel in left]
    for path in content_files(folder, "scenarios"):
        _without(path, gone, groups, first=roles[0])
    _without(folder / "policies/gaps.yaml", gone, groups, first=roles[0])
    for group in groups:
        (folder / f"scenarios/topics/{group}.yaml").unlink()
    for path in content_files(folder, "personas"):
        for group in groups:
            _rewrite(path, rf"(, )?\b{group}: [\d.]+(?(1)|(?:, )?)", "")
        _rewrite(path, r"^interests: \{\}\n", "")
    _quota(folder / "policies/quota.yaml", world, gone, groups)


def _without(path: Path, gone: Sequence[str], groups: Sequence[str], *, first: str) -> None:
    """A file without some roles and topic groups; a script that lives by one of them goes whole."""
    if path.parent.name == "topics":
        return
    text = path.read_text(encoding="utf-8")
    alone = path.parent.name not in ("probes", "policies")
    dropped = [f'"{{{role}}}"' for role in gone], list(groups)
    empty = False

    def shorter(found: re.Match[str]) -> str:
        nonlocal empty
        items = [item.strip() for item in found[3].split(",")]
        kept = [item for item in items if item not in dropped[found[2] == "topics"]]
        empty = empty or not kept
        return f"{found[1]}{found[2]}: [{', '.join(kept or [scalar(f'{{{first}}}')])}]"

    changed = _LIST.sub(shorter, text)
    if alone and (empty or any(f"{{{role}}}" in changed for role in gone)):
        path.unlink()
    elif changed != text:
        path.write_text(changed, encoding="utf-8", newline="\n")


def _quota(path: Path, world: World, gone: Sequence[str], groups: Sequence[str]) -> None:
    """The shares of what is gone go to the first channel and the first topic group."""
    quota, names = world.quota, world.names.channels
    roles = [role for role in names if role not in gone]
    shares = {role: quota.channels[names[role]] for role in roles}
    shares[roles[0]] = round(1 - sum(shares[role] for role in roles[1:]), 4)
    topics = {group: share for group, share in quota.topics.items() if group not in groups}
    first = next(iter(topics))
    topics[first] = round(1 - sum(share for group, share in topics.items() if group != first), 4)
    kept = {group: channel for group, channel in quota.confined.items() if group not in groups}
    by_name = {name: role for role, name in names.items()}
    rows = ", ".join(f'"{{{role}}}": {share:g}' for role, share in shares.items())
    _rewrite(path, r"^channels: \{.*\}$", f"channels: {{{rows}}}")
    _rewrite(
        path, r"^topics:\n(?:  .*\n)+", "topics:\n" + "".join(f"  {g}: {share:g}\n" for g, share in topics.items())
    )
    confined = ", ".join(f'{group}: "{{{by_name[channel]}}}"' for group, channel in kept.items())
    _rewrite(path, r"^confined: \{.*\}\n", f"confined: {{{confined}}}\n" if kept else "")
    if any(f'"{{{role}}}"' in path.read_text(encoding="utf-8") for role in gone):
        _rewrite(path, r"^lean: \{.*\}\n", "")


def _rewrite(path: Path, pattern: str, by: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, lambda _: by, text, flags=re.MULTILINE)
    if changed != text:
        path.write_text(changed, encoding="utf-8", newline="\n")
