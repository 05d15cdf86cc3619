"""Channels by their roles: what a script says of `{heated}` is about the channel that has that role in this world.

Roles are filled in when a file is read, so that nothing later knows of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.world.policies.gaps import GapPolicy
from simulator.world.policy import QuotaPolicy
from simulator.world.probe import ProbeFile
from simulator.world.scenario import Scenario
from simulator.world.strict import StrictModel
from simulator.world.style import StylePolicy

SPEAKING: tuple[type[StrictModel], ...] = (Scenario, ProbeFile, QuotaPolicy, GapPolicy)
"""What names channels as `{role}`. In the patterns of a style that is `{channel.role}`, since word lists have names."""
_ROLE = re.compile(r"\{([a-z][a-z0-9-]*)\}")
_IN_PATTERNS = re.compile(r"\{channel\.([a-z][a-z0-9-]*)\}")
_KEYS = frozenset({"channels", "confined", "lean"})
"""Of a file: what holds names of channels and nothing else."""


def filled(data: Any, model: type[StrictModel], channels: Mapping[str, str]) -> Any:
    """The data of a file with the names of channels in it. `channels`: role to name.

    A name in braces that is no role stays as it is: it may be a part of a script, or a word list.
    """
    if model is StylePolicy:
        return _filled(data, _IN_PATTERNS, _patterns(channels))
    return _filled(data, _ROLE, channels) if model in SPEAKING else data


def filled_text(text: str, channels: Mapping[str, str], *, style: bool = False) -> str:
    """The same with the text of a file: how it would be written without roles. It need not be valid YAML."""
    placeholder, names = (_IN_PATTERNS, _patterns(channels)) if style else (_ROLE, channels)
    return placeholder.sub(lambda found: names.get(found[1], found[0]), text)


def _patterns(channels: Mapping[str, str]) -> dict[str, str]:
    """Role to a pattern: a hyphen of the name may be missing, as people type it."""
    return {role: re.escape(name).replace("\\-", "-?").replace("\\#", "#") for role, name in channels.items()}


def _filled(data: Any, placeholder: re.Pattern[str], channels: Mapping[str, str]) -> Any:
    if isinstance(data, str):
        return placeholder.sub(lambda found: channels.get(found[1], found[0]), data) if "{" in data else data
    if isinstance(data, list):
        return [_filled(each, placeholder, channels) for each in data]
    if isinstance(data, dict):
        own = {*_names(data.get("slots")), *_names(data.get("fill"))}  # a script's own parts come first
        channels = {role: name for role, name in channels.items() if role not in own} if own else channels
        return {
            _filled(key, placeholder, channels): _filled(value, placeholder, channels) for key, value in data.items()
        }
    return data


def _names(part: Any) -> Iterable[str]:
    return part if isinstance(part, dict) else ()


def unknown(data: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(place, role) where the data of a file still name a channel by a role that no channel has."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _KEYS:
                yield from (((*at, key), role) for role in _roles(value))
            elif isinstance(value, dict | list):
                yield from unknown(value, (*at, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from unknown(value, (*at, number))


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if found := _ROLE.fullmatch(value):
            yield found[1]
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _roles(key)
            yield from _roles(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _roles(each)
