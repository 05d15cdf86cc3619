"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from simulator.world.world import World


SOME_RUNS = 8
"""So many runs are named to somebody who named none."""
_CHOICE = {
    "model": "people",
    "lead_model": "lead",
    "judge_model": "judge",
    "guard_model": "guard",
    "api_base": "api_base",
    "dialect": "dialect",
    "lead_dialect": "lead_dialect",
}
"""Option to field of ModelChoice."""


def world_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--world, as `world_dir`."""
    return click.option(
        "--world",
        "world_dir",
        type=click.Path(path_type=Path),
        help="Folder with personas, scenarios, policies. Default: the current one if it has them, else the shipped.",
    )(command)


class _Run(click.Argument):
    """The name of a run; where none is given, those that there are."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        try:
            return super().process_value(ctx, value)
        except click.MissingParameter:
            data = ctx.params.get("data") or Path(os.environ.get("EM_DATA") or "data")
            raise click.UsageError(_which_run(data), ctx) from None


def _which_run(data: Path) -> str:
    from simulator.journal.database import FILE

    there = sorted(path.parent.name for path in (data / "runs").glob(f"*/{FILE}"))
    if not there:
        return f"name a run; there is none under {data / 'runs'}, begin one with `em generate --run NAME --sessions N`"
    more = f" and {len(there) - SOME_RUNS} more" if len(there) > SOME_RUNS else ""
    return f"name a run: {', '.join(there[:SOME_RUNS])}{more}; `em runs` says what they are"


def run_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """NAME of a run, as `name`."""
    return click.argument("name", cls=_Run)(command)


def level(word: str, world: World, option: str = "--engagement") -> str:
    """The level of the world that somebody typed. Raises UsageError if there is none."""
    from simulator.errors import UsageError

    found = world.engagement.level(word)
    if found is None:
        raise UsageError(f"no level `{word}`", place=option, remedy=f"levels are {', '.join(world.engagement.levels)}")
    return found


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


def person_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--as, as `person`."""

    def checked(ctx: click.Context, param: click.Parameter, value: str) -> str:
        if not value.strip() or len(value) > 40 or not value.isprintable():
            raise click.BadParameter("a name has 1 to 40 characters, none of them invisible")
        return value.strip()

    return click.option(
        "--as",
        "person",
        envvar="EM_REVIEWER",
        default="reviewer",
        show_default=True,
        callback=checked,
        metavar="NAME",
        help="Whose marks these are [env: EM_REVIEWER].",
    )(command)


class _LogFormat(click.ParamType[str]):
    """A format of logs; the names are looked up when one is given, so that `em --help` answers at once."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is. Fails with a usage error for one that means nothing."""
        from simulator.logs.formats.registry import NAMES

        if value != "auto" and value not in NAMES:
            self.fail(f"{value!r} is not one of auto, {', '.join(NAMES)}", param, ctx)
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


JUDGE_HELP = (
    "Who judges finished sessions. Default: --model if a provider hosts it, nobody for embedded, scripted, gguf: and"
    " --api-base; `none`: nobody."
)
GUARD_HELP = (
    "Who checks each of the lead's lines before it is said. Default: the lead's model if a provider hosts it, nobody"
    " for embedded, scripted, gguf: and --api-base, or a trained lead; `none`: nobody."
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --lead-model, --judge-model, --guard-model, --api-base, --dialect, --param and the lead's own.

    They become one ModelChoice, `models`.

    Only what was given counts as set in it.
    """

    @wraps(command)
    def collected(*arguments: Any, **given: Any) -> Any:
        from simulator.journal.model_choice import ModelChoice
        from simulator.llm.params import parse_params

        named = {field: given.pop(option) for option, field in _CHOICE.items()}
        named["params"] = parse_params(given.pop("param"))
        data = given.get("data") or Path(os.environ.get("EM_DATA", "data"))
        named |= _adapter(given.pop("lead_adapter"), data)
        choice = ModelChoice.model_validate({field: value for field, value in named.items() if value})
        return command(*arguments, models=choice, **given)

    for option in (
        click.option(
            "--param",
            multiple=True,
            metavar="[ROLE:]KEY=VALUE",
            help="Goes into every request, or those of one role (people, lead, guard, judge), such as"
            " reasoning_effort=low, chat_template_kwargs.enable_thinking=true, extra_body.top_k=40; may be repeated.",
        ),
        click.option(
            "--lead-adapter",
            metavar="NAME|DIR|FILE.gguf",
            help="LoRA with which the embedded model or a GGUF plays the lead; `current`: the promoted one.",
        ),
        click.option(
            "--lead-dialect",
            type=click.Choice(["chat", "completion", "document"]),
            help="Prompt format of the lead; `document` (header and transcript alone): for one trained on documents.",
        ),
        click.option(
            "--dialect",
            type=click.Choice(["chat", "completion"]),
            help="Prompt format (chat messages or raw text). Default: by the model.",
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
    from simulator.train import adapter_registry

    path = adapter_registry.find_adapter(named, data / "adapters")
    return {"lead_adapter": str(path), "lead_adapter_digest": adapter_registry.weights_digest(path)}


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
