"""From events to a training document: the one maker of documents, for planned, recorded and imported sessions alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.document import Document, HeaderLayout, TranscriptLine, render_document
from simulator.events import Acted, Event, Said
from simulator.plan.session_plan import RecordedSession, Setting
from simulator.world.policy import QuotaPolicy


def lines(setting: Setting, events: Iterable[Event], actions: bool = True) -> tuple[TranscriptLine, ...]:
    """What was said and done, under the names of the cards: what a model was shown; without `actions` no /me lines.

    Raises ValueError for a speaker who is neither the lead nor in the cast: a shown nick must not pass for a card's.
    """
    kinds, members = (Said, Acted) if actions else (Said,), frozenset(setting.members)
    shown = []
    for event in events:
        if isinstance(event, kinds):
            if event.nick not in members:
                raise ValueError(f"{setting.id}: {event.nick} is not in the cast")
            shown.append(TranscriptLine(event.nick, event.text, action=isinstance(event, Acted)))
    return tuple(shown)


def document(setting: Setting, events: Iterable[Event], layout: HeaderLayout, actions: bool = True) -> Document:
    """The session as its document: header and lines, and nothing else. Raises ValueError as `lines`."""
    return Document(layout.header(setting.engagement, setting.channel), lines(setting, events, actions))


def text(setting: Setting, events: Iterable[Event], layout: HeaderLayout, actions: bool = True) -> str:
    """The whole document, ending in a newline. Raises ValueError as `lines`."""
    return render_document(layout.header(setting.engagement, setting.channel), lines(setting, events, actions))


def counted(session: RecordedSession, events: Sequence[Event], quota: QuotaPolicy) -> RecordedSession:
    """The session when it is over: with who spoke, how much, and its class of length."""
    said = [event.nick for event in events if isinstance(event, Said)]
    spoke = dict.fromkeys(event.nick for event in events if isinstance(event, Said | Acted))
    lead = session.setting.lead
    cast = tuple(nick for nick in spoke if nick != lead)
    setting = session.setting.model_dump() | {"cast": cast, "begins": events[0].at}
    return RecordedSession(
        setting=Setting.model_validate(setting),
        origin=session.origin,
        number=session.number,
        seed=session.seed,
        length=quota.length_of(len(said)),
        messages=len(said),
        lead_messages=said.count(lead),
    )
