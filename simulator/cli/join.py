"""em join"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.events import Event
    from simulator.irc.bot_config import BotConfig
    from simulator.irc.irc_address import IrcAddress
    from simulator.journal.model_choice import ModelChoice
    from simulator.world.world import World

RUN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"


@click.command()
@click.argument("address", metavar="ircs://HOST[:PORT]/#CHANNEL")
@click.option("--engagement", metavar="LEVEL",
              help="Level to begin with; operators change it. Default: the lowest.")  # fmt: skip
@click.option("--nick", metavar="NICK", help="The lead's nick there. Default: as on the card.")
@click.option("--channel-header", metavar="'#x'",
              help="What the header calls the channel. Default: its name, or the world's first.")  # fmt: skip
@click.option("--operator", "operators", multiple=True, metavar="ACCOUNT|MASK",
              help="Who may give commands: a services account, or nick!user@host; may be repeated.")  # fmt: skip
@click.option("--bot", "bots", multiple=True, metavar="NICK", help="A program, besides known ones and *bot.")
@click.option("--bridge", "bridges", multiple=True, metavar="NICK[=PATTERN]",
              help="Speaks for others; PATTERN shows how, such as '[*] <NICK> TEXT'. May be repeated.")  # fmt: skip
@click.option("--observe", is_flag=True, help="Decide and record; say nothing.")
@click.option("--ca-file", type=click.Path(path_type=Path), help="CA certificate to trust, for your own server.")
@click.option("--run", "name", metavar="NAME", help="The run to record in. Default: after the server and channel.")
@options.model_options
@options.data_option
@options.world_option
def join(
    address: str,
    engagement: str | None,
    nick: str | None,
    channel_header: str | None,
    operators: tuple[str, ...],
    bots: tuple[str, ...],
    bridges: tuple[str, ...],
    observe: bool,
    ca_file: Path | None,
    name: str | None,
    models: ModelChoice,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Run the lead in a channel of a real IRC server.

    Same prompts, same share of the messages and same checks of a line as in the simulator; and the lead talks less for
    a while when somebody asks for that. Everything is recorded in a run, for `em show`, `em log` and `em report`. It
    ends when an operator says `leave`, on Ctrl-C or SIGTERM, and when a file `stop` appears in the run's folder.

    Commands begin with `!` and the lead's nick. Operators: engagement, mute, unmute, lift (a wish that the lead talk
    less), status, leave. Everybody: optin, optout; they decide what `em export --opted-in` takes of somebody's lines.

    \b
    EM_IRC_PASSWORD        the server's password
    EM_IRC_SASL_PASSWORD   the password of the lead's account
    EM_IRC_SASL_USER       the account, if its name is not the nick
    """
    from simulator.irc.bot_config import STOP, BotConfig
    from simulator.irc.commands import Operators
    from simulator.irc.irc_address import parse_address
    from simulator.logs.bots import parse_bridge
    from simulator.plan.session_plan import Origin

    if models.judge not in (None, "none"):
        raise click.UsageError("--judge-model: nobody judges a real channel")
    models = models.in_real_channel()
    place = parse_address(address, ca_file)
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", f"{place.host}-{place.channel[1:]}").strip("-.")
    if not re.fullmatch(RUN, name):
        raise click.UsageError(f"--run {name}: letters, digits, `.`, `_` and `-`, beginning with a letter or digit")
    world = options.loaded(world_dir)
    header = header_of(world, channel_header, place.channel)
    wanted = nick or world.lead.nick
    checked(wanted)
    Operators(world.lead.nick, world.engagement, operators)  # a mask that anybody fits is refused before it begins
    folder = data / "runs" / name
    config = BotConfig(
        channel=header,
        level=options.level(engagement, world) if engagement else world.engagement.levels[0],
        origin=Origin.JOINED,
        operators=operators,
        bots=bots,
        bridges=tuple(map(parse_bridge, bridges)),
        observe=observe,
        stop=folder / STOP,
    )
    asyncio.run(_joined(place, wanted, config, folder, models, world))


async def _joined(
    place: IrcAddress,
    nick: str,
    config: BotConfig,
    folder: Path,
    choice: ModelChoice,
    world: World,
) -> None:
    import os

    from simulator.irc import session_recorder
    from simulator.irc.bot import Bot
    from simulator.irc.bot_config import BotContext
    from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
    from simulator.irc.registration import Credentials
    from simulator.irc.timing import WallClock
    from simulator.journal.model_choice import ModelChoice
    from simulator.runs.opening import open_choice

    numbers, hours = world.bot, WallClock()
    models = await open_choice(choice, world, slots=1)
    try:
        card = ModelChoice(lead=played_by(choice), guard=choice.guards, channel=str(place))
        with session_recorder.opened(folder, world, card, seed=1) as journal:
            password = os.environ.get("EM_IRC_SASL_PASSWORD")
            sasl = (os.environ.get("EM_IRC_SASL_USER") or nick, password) if password else None
            who = Credentials(nick, USERNAME, REALNAME, os.environ.get("EM_IRC_PASSWORD") or None, sasl)
            link = ChannelConnection(place, who, numbers, hours)
            bot = Bot(BotContext(link, world, numbers, config, hours, Printer(world.lead.nick)), models, journal)
            with Leaving(bot.leave) as signals:
                await link.open()
                try:
                    said(f"in {place} as {link.nick}, {config.level}, recording in {folder}")
                    await bot.run()
                finally:
                    await link.close()
            if signals.interrupted:
                raise KeyboardInterrupt
    finally:
        await models.aclose()


def header_of(world: World, given: str | None, channel: str) -> str:
    """The channel of the header, which the lead was trained on. Raises UsageError for one the world does not have."""
    known = list(world.quota.channels)
    if given is not None and given not in known:
        raise UsageError(f"no channel `{given}`", place="--channel-header", remedy=f"choose {', '.join(known)}")
    return given or (channel if channel in known else known[0])


def checked(nick: str) -> None:
    """Raises UsageError for what is no nick."""
    from simulator.world.strict import Nick, fits

    if not fits(Nick, nick):
        raise UsageError(f"`{nick}` is not a valid nick", place="--nick", remedy="letters, digits and []\\`_^{|}-")


def played_by(choice: ModelChoice) -> str:
    """Who plays the lead, for the run's card."""
    return f"{choice.leads}+{Path(choice.lead_adapter).name}" if choice.lead_adapter else choice.leads


def said(text: str) -> None:
    """A line for people, on stderr."""
    from simulator.tui.sanitize import sanitize

    click.echo(f"em: {sanitize(text)}", err=True)


class Printer:
    """Prints every event as it happens, with the reasons of the lead's silences."""

    def __init__(self, lead: str) -> None:
        from simulator.tui import lines

        self._lead, self._console = lead, lines.console()

    def note(self, text: str) -> None:
        """A line of the program's own."""
        said(text)

    def happened(self, event: Event) -> None:
        """The event as `em show` has it."""
        from simulator.events import Passed
        from simulator.tui import lines

        for row in lines.event(event, self._lead, reasons=isinstance(event, Passed)):
            self._console.print(row)


class Leaving:
    """While the block lasts, Ctrl-C and SIGTERM end the stay in good order; a second one ends the program."""

    def __init__(self, leave: Callable[[str], None]) -> None:
        self._leave = leave
        self.interrupted = False
        """By Ctrl-C; SIGTERM is a way to ask the lead to leave."""

    def __enter__(self) -> Leaving:
        import signal

        loop = asyncio.get_running_loop()
        self._signals = (signal.SIGINT, signal.SIGTERM)
        for number in self._signals:
            loop.add_signal_handler(number, self._stop_requested, number == signal.SIGINT, number.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _stop_requested(self, interrupted: bool, name: str) -> None:
        self.interrupted = self.interrupted or interrupted
        self._leave(name)
        self._restore()

    def _restore(self) -> None:
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)
