"""JSON schemas: one for each kind of file, every field explained, and the shipped world fits them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import jsonschema
import pytest

from simulator.world import load, reading, world_files
from simulator.world.schemas import EDITOR, editor_files, schemas
from simulator.world.world_files import read_text
from simulator.world.yaml_file import parse

SCHEMAS: dict[str, Any] = schemas()
FILES = list(world_files.content_files(load.shipped(), *world_files.PARTS))


def _fields(node: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield from node["properties"].items()
        for inner in node.values():
            yield from _fields(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _fields(inner)


def test_there_is_one_for_every_kind_of_file() -> None:
    assert {name for name in SCHEMAS if name.endswith(".yaml")} == reading.KINDS.keys()


@pytest.mark.parametrize("kind", reading.KINDS)
def test_every_field_is_explained_and_says_null_for_nothing(kind: str) -> None:
    fields = list(_fields(SCHEMAS[kind]))
    assert fields
    assert not [name for name, field in fields if len(field["description"]) < 8 or "None" in field["description"]]


def test_fields_have_examples_from_the_shipped_world() -> None:
    fields = dict(_fields(SCHEMAS["personas/*.yaml"]))
    assert fields["chattiness"]["examples"] and "Em" in {path.stem.title() for path in FILES}
    assert fields["kind"]["examples"], "a value deep inside a card"


@pytest.mark.parametrize("kind", reading.KINDS)
def test_the_shipped_files_fit_and_a_nonsense_field_does_not(kind: str) -> None:
    earlier = list(reading.KINDS)[: list(reading.KINDS).index(kind)]
    names = {path: path.relative_to(load.shipped()).as_posix() for path in FILES}
    mine = [p for p, n in names.items() if fnmatchcase(n, kind) and not any(fnmatchcase(n, e) for e in earlier)]
    assert mine
    validator = jsonschema.Draft202012Validator(SCHEMAS[kind])
    for path in mine:
        data = parse(read_text(path, load.shipped()), path.name)
        assert not [error.message for error in validator.iter_errors(data)], path
    assert list(validator.iter_errors({**data, "nonsense": 1}))


def test_an_editor_is_told_which_schema_is_for_which_files() -> None:
    made = editor_files()
    settings = json.loads(made[EDITOR])["yaml.schemas"]
    patterns = {pattern for patterns in settings.values() for pattern in patterns}
    assert {pattern for pattern in patterns if not pattern.startswith("!")} == reading.KINDS.keys()
    assert "!scenarios/topics/*.yaml" in settings["./schemas/Scenario.json"], "a list of topics is no script"
    assert {f"./{name}" for name in made if name != EDITOR} == settings.keys()
