"""JSON schemas of the content's files, for editors: what every field means, and how the shipped world fills it."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from simulator.world.prompt_templates import VARIABLES, template_schema
from simulator.world.reading import KINDS, kind_of
from simulator.world.scenario import Scenario
from simulator.world.world_files import FOLDER, PARTS, SUFFIX, content_files, name_of, read_text, shipped
from simulator.world.yaml_file import parse

EXAMPLES = 3
"""Values of the shipped world that are shown of a field."""
LONGEST = 120
"""Characters of a value that is shown."""

EDITOR = ".vscode/settings.json"
"""Where editors that use YAML's language server look for the schemas of a folder."""

_NONE = re.compile(r"\bNone\b")
"""What the classes call null."""

Node = dict[str, Any]


def schemas() -> dict[str, object]:
    """JSON schema by the YAML files that it describes, as a pattern; the variables of each prompt template."""
    templates = {f"{FOLDER}/{name}{SUFFIX}": template_schema(name) for name in VARIABLES}
    return {**_schemas(), **templates}


def editor_files() -> dict[str, str]:
    """What an editor needs for a world's folder, by path: the schemas, and which of them is for which files."""
    made: dict[str, str] = {}
    settings: dict[str, list[str]] = {}
    patterns = list(KINDS)
    for pattern, schema in _schemas().items():
        name = f"schemas/{KINDS[pattern].__name__}.json"
        made[name] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        # Editors use every schema that fits a file, and not the first.
        others = [f"!{other}" for other in patterns[: patterns.index(pattern)] if fnmatchcase(other, pattern)]
        settings.setdefault(f"./{name}", []).extend([pattern, *others])
    return {**made, EDITOR: json.dumps({"yaml.schemas": settings}, indent=2) + "\n"}


def _schemas() -> dict[str, Node]:
    """By pattern, with examples from the shipped world."""
    made = {pattern: _schema(model) for pattern, model in KINDS.items()}
    root = shipped()
    for path in content_files(root, *PARTS):
        kind = kind_of(name_of(path, root))
        assert kind is not None
        _take_examples(made[kind], made[kind], parse(read_text(path, root), path.name))
    return made


def _schema(model: type[BaseModel]) -> Node:
    schema = model.model_json_schema()
    means = {kind.__name__: meanings(kind) for kind in _models(model)}
    for kind, node in ((model.__name__, schema), *schema.get("$defs", {}).items()):
        for name, field in node.get("properties", {}).items():
            field.setdefault("description", means[kind][name])
    if "name" in schema["required"] and model is Scenario:
        schema["required"].remove("name")  # the file's name says it
    return schema


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the fields of a model mean, by name: the strings below them, also those of the classes above it."""
    found: dict[str, str] = {}
    for above in reversed(model.__mro__):
        found |= _strings_below(above)
    return found


def _models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and every model that a field of it holds, at any depth."""
    waiting, seen = [root], {root}
    while waiting:
        model = waiting.pop()
        yield model
        for field in model.model_fields.values():
            for inner in _classes_in(field.annotation):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def _classes_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _classes_in(part)


@cache
def _strings_below(model: type) -> dict[str, str]:
    """The string under each annotated name of a class, in one line."""
    module = sys.modules.get(model.__module__)
    if module is None or not model.__module__.startswith("simulator."):
        return {}
    tree = ast.parse(inspect.getsource(module))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == model.__name__)
    return {
        field.target.id: _NONE.sub("null", " ".join(below.value.value.split()))
        for field, below in pairwise(next(classes).body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _take_examples(root: Node, node: Node, value: object) -> None:
    """Adds what a file says to the examples of the fields that it fills."""
    node = _resolve(root, node)
    if isinstance(value, dict):
        for name, inner in value.items():
            field = node.get("properties", {}).get(name)
            if isinstance(field, dict):
                _note(field, inner)
                _take_examples(root, field, inner)
            else:
                for any_name in (node.get("additionalProperties"), *node.get("patternProperties", {}).values()):
                    if isinstance(any_name, dict):
                        _take_examples(root, any_name, inner)
    elif isinstance(value, list) and isinstance(node.get("items"), dict):
        for inner in value:
            _take_examples(root, node["items"], inner)


def _resolve(root: Node, node: Node) -> Node:
    """The node itself, or what it refers to, also where null is allowed instead."""
    for other in node.get("anyOf", []):
        if "$ref" in other or other.get("type") in ("object", "array"):
            node = other
            break
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    found = root["$defs"][name] if name else node
    assert isinstance(found, dict)
    return found


def _note(field: Node, value: object) -> None:
    if isinstance(value, (dict, list)) or len(str(value)) > LONGEST or "const" in field or "enum" in field:
        return
    examples = field.setdefault("examples", [])
    if value not in examples and len(examples) < EXAMPLES:
        examples.append(value)
