"""em plan"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from simulator.cli import options

SECONDS_A_CALL = 2.0
"""A hosted model's answer of one line, for the estimate of hours."""


@click.command()
@click.option(
    "--target-mb", type=click.FloatRange(min=0, min_open=True), metavar="X", help="Size. Default: the quota's."
)
@click.option("--sessions", type=click.IntRange(min=1), metavar="N", help="Number of sessions, in place of a size.")
@click.option("--model", envvar="EM_MODEL", help="Who plays the people, for the price [env: EM_MODEL].")
@click.option("--lead-model", envvar="EM_LEAD_MODEL", help="Who plays the lead. Default: --model.")
@click.option("--judge-model", envvar="EM_JUDGE_MODEL", help=options.JUDGE_HELP)
@click.option("--guard-model", envvar="EM_GUARD_MODEL", help=options.GUARD_HELP)
@click.option(
    "--oversample", type=click.FloatRange(1, 10), default=1.0, metavar="X", help="Sessions played for each one kept."
)
@click.option("--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True, help="Sessions at once.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same sessions.")
@options.json_option
@options.world_option
def plan(
    target_mb: float | None,
    sessions: int | None,
    model: str | None,
    lead_model: str | None,
    judge_model: str | None,
    guard_model: str | None,
    oversample: float,
    concurrency: int,
    seed: int,
    as_json: bool,
    world_dir: Path | None,
) -> None:
    """Estimate content, size, time and cost of a data set, without calling a model.

    Dollars come from litellm's price table, with and without prompt caching; unknown prices are reported as unknown.
    """
    from simulator.journal.model_choice import ModelChoice
    from simulator.plan.forecast import Overhead, forecast_run, shares

    if sessions is not None and target_mb is not None:
        raise click.UsageError("give one of --sessions N and --target-mb X")
    named = {"people": model, "lead": lead_model, "judge": judge_model, "guard": guard_model}
    choice = ModelChoice.model_validate({role: name for role, name in named.items() if name}).with_defaults()
    world = options.loaded(world_dir, quiet=as_json)
    size = None if sessions is not None else target_mb or world.quota.target_mb
    judged, guarded = choice.judges is not None, choice.guards is not None
    overhead = Overhead(judged=judged, guarded=guarded, oversample=oversample)
    found = forecast_run(world, seed, sessions=sessions, megabytes=size, overhead=overhead)
    people = choice.people
    facts: dict[str, Any] = {
        "sessions": found.sessions,
        "played": round(found.sessions * oversample),
        "messages": found.messages,
        "lead_messages": found.lead_messages,
        "megabytes": round(found.bytes / 1e6, 2),
        "topics_twice": found.topics_twice,
        "scenarios": {"used": len(found.scenarios), "least": min(found.scenarios.values()),
                      "most": max(found.scenarios.values())},
        "calls": round(found.calls),
        "hours": round(found.calls * SECONDS_A_CALL / concurrency / 3600, 1),
        "concurrency": concurrency,
        "tokens": {purpose.value: _tokens(needed) for purpose, needed in found.tokens.items()},
        "dollars": _dollars(
            found.tokens,
            {
                "people": people,
                "lead": choice.leads,
                "judge": choice.judges or "",
                "guard": choice.guards or "",
            },
        ),
        "shares": shares(world, found),
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts)


def _played(facts: dict[str, Any]) -> str:
    return f" (the best of {facts['played']})" if facts["played"] != facts["sessions"] else ""


def _tokens(needed: Any) -> dict[str, int]:
    return {"prompt": round(needed.prompt), "cached": round(needed.cached), "completion": round(needed.completion)}


def _millions(tokens: int) -> str:
    return f"{tokens / 1e6:.1f} M" if tokens >= 100_000 else f"{tokens / 1e6:.3f} M"


def _dollars(needed: dict[Any, Any], models: dict[str, str]) -> dict[str, dict[str, float | str]]:
    """By purpose, and the total: what it costs with and without prompt caching, or the word that says why not."""
    from simulator.llm.prices import billing, price

    found: dict[str, dict[str, float | str]] = {}
    for purpose, tokens in needed.items():
        name = models[purpose.value]
        cost = price(name)
        word = billing(name).value
        found[purpose.value] = {
            "model": name,
            "without_caching": round(tokens.usd(cost, caching=False), 2) if cost else word,
            "with_caching": round(tokens.usd(cost, caching=True), 2) if cost else word,
        }
    for kind in ("without_caching", "with_caching"):
        sums = [row[kind] for name, row in found.items() if name != "total"]
        known = [value for value in sums if isinstance(value, float)]
        unknown = "unknown" in sums
        found.setdefault("total", {})[kind] = "unknown" if unknown else round(sum(known), 2) if known else sums[0]
    return found


def _show(facts: dict[str, Any]) -> None:
    from rich.table import Table

    from simulator.tui.lines import console

    out = console()
    out.print(
        f"{facts['sessions']} sessions{_played(facts)}, {facts['messages']} messages"
        f" ({facts['lead_messages']} by the lead), about {facts['megabytes']} MB;"
        f" {facts['topics_twice']} sessions on a topic that was used before;"
        f" {facts['scenarios']['used']} scripts, each {facts['scenarios']['least']}-{facts['scenarios']['most']} times"
    )
    out.print(f"about {facts['calls']} calls, {facts['hours']} hours with {facts['concurrency']} sessions at once")
    for purpose, row in facts["tokens"].items():
        out.print(
            f"{purpose}: {_millions(row['prompt'])} prompt tokens ({_millions(row['cached'])} of them in a prefix"
            f" cache), {_millions(row['completion'])} completion tokens"
        )
    for purpose, row in facts["dollars"].items():
        without, cached = (
            f"${v:,.2f}" if isinstance(v, float) else v for v in (row["without_caching"], row["with_caching"])
        )
        price = without if without == cached else f"{without} without, {cached} with prompt caching"
        out.print(f"{purpose}{' with ' + row['model'] if 'model' in row else ''}: {price}")
    table = Table(box=None, pad_edge=False)
    for column in ("quota", "value", "sessions", "share", "target"):
        table.add_column(column, justify="left" if column in ("quota", "value") else "right")
    for dimension, values in facts["shares"].items():
        for number, (value, row) in enumerate(values.items()):
            name = dimension if number == 0 else ""
            table.add_row(name, value, str(row["count"]), f"{row['share']:.2%}", f"{row['target']:.0%}")
    out.print(table)
