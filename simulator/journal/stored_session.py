"""Sessions as a journal stores them: JSON in today's shape, or in that of versions up to 0.1, read as today's.

In that older shape one flat object held everything. A session that nobody planned had made-up values in place of a
script, and its scenario, pattern and topic group were all the word for where it came from.
"""

from __future__ import annotations

import json

from pydantic import ConfigDict, JsonValue, TypeAdapter

from simulator.plan.session_plan import AnySession, Origin

_SESSION: TypeAdapter[AnySession] = TypeAdapter(AnySession, config=ConfigDict(defer_build=True))
_SETTING = ("id", "channel", "engagement", "lead", "cast", "topic", "angle", "group", "begins")
_SCRIPT = {"slots": "parts", "comings": "presence"} | {
    name: name for name in ("seed", "premise", "fill", "mood", "avoid", "beats", "expect")
}
_SLOT = {"slot": "number", "n": "messages", "k": "lead_messages"} | {
    name: name for name in ("attempt", "scenario", "pattern", "length")
}
"""Name of a field in the older shape to its name today."""


def read_session(stored: str) -> AnySession:
    """The session of a row. Raises pydantic's ValidationError if the row is damaged."""
    return _SESSION.validate_json(todays_shape(stored))


def todays_shape(stored: str) -> str:
    """The JSON in today's shape; what is in it already comes back as it is."""
    if '"setting"' in stored[:12]:
        return stored
    old = json.loads(stored)
    if not isinstance(old, dict) or "setting" in old:
        return stored
    origin = old.get("scenario")
    if origin == old.get("pattern") == old.get("group") and origin in list(Origin):
        return json.dumps(_recorded(old), ensure_ascii=False)
    return json.dumps(
        {
            "setting": {name: old[name] for name in _SETTING if name in old},
            "script": _renamed(old, _SCRIPT),
            "slot": _renamed(old, _SLOT),
        },
        ensure_ascii=False,
    )


def _recorded(old: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A session that nobody planned, without what was made up."""
    made_up = {"topic", "angle", "group"} if old["scenario"] == Origin.IMPORTED else {"angle", "group"}
    return {
        "setting": {name: old[name] for name in _SETTING if name in old and name not in made_up},
        "origin": old["scenario"],
        **{name: old[known] for known, name in (("slot", "number"), ("seed", "seed"), ("length", "length"))},
        "messages": old["n"],
        "lead_messages": old["k"],
    }


def _renamed(old: dict[str, JsonValue], names: dict[str, str]) -> dict[str, JsonValue]:
    return {today: old[name] for name, today in names.items() if name in old}
