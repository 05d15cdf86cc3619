"""From a folder to a World."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from simulator.errors import ContentError, UsageError
from simulator.world.files import parse, read_text, validate
from simulator.world.judge import JudgePolicy
from simulator.world.persona import Persona
from simulator.world.policy import EngagementPolicy, QuotaPolicy, TurnPolicy
from simulator.world.reference import Reference
from simulator.world.scenario import Scenario
from simulator.world.style import StylePolicy
from simulator.world.topic import TopicFile
from simulator.world.world import World

PARTS = ("personas", "scenarios", "policies")
POLICIES = {
    "engagement": EngagementPolicy,
    "turns": TurnPolicy,
    "style": StylePolicy,
    "quota": QuotaPolicy,
    "judge": JudgePolicy,
    "realism": Reference,
}
APART = ("topics", "probes")
"""Folders under `scenarios/` that hold no scripts."""


def shipped() -> Path:
    """The world that comes with the program: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_content"
    return inside if inside.is_dir() else package.parent


def find(given: Path | None) -> Path:
    """The world's folder: the one given, else the current folder if it holds one, else the shipped one."""
    if given is not None:
        if not (given / "personas").is_dir():
            raise UsageError("holds no world", place=str(given), remedy="make one with `em init DIR`")
        return given
    here = Path()
    return here if (here / "personas").is_dir() else shipped()


def load(root: Path) -> World:
    """Reads and checks everything. Raises ContentError with the first fault, as `file: field: cause (got value)`."""
    digest = hashlib.blake2b(digest_size=8)
    personas: dict[str, Persona] = {}
    for path in _yaml(root, "personas"):
        persona = validate(Persona, _data(path, root, digest), _name(path, root))
        if path.stem.lower() != persona.nick.lower():
            raise ContentError(
                f"nick: `{persona.nick}` is not the file's name", place=_name(path, root), remedy="rename one of them"
            )
        personas[persona.nick] = persona
    topics = {}
    for path in _yaml(root, "scenarios/topics"):
        file = validate(TopicFile, _data(path, root, digest), _name(path, root))
        if path.stem != file.group:
            raise ContentError(
                f"group: `{file.group}` is not the file's name", place=_name(path, root), remedy="rename one of them"
            )
        topics[file.group] = file.topics
    scenarios: dict[str, Scenario] = {}
    for path in _yaml(root, "scenarios"):
        if path.parent.name in APART:
            continue
        data = _data(path, root, digest)
        scenario = validate(
            Scenario, {"name": path.stem, **data} if isinstance(data, dict) else data, _name(path, root)
        )
        if scenario.name != path.stem or scenario.name in scenarios or path.parent.name != scenario.pattern:
            raise ContentError(
                f"`{scenario.name}` ({scenario.pattern}) does not stand where its name says, or twice",
                place=_name(path, root),
                remedy="scripts are scenarios/PATTERN/NAME.yaml, and no name occurs twice",
            )
        scenarios[scenario.name] = scenario
    policies = {}
    for name, model in POLICIES.items():
        path = root / "policies" / f"{name}.yaml"
        policies[name] = validate(model, _data(path, root, digest), _name(path, root))
    return World(root, digest.hexdigest(), personas, scenarios, topics, **policies)


def schemas() -> dict[str, object]:
    """JSON schema by the files that it describes, for editors."""
    shapes = {"personas/*.yaml": Persona, "scenarios/topics/*.yaml": TopicFile, "scenarios/*/*.yaml": Scenario}
    shapes |= {f"policies/{name}.yaml": model for name, model in POLICIES.items()}
    return {files: model.model_json_schema() for files, model in shapes.items()}


def copy(target: Path, source: Path | None = None) -> list[Path]:
    """Copies a world into `target` for editing and returns its folders. Raises UsageError if one is there already."""
    source = source or shipped()
    made = []
    for part in PARTS:
        if (target / part).exists():
            raise UsageError("is there already", place=str(target / part), remedy="name an empty folder")
    for part in PARTS:
        shutil.copytree(source / part, target / part)
        made.append(target / part)
    return made


def _yaml(root: Path, folder: str) -> Iterator[Path]:
    found = sorted(p for p in (root / folder).rglob("*") if p.suffix in (".yaml", ".yml"))
    if not found:
        raise ContentError("no YAML file there", place=folder, remedy="make a world with `em init DIR`")
    yield from found


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _data(path: Path, root: Path, digest: hashlib.blake2b) -> object:
    text = read_text(path, root)
    digest.update(f"{_name(path, root)}\0{text}\0".encode())
    return parse(text, _name(path, root))
