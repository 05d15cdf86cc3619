"""Makes something of one file that somebody wrote, and says in one line what is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from simulator.errors import ContentError

_SUSPECT = re.compile(r"(?:^|[\s\[{,:-])[&*!][^\s]", re.MULTILINE)
"""Where a tag, an anchor or an alias could begin; only such a file is worth a second pass."""

_OPENS = "[{-?"
"""What a list or a mapping can begin with on the line of the one that holds it."""
_OFTEN = 1_000
"""So many of these are needed for a file to be nested dangerously; only such a file is worth a second pass."""
MAX_DEPTH = 50
"""Lists and mappings within each other. The parser's stack is C's: some 30,000 deep, and the process dies."""

M = TypeVar("M", bound=BaseModel)


def parse(text: str, place: str) -> Any:
    """Plain data from YAML 1.2. Tags, anchors and aliases are refused: cards need none, and they can hide bombs."""
    try:
        if sum(map(text.count, _OPENS)) > _OFTEN:
            _refuse_depth(text, place)
        if _SUSPECT.search(text):
            _refuse_extras(text, place)
        return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{place}:{mark.line + 1}" if mark else place
        problem = (error.problem or "not valid YAML").splitlines()[0]
        raise ContentError(problem, place=line, remedy="mend the YAML there") from None
    except RecursionError:
        raise ContentError("nested too deeply", place=place, remedy="cards are flat") from None
    except (YAMLError, ValueError) as error:
        raise ContentError(str(error).splitlines()[0], place=place, remedy="mend the YAML") from None


def validate(model: type[M], data: Any, place: str) -> M:
    """The card, or a ContentError that names field, cause and value of the first of its faults."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ContentError(explain(error), place=place, remedy="see `em world --schema`") from None


def explain(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """`field.path: what is wrong (got value)` for the first fault, and how many more there are."""
    (_, first), *others = causes(error, model)
    return f"{first} (and {len(others)} more)" if others else first


def causes(error: ValidationError, model: type[BaseModel] | None = None) -> list[tuple[tuple[str | int, ...], str]]:
    """Of each fault the path of keys in the file, and `field.path: what is wrong (got value)`.

    `model`: what was validated; an unknown field at its top is compared with its fields.
    """
    found = []
    faults = error.errors(include_url=False, include_context=False)
    inside = {fault["loc"][:length] for fault in faults for length in range(len(fault["loc"]))}
    for fault in faults:
        where = fault["loc"]
        if fault["type"] == "too_short" and where in inside:
            continue  # It would be long enough, were its items right.
        cause = (
            fault["msg"]
            .removeprefix("Value error, ")
            .replace("Input should", "must")
            .replace("Extra inputs", "Unknown fields")
        )
        got = fault.get("input")
        if got is None and where:
            cause = "is blank"
        elif fault["type"] == "extra_forbidden":
            meant = near(str(where[-1]), model.model_fields) if model is not None and len(where) == 1 else ""
            cause = f"unknown field ({meant})" if meant else "unknown field"
        elif isinstance(got, str | int | float | bool) and fault["type"] != "value_error":
            # A whole number may be longer than Python is willing to print.
            shown = "a huge number" if isinstance(got, int) and abs(got) >= 2**1000 else repr(got)
            cause += f" (got {shown if len(shown) <= 60 else shown[:57] + '...'})"
        path = ".".join(map(str, where))
        found.append(((*where, *_named(cause)), f"{path}: {cause}" if path else cause))
    return found


def near(key: str, known: Iterable[str]) -> str:
    """`did you mean this or that?`, or nothing if no known key is like it."""
    names = difflib.get_close_matches(key, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(names)}?" if names else ""


def lines(text: str, paths: Iterable[Sequence[str | int]]) -> list[int | None]:
    """For each path of keys the line, from 1, of the deepest part of it that is in the file; None: it is no YAML.

    In a list a key is a place, or the `id` or `name` of an item. Only a faulty file is parsed for this: the parser that
    keeps lines is ten times as slow as the other one.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, RecursionError):
        return [None for _ in paths]
    return [_line(root, path) for path in paths]


def _line(node: Node | None, path: Sequence[str | int]) -> int | None:
    line = node.start_mark.line + 1 if node is not None else None
    for part in path:
        # A part that is not in the file is the parser's own: the member of a union, say.
        if (found := _inside(node, part)) is not None:
            start, node = found
            line = start.start_mark.line + 1
    return line


def _inside(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    """What is under a key of a mapping or at a place of a list: where it starts, and itself."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, SequenceNode):
        for place, item in enumerate(node.value):
            names = item.value if isinstance(item, MappingNode) else []
            if str(part) == str(place) or any(k.value in ("id", "name") and v.value == part for k, v in names):
                return item, item
    return None


def _named(cause: str) -> Iterator[str]:
    """The path of keys with which a cause of our own begins: `slots.asker: no beat uses it`."""
    for words in cause.split(": ")[:-1]:
        yield from words.split(" ")[0].split(".")


def _refuse_depth(text: str, place: str) -> None:
    depth = 0
    for event in YAML(typ="safe").parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ContentError("nested too deeply", place=_at(place, event), remedy="cards are flat")


def _refuse_extras(text: str, place: str) -> None:
    for event in YAML(typ="safe").parse(text):
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise ContentError("anchors and aliases are not allowed", place=_at(place, event), remedy="write it out")
        if getattr(event, "tag", None):
            raise ContentError(f"the tag {event.tag} is not allowed", place=_at(place, event), remedy="remove it")


def _at(place: str, event: Any) -> str:
    return f"{place}:{event.start_mark.line + 1}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them; printed as `file:line: field: cause (got value); remedy`."""

    file: str
    """Below the world's folder; a folder itself if the fault is that something is not in it."""
    cause: str
    """With the path of the field in front."""
    remedy: str
    at: tuple[str | int, ...] = ()
    """The path of keys in the file, of which the line is found; see `files.lines`."""
    line: int | None = None
    """From 1; None: of no one line, or not looked up."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return str(ContentError(self.cause, place=place, remedy=self.remedy))


class WorldFaults(ContentError):
    """All faults of a world, by file and line. As text: one line each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """`faults`: at least one."""
        self.faults = tuple(sorted(faults, key=lambda each: (each.file, each.line or 0)))
        first = self.faults[0]
        super().__init__(first.cause, place=first.file, remedy=first.remedy)

    def __str__(self) -> str:
        return "\n".join(dict.fromkeys(map(str, self.faults)))
