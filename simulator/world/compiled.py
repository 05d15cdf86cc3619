"""Content that was checked once is kept as plain data, so that the next command need not parse and check it again.

It is kept under a key that is made of every byte of the world's files and of the code that checks them: a file that was
changed, even in the same second, gives another key, and the whole world is read anew. What is kept is JSON, one part a
line; a command makes only those parts of it that it asks for. The wheel holds the shipped world in this form. Others
are kept in the user's cache folder (`EM_CACHE`; empty: nowhere), one file for each folder of a world.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from io import FileIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from simulator.caches import cache_folder
from simulator.errors import EmError
from simulator.world import literals
from simulator.world.strict import CHECKED, StrictModel
from simulator.world.world import World
from simulator.world.world_files import FOLDER, PARTS, SUFFIX, shipped, shipped_names, shipped_templates

if TYPE_CHECKING:
    from simulator.world.persona import Persona
    from simulator.world.reading import Plain

M = TypeVar("M", bound=StrictModel)

MAGIC = "emsim compiled content"
SHIPPED = "compiled.jsonl"
"""The name of the shipped world's in the wheel."""
_PAIRS = "(key, value)"
"""Stands for the keys of a mapping that has keys other than words."""


def key(root: Path) -> str | None:
    """64 hex digits of everything that decides what a world is; None: it has links in it, and is read the long way."""
    texts = {}
    for part in PARTS:
        if (root / part).is_symlink():
            return None
        for found in _inside(f"{root}/{part}", part):
            if found is None:
                return None
            name, place = found
            try:
                with FileIO(place) as file:
                    texts[name] = file.read()
            except OSError:
                return None
    return _key(texts)


def find(root: Path, key: str) -> World | None:
    """The world in a folder, if it is kept under this key."""
    here = [root / SHIPPED] if root == shipped() else []
    for path in (*here, _place(root)):
        if path is not None and (kept := _Kept.read(path, key)) is not None:
            return KeptWorld.of(root, kept)
    return None


def keep(world: World, plain: Plain) -> None:
    """Keeps a world that was read just now. Where that is impossible the next command takes longer, and that is all."""
    path = _place(world.root)
    if path is None:
        return
    if (old := _Kept.read(path)) is not None:
        literals.remember(old.data("literals"))
    elif not _ours(path):
        return
    if (data := compiled(world, plain)) is None:
        return
    from simulator import files

    try:
        files.folder(path.parent)
        files.write(path, data, _ours)
    except EmError:
        return


def _ours(path: Path) -> bool:
    """Whether nothing stands there but what this program keeps, perhaps another version of it."""
    try:
        with path.open("rb") as file:
            return file.read(200).startswith(f'{{"what": "{MAGIC}"'.encode())
    except FileNotFoundError:
        return True
    except OSError:
        return False


def compiled(world: World, plain: Plain) -> bytes | None:
    """A world as it is kept; None: it holds something that JSON does not."""
    texts = {f"{FOLDER}/{name}{SUFFIX}": text for name, text in plain.templates.items()}
    digest = _key({name: text.encode() for name, text in {**plain.texts, **texts}.items()})
    parts: dict[str, object] = {
        **{f"{part}:{name}": data for part, files in plain.data.items() for name, data in files.items()},
        "templates": {**shipped_templates(), **plain.templates},
        "probes digest": world.probes.digest,
        "literals": literals.packed(world.style.expressions()),
    }
    try:
        rows = {name: json.dumps(_packed(data), allow_nan=False) for name, data in parts.items()}
    except (TypeError, ValueError):
        return None
    if any(_unpacked(rows[name].encode()) != data for name, data in parts.items()):
        return None
    body = "".join(f"{name}\t{row}\n" for name, row in rows.items()).encode()
    lead = next(name for name, card in plain.data["personas"].items() if card["nick"] == world.lead.nick)
    head = {"what": MAGIC, "code": _code().hex(), "key": digest, "digest": world.digest, "lead": lead}
    head["body"] = _short(body)
    return json.dumps(head).encode() + b"\n" + body


@dataclass(frozen=True, slots=True)
class _Kept:
    """A kept world, of which no part has been made yet."""

    digest: str
    lead: str
    """The file of the lead's card."""
    rows: Mapping[str, bytes]
    """JSON by name."""

    @classmethod
    def read(cls, path: Path, key: str | None = None) -> _Kept | None:
        """None: there is none, or not one of this code and with this key, or it is not whole."""
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            about = json.loads(head)
            if about["what"] != MAGIC or about["code"] != _code().hex() or about["body"] != _short(body):
                return None
            if key is not None and about["key"] != key:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        rows = (row.partition(b"\t") for row in body.splitlines())
        return cls(about["digest"], about["lead"], {name.decode(): data for name, _, data in rows})

    def data(self, name: str) -> Any:
        """A part as plain data."""
        return _unpacked(self.rows[name])

    def cards(self, part: str, model: type[M]) -> Iterator[tuple[str, M]]:
        """(name of the file, card) of each file of a part, in the order in which they were read.

        `part`: a field of the World, or `field:file` for one of them.
        """
        for name in self.rows:
            if name == part or name.startswith(f"{part}:"):
                yield name.partition(":")[2], model.model_validate(self.data(name), context=CHECKED)


class KeptWorld(World):
    """A world that was checked before: a part of it is made when it is first asked for."""

    _kept: _Kept

    @classmethod
    def of(cls, root: Path, kept: _Kept) -> KeptWorld:
        """Without a check: `kept` has had it."""
        made = object.__new__(cls)
        made.__dict__.update({"root": root, "digest": kept.digest, "_kept": kept})
        return made

    @cached_property
    def lead(self) -> Persona:
        """The card with role: lead, without the others if they have not been asked for."""
        if "personas" in self.__dict__:
            return super().lead
        from simulator.world.persona import Persona

        return next(card for _, card in self._kept.cards(f"personas:{self._kept.lead}", Persona))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in {field.name for field in fields(World)}:
            raise AttributeError(name)
        value = _part(self._kept, name)
        if name == "personas" and "lead" in self.__dict__:
            value[self.lead.nick] = self.lead  # one person is one object
        self.__dict__[name] = value
        return value

    def __getstate__(self) -> dict[str, Any]:
        """Other machines have no such file: all parts travel."""
        return {field.name: getattr(self, field.name) for field in fields(World)}


def _part(kept: _Kept, name: str) -> Any:
    """One field of a World."""
    match name:
        case "personas":
            from simulator.world.persona import Persona

            return {card.nick: card for _, card in kept.cards(name, Persona)}
        case "scenarios":
            from simulator.world.scenario import Scenario

            return {card.name: card for _, card in kept.cards(name, Scenario)}
        case "topics":
            from simulator.world.scenario import TopicFile

            return {card.group: card.topics for _, card in kept.cards(name, TopicFile)}
        case "probes":
            from simulator.world.probe import MEASURES, ProbeFile, Suite

            files = {card.measure: card for _, card in kept.cards(name, ProbeFile)}
            return Suite(kept.data("probes digest"), {measure: files[measure] for measure in MEASURES})
        case "prompts":
            from simulator.world.prompt_templates import PromptTemplates

            return PromptTemplates(kept.data("templates"))
        case "other_trainings":
            from simulator.world.policies.training import Settings

            return {PurePath(file).stem: card for file, card in kept.cards(name, Settings)}
    if name == "style":
        literals.remember(kept.data("literals"))
    return next((card for _, card in kept.cards(name, _policy(name))), None)


def _policy(name: str) -> type[StrictModel]:
    """What a file of its own under `policies/` has to be."""
    match name:
        case "style":
            from simulator.world.style import StylePolicy

            return StylePolicy
        case "names":
            from simulator.world.policies.names import NamesPolicy

            return NamesPolicy
        case "engagement":
            from simulator.world.policy import EngagementPolicy

            return EngagementPolicy
        case "turns":
            from simulator.world.policy import TurnPolicy

            return TurnPolicy
        case "quota":
            from simulator.world.policy import QuotaPolicy

            return QuotaPolicy
        case "fsdp":
            from simulator.world.policies.training import FsdpConfig

            return FsdpConfig
    from simulator.world.reading import POLICIES

    return POLICIES[name]


def _inside(folder: str, name: str) -> Iterator[tuple[str, str] | None]:
    """(name below the world's folder, path) of each file; None for a link."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        below = f"{name}/{entry.name}"
        if entry.is_symlink():
            yield None
        elif entry.is_dir():
            yield from _inside(entry.path, below)
        elif _belongs(below):
            yield (below, entry.path) if entry.is_file() else None


def _belongs(name: str) -> bool:
    """Whether a file is a part of the world at all."""
    return name.endswith((".yaml", ".yml")) or (name.startswith(f"{FOLDER}/") and name.endswith(SUFFIX))


def _key(files: Mapping[str, bytes]) -> str:
    made = hashlib.blake2b(_code(), digest_size=32)
    for name, text in sorted({**shipped_templates(), "names": shipped_names()}.items()):
        made.update(f"{name}\0{text}\0".encode())
    for name, data in sorted(files.items()):
        made.update(f"{name}\0{len(data)}\0".encode() + data)
    return made.hexdigest()


@cache
def _code() -> bytes:
    """What checks the content, and makes it into parts."""
    made = hashlib.blake2b()
    folder = Path(__file__).parent
    for path in sorted((*folder.glob("*.py"), *folder.glob("policies/*.py"))):
        made.update(f"{path.name}\0".encode() + path.read_bytes())
    return made.digest()


def _packed(data: Any) -> Any:
    """The same for JSON, which knows no keys but words."""
    if isinstance(data, list):
        return [_packed(item) for item in data]
    if not isinstance(data, dict):
        return data
    if all(isinstance(name, str) for name in data):
        return {name: _packed(value) for name, value in data.items()}
    return {_PAIRS: [[name, _packed(value)] for name, value in data.items()]}


def _unpacked(row: bytes) -> Any:
    def paired(found: dict[str, Any]) -> Any:
        return dict(found[_PAIRS]) if found.keys() == {_PAIRS} else found

    return json.loads(row, object_hook=paired if _PAIRS.encode() in row else None)


def _short(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _place(root: Path) -> Path | None:
    """Where a world is kept; None: nowhere."""
    folder = cache_folder()
    return folder and folder / f"world-{_short(os.fsencode(root.resolve()))}.jsonl"
