"""Whatever stands in a log, what comes out is a plan, events and a document that reads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import rng
from simulator.document import parse_document
from simulator.events import Said
from simulator.logs.anonymize import RunNames
from simulator.logs.conversations import SplitRules
from simulator.logs.formats.registry import TEXT
from simulator.logs.log_import import ImportOptions, session
from simulator.logs.reading import account, conversations
from simulator.session.transcript import document, text
from tests.layout import LAYOUT
from tests.logs import samples
from tests.worlds import shipped

JUNK = (
    *(b"\x03", b"\x02", b"\x00", b"\xff\xfe", b"\xf0\x9f\x8d\x9c", b"\xb0\xb1\xb2", b"\x1c", b"\x85", b"\xe2\x80\xa8"),
    *(b"<", b">", b"* ", b"] ", b"[", b"=== ", b"-!- ", b"\t", b" ", b":", b"@", b"://", b"!a@b ", b"::1", b"\\", b"|"),
    *(b"is now known as ", b"has joined ", b"10:00", b"99:99", b"(", b"a", b"Z9"),
)


def damaged(name: str, seed: int) -> bytes:
    """The sample a few times over, with junk in every other line."""
    draw, rows = rng.stream(seed, "junk", name), samples.TEXTS[name].encode().split(b"\n") * 5
    made = []
    for row in rows:
        if draw.random() < 0.5:
            at = draw.randrange(len(row) + 1)
            row = row[:at] + b"".join(draw.choice(JUNK) for _ in range(draw.randrange(1, 6))) + row[at:]
        made.append(row)
    return b"\n".join(made)


@pytest.mark.parametrize("salt", [None, "salt"])
@pytest.mark.parametrize("name", samples.TEXTS)
def test_junk_never_gets_through(tmp_path: Path, name: str, salt: str | None) -> None:
    world, path = shipped(), tmp_path / "x.log"
    personas = [persona.nick for persona in world.personas.values()]
    seen = 0
    for seed in range(12):
        path.write_bytes(damaged(name, seed))
        for known in TEXT:
            told = account(path, known, None)
            names = RunNames(lead=world.lead.nick, shown_lead="pim", personas=personas, salt=salt)
            for slot, found in enumerate(conversations(path, SplitRules(shortest=2, lead="pim"), told)):
                plan, events = session(found, slot, names, world, ImportOptions())
                back = parse_document(text(plan.setting, events, actions=True, layout=LAYOUT), LAYOUT)
                assert back.header is not None and not back.malformed
                assert back.lines == document(plan.setting, events, actions=True, layout=LAYOUT).lines
                assert plan.messages == sum(isinstance(event, Said) for event in events) == len(back.messages)
                assert [event.at for event in events] == sorted(event.at for event in events)
                assert [event.index for event in events] == list(range(len(events)))
                seen += 1
            assert told.lines == told.kinds.total() + told.not_understood
    assert seen
