"""em import"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.logs.line_counts import LineCounts
    from simulator.logs.log_import import ImportResult

MOST = 10
"""Bots and speakers of a file that are shown; --json has all."""


@click.command("import")
@click.argument("logs", nargs=-1, required=True, metavar="LOG|FOLDER…", type=click.Path(path_type=Path))
@click.option("--run", "name", metavar="NAME", help="The run to make. Needed, but for --dry-run.")
@options.log_format_option
@click.option("--line", "templates", multiple=True, metavar="TEMPLATE",
              help="What a line looks like, for your own theme: 'TIME <NICK> TEXT', '[%H:%M] NICK: TEXT'.")  # fmt: skip
@click.option("--channel", metavar="'#x'", help="What the header calls the channel. Default: as in the log.")
@click.option("--engagement", metavar="LEVEL", default="auto", show_default=True,
              help="Level in the header; auto: by the lead's share of each conversation.")  # fmt: skip
@click.option("--lead", metavar="NICK", help="The lead's nick in the log. Default: as on the lead's card.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE",
              help="Of the log's clock, where it does not say: Europe/Berlin. Times become UTC.")  # fmt: skip
@click.option("--silence", type=click.FloatRange(min=0.5), default=15, show_default=True, metavar="MINUTES",
              help="Silence that ends a conversation.")  # fmt: skip
@click.option("--shortest", type=click.IntRange(min=2), default=10, show_default=True, metavar="N",
              help="Messages; shorter conversations are left out.")  # fmt: skip
@click.option("--longest", type=click.IntRange(min=20), default=120, show_default=True, metavar="N",
              help="Messages; longer ones are cut at their longest silence.")  # fmt: skip
@click.option("--pastes", type=click.Choice(["cut", "join", "keep"]), default="cut", show_default=True,
              help="Four lines and more, faster than anybody types.")  # fmt: skip
@click.option("--bot", "bots", multiple=True, metavar="NICK", help="A program, besides known ones and *bot.")
@click.option("--bridge", "bridges", multiple=True, metavar="NICK[=PATTERN]",
              help="Speaks for others: `<Name> text`, or as PATTERN says: 'relay=(ANY) NICK: TEXT'.")  # fmt: skip
@click.option("--keep-bots", is_flag=True, help="Programs count as people.")
@click.option("--pseudonyms", is_flag=True, help="Other nicks for everybody but the lead, in what is said too.")
@click.option("--salt", envvar="EM_IMPORT_SALT", metavar="TEXT",
              help="Decides the pseudonyms. Default: made for the run [env: EM_IMPORT_SALT].")  # fmt: skip
@click.option("--keep-addresses", is_flag=True, help="Leave links, mail addresses, hosts and phone numbers.")
@click.option("--dry-run", is_flag=True, help="Write nothing, tell what was understood and what was not.")
@options.json_option
@options.data_option
@options.world_option
def import_(
    logs: tuple[Path, ...],
    name: str | None,
    kind: str,
    templates: tuple[str, ...],
    channel: str | None,
    engagement: str,
    lead: str | None,
    timezone: str,
    silence: float,
    shortest: int,
    longest: int,
    pastes: str,
    bots: tuple[str, ...],
    bridges: tuple[str, ...],
    keep_bots: bool,
    pseudonyms: bool,
    salt: str | None,
    keep_addresses: bool,
    dry_run: bool,
    as_json: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Read logs of a real channel into run NAME.

    Conversations are cut where nobody speaks for a while; the daily logs of one channel, named alike but for the date
    and in one folder, are read as one. Links, mail and net addresses and phone numbers are taken out of the text; with
    --pseudonyms nobody keeps a nick. All conversations are kept, and `em check NAME` runs the filters on them. The run
    can be looked at like any other; `em export` takes of it only the lines of those who agreed, for instance by typing
    `!em optin` in the log.

    The format is found by the first lines; where it is not certain, the command says so and stops. docs/importing.md
    lists the programs whose logs are understood.
    """
    from simulator.logs import log_import
    from simulator.logs.conversations import SplitRules, command_words
    from simulator.logs.log_files import LogSelection
    from simulator.logs.timeline import Zone
    from simulator.logs.turn_repair import Pastes

    _hold(name, channel, dry_run=dry_run, shortest=shortest, longest=longest)
    if salt is not None and not pseudonyms:
        salt = None
    world = options.loaded(world_dir, quiet=as_json)
    zone = None if timezone == "UTC" else Zone(timezone)
    shown_lead = lead or world.lead.nick
    commands = command_words(world.lead.nick, shown_lead)
    rules = SplitRules(silence, shortest, longest, Pastes(pastes), keep_bots, bots, bridges, shown_lead, commands, zone)
    what = LogSelection(logs, kind, templates, None if as_json else MOST * 2)
    if templates:
        _try(logs, templates, quiet=as_json)
    if dry_run:
        taken = log_import.summarize_logs(what, rules)
    else:
        level = None if engagement.lower() == "auto" else options.level(engagement, world)
        wanted = log_import.ImportOptions(channel, level, pseudonyms, salt, keep_addresses)
        taken = log_import.import_logs(what, data / "runs" / str(name), world, rules, wanted)
    if as_json:
        click.echo(json.dumps(_facts(taken, None if dry_run else name), indent=2, ensure_ascii=False))
    else:
        _show(taken, None if dry_run else name)


def _hold(name: str | None, channel: str | None, *, dry_run: bool, shortest: int, longest: int) -> None:
    import re

    from simulator.world.strict import ChannelName, fits

    if name is None and not dry_run:
        raise click.UsageError("give the run a name with --run NAME, or look first with --dry-run")
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name):
        raise click.UsageError(f"--run {name}: letters, digits, `.`, `_` and `-`, beginning with a letter or digit")
    if shortest > longest:
        raise click.UsageError("--shortest must not be above --longest")
    if channel is not None and not fits(ChannelName, channel):
        raise click.UsageError(f"--channel {channel}: a channel is # and a word, such as '#chat'")


def _try(logs: tuple[Path, ...], templates: tuple[str, ...], *, quiet: bool) -> None:
    """Shows what the templates make of the first lines of the first file, before anything is written."""
    from simulator.logs.formats import custom
    from simulator.tui.sanitize import sanitize

    for path in logs:
        if path.is_dir():
            continue
        trial = custom.attempt(path, templates)
        if quiet:
            return
        click.echo(f"em: {path.name}: the template fits {trial.understood} of the first {trial.lines} lines", err=True)
        for nick, text in trial.said[:5]:
            click.echo(f"em:   {sanitize(nick)}: {sanitize(text)}", err=True)
        for line in trial.odd[:5]:
            click.echo(f"em:   does not fit: {sanitize(line)}", err=True)
        return


def _facts(taken: ImportResult, name: str | None) -> dict[str, Any]:
    from simulator.logs.line_counts import shown_time

    accounts = taken.accounts
    speakers: Counter[str] = sum((about.speakers for about in accounts), Counter())
    channels = list(dict.fromkeys(about.channel for about in accounts if about.channel))
    firsts = [about.first for about in accounts if about.first is not None]
    lasts = [about.last for about in accounts if about.last is not None]
    return {
        "run": name,
        "channel": channels[0] if len(channels) == 1 else None,
        "channels": channels,
        "conversations": sum(about.conversations for about in accounts),
        "messages": sum(about.messages for about in accounts),
        "actions": sum(about.actions for about in accounts),
        "speakers": dict(speakers.most_common()),
        "first_message_utc": shown_time(min(firsts, default=None)),
        "last_message_utc": shown_time(max(lasts, default=None)),
        "lead_messages": taken.lead_messages,
        "engagement": dict(taken.levels),
        "not_understood": sum(about.not_understood for about in accounts),
        "logs": [about.plain() for about in accounts],
        "left_out": taken.left_out,
    }


def _show(taken: ImportResult, name: str | None) -> None:
    from simulator.tui.lines import console
    from simulator.tui.sanitize import sanitize

    out = console()
    for cause in taken.left_out:
        click.echo(f"em: left out: {sanitize(cause)}", err=True)
    for about in taken.accounts:
        for row in _rows(about):
            out.print(row)
    facts = _facts(taken, name)
    levels = ", ".join(f"{level} {count}" for level, count in facts["engagement"].items())
    out.print(
        f"{facts['conversations']} conversations, {facts['messages']} messages, {facts['lead_messages']} by the lead"
        + (f"; {levels}" if levels else "")
    )
    out.print(
        f"run {name}: all are kept as they are; `em check {name}` says what the filters think of them"
        if name
        else "nothing was written (--dry-run)"
    )


def _rows(about: LineCounts) -> list[str]:
    def counted(counts: dict[str, int], most: int | None = None) -> str:
        shown = list(counts.items())[:most]
        rest = f" and {len(counts) - len(shown)} more" if len(counts) > len(shown) else ""
        return ", ".join(f"{what} {count}" for what, count in shown) + rest

    facts = about.plain()
    place = " ".join(filter(None, (about.network, about.channel))) or "no channel named"
    rows = [f"{about.file}: {about.format}, {place}, {about.lines} lines"]
    rows += [f"  {note}" for note in about.notes]
    rows.append(f"  lines: {counted(facts['kinds'])}")
    rows.append(f"  encodings: {counted(facts['encodings'])}")
    if facts["bots"]:
        rows.append(f"  bots: {counted(facts['bots'], MOST)}")
    if facts["dropped"]:
        rows.append(f"  not kept: {counted(facts['dropped'])}")
    rows.append(
        f"  {about.conversations} conversations, {about.messages} messages, {about.actions} actions,"
        f" {len(facts['speakers'])} speakers: {counted(facts['speakers'], MOST)}"
    )
    if about.not_understood:
        rows.append(f"  {about.not_understood} lines were not understood:")
        rows += [f"    {number}: {text}" for number, text in about.unknown]
        if about.not_understood > len(about.unknown):
            rows.append(f"    … and {about.not_understood - len(about.unknown)} more; --json has all")
    return rows
