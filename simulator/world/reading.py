"""Every file of a world, read and checked one by one and all together: the long way, which finds everything wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from simulator.errors import ContentError
from simulator.world import channel_roles, crosscheck
from simulator.world.persona import Persona
from simulator.world.policies.bot import BotPolicy
from simulator.world.policies.evaluation import EvaluationPolicy
from simulator.world.policies.gaps import GapPolicy
from simulator.world.policies.guard import GuardPolicy
from simulator.world.policies.judge import JudgePolicy
from simulator.world.policies.names import NamesPolicy
from simulator.world.policies.preferences import PreferencePolicy
from simulator.world.policies.training import FsdpConfig, Settings
from simulator.world.policy import EngagementPolicy, QuotaPolicy, TurnPolicy
from simulator.world.probe import MEASURES, ProbeFile, Suite
from simulator.world.prompt_templates import PromptTemplates, check_template
from simulator.world.realism_reference import Reference
from simulator.world.scenario import Scenario, TopicFile
from simulator.world.strict import StrictModel, WordedModel
from simulator.world.style import StylePolicy
from simulator.world.world import World
from simulator.world.world_files import (
    FOLDER,
    NAMES,
    PARTS,
    SUFFIX,
    content_files,
    digest,
    name_of,
    read_text,
    shipped_names,
    shipped_templates,
    templates,
)
from simulator.world.yaml_file import Fault, WorldFaults, causes, lines, parse

POLICIES: dict[str, type[StrictModel]] = {
    "names": NamesPolicy,
    "engagement": EngagementPolicy,
    "turns": TurnPolicy,
    "style": StylePolicy,
    "quota": QuotaPolicy,
    "judge": JudgePolicy,
    "guard": GuardPolicy,
    "preferences": PreferencePolicy,
    "realism": Reference,
    "evaluation": EvaluationPolicy,
    "gaps": GapPolicy,
    "bot": BotPolicy,
    "training": Settings,
}
"""Files that have to be there, by the field of the World that they become."""
KINDS: dict[str, type[StrictModel]] = {
    "personas/*.yaml": Persona,
    "scenarios/topics/*.yaml": TopicFile,
    **{f"scenarios/probes/{measure}.yaml": ProbeFile for measure in MEASURES},
    "scenarios/*/*.yaml": Scenario,
    **{f"policies/{name}.yaml": model for name, model in POLICIES.items()},
    "policies/training-*.yaml": Settings,
    "policies/fsdp.yaml": FsdpConfig,
}
"""What each file of a world has to be; the first name that fits counts, and a file that none fits is a fault."""
REMEDY = "see `em world --schema`"


def kind_of(name: str) -> str | None:
    """The first pattern of KINDS that fits a file, by its name below the world's folder; None: none does."""
    name = PurePath(name).with_suffix(".yaml").as_posix()
    return next((pattern for pattern in KINDS if fnmatchcase(name, pattern)), None)


def read(root: Path) -> tuple[World, Plain]:
    """The world in a folder, and its files as plain data. Raises WorldFaults with everything that is wrong."""
    content = _Content(root)
    content.read_names()
    for path in content_files(root, *PARTS):
        if name_of(path, root) != content.names:
            content.read(path)
    for path in templates(root):
        content.read_template(path)
    content.miss()
    parts = content.parts()
    # What else does not fit together, the World itself finds; only files know of their languages.
    faults = [*content.faults, *crosscheck.faults(parts)] if content.faults else list(crosscheck.language(parts))
    try:
        if not faults:
            return content.world(parts), content.plain()
    except WorldFaults as error:
        faults += error.faults
    raise WorldFaults(_located(faults, content.texts))


def channels(root: Path) -> Mapping[str, str]:
    """Role to name in the world of a folder; those of the shipped world where it does not say."""
    content = _Content(root)
    content.read_names()
    return content.channels


@dataclass(frozen=True, slots=True)
class Plain:
    """The files of a world, before anything was made of them; by their names below its folder."""

    texts: Mapping[str, str]
    """YAML files as they are written."""
    data: Mapping[str, Mapping[str, Any]]
    """The same as lists, mappings, words and numbers, by the part of the World that they belong to."""
    templates: Mapping[str, str]
    """The world's own, by the template's name."""


@dataclass(slots=True)
class _Content:
    """The files of a world as they are read, and what is wrong with them."""

    root: Path
    texts: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    cards: dict[str, StrictModel] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    templates: dict[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    """Role to name."""
    names: str = ""
    """The file that says so; empty: the world has none."""

    def read_names(self) -> None:
        """What the other files need to be read."""
        shipped = parse(shipped_names(), NAMES)
        found = (path for path in content_files(self.root, "policies") if kind_of(name_of(path, self.root)) == NAMES)
        if path := next(found, None):
            self.names = name_of(path, self.root)
            self.read(path)
        else:
            self.data[NAMES], self.cards[NAMES] = shipped, NamesPolicy.model_validate(shipped)
        # With a file that could not be read the others are, as if it were the shipped one: all faults are told at once.
        names = self.cards.get(self.names or NAMES)
        self.channels = names.channels if isinstance(names, NamesPolicy) else shipped["channels"]

    def read(self, path: Path) -> None:
        """One file, by itself and by its name."""
        name = name_of(path, self.root)
        kind = kind_of(name)
        if kind is None:
            self.faults.append(Fault(name, "no file of a world has this name", "see `em world --schema`, or move it"))
            return
        model = KINDS[kind]
        try:
            self.texts[name] = read_text(path, self.root)
            data = parse(self.texts[name], name)
            if model is Scenario and isinstance(data, dict):
                data = {"name": path.stem, **data}
            data = channel_roles.filled(data, model, self.channels)
            if model in channel_roles.SPEAKING and (roles := list(channel_roles.unknown(data))):
                self.faults += [self._no_channel(name, at, role) for at, role in roles]
                self.unread.add(name)
                return
            self.data[name] = data
            self.cards[name] = model.model_validate(data)
        except ContentError as error:
            line = error.place.removeprefix(name).removeprefix(":")
            self.faults.append(Fault(name, error.cause, error.remedy, line=int(line) if line else None))
            self.unread.add(name)
        except ValidationError as error:
            self.faults += [Fault(name, cause, REMEDY, at) for at, cause in causes(error, model)]
            self.unread.add(name)

    def _no_channel(self, name: str, at: tuple[str | int, ...], role: str) -> Fault:
        known = ", ".join(self.channels)
        return Fault(name, f"no channel has the role `{role}`", f"{NAMES} gives these roles: {known}", at)

    def read_template(self, path: Path) -> None:
        """One prompt template. The shipped ones are held right by a test: only others cost the start of Jinja."""
        name = name_of(path, self.root)
        try:
            text = read_text(path, self.root)
        except ContentError as error:
            self.faults.append(Fault(name, error.cause, error.remedy))
            return
        short = path.relative_to(self.root / FOLDER).with_suffix("").as_posix()
        self.templates[short] = text
        if text != shipped_templates().get(short):
            self.faults += check_template(short, text)

    def miss(self) -> None:
        """Faults for what has to be there."""
        there = self.cards.keys() | self.unread
        for folder in ("personas", "scenarios", "scenarios/topics"):
            if not any(name.startswith(f"{folder}/") for name in there):
                self.faults.append(Fault(folder, "no YAML file there", "make a world with `em init DIR`"))
        needed = (*(f"scenarios/probes/{m}.yaml" for m in MEASURES), *(f"policies/{name}.yaml" for name in POLICIES))
        for name in needed:
            if name not in there and name not in self.cards:
                self.faults.append(Fault(name, "is missing", "copy the shipped one with `em init DIR`"))

    def parts(self) -> crosscheck.Parts:
        """What refers to each other, as far as it was read; faults for files whose names do not fit them."""
        personas: dict[str, Persona] = {}
        scenarios: dict[str, Scenario] = {}
        topics, probes, texts, files = {}, {}, {}, {}
        for name, card in self.cards.items():
            stem, folder = PurePath(name).stem, PurePath(name).parent.name
            match card:
                case Persona(nick=nick):
                    self._named(name, "nick", nick, stem.lower() == nick.lower(), nick in personas)
                    personas[nick], files[nick] = card, name
                case TopicFile(group=group):
                    self._named(name, "group", group, stem == group, group in topics)
                    topics[group] = card.topics
                case ProbeFile(measure=measure):
                    self._named(name, "measure", measure, stem == measure, False)
                    probes[measure], texts[measure] = card, channel_roles.filled_text(self.texts[name], self.channels)
                case Scenario():
                    if card.name != stem or card.name in scenarios or folder != card.pattern:
                        cause = f"`{card.name}` ({card.pattern}) does not stand where its name says, or twice"
                        remedy = "scripts are scenarios/PATTERN/NAME.yaml, and no name occurs twice"
                        self.faults.append(Fault(name, cause, remedy, ("pattern",)))
                    else:
                        scenarios[card.name] = card
        return crosscheck.Parts(
            personas=personas,
            scenarios=scenarios,
            topics=topics,
            probes=Suite.read(probes, texts) if len(probes) == len(MEASURES) else None,
            files=files,
            worded={name: card.language for name, card in self.cards.items() if isinstance(card, WordedModel)},
            borrowed=tuple(sorted(shipped_templates().keys() - self.templates.keys())),
            unread=frozenset(self.unread),
            **self._policies("names", "engagement", "turns", "style", "quota", "evaluation", "gaps"),
        )

    def world(self, parts: crosscheck.Parts) -> World:
        """Of content without a fault so far. Raises WorldFaults for what does not fit together."""
        templates = shipped_templates() | self.templates
        files = {f"{FOLDER}/{name}{SUFFIX}": text for name, text in templates.items()}
        trainings = {PurePath(name).stem: card for name, card in self.cards.items() if isinstance(card, Settings)}
        fsdp = self.cards.get("policies/fsdp.yaml")
        assert parts.probes is not None
        return World(
            root=self.root,
            digest=digest(self.texts | files),
            personas=dict(parts.personas),
            scenarios=dict(parts.scenarios),
            topics=dict(parts.topics),
            probes=parts.probes,
            prompts=PromptTemplates(templates),
            other_trainings={name: settings for name, settings in trainings.items() if name != "training"},
            fsdp=fsdp if isinstance(fsdp, FsdpConfig) else None,
            **self._policies(*POLICIES),
        )

    def plain(self) -> Plain:
        """What was read."""
        data: dict[str, dict[str, Any]] = {}
        for name, card in self.cards.items():
            data.setdefault(_part(name, card), {})[name] = self.data[name]
        return Plain(self.texts, data, self.templates)

    def _policies(self, *names: str) -> dict[str, Any]:
        return {name: self.cards.get(f"policies/{name}.yaml") for name in names}

    def _named(self, file: str, key: str, value: str, fits: bool, twice: bool) -> None:
        if not fits:
            self.faults.append(Fault(file, f"{key}: `{value}` is not the file's name", "rename one of them", (key,)))
        elif twice:
            self.faults.append(Fault(file, f"{key}: `{value}` has a file already", "take one of them away", (key,)))


def _part(name: str, card: StrictModel) -> str:
    """The field of a World that a file goes into."""
    stem = PurePath(name).stem
    match card:
        case Persona():
            return "personas"
        case Scenario():
            return "scenarios"
        case TopicFile():
            return "topics"
        case ProbeFile():
            return "probes"
        case Settings() if stem != "training":
            return "other_trainings"
    return stem


def _located(faults: Iterable[Fault], texts: Mapping[str, str]) -> Iterator[Fault]:
    """The faults with their lines, as far as they have one."""
    by_file: dict[str, list[Fault]] = {}
    for fault in faults:
        by_file.setdefault(fault.file, []).append(fault)
    for file, found in by_file.items():
        places = lines(texts[file], [fault.at for fault in found]) if file in texts else [None] * len(found)
        yield from (replace(fault, line=fault.line or line) for fault, line in zip(found, places, strict=True))
