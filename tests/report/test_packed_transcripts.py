"""What is embedded can be read back, fits the budget, and is a fair sample."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass

import pytest

from simulator.report.packed_transcripts import FRAME, body, embed
from tests import builders


@dataclass(frozen=True)
class One:
    id: str
    state: str = "kept"
    engagement: str = "LOW"
    channel: str = "#general"
    length: str = "short"
    pattern: str = "identity"
    group: str = "random"
    body: bytes = b"[]"


def sessions(count: int, *, rejected: int = 0) -> list[One]:
    """Bodies that hardly compress, in cells of very different sizes."""
    draw = random.Random(1)
    made = []
    for number in range(count + rejected):
        text = base64.b64encode(draw.randbytes(3000)).decode()
        group = "rare" if number % 50 == 0 else "random"
        state = "kept" if number < count else "rejected"
        level = ("LOW", "MEDIUM")[number % 2]
        made.append(One(f"s{number:05d}", state, engagement=level, group=group, body=json.dumps([text]).encode()))
    return made


def opened(packed: str):
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_a_transcript_comes_back_whole() -> None:
    plan = builders.plan()
    events = builders.events(plan)
    reasons = [("walls", 3, "evidence"), ("leak", None, "as a whole")]
    begins, lead, told, rows = json.loads(body(plan.setting, events, reasons))
    assert (begins, lead, told) == (plan.setting.begins, plan.setting.lead, [list(reason) for reason in reasons])
    assert [(row[0], row[2]) for row in rows] == [(event.kind, event.nick) for event in events]
    said = [row[3] for row in rows if row[0] == "said"]
    assert said == [event.text for event in events if event.kind == "said"]
    assert sum(len(row[6]) for row in rows if len(row) > 6) == sum(len(getattr(e, "refused", ())) for e in events)


@pytest.mark.parametrize("budget", [0, 1000, 300_000, 600_000, 10**8])
def test_the_budget_is_kept_and_places_are_right(budget: int) -> None:
    runs = [sessions(300, rejected=20), sessions(40)]
    embedded = embed(runs, budget)
    assert sum(len(block) + FRAME for block in embedded.blocks) <= budget
    read = [opened(block) for block in embedded.blocks]
    for (run, id), (block, place) in embedded.places.items():
        session = next(one for one in runs[run] if one.id == id)
        assert read[block][place] == json.loads(session.body)
    assert sum(map(len, read)) == len(embedded.places)
    if budget == 10**8:
        assert len(embedded.places) == 360


def test_rejected_sessions_come_first_and_every_cell_has_its_share() -> None:
    run = sessions(400, rejected=30)
    places = embed([run], 900_000).places
    here = [session for session in run if (0, session.id) in places]
    assert sum(session.state == "rejected" for session in here) == 30
    kept = Counter((s.engagement, s.group) for s in here if s.state == "kept")
    every = Counter((s.engagement, s.group) for s in run if s.state == "kept")
    part = sum(kept.values()) / 400
    assert 0.1 < part < 0.9 and kept.keys() == every.keys()
    assert all(abs(kept[cell] - part * every[cell]) <= 1 + 0.05 * every[cell] for cell in every)


def test_the_sample_is_the_same_every_time() -> None:
    run = sessions(200)
    assert embed([run], 300_000) == embed([list(reversed(run))], 300_000)
