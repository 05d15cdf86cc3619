"""Prompt templates: every fixed sentence that a model reads, as Jinja files under `policies/prompts/`.

Each template has a name, the file's without `.j2`, and the variables that the code gives it. A world that lacks a file
takes the shipped one, so that a fork edits only what it wants to change. Templates run in Jinja's sandbox: a world that
somebody else wrote can put words together and nothing else.

Whitespace: a line that holds only a `{% tag %}` or a `{# comment #}` leaves nothing behind, and the newline at the end
of the file is no part of the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from simulator.errors import ContentError
from simulator.world.world_files import FOLDER, SUFFIX

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from simulator.world.yaml_file import Fault

VARIABLES: Mapping[str, frozenset[str]] = {
    "session_rules": frozenset({"channel", "lead"}),
    "session_system": frozenset({"rules", "lead", "worn", "cards", "ties", "topic", "angle"}),
    "session_tail": frozenset({"nick", "hour", "gone", "arrived", "note", "length", "action", "to", "calls"})
    | {"answers", "again", "leaves", "closes", "refused"},
    "session_completion": frozenset({"channel", "people", "ties", "yesterday", "topic", "angle", "premise"}),
    "judge_system": frozenset({"instruction", "questions", "marks", "quote_words", "shape"}),
    "judge_session": frozenset({"log", "useless"}),
    "guard_rubric": frozenset({"instruction", "questions", "fine", "examples"}),
    "guard_line": frozenset({"log", "line", "signal"}),
    "evaluation_system": frozenset(),
    "evaluation_line": frozenset({"log", "lead"}),
    "evaluation_judge": frozenset({"context", "lead", "text", "question", "answers"}),
    "evaluation_judge_completion": frozenset({"instruction", "question"}),
}
"""What each template may use. Whoever renders a new one adds it here and ships its file."""
REMEDY = "see `em world --schema` for the variables of each template"


class PromptTemplates:
    """The templates of one world, compiled when first used; see `VARIABLES` for their names."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts`: source by name."""
        self._texts = dict(texts)
        self._compiled: dict[str, Template] = {}

    def __reduce__(self) -> tuple[type[PromptTemplates], tuple[dict[str, str]]]:
        """Copies in other processes compile their own."""
        return PromptTemplates, (self._texts,)

    def render(self, name: str, /, **values: object) -> str:
        """The text of a template. `values`: exactly its variables.

        Raises ContentError if rendering fails, such as for a field that a value does not have; ValueError for values
        that are not the template's variables.
        """
        from jinja2 import TemplateError

        if values.keys() != VARIABLES[name]:
            raise ValueError(f"{name} takes {sorted(VARIABLES[name])}, not {sorted(values)}")
        try:
            if name not in self._compiled:
                self._compiled[name] = self._environment.from_string(self._texts[name])
            return self._compiled[name].render(values)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise ContentError(f"{error}", place=_file(name), remedy=REMEDY) from None

    def digest(self, prefix: str = "") -> str:
        """16 hex digits over the templates whose names begin so."""
        texts = sorted((name, text) for name, text in self._texts.items() if name.startswith(prefix))
        return hashlib.blake2b(repr(texts).encode(), digest_size=8).hexdigest()

    @cached_property
    def _environment(self) -> ImmutableSandboxedEnvironment:
        return _environment()


def check_template(name: str, text: str) -> Iterator[Fault]:
    """Everything that is wrong with a template: its name, its syntax, variables that it is not given."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    from simulator.world.yaml_file import Fault, near

    file = _file(name)
    if name not in VARIABLES:
        meant = near(name, VARIABLES)
        cause = "no template has this name" + (f" ({meant})" if meant else "")
        yield Fault(file, cause, f"known are {', '.join(sorted(VARIABLES))}")
        return
    try:
        tree = _environment().parse(text)
        unknown = meta.find_undeclared_variables(tree) - VARIABLES[name]
    except TemplateSyntaxError as error:
        yield Fault(file, error.message or "is no template", "mend the template there", line=error.lineno)
        return
    except RecursionError:
        yield Fault(file, "nested too deeply", "templates are flat")
        return
    for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Fault(file, "takes in another template", "write its text out here", line=other.lineno)
    for variable in sorted(unknown):
        known = ", ".join(sorted(VARIABLES[name])) or "none"
        yield Fault(file, f"no variable `{variable}`", f"known are {known}", line=_line(tree, variable))


def template_schema(name: str) -> dict[str, object]:
    """What `em world --schema` says of a template."""
    return {"title": f"Jinja template {name}", "type": "string", "variables": sorted(VARIABLES[name])}


def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Prompts are plain text: nothing is escaped.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


def _file(name: str) -> str:
    return f"{FOLDER}/{name}{SUFFIX}"


def _line(tree: nodes.Template, variable: str) -> int | None:
    from jinja2 import nodes

    return min((found.lineno for found in tree.find_all(nodes.Name) if found.name == variable), default=None)
