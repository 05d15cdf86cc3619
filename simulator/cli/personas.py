"""em personas"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.drafts.cards import DraftedCard
    from simulator.drafts.habits import OwnLine
    from simulator.journal.journal import Journal
    from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class _LogChoice:
    """How logs are read, as the options say."""

    kind: str
    lead: str | None
    timezone: str
    pseudonyms: bool
    salt: str | None


@click.group()
def personas() -> None:
    """Draft persona cards from people of a real channel."""


@personas.command("from")
@click.argument("what", nargs=-1, required=True, metavar="RUN|LOG…")
@click.option("--consented", is_flag=True, help="Of those who agreed in the channel, and of nobody else. Needed.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the cards.")
@click.option("--fewest", type=click.IntRange(min=2), default=20, show_default=True, metavar="N",
              help="Lines that may be used from which on somebody gets a card.")  # fmt: skip
@options.log_format_option
@click.option("--lead", metavar="NICK", help="Of logs: the lead's nick. Default: as on the lead's card.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE",
              help="Of logs: their clock, where they do not say: Europe/Berlin. Hours on cards are UTC.")  # fmt: skip
@click.option("--pseudonyms", is_flag=True, help="Of logs: other nicks, in what is said too.")
@click.option("--salt", envvar="EM_IMPORT_SALT", metavar="TEXT", help="Decides the pseudonyms [env: EM_IMPORT_SALT].")
@options.data_option
@options.world_option
def from_(
    what: tuple[str, ...],
    consented: bool,
    out: Path,
    fewest: int,
    kind: str,
    lead: str | None,
    timezone: str,
    pseudonyms: bool,
    salt: str | None,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Draft persona cards from an imported or recorded RUN, or from LOGs of a channel, to be edited by hand.

    Who wrote `optin` to the lead's program in the channel (`!em optin` for a lead called em) gets a card: how much and
    how long, at which hours, to whom, about what, and example lines of their own. Lines from before that moment are not
    used; `optout` takes everything back. Nothing on a card comes from anybody else: a line that names, addresses or
    repeats a person who did not agree is left out, and figures are relative to the others with a card.

    E-mail and net addresses, links and phone numbers are taken out. What else is private in a line only a person can
    see: read every card before it is used.
    """
    from simulator.drafts import cards
    from simulator.errors import NotMet, UsageError

    if not consented:
        raise UsageError(
            "what people said belongs to them",
            place="em personas from",
            remedy="--consented takes those who agreed in the channel, and nobody else",
        )
    world = options.loaded(world_dir)
    with ExitStack() as held:
        run = data / "runs" / what[0]
        if len(what) == 1 and run.is_dir():
            journal = _recorded(run, held)
        else:
            wanted = _LogChoice(kind, lead, timezone, pseudonyms, salt)
            journal = _imported(tuple(map(Path, what)), world, wanted, held)
        people, made = _drafted(journal, world, fewest)
    if not made:
        count = f"{len(people)} people agreed" if people else "nobody agreed in the channel"
        few = f", none with {fewest} lines that may be used" if people else ""
        raise NotMet(count + few, place=", ".join(what), remedy="docs/importing.md says how people agree")
    paths = cards.write_cards(made, out)
    for card, path in zip(made, paths, strict=True):
        click.echo(f"{path}: {card.lines} lines, {len(card.persona.voice)} of them as examples")
    click.echo(f"{len(made)} cards, {len(people)} people agreed; edit each, then move them to a world's personas/")


def _recorded(folder: Path, held: ExitStack) -> Journal:
    """A run of a real channel. Raises UsageError for a played one."""
    from simulator.errors import UsageError
    from simulator.journal.journal import Journal

    journal = held.enter_context(Journal.read(folder))
    if not journal.run.imported:
        raise UsageError("is no run of a real channel", place=str(folder), remedy="name an imported one, or logs")
    return journal


def _imported(logs: tuple[Path, ...], world: World, choice: _LogChoice, held: ExitStack) -> Journal:
    """The logs as a run in a folder that goes when this is over."""
    from simulator.journal.journal import Journal
    from simulator.logs.conversations import SplitRules, command_words
    from simulator.logs.log_files import LogSelection
    from simulator.logs.log_import import ImportOptions, import_logs
    from simulator.logs.timeline import Zone

    lead = choice.lead or world.lead.nick
    zone = None if choice.timezone == "UTC" else Zone(choice.timezone)
    rules = SplitRules(shortest=2, lead=lead, commands=command_words(world.lead.nick, lead), zone=zone)
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="emsim-"))) / "run"
    wanted = ImportOptions(pseudonyms=choice.pseudonyms, salt=choice.salt if choice.pseudonyms else None)
    import_logs(LogSelection(logs, choice.kind, keep=0), folder, world, rules, wanted)
    return held.enter_context(Journal.read(folder))


def _drafted(
    journal: Journal, world: World, fewest: int
) -> tuple[Mapping[str, Sequence[OwnLine]], Sequence[DraftedCard]]:
    from simulator.drafts.cards import drafted
    from simulator.drafts.habits import own_lines

    people = own_lines(journal, world.quota.lengths["short"].messages)
    return people, drafted(people, world, fewest)
