"""em evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import NotMet, UsageError

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from simulator.evaluate.figure_checks import FigureCheck
    from simulator.evaluate.regressions import Worse
    from simulator.evaluate.scorecard import Scorecard
    from simulator.world.policies.evaluation import SuiteName


@click.command()
@click.option(
    "--base",
    help="The model without an adapter: `embedded` or a folder of safetensors, `gguf:PATH`, or a litellm name.",
)
@click.option("--adapter", "adapters", multiple=True, help="Name, `current` or folder; may be repeated.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Folder or file of documents: held out, and reference.")
@click.option(
    "--chat",
    type=click.Path(path_type=Path),
    help="Documents of a real channel: how well ordinary talk is still predicted.",
)
@click.option("--suite", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--api-base", multiple=True, help="Address of an OpenAI-compatible server with the base.")
@click.option("--dialect", type=click.Choice(["chat", "completion"]), help="Prompt format for a served base.")
@click.option("--judge", help="A model that is also asked about every answer; what it says is only reported.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the JSON to a file.")
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="Also write one HTML page that opens offline."
)
@click.option(
    "--regressions",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="OLD NEW",
    help="Two files written by --out: what got worse, example by example. Nothing is asked.",
)
@options.json_option
@options.data_option
@options.world_option
def evaluate(
    base: str | None,
    adapters: tuple[str, ...],
    corpus: Path | None,
    chat: Path | None,
    suite: SuiteName,
    seed: int,
    api_base: tuple[str, ...],
    dialect: str | None,
    judge: str | None,
    out: Path | None,
    page: Path | None,
    regressions: tuple[Path, Path] | None,
    as_json: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Score base, adapters and a corpus by the five criteria of the brief, side by side.

    Every score has a 95 % interval and the number of observations; the thresholds are in policies/evaluation.yaml.
    Answers are cached under data/evaluations, so that a second run costs nothing.

    \b
    Exit code 1 if an adapter fails a criterion or it could not be measured; without adapters the base counts, without
    a base the corpus.
    """
    if regressions:
        _compare(*regressions, as_json=as_json)
        return
    if base is None and (adapters or corpus is None):
        raise UsageError("nothing to evaluate", place="--base", remedy="name a base, such as `embedded`, or a --corpus")
    from simulator import files
    from simulator.evaluate.evaluation import EvaluationRequest
    from simulator.evaluate.evaluation import evaluate as evaluated
    from simulator.evaluate.open_subjects import opened
    from simulator.evaluate.scorecard import is_card
    from simulator.llm.model import PromptFormat
    from simulator.llm.registry import OpenOptions

    for path, ours, option in ((out, is_card, "--out"), (page, files.is_sealed, "--page")):
        if path is not None:
            files.check(path, ours, option)
    world = options.loaded(world_dir, quiet=as_json)
    subjects = []
    if base is not None:
        spoken = PromptFormat(dialect) if dialect else None
        subjects = opened(
            base,
            adapters,
            world=world,
            data=data,
            options=OpenOptions(api_base=api_base, dialect=spoken),
        )
    judging = None
    if judge is not None:
        import asyncio

        from simulator.llm.registry import open_models

        judging = asyncio.run(open_models(judge, None, None)).people
    request = EvaluationRequest(suite=suite, seed=seed, data=data, corpus=corpus, chat=chat, judge=judging)
    card = evaluated(subjects, world, request, say=lambda what: click.echo(what, err=True))
    text = card.model_dump_json(indent=1)
    if out is not None:
        files.write(out, text.encode() + b"\n", is_card, option="--out", remedy="name another file")
    if page is not None:
        from simulator.evaluate.evaluation_page import write_page

        size = write_page(page, card)
        click.echo(f"{page}: {size / 1e6:.2f} MB, opens in any browser", err=True)
    if as_json:
        click.echo(text)
    else:
        _show(card)
    for result in card.decides():
        short = [must.title for must in result.musts if must.met is False]
        unknown = [must.title for must in result.musts if must.met is None]
        if short or unknown:
            parts = [f"falls short: {'; '.join(short)}"] if short else []
            parts += [f"not measured: {'; '.join(unknown)}"] if unknown else []
            raise NotMet(", ".join(parts), place=result.subject, remedy="see the table, and the examples in --json")


def _compare(old: Path, new: Path, *, as_json: bool) -> None:
    import json

    from simulator.evaluate import regressions
    from simulator.evaluate.scorecard import read

    worse = regressions.found(read(old), read(new))
    if as_json:
        click.echo(json.dumps([each.model_dump() for each in worse], indent=1, ensure_ascii=False))
    else:
        for each in worse:
            _show_worse(each)
        click.echo(f"{len(worse)} things got worse" if worse else "nothing got worse")
    if worse:
        raise NotMet(f"{len(worse)} things got worse", place=str(new), remedy="keep the old adapter, or look at each")


def _show_worse(each: Worse) -> None:
    from simulator.tui.sanitize import sanitize

    click.echo(f"{each.must}: {each.where}\n  before: {sanitize(each.before)}\n  now:    {sanitize(each.after)}")
    if each.why:
        click.echo(f"  {sanitize(each.why)}")


def _show(card: Scorecard) -> None:
    """A table: checks in rows, subjects in columns."""
    from rich.table import Table
    from rich.text import Text

    from simulator.tui.lines import console
    from simulator.tui.sanitize import sanitize

    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("must have", overflow="fold")
    for result in card.results:
        table.add_column(Text(sanitize(f"{result.subject} ({result.kind})")), overflow="fold")
    for number, must in enumerate(card.results[0].musts):
        states = [_state(result.musts[number].met) for result in card.results]
        table.add_row(Text(f"{number + 1}. {must.title}", style="bold"), *states)
        _rows(table, [result.musts[number].checks for result in card.results])
    table.add_row(Text("nice to have", style="bold"))
    _rows(table, [result.nice for result in card.results])
    out = console()
    out.print(table)
    for result in card.results:
        if result.note:
            out.print(sanitize(f"{result.subject}: {result.note}"))
    out.print(
        f"suite {card.suite}, probes {card.probes}, seed {card.seed}; in brackets the 95 % interval, n is what was "
        "counted; every example: --json"
    )


def _rows(table: Table, columns: list[tuple[FigureCheck, ...]]) -> None:
    from rich.text import Text

    from simulator.evaluate.evaluation_page import table_rows

    for each in table_rows(columns):
        wanted = f" ({each.wanted})" if each.wanted else ""
        table.add_row(Text.assemble(f"  {each.name}", (wanted, "dim")), *map(_cell, each.cells))


def _cell(check: FigureCheck | None) -> Text:
    from rich.text import Text

    if check is None:
        return Text()
    if check.value is None:
        return Text(f"- {check.note}", style="dim")
    shown = f"{check.format_value(check.value)} [{check.interval}]{check.suffix}" if check.interval else check.figure
    paired = f", p {check.p:.3f} against the base" if check.p is not None else ""
    style = {True: "green", False: "red", None: ""}[check.met]
    return Text.assemble((shown, style), f" n {check.n}{paired}")


def _state(met: bool | None) -> Text:
    from rich.text import Text

    words = {True: ("met", "green"), False: ("falls short", "red"), None: ("not measured", "yellow")}
    return Text(*words[met])
