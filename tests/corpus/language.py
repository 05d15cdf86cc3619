"""The shipped style and filters, read anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from simulator.corpus.filters import Filters
from simulator.world.channel_roles import filled
from simulator.world.policy import EngagementPolicy, QuotaPolicy
from simulator.world.style import StylePolicy
from simulator.world.world_files import read_text
from simulator.world.yaml_file import parse, validate
from tests.layout import LAYOUT
from tests.worlds import shipped

ROOT = Path(__file__).resolve().parents[2]
LEAD = "Em"

M = TypeVar("M", bound=BaseModel)


def policy(model: type[M], name: str) -> M:
    path = ROOT / "policies" / f"{name}.yaml"
    data = filled(parse(read_text(path, ROOT), path.name), model, shipped().names.channels)
    return validate(model, data, path.name)


@cache
def style() -> StylePolicy:
    return policy(StylePolicy, "style")


@cache
def filters() -> Filters:
    return Filters(style(), policy(EngagementPolicy, "engagement"), policy(QuotaPolicy, "quota"), LEAD, LAYOUT)
