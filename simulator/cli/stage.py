"""em stage"""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import join, options

if TYPE_CHECKING:
    from simulator.irc.bot import Bot
    from simulator.irc.bot_config import BotConfig
    from simulator.irc.irc_address import IrcAddress
    from simulator.irc.local_server import LocalServer
    from simulator.journal.model_choice import ModelChoice
    from simulator.world.world import World

FEWEST, MOST = 2, 30


@click.command()
@click.option("--people", type=click.IntRange(FEWEST, MOST), default=6, show_default=True, metavar="N",
              help="How many people there are besides the lead.")  # fmt: skip
@click.option("--messages", type=click.IntRange(min=1), metavar="N", help="End after so many. Default: on Ctrl-C.")
@click.option("--engagement", metavar="LEVEL",
              help="The lead's level. Default: the one in the middle.")  # fmt: skip
@click.option("--channel", metavar="'#x'", help="Channel, and what the header calls it. Default: the world's first.")
@click.option("--tempo", type=click.FloatRange(min=0.1), default=1.0, show_default=True, metavar="X",
              help="How many times faster than people type; `inf`: nobody waits.")  # fmt: skip
@click.option("--operator", "operators", multiple=True, metavar="MASK",
              help="Who may give commands, such as 'you!*@127.0.0.1'.")  # fmt: skip
@click.option("--server", type=click.Choice(("ngircd", "inspircd", "ircd-hybrid")), default="ngircd", show_default=True,
              help="IRC server to start.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), help="Of the server. Default: a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed for people and topics.")
@click.option("--run", "name", metavar="NAME", help="The run to record in. Default: a new one.")
@options.model_options
@options.data_option
@options.world_option
def stage(
    people: int,
    messages: int | None,
    engagement: str | None,
    channel: str | None,
    tempo: float,
    operators: tuple[str, ...],
    server: str,
    port: int | None,
    seed: int,
    name: str | None,
    models: ModelChoice,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Start a local IRC server with simulated users and the lead.

    Join with any IRC client at the address that is printed, and talk to them: they answer, and leave you time to type.
    Everything is recorded in a run. The server and everybody in it stop when the command ends.
    """
    from simulator.irc import local_server
    from simulator.irc.bot_config import STOP, BotConfig
    from simulator.irc.commands import Operators
    from simulator.plan.session_plan import Origin

    if models.judge not in (None, "none"):
        raise click.UsageError("--judge-model: nobody judges a staged channel")
    models = models.in_real_channel()
    if name is not None and not re.fullmatch(join.RUN, name):
        raise click.UsageError(f"--run {name}: letters, digits, `.`, `_` and `-`, beginning with a letter or digit")
    started = local_server.LocalServer(local_server.PROGRAMS[server], port)
    world = options.loaded(world_dir)
    if people > len(world.people):
        raise click.UsageError(f"--people {people}: the world has {len(world.people)}")
    Operators(world.lead.nick, world.engagement, operators)
    folder = _folder(data / "runs", name)
    config = BotConfig(
        channel=join.header_of(world, channel, ""),
        level=options.level(engagement, world) if engagement else world.engagement.middle,
        origin=Origin.STAGED,
        operators=operators,
        stop=folder / STOP,
    )
    staging = _Staging(people, messages, seed, tempo)
    asyncio.run(_staged(config, folder, models, world, started, staging))


@dataclass(frozen=True, slots=True)
class _Staging:
    """Who is in the channel, for how long, and how fast."""

    people: int
    messages: int | None
    seed: int
    tempo: float


async def _staged(
    config: BotConfig,
    folder: Path,
    choice: ModelChoice,
    world: World,
    server: LocalServer,
    staging: _Staging,
) -> None:
    from simulator.irc import session_recorder
    from simulator.irc.testbed import TestbedRequest
    from simulator.irc.testbed import stage as play
    from simulator.irc.timing import ManualClock, WallClock
    from simulator.journal.model_choice import ModelChoice
    from simulator.runs.opening import open_choice

    models = await open_choice(choice, world, slots=2)
    try:
        card = ModelChoice(lead=join.played_by(choice), guard=choice.guards, people_played_by=choice.people)
        with session_recorder.opened(folder, world, card, seed=staging.seed) as journal:
            leaving: list[join.Leaving] = []
            bots: list[Bot] = []

            def begun(place: IrcAddress, bot: Bot) -> None:
                bots.append(bot)
                leaving.append(join.Leaving(bot.leave))
                leaving[0].__enter__()
                join.said(f"join with any IRC client: {place.host} port {place.port}, no TLS, channel {place.channel}")
                join.said(f"the lead is {world.lead.nick}, {config.level}; recording in {folder}")

            hours = ManualClock() if math.isinf(staging.tempo) else WallClock(staging.tempo)
            observer = join.Printer(world.lead.nick)
            wish = TestbedRequest(
                config, observer, hours, staging.people, staging.messages, server, staging.seed, begun
            )
            try:
                count = await play(world, models, journal, wish)
            finally:
                if leaving:
                    leaving[0].__exit__()
        join.said(f"{world.lead.nick}: {bots[0].status()}")
        join.said(f"{count} messages; see them with `em show {folder.name}`")
        if leaving and leaving[0].interrupted:
            raise KeyboardInterrupt
    finally:
        await models.aclose()


def _folder(runs: Path, name: str | None) -> Path:
    number = 1
    while name is None and (runs / f"stage-{number}").exists():
        number += 1
    return runs / (name or f"stage-{number}")
