"""em report"""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import options
from simulator.cli.named_sessions import real_sessions


@click.command()
@options.run_argument
@click.argument("other", required=False)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Default: under --data.")
@click.option(
    "--scorecard",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also show an evaluation, from the JSON that `em evaluate --out` wrote.",
)
@click.option(
    "--against", multiple=True, metavar="RUN|FILE", help="Sessions of real channels to compare with; may be repeated."
)
@options.data_option
@options.world_option
def report(
    name: str,
    other: str | None,
    out: Path | None,
    scorecard: Path | None,
    against: tuple[str, ...],
    data: Path,
    world_dir: Path | None,
) -> None:
    """Write run NAME as one HTML page that opens offline, or NAME and OTHER side by side.

    Quotas, the lead's share of every session, turn-taking against real channels, rejections, cost, diversity, and the
    transcripts to search; also while the run is going on. Written to data/reports/NAME.html.
    """
    from simulator import files
    from simulator.journal.journal import Journal
    from simulator.report.gather import gather
    from simulator.report.page import write

    names = [name] if other is None else [name, other]
    path = out or data / "reports" / f"{'-and-'.join(names)}.html"
    files.check(path, files.is_sealed, "--out")
    world = options.loaded(world_dir)
    section = None
    if scorecard is not None:
        from simulator.evaluate import evaluation_page
        from simulator.evaluate.scorecard import read

        section = evaluation_page.section(read(scorecard))
    real = real_sessions(against, world, data)
    figures = []
    for each in names:
        with Journal.read(data / "runs" / each) as journal:
            figures.append(gather(journal, world, real))
    size = write(path, figures, section)
    click.echo(f"{path}: {size / 1e6:.2f} MB, opens in any browser", err=True)
