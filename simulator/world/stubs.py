"""Stubs of cards, scripts and topic groups: everything that a file may say, with blanks where only its writer knows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from simulator.world.persona import Persona
from simulator.world.scenario import Beat, Expect, Scenario, Topic, TopicFile
from simulator.world.schemas import meanings
from simulator.world.yaml_file import lines, parse
from simulator.world.yaml_text import scalar

WIDTH = 110
"""Columns of a comment."""
VOICES = 3
"""Example lines that a new card has room for."""
ANGLES = 2
"""Angles that a new topic has room for."""
_LEADS = ("pronouns", "voice_for")
"""Fields of a card that are the lead's alone."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A place that has to be filled in before the file is valid."""

    field: str
    """Its keys and places, such as `beats.0.note.0`."""
    line: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Stub:
    """A file that is to be filled in."""

    name: str
    """Below the world's folder."""
    text: str

    @property
    def blanks(self) -> list[Blank]:
        """In the order of the file; a key without a value is blank."""
        paths = list(_empty(parse(self.text, self.name), ()))
        found = lines(self.text, paths)
        return [Blank(".".join(map(str, path)), line or 1) for path, line in zip(paths, found, strict=True)]


def persona(nick: str) -> Stub:
    """The card of a new person; every optional field stands in a comment with its default."""
    text = [
        *_head("A person."),
        f"nick: {scalar(nick)}",
        *_field(Persona, "about"),
        *_field(Persona, "voice", *["  -"] * VOICES),
        *_optional(Persona, ("nick", "about", "voice", *_LEADS)),
    ]
    return Stub(f"personas/{nick.lower()}.yaml", _text(text))


def script(pattern: str, name: str, channels: Sequence[str]) -> Stub:
    """A new script with two beats: somebody says something to the lead, and the lead answers. `channels`: of the
    world."""
    beats = [
        *_beat("ask", "asker", "lead", "when: [0.15, 0.4]", meant=True),
        *_beat("answer", "lead", "asker", "after: ask", meant=False),
    ]
    text = [
        *_head("A situation. The beats are an example: rename, remove and add what you need."),
        f"pattern: {scalar(pattern)}",
        *_field(Scenario, "heading"),
        *_field(Scenario, "premise"),
        *_comment(meanings(Scenario)["channels"]),
        f"channels: {scalar(list(channels))}",
        *_comment(meanings(Scenario)["slots"]),
        "slots:",
        "  asker: {role: regular}",
        *_comment(meanings(Scenario)["beats"]),
        "beats:",
        *beats,
        *_comment(f"{meanings(Scenario)['expect']} {meanings(Expect)['kind']}"),
        "expect:",
        "  - {kind: speaks, after: ask, within: 4}",
        *_optional(Scenario, ("name", "pattern", "heading", "premise", "channels", "slots", "beats", "expect")),
    ]
    return Stub(f"scenarios/{pattern}/{name}.yaml", _text(text))


def topic(group: str) -> Stub:
    """A new topic group with room for one topic."""
    text = [
        *_head("A group of topics. Copy the first one for each of the others."),
        f"group: {scalar(group)}",
        "topics:",
        *_comment(meanings(Topic)["subject"], "  "),
        "  - subject:",
        *_comment(meanings(Topic)["angles"], "    "),
        "    angles:",
        *["      -"] * ANGLES,
        *_optional(TopicFile, ("group", "topics")),
    ]
    return Stub(f"scenarios/topics/{group}.yaml", _text(text))


def _beat(ident: str, who: str, to: str, time: str, *, meant: bool) -> Iterator[str]:
    """One beat of an example; `meant`: with what its fields mean."""
    means = meanings(Beat) if meant else {}
    for number, field in enumerate((f"id: {ident}", f"who: {who}", f"to: {to}", time, "kind: say")):
        yield from _comment(means.get(field.split(":")[0], ""), "    ")
        yield f"  {'-' if number == 0 else ' '} {field}"
    for name in ("note", "opening"):
        yield from _comment(means.get(name, ""), "    ")
        yield f"    {name}:"
        yield "      -"


def _head(what: str) -> list[str]:
    blanks = "Fill in what is blank; what stands in a comment may be left out. `em world` checks the file."
    return _comment(f"{what} {blanks}")


def _field(model: type[BaseModel], name: str, *items: str) -> list[str]:
    """A required field, blank, below what it means."""
    return [*_comment(meanings(model)[name]), f"{name}:", *items]


def _optional(model: type[BaseModel], without: Sequence[str]) -> Iterator[str]:
    """Every other field with its default, all of it in comments."""
    means = meanings(model)
    for name, field in model.model_fields.items():
        if name in without:
            continue
        default = field.get_default(call_default_factory=True)
        plain = default.model_dump(mode="json") if isinstance(default, BaseModel) else default
        yield from ("", *_comment(means[name]), f"# {name}: {scalar(plain)}")


def _comment(text: str, indent: str = "") -> list[str]:
    return [f"{indent}# {row}" for row in textwrap.wrap(text, WIDTH - len(indent))]


def _text(rows: Sequence[str]) -> str:
    return "\n".join(rows) + "\n"


def _empty(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where there is no value."""
    if value is None:
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _empty(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _empty(inner, (*path, number))
