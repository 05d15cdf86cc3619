"""This project: `session.play` and the journal, as `em generate` does: `python ours.py ADDRESS N SESSIONS`.

DIALECT=chat or completion: the real door, through litellm, by the name PROVIDER/MODEL. A provider for servers of one's
own (hosted_vllm) is passed through; a model with a price (openai) is translated and priced. DIALECT=scripted: no
server, the engine alone.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cast import CARDS, MODEL, NICKS, topic
from driver import main

from simulator import __version__
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.journal.records import Goal, RunCard
from simulator.llm.model import Models, PromptFormat
from simulator.llm.registry import OpenOptions, open_models
from simulator.plan.session_plan import Script, SessionPlan, Setting, Slot
from simulator.session.play import play
from simulator.world import load
from simulator.world.persona import Persona, Role
from simulator.world.world import World

DIALECT = os.environ["DIALECT"]
*PEOPLE, LEAD = NICKS
VOICE = ("that is about how I see it, more or less.", "tell me the rest of it, I have time.")
"""A card needs two example lines; everybody gets the same, as the peers' cards have none."""

_models: dict[str, Models] = {}


@cache
def world() -> World:
    shipped = load.load(load.shipped())
    cards = {
        nick: Persona(nick=nick, role=Role.LEAD if nick == LEAD else Role.REGULAR, about=about, voice=VOICE)
        for nick, about in CARDS.items()
    }
    people = {persona.nick: persona for persona in shipped.people}
    return replace(shipped, personas={**people, **cards})


@cache
def journal() -> Journal:
    card = RunCard(
        name="peers",
        seed=1,
        goal=Goal(sessions=1),
        models={"people": MODEL},
        world=world().digest,
        version=__version__,
        begun="2026-01-05T00:00:00+00:00",
    )
    return Journal.create(Path(tempfile.mkdtemp(prefix="peers-")) / "run", card)


def plan(n: int, number: int) -> SessionPlan:
    """A free conversation of the cast: the lead has the share that going round would give her, about a seventh."""
    k = world().engagement.bands["MEDIUM"].counts(n)
    return SessionPlan(
        setting=Setting(
            id=f"p{number:04d}",
            channel="#general",
            engagement="MEDIUM",
            lead=LEAD,
            cast=tuple(PEOPLE),
            topic=topic(number),
            angle="anything that comes to mind",
            group="everyday",
            begins=72000.0,
        ),
        script=Script(seed=number, premise="An ordinary evening."),
        slot=Slot(
            number=number,
            scenario="open-floor",
            pattern="participation",
            length="short",
            messages=n,
            lead_messages=k[0] if k else n // 7,
        ),
    )


async def models(base: str) -> Models:
    if base not in _models:
        if DIALECT == "scripted":
            _models[base] = await open_models("scripted", None, None)
        else:
            dialect = PromptFormat(DIALECT)
            name = f"{os.environ['PROVIDER']}/{MODEL}"
            options = OpenOptions(api_base=[f"{base}/v1"], dialect=dialect)
            _models[base] = await open_models(name, None, None, options=options)
    return _models[base]


async def session(base: str, n: int, number: int) -> int:
    made, said = plan(n, number), 0
    journal().begin(made)
    behind = recorded(await models(base), journal(), made.id)
    async with aclosing(play(made, world(), behind)) as events:
        async for event in events:
            journal().event(made.id, event)
            said += event.kind == "said"
            await asyncio.sleep(0)  # as in `runs/run.py`: the scripted model lets nobody else have a turn
    return said


if __name__ == "__main__":
    main(session, "litellm", "openai")
