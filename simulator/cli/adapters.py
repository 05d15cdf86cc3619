"""em adapters"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.errors import NotMet

if TYPE_CHECKING:
    from simulator.evaluate.scorecard import Criterion
    from simulator.train.adapter import AdapterCard
    from simulator.train.adapter_registry import AdapterRegistry, RegisteredAdapter

VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What its --max-lora-rank takes, 1 left out (vLLM 0.14, `vllm.config.lora.MaxLoRARanks`)."""


@click.group()
def adapters() -> None:
    """Manage the adapters that `em train` wrote to data/adapters: a folder each, with PEFT's files and a card.

    One adapter is current: `em simulate --lead-adapter current` uses it. NAME may be `current` everywhere.
    """


@adapters.command("list")
@options.data_option
@options.json_option
def list_(data: Path, as_json: bool) -> None:
    """List the adapters; the current one is marked.

    An unfinished training is listed with its progress and the command that continues it.
    """
    entries = _registry(data).entries()
    if as_json:
        rows = [
            {
                "name": e.name,
                "current": e.current,
                "unfinished": e.unfinished and asdict(e.unfinished),
                "fault": e.fault or None,
                "card": e.card and e.card.model_dump(),
            }
            for e in entries
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    if not entries:
        click.echo(f"no adapters under {data / 'adapters'}; make one with `em train CORPUS`", err=True)
        return
    _show(entries)
    for entry in entries:
        mark = "* " if entry.current else ""
        if (begun := entry.unfinished) is not None:
            click.echo(f"{mark}{entry.name}: unfinished, {begun.progress}; continue with `{begun.command}`")
        elif entry.card is None:
            click.echo(f"{mark}{entry.name}: damaged; {entry.fault}")


def _show(entries: Sequence[RegisteredAdapter]) -> None:
    """Finished adapters as a table; nothing where there are none."""
    from rich.table import Table

    from simulator.tui import lines

    table = Table(box=None, pad_edge=False)
    for column in ("", "name", "made", "base", "objective", "documents", "steps", "validation", "world"):
        table.add_column(column, justify="right" if column in ("documents", "steps", "validation") else "left")
    for entry in entries:
        if (card := entry.card) is None:
            continue
        loss = "" if card.validation_loss is None else f"{card.validation_loss:.4f}"
        about = (card.made, card.base.name, card.objective, str(card.documents), str(card.steps), loss, card.world)
        table.add_row("*" if entry.current else "", entry.name, *about)
    if table.row_count:
        lines.console().print(table)


@adapters.command()
@click.argument("name")
@options.data_option
@options.json_option
def show(name: str, data: Path, as_json: bool) -> None:
    """Show the card of an adapter, and how a server loads it."""
    from simulator.train import adapter

    folder = _registry(data).find(name)
    card = adapter.read(folder)
    shapes = adapter.read_shapes(folder)
    if as_json:
        click.echo(card.model_dump_json(indent=2))
        return
    for field, value in _flat(card.model_dump()):
        click.echo(f"{field}: {value}")
    click.echo(f"tensors: {len(shapes)}")
    click.echo(f"here: em simulate --lead-adapter {folder.name}")
    click.echo(f"vLLM: {vllm(folder, card)}")


@adapters.command()
@click.argument("name")
@click.option("--anyway", is_flag=True, help="Even if it fell short of a must-have when it was last evaluated.")
@options.data_option
@options.json_option
def promote(name: str, anyway: bool, data: Path, as_json: bool) -> None:
    """Make an adapter the current one; `em adapters rollback` takes it back.

    Exit code 1, and nothing is changed, if its last `em evaluate` fell short of a must-have.
    """
    registry = _registry(data)
    _evaluated(registry.find(name), data, anyway)
    card, before = registry.promote(name)
    if as_json:
        click.echo(json.dumps({"current": card.name, "before": before and before.name}))
        return
    click.echo(f"current: {card.name}" + (f", before: {before.name}" if before else ""))
    if before and before.base != card.base:
        click.echo(f"another base: {card.base.name}, before: {before.base.name}; serve it with that", err=True)


@adapters.command()
@options.data_option
@options.json_option
def rollback(data: Path, as_json: bool) -> None:
    """Make the adapter current that was so before; can be repeated, back to the first."""
    card, left = _registry(data).rollback()
    if as_json:
        click.echo(json.dumps({"current": card.name, "left": left}))
    else:
        click.echo(f"current: {card.name}, left: {left}")


@adapters.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@options.data_option
def gguf(name: str, out: Path, data: Path) -> None:
    """Write an adapter as a GGUF LoRA, for llama.cpp and programs built on it."""
    from simulator.train import adapter_export

    adapter_export.write_gguf(_registry(data).find(name), out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB; llama-server -m BASE.gguf --lora {out}")


@adapters.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A folder to be made.")
@click.option("--base", metavar="DIR", help="Where the base is. Default: as the card says.")
@options.data_option
def merge(name: str, out: Path, base: str | None, data: Path) -> None:
    """Write base and adapter as one model of safetensors, for servers that take no adapters."""
    from simulator.train import adapter, base_model
    from simulator.train.adapter_export import write_merged

    folder = _registry(data).find(name)
    card = adapter.read(folder)
    write_merged(folder, base_model.found(base or card.base.name, data), out)
    click.echo(f"{out}: {card.base.name} with {card.name}")


def vllm_rank(rank: int) -> int:
    """The least rank that vLLM can be started for and that an adapter of `rank` fits; its greatest, if none does."""
    return next((each for each in VLLM_RANKS if each >= rank), VLLM_RANKS[-1])


def vllm(folder: Path, card: AdapterCard) -> str:
    """The line that serves base and adapter with vLLM; the lead is then `hosted_vllm/lead`, spoken to in documents."""
    from simulator.llm.registry import EMBEDDED

    rank = vllm_rank(int(card.settings.get("lora_r", 32)))
    served = "BASE" if card.base.name == EMBEDDED else card.base.name
    return f"vllm serve {served} --enable-lora --max-lora-rank {rank} --lora-modules lead={folder}"


def _evaluated(folder: Path, data: Path, anyway: bool) -> None:
    """Raises NotMet for an adapter whose last evaluation fell short; says what nobody knows of it."""
    from simulator.evaluate.results_cache import ResultsCache
    from simulator.train import adapter, adapter_registry

    card = adapter.read(folder)
    result = ResultsCache(data).concluded(adapter_registry.weights_digest(folder))
    if result is None:
        ask = f"em evaluate --base {card.base.name} --adapter {folder.name}"
        click.echo(f"{folder.name} was never evaluated: `{ask}` says whether it meets the must-haves", err=True)
        return
    short = "; ".join(f"{must.title} ({_worst(must)})" for must in result.musts if must.met is False)
    if short and not anyway:
        remedy = "train or evaluate it again, or promote it with --anyway"
        raise NotMet(f"falls short: {short}", place=folder.name, remedy=remedy)
    unknown = "; ".join(must.title for must in result.musts if must.met is None)
    for said, what in (("falls short", short), ("was evaluated without", unknown)):
        if what:
            click.echo(f"{folder.name} {said}: {what}", err=True)


def _worst(must: Criterion) -> str:
    """The first figure that falls short, and how many more do."""
    first, *others = [check for check in must.checks if check.met is False]
    more = f", and {len(others)} more" if others else ""
    return f"{first.name} {first.figure}, wanted {first.wanted}{more}"


def _registry(data: Path) -> AdapterRegistry:
    from simulator.train.adapter_registry import AdapterRegistry

    return AdapterRegistry(data / "adapters")


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, inner in value.items():
        rows += _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) else [(prefix + key, inner)]
    return rows
