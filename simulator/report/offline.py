"""What every page here is: one file with its style and script inside, which asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from simulator import files
from simulator.corpus import quality
from simulator.report import words

TEMPLATES = Path(__file__).with_name("templates")
STYLE = "report.css"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that was drawn elsewhere."""

    id: str
    title: str
    body: Markup
    """HTML in which everything that anybody typed is escaped."""
    style: str
    """What it needs besides the report's own."""


def template(name: str, *folders: Path) -> Template:
    """A template of the report's, or of `folders`, which come first; everything that it is given is escaped."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": words.percent,
        "number": words.number,
        "dollars": words.dollars,
        "visible": words.visible,
        "quality_rows": quality.rows,
        "with_interval": quality.with_interval,
    }
    return environment.get_template(name)


def sealed(style: str, script: str = "") -> dict[str, str]:
    """What `offline.html.j2` needs: style and script, and their hashes, without which nothing else is obeyed or run."""
    return {
        "style": Markup(style),
        "script": Markup(script),
        "style_source": _hash(style),
        "script_source": _hash(script) if script else "'none'",
    }


def style() -> str:
    """The report's own, with colours for light and dark as variables."""
    return (TEMPLATES / STYLE).read_text()


def put(path: Path, text: str, option: str) -> int:
    """Writes a page and returns its bytes; `option` names the path to the user.

    Raises UsageError where something else than an unchanged page stands, StorageError where it cannot be written; a
    page that was there before then still is.
    """
    data, remedy = files.sealed(text, "<!-- {} -->"), f"choose another {option}"
    files.folder(path.parent, remedy)
    files.write(path, data, files.is_sealed, option=option, remedy=remedy)
    return len(data)


def _hash(text: str) -> str:
    """As the content security policy names the one script, and the one style, that may be used."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
