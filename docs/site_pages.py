"""Site pages that are made at build time: pages of the top folder, the help of every command, the fields of YAML files.

mkdocs calls `on_files` (`hooks` in mkdocs.yml).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages."""
    made = {page: _moved((ROOT / name).read_text()) for name, page in TOP.items()}
    made |= {"commands.md": commands(), "fields.md": fields()}
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def _moved(text: str) -> str:
    """A page of the top folder, with its links as they are from inside `docs/`."""
    text = text.replace("](docs/", "](")
    for name, page in TOP.items():
        text = text.replace(f"]({name})", f"]({page})")
    return text


def commands() -> str:
    """Every command and its options, as `--help` says it."""
    from simulator.cli import COMMANDS, em

    parts = [
        "# Commands",
        "What `em COMMAND --help` prints. Exit codes are the same everywhere: "
        "0 done, 1 not met, 2 wrong usage or content, 3 provider, disk or budget stop, 130 interrupted.",
    ]
    top = click.Context(em, info_name="em")
    for name in COMMANDS:
        command = em.get_command(top, name)
        assert command is not None
        parts += _command(command, f"em {name}")
    return "\n\n".join(parts) + "\n"


def _command(command: click.Command, path: str) -> Iterator[str]:
    yield f"## {path}"
    context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
    yield f"```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, f"{path} {name}")


def fields() -> str:
    """Every field of every kind of YAML file: type, default, meaning, an example."""
    from simulator.world.schemas import schemas

    parts = [
        "# YAML fields",
        "What may stand in each file of a world. `em init DIR` writes the same as JSON schemas, by which "
        "an editor explains fields while you type. Fields without a default are required.",
    ]
    shown: set[str] = set()
    kinds: dict[str, list[str]] = {}
    by_pattern = {
        name: schema for name, schema in schemas().items() if isinstance(schema, dict) and "properties" in schema
    }
    for pattern, schema in by_pattern.items():
        kinds.setdefault(schema["title"], []).append(pattern)
    for title, patterns in kinds.items():
        schema = by_pattern[patterns[0]]
        parts += [f"## `{'`, `'.join(patterns)}`", *_tables(schema, title, schema, shown)]
    return "\n\n".join(parts) + "\n"


def _tables(root: dict[str, Any], title: str, node: dict[str, Any], shown: set[str]) -> Iterator[str]:
    """A table of the node's fields, then of the nodes that it holds and no table has shown yet."""
    if title in shown or "properties" not in node:
        return
    shown.add(title)
    if node is not root:
        yield f"### {title}"
    yield _clean(str(node.get("description", "")).split("\n\n")[0])
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    required = set(node.get("required", ()))
    for name, field in node["properties"].items():
        default = "" if name in required or "default" not in field else f"`{field['default']!r}`"
        if len(default) > 40:
            default = "see the schema"
        example = f" Example: `{field['examples'][0]}`." if field.get("examples") else ""
        rows.append(f"| `{name}` | {_type(field)} | {_clean(default)} | {_clean(field['description'] + example)} |")
    yield "\n".join(rows)
    for inner in sorted(set(re.findall(r"#/\$defs/(\w+)", str(node["properties"])))):
        yield from _tables(root, inner, root["$defs"][inner], shown)


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return f"{field['$ref'].removeprefix('#/$defs/')}"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(other) for other in field["anyOf"]))
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        inner = [field.get("additionalProperties"), *field.get("patternProperties", {}).values()]
        values = [_type(value) for value in inner if isinstance(value, dict)]
        return f"name to {values[0]}" if values else "object"
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {field[key]:g}" for key, sign in bounds.items() if key in field)
    return " ".join(filter(None, (str(field.get("type", "any")), limits)))


def _clean(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
