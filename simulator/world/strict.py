"""The base of everything that is read from a file, and the small types its fields are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)


class StrictModel(BaseModel):
    """Frozen; an unknown field is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


CHECKED = {"checked": True}
"""Context of a validation: the same data was valid before, so that patterns need not be tried out again."""


def was_checked(info: ValidationInfo) -> bool:
    """Whether the validation has that context."""
    return info.context is CHECKED


Level = Annotated[
    str,
    StringConstraints(pattern=r"^[^\W\d_][\w-]{0,23}$"),
    WithJsonSchema({"type": "string", "pattern": r"^[^\s\d<>{}:][^\s<>{}:]{0,23}$"}),  # editors know ASCII letters only
]
"""How much the lead takes part: a name that `policies/engagement.yaml` gives a band; every session's header has one."""

Nick = Annotated[str, StringConstraints(pattern=r"^[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,30}$")]
"""An IRC nickname (RFC 2812, 31 characters at most)."""

Length = Literal["short", "long"]
"""Class of session by its number of messages; `policies/quota.yaml` says how many."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,47}$")]
"""The name of a scenario, slot, beat, topic group, pattern or rule: lower case, digits and hyphens."""

ChannelName = Annotated[
    str,
    StringConstraints(pattern=r"^#[^\s,:\x07]{1,49}$"),
    WithJsonSchema({"type": "string", "pattern": r"^(#[^\s,:\x07]{1,49}|\{[a-z][a-z0-9-]{0,47}\})$"}),
]
"""A channel; in a file `{role}` stands for it as well, see `channel_roles`."""

Prose = Annotated[str, StringConstraints(min_length=3, max_length=1200)]

Share = Annotated[float, Field(ge=0, le=1)]

Hours = tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=0, le=23)]]
"""First and last hour of a part of the day, both included; it may wrap midnight."""


def within(hour: int, hours: Hours) -> bool:
    """Whether an hour lies in a part of the day.

    >>> within(23, (22, 4)), within(4, (22, 4)), within(12, (22, 4))
    (True, True, False)
    """
    first, last = hours
    return first <= hour <= last if first <= last else hour >= first or hour <= last


Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""A language, as a code of ISO 639, such as `en`."""


def fits(kind: Any, value: object) -> bool:
    """Whether a value is one of a kind, such as `Nick`.

    >>> fits(Nick, "kai"), fits(Nick, "1st"), fits(ChannelName, "#chat")
    (True, False, True)
    """
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


class WordedModel(StrictModel):
    """What holds words that are read by a model or looked for in a line, and says in which language."""

    language: Language = "en"
    """Of its words, as a code of ISO 639."""
