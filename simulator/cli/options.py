"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.world.world import World


ROLES = ("people", "lead", "guard", "judge")
"""Who may have models and parameters of their own."""
_PARAM = re.compile(r"(?:(people|lead|guard|judge):)?(\w[\w-]*(?:\.\w[\w-]*)*)=(.*)", re.DOTALL)
_SECRET = re.compile(r"(?i)(?:^|[._-])(?:api[_-]?key|token|authorization|secret|password)$")


def world_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--world, as `world_dir`."""
    return click.option(
        "--world",
        "world_dir",
        type=click.Path(path_type=Path),
        help="Folder with personas, scenarios, policies. Default: the current one if it has them, else the shipped.",
    )(command)


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--data, as `data`."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="EM_DATA",
        default=Path("data"),
        show_default=True,
        help="Folder for runs and corpora [env: EM_DATA].",
    )(command)


class _LogFormat(click.ParamType[str]):
    """A format of logs; the names are looked up when one is given, so that `em --help` answers at once."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is. Fails with a usage error for one that means nothing."""
        from simulator.logs.formats.registry import NAMES

        if value != "auto" and value not in NAMES:
            self.fail(f"{value!r} is none of auto, {', '.join(NAMES)}", param, ctx)
        return value


def log_format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--format, as `kind`."""
    return click.option(
        "--format",
        "kind",
        type=_LogFormat(),
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Of the logs, such as irssi, weechat, znc, hexchat; docs/importing.md lists all.",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


JUDGE_HELP = "Who judges finished sessions. Default: --model if it is hosted, else nobody; `none`: nobody."
GUARD_HELP = (
    "Who checks each of the lead's lines. Default: the lead's model if it is hosted, else nobody; `none`: nobody."
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --lead-model, --judge-model, --guard-model, --api-base, --dialect, --param and the lead's own.

    They become one ModelChoice, `models`.

    Only what was given counts as set in it.
    """

    @wraps(command)
    def collected(
        *arguments: Any,
        model: str | None,
        lead_model: str | None,
        judge_model: str | None,
        guard_model: str | None,
        api_base: tuple[str, ...],
        dialect: str | None,
        lead_dialect: str | None,
        lead_adapter: str | None,
        param: tuple[str, ...],
        **others: Any,
    ) -> Any:
        from simulator.journal.model_choice import ModelChoice
        from simulator.llm.params import parse_params

        named = {
            "people": model,
            "lead": lead_model,
            "judge": judge_model,
            "guard": guard_model,
            "api_base": api_base,
            "dialect": dialect,
            "lead_dialect": lead_dialect,
            "params": parse_params(param),
            **_adapter(lead_adapter, others.get("data") or Path(os.environ.get("EM_DATA", "data"))),
        }
        choice = ModelChoice.model_validate({field: value for field, value in named.items() if value})
        return command(*arguments, models=choice, **others)

    for option in (
        click.option(
            "--param",
            multiple=True,
            metavar="[ROLE:]KEY=VALUE",
            help="Goes into every request, or those of one role (people, lead, judge), such as reasoning_effort=low,"
            " chat_template_kwargs.enable_thinking=true, extra_body.top_k=40; may be repeated.",
        ),
        click.option(
            "--lead-adapter",
            metavar="NAME|DIR|FILE.gguf",
            help="LoRA with which the embedded model or a GGUF plays the lead; `current`: the promoted one.",
        ),
        click.option(
            "--lead-dialect",
            type=click.Choice(["chat", "completion", "document"]),
            help="The lead's own; `document` (header and transcript alone): for one who was trained on documents.",
        ),
        click.option(
            "--dialect",
            type=click.Choice(["chat", "completion"]),
            help="Prompt format (chat messages or raw text). Default: by the model.",
        ),
        click.option(
            "--param",
            multiple=True,
            metavar="[ROLE:]KEY=VALUE",
            help="Goes into every request, or those of one role (people, lead, judge), such as"
            " `lead:reasoning_effort=low` or `chat_template_kwargs.enable_thinking=false`; VALUE is JSON or text,"
            " `null` takes KEY out. May be repeated.",
        ),
        click.option("--api-base", multiple=True, help="Address of an OpenAI-compatible server; may be repeated."),
        click.option("--guard-model", envvar="EM_GUARD_MODEL", help=GUARD_HELP),
        click.option("--judge-model", envvar="EM_JUDGE_MODEL", help=JUDGE_HELP),
        click.option("--lead-model", envvar="EM_LEAD_MODEL", help="Who plays the lead. Default: --model."),
        click.option(
            "--model",
            envvar="EM_MODEL",
            help="Who plays the people: `embedded` (default), `gguf:PATH`, any litellm name such as"
            " `anthropic/claude-sonnet-4-5`, or `scripted` for dry runs [env: EM_MODEL].",
        ),
    ):
        collected = option(collected)
    return collected


def parse_params(given: Sequence[str]) -> dict[str, dict[str, Any]]:
    """--param as the values of each role; a dot in KEY goes one object deeper. Raises UsageError for anything else.

    >>> parse_params(["lead:top_k=40", "lead:extra_body.think=false"])
    {'lead': {'top_k': 40, 'extra_body': {'think': False}}}
    """
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        parts = _PARAM.fullmatch(text)
        if parts is None:
            remedy = "write KEY=VALUE, or ROLE:KEY=VALUE with people, lead, guard or judge"
            raise UsageError("is not a parameter", place=f"--param {text}", remedy=remedy)
        role, key, value = parts.groups()
        if _SECRET.search(key):
            remedy = "set the provider's variable: parameters are recorded with the run"
            raise UsageError("keys are not parameters", place=f"--param {key}", remedy=remedy)
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        *path, last = key.split(".")
        for each in (role,) if role else ROLES:
            inner = found.setdefault(each, {})
            for name in path:
                inner = inner.setdefault(name, {})
                if not isinstance(inner, dict):
                    raise UsageError(f"{name} has a value already", place=f"--param {text}", remedy="name it once")
            inner[last] = read
    return found


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--engine and --address, as one Engine, `engine`."""

    @wraps(command)
    def collected(*arguments: Any, engine: str, address: str | None, **others: Any) -> Any:
        from simulator.runs.request import Engine

        return command(*arguments, engine=Engine(engine == "ray", address), **others)

    for option in (
        click.option(
            "--address",
            metavar="ADDRESS",
            help="Of a Ray cluster: `auto`, HOST:PORT, ray://HOST:PORT. Default: one on this machine, for this run.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Play sessions in this process, or on the machines of a Ray cluster.",
        ),
    ):
        collected = option(collected)
    return collected


def _adapter(named: str | None, data: Path) -> dict[str, str]:
    if named is None:
        return {}
    from simulator.train import adapter_lookup

    path = adapter_lookup.found(named, data / "adapters")
    return {"lead_adapter": str(path), "lead_adapter_digest": adapter_lookup.digest(path)}


def loaded(world_dir: Path | None, *, quiet: bool = False) -> World:
    """The world, having said on stderr which one it is."""
    from simulator.world import load

    root = load.find(world_dir)
    world = load.load(root)
    if not quiet:
        shipped = " (shipped)" if root == load.shipped() else ""
        shown = root if world_dir else os.path.relpath(root)
        click.echo(f"world: {shown}{shipped}, {world.digest}", err=True)
    return world
