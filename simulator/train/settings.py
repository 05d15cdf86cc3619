"""The settings of a training: those of a file, and what a command puts over them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.errors import ContentError, UsageError
from simulator.world.policies.training import Settings
from simulator.world.world_files import read_text
from simulator.world.yaml_file import explain, near, parse

FEW_STEPS = 100
"""Optimizer steps under which a low learning rate does next to nothing (measured: ten at 3e-5 leave no trace)."""


def read_settings(path: Path, changes: Iterable[str] = (), **given: Any) -> Settings:
    """The settings in a file, with changes as in `override_settings`. Raises ContentError with key and cause."""
    place = str(path)
    if not path.exists():
        raise UsageError("no such file", place=place, remedy="name a file like policies/training.yaml")
    data = parse(read_text(path, path.parent), place)
    if not isinstance(data, dict):
        raise ContentError("is not a table of settings", place=place, remedy="write `key: value` lines")
    try:
        plain = Settings.model_validate(data)
    except ValidationError as error:
        raise ContentError(explain(error, Settings), place=place, remedy="see policies/training.yaml") from None
    return override_settings(plain, changes, **given)


def override_settings(settings: Settings, changes: Iterable[str] = (), **given: Any) -> Settings:
    """The settings with `key=value` changes and then `given` (None: not given) put over them. Raises UsageError."""
    given = {key: value for key, value in given.items() if value is not None}
    return change_settings(settings, dict(map(_change, changes)) | given)


def change_settings(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with other values for some keys. Raises UsageError for an unknown key or a value that cannot be."""
    for key in changes:
        if key not in Settings.model_fields:
            meant = near(key, Settings.model_fields)
            raise UsageError(f"no setting `{key}`", place="--set", remedy=meant or "see policies/training.yaml")
    try:
        return Settings.model_validate(settings.model_dump() | changes)
    except ValidationError as error:
        raise UsageError(explain(error), place="--set", remedy="see policies/training.yaml") from None


def _change(text: str) -> tuple[str, Any]:
    """`key=value`, the value read as YAML: `true`, `3e-5` and `[q_proj, v_proj]` have the types they have in a file."""
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"`{text}` is not key=value", place="--set", remedy="for example --set learning_rate=1e-4")
    return key.strip(), parse(value, f"--set {key.strip()}")
