"""From a played session to a training document: the text that the brief asks for, and what is known about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Annotated

from pydantic import ConfigDict, Field

from simulator.document import HeaderLayout
from simulator.events import Event, Said
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import RunCard
from simulator.plan.session_plan import AnySession
from simulator.session.transcript import text
from simulator.world.strict import ChannelName, Length, Level, Name, Share, StrictModel

_FOLDERS = re.compile(r"(?:(?<=[:/])|^)(?:[/~]|[A-Za-z]:[\\/])[^\s]*[\\/]")

Count = Annotated[int, Field(ge=0)]


class Example(StrictModel):
    """One training document. Written out in this order of fields, all of them flat."""

    model_config = ConfigDict(str_strip_whitespace=False)  # the text ends in a newline

    text: str
    """Header and transcript, exactly as a model is trained on it."""
    id: str
    """Of the session."""
    run: str
    seed: int
    """Of the session."""
    engagement: Level
    channel: ChannelName
    pattern: Name
    scenario: Name
    topic_group: Name
    topic: str
    length: Length
    messages: Count
    lead_messages: Count
    lead_share: Share
    """`lead_messages` in `messages`, to four digits."""
    people: Count
    """How many besides the lead said something."""
    minutes: Annotated[float, Field(ge=0)]
    """Simulated time from the first event to the last."""
    people_model: str
    lead_model: str
    scripted: bool
    """True: no language model wrote (all of) this; not for training."""
    world: str
    """Digest of the content it was made from."""
    version: str
    """Of the program."""


def example(
    session: AnySession,
    events: Iterable[Event],
    run: RunCard,
    layout: HeaderLayout,
    *,
    actions: bool = True,
    scripted: bool = False,
) -> Example:
    """The document of one session; `scripted` marks it as such even where the run's card does not."""
    events = tuple(events)
    said = [event.nick for event in events if isinstance(event, Said)]
    setting, cell = session.setting, session.cell
    by_lead = said.count(setting.lead)
    people, lead = authors(run.models)
    return Example(
        text=text(setting, events, layout, actions),
        id=session.id,
        run=run.name,
        seed=session.script.seed,
        engagement=cell.engagement,
        channel=cell.channel,
        pattern=cell.pattern,
        scenario=session.scenario,
        topic_group=cell.group,
        topic=session.topic,
        length=cell.length,
        messages=len(said),
        lead_messages=by_lead,
        lead_share=round(by_lead / len(said), 4) if said else 0,
        people=len({*said} - {setting.lead}),
        minutes=round((events[-1].at - events[0].at) / 60, 1) if events else 0,
        people_model=people,
        lead_model=lead,
        scripted=scripted or run.scripted,
        world=run.world,
        version=run.version,
    )


def authors(models: ModelChoice) -> tuple[str, str]:
    """Who wrote the people's lines, and who wrote the lead's: names of models, `model+adapter` with an adapter."""
    people, lead, trained = public(models.people), public(models.leads), models.lead_adapter
    return people, f"{lead}+{PurePath(trained).stem}" if trained else lead


def public(model: str) -> str:
    """A model's name without the folders of the machine that it ran on.

    >>> public("gguf:/srv/weights/small.gguf"), public("openai/gpt-x")
    ('gguf:small.gguf', 'openai/gpt-x')
    """
    return ", ".join(_FOLDERS.sub("", name) for name in model.split(", "))
