"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from simulator.llm.model import Models
    from simulator.world.world import World

EMBEDDED = "embedded"

Names = dict[str, Any]
"""What the command line says of models: `people`, `lead`, `judge`, `dialect` (a name, or None where nothing is said)
and `api_base` (a list); of the lead alone `lead_dialect`, and `lead_adapter` (a path) with `lead_adapter_digest`, which
older run cards lack. The run card keeps the same."""


class ViewMode(Enum):
    """How a session is watched while it is played."""

    QUIET = "quiet"
    """Not at all, or when it is over."""
    LINES = "lines"
    """One line after the other, as they are said."""
    LIVE = "live"
    """On the whole screen; in lines where there is none, as in a pipe."""


def world_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--world",
        "world_dir",
        type=click.Path(path_type=Path),
        help="Folder with personas, scenarios, policies. Default: the current one if it has them, else the shipped.",
    )(command)


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="EM_DATA",
        default=Path("data"),
        show_default=True,
        help="Folder for runs and corpora [env: EM_DATA].",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --lead-model, --judge-model, --api-base, --dialect and the lead's own, as one argument: see `Names`."""

    @wraps(command)
    def collected(
        *arguments: Any,
        model: str | None,
        lead_model: str | None,
        judge_model: str | None,
        api_base: tuple[str, ...],
        dialect: str | None,
        lead_dialect: str | None,
        lead_adapter: str | None,
        **others: Any,
    ) -> Any:
        names: Names = {
            "people": model,
            "lead": lead_model,
            "judge": judge_model,
            "api_base": list(api_base),
            "dialect": dialect,
            "lead_dialect": lead_dialect,
            **_adapter(lead_adapter, others.get("data") or Path(os.environ.get("EM_DATA", "data"))),
        }
        return command(*arguments, models=names, **others)

    for option in (
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
            help="How it is spoken to. Default: by the model.",
        ),
        click.option("--api-base", multiple=True, help="Address of an OpenAI-compatible server; may be repeated."),
        click.option("--judge-model", envvar="EM_JUDGE_MODEL", help="Who judges finished sessions. Default: nobody."),
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


async def opened(names: Names, world: World, slots: int) -> Models:
    """The doors to the models, ready to be asked. Raises what `open_models` raises."""
    return await opening(names, world, slots)()


def opening(names: Names, world: World, slots: int) -> Callable[[], Coroutine[Any, Any, Models]]:
    """What opens the doors, here or on another machine."""
    from simulator.llm.model import PromptFormat
    from simulator.llm.registry import OpenOptions, open_models

    lead_dialect = names.get("lead_dialect")
    return partial(
        open_models,
        names["people"] or EMBEDDED,
        names["lead"],
        names["judge"],
        others=sorted({p.model for p in world.personas.values() if p.model}),
        options=OpenOptions(
            api_base=names["api_base"],
            dialect=PromptFormat(names["dialect"]) if names["dialect"] else None,
            lead_dialect=PromptFormat(lead_dialect) if lead_dialect else None,
            lead_adapter=_served(names, world),
            slots=slots,
        ),
    )


def _adapter(named: str | None, data: Path) -> Names:
    if named is None:
        return {"lead_adapter": None, "lead_adapter_digest": None}
    from simulator.train import adapter_lookup

    path = adapter_lookup.found(named, data / "adapters")
    return {"lead_adapter": str(path), "lead_adapter_digest": adapter_lookup.digest(path)}


def _served(names: Names, world: World) -> Path | None:
    """The GGUF file of the lead's adapter, if she has one: the same weights as when it was named."""
    if not names.get("lead_adapter"):
        return None
    from simulator.errors import UsageError
    from simulator.train import adapter_lookup

    path, card = Path(names["lead_adapter"]), world.lead
    if card.model:
        cause = f"the card of {card.nick} asks for the model {card.model}, which takes none"
        raise UsageError(cause, place="--lead-adapter", remedy="take `model` off the card")
    if adapter_lookup.digest(path) != names["lead_adapter_digest"]:
        cause = f"{path} has been trained anew since the run was begun"
        raise UsageError(cause, place="--lead-adapter", remedy="name it again to go on with it as it is")
    return adapter_lookup.served(path, names["lead"] or names["people"] or EMBEDDED)


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
