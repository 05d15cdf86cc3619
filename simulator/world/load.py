"""From a folder to a World: every YAML file and prompt template of it is in the digest, and checked once."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from simulator import files
from simulator.errors import StorageError, UsageError
from simulator.world import compiled
from simulator.world.channel_roles import filled_text
from simulator.world.world import World
from simulator.world.world_files import (
    FOLDER,
    NAMES,
    PARTS,
    SUFFIX,
    content_files,
    name_of,
    read_text,
    shipped_names,
    shipped_templates,
    templates,
)
from simulator.world.world_files import digest as digest_of
from simulator.world.world_files import shipped as shipped

EXAMPLES = "worlds"
"""Beside the parts of the shipped world."""
ANOTHER = "name an empty folder"
"""The remedy where a new world cannot be."""
_FIRST = ("engagement", "turns", "style", "quota", "judge", "realism")
_APART = ("topics", "probes")
STYLE = "policies/style.yaml"
_WITH_CHANNELS = ("policies/quota.yaml", "policies/gaps.yaml")
_NOT_PLAYED = (
    "scenarios/probes/*",
    "policies/bot.yaml",
    "policies/evaluation.yaml",
    "policies/fsdp.yaml",
    "policies/gaps.yaml",
    "policies/preferences.yaml",
    "policies/training*.yaml",
    "policies/prompts/evaluation_*",
)
"""Files that no run reads: they are for the bot, the evaluation, the training and `em gaps`."""


def find(given: Path | None) -> Path:
    """The world's folder: the one given, else the current folder if it holds one, else the shipped one."""
    if given is not None:
        if not (given / "personas").is_dir():
            raise UsageError("holds no world", place=str(given), remedy="make one with `em init DIR`")
        return given
    here = Path()
    return here if (here / "personas").is_dir() else shipped()


def load(root: Path) -> World:
    """The world in a folder, every file of it checked: now, or, if none has changed, by an earlier call.

    Raises WorldFaults with everything that is wrong.
    """
    key = compiled.key(root)
    if key is not None and (kept := compiled.find(root, key)) is not None:
        return kept
    from simulator.world.reading import read

    world, plain = read(root)
    compiled.keep(world, plain)
    return world


def legacy_digest(root: Path) -> str:
    """The digest as it was when probes and the policies of single commands were no part of it: 16 hex digits.

    Runs from then name their content by it. It goes over cards, topics, scripts and the policies of a session, in this
    order.
    """
    digest = hashlib.blake2b(digest_size=8)
    scripts = (path for path in content_files(root, "scenarios") if path.parent.name not in _APART)
    policies = (root / "policies" / f"{name}.yaml" for name in _FIRST)
    for path in (*content_files(root, "personas"), *content_files(root, "scenarios/topics"), *scripts, *policies):
        digest.update(f"{name_of(path, root)}\0{read_text(path, root)}\0".encode())
    return digest.hexdigest()


def yaml_digest(root: Path) -> str:
    """The digest as it was when prompts were no part of a world: 16 hex digits over its YAML files."""
    return _over(content_files(root, *PARTS), root)


def played_digest(root: Path) -> str:
    """16 hex digits over what sessions are played and judged from: all but the files that only other commands read."""
    paths = (*content_files(root, *PARTS), *templates(root))
    return _over((path for path in paths if _played(name_of(path, root))), root)


def _played(name: str) -> bool:
    return not any(fnmatchcase(name, pattern) for pattern in _NOT_PLAYED)


def _over(paths: Iterable[Path], root: Path) -> str:
    return digest_of({name_of(path, root): read_text(path, root) for path in paths})


def same_content(world: World, digest: str, played: str = "") -> bool:
    """Whether a run whose card has this digest was begun with the world's content, as far as the digest covers it.

    `played`: the card's `played_digest`; with it, what a run does not read may have changed. Empty: not on record.
    """
    if digest == world.digest or (played and played == played_digest(world.root)):
        return True
    if not _calls_things_as_shipped(world):
        return False
    former = (yaml_digest(world.root), legacy_digest(world.root))
    return digest in former or any(before in (digest, played) for before in nameless_digests(world))


def _calls_things_as_shipped(world: World) -> bool:
    """As all worlds did before they had names of their own."""
    path = world.root / NAMES
    return not path.exists() or read_text(path, world.root) == shipped_names()


def nameless_digests(world: World) -> tuple[str, str]:
    """The digests of all files, and of those that are played, as they were when channels stood in them by name."""
    paths = (*content_files(world.root, *PARTS), *templates(world.root))
    texts = {name_of(path, world.root): read_text(path, world.root) for path in paths}
    texts.pop(NAMES, None)
    for name, text in texts.items():
        if name == STYLE or fnmatchcase(name, "scenarios/*") or name in _WITH_CHANNELS:
            texts[name] = filled_text(text, world.names.channels, style=name == STYLE)
    whole = {f"{FOLDER}/{name}{SUFFIX}": text for name, text in shipped_templates().items()} | texts
    return digest_of(whole), digest_of({name: text for name, text in texts.items() if _played(name)})


def examples() -> dict[str, Path]:
    """The example worlds that come with the program, by name: each a folder with what differs from the shipped one."""
    folder = shipped() / EXAMPLES
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()} if folder.is_dir() else {}


def copy(target: Path, source: Path | None = None, over: Path | None = None) -> list[Path]:
    """Copies a world into `target` for editing and returns its folders, all of them or none.

    `over`: an example's folder. Its files take the place of those of the same name; people, scripts and topics are its
    own alone. Raises UsageError if one is there already, StorageError.
    """
    source = source or shipped()
    parts = [target / part for part in PARTS]
    for part in parts:
        if os.path.lexists(part):
            raise UsageError("is there already", place=str(part), remedy=ANOTHER)
    files.folder(target, ANOTHER)
    begun: list[Path] = []
    try:
        for part in parts:
            part.mkdir()
            begun.append(part)
            ignored = _own if over is not None else None
            shutil.copytree(source / part.name, part, dirs_exist_ok=True, ignore=ignored)
            if over is not None:
                shutil.copytree(over / part.name, part, dirs_exist_ok=True)
    except BaseException as error:
        for part in begun:
            shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError):
            raise StorageError(error.strerror or str(error), place=str(target), remedy=ANOTHER) from None
        raise
    return parts


def _own(folder: str, names: list[str]) -> set[str]:
    """What an example has of its own, so that nothing is copied: people, and scripts and topics but no probes."""
    match Path(folder).name:
        case "personas":
            return set(names)
        case "scenarios":
            return set(names) - {"probes"}
    return set()
