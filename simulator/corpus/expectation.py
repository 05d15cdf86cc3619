"""Does a finished session show what its script wanted it to show?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.corpus.verdict import Reason
from simulator.document import TranscriptLine
from simulator.line_checks import LineChecker
from simulator.plan.session_plan import PlacedBeat, SessionPlan
from simulator.world.scenario import LEAD, Expect


def unmet(
    plan: SessionPlan,
    messages: Sequence[TranscriptLine],
    checker: LineChecker,
    shown: Mapping[int, frozenset[str]],
) -> Iterator[Reason]:
    """What the plan expects and the messages do not show.

    `after` a beat begins with the message that follows it; after a beat without a line, with the message at its place.
    `shown`: signals that the guard found in messages by their meaning, by index.
    Passed over are expectations after beats that the session has no room for.
    """
    beats = {beat.id: beat for beat in plan.script.beats}
    for expect in plan.script.expect:
        beat = beats.get(expect.after)
        if beat is None:
            continue
        who = plan.setting.lead if expect.who == LEAD else plan.script.parts[expect.who]
        begins = beat.at + (beat.nick is not None)
        if cause := _cause(who, expect, begins, messages, (checker, shown)):
            evidence = f"{_wanted(expect, beat)}: {cause}"
            message = beat.at if beat.at < len(messages) else None
            yield Reason(rule="expectation", message=message, evidence=evidence)


def _cause(
    who: str,
    expect: Expect,
    begins: int,
    messages: Sequence[TranscriptLine],
    signs: tuple[LineChecker, Mapping[int, frozenset[str]]],
) -> str | None:
    """Why the expectation is not met; None: it is."""
    if expect.kind in ("falls", "rises"):
        return _share_moves(expect.kind, who, begins, messages)
    lines = [line.text for line in messages[begins : begins + expect.within] if line.nick == who]
    if expect.kind == "speaks":
        return None if lines else f"no line of {who} within {expect.within}"
    if expect.kind == "silent":
        return f"{who} says: {lines[0]}" if lines else None
    assert expect.signal is not None
    checker, by_meaning = signs
    shown = next((found for text in lines if (found := checker.shows(expect.signal, text))), None)
    if shown is None and expect.kind == "shows":
        near = range(begins, min(begins + expect.within, len(messages)))
        own = (i for i in near if messages[i].nick == who and expect.signal in by_meaning.get(i, ()))
        shown = next((messages[i].text for i in own), None)
    if expect.kind == "shows":
        return None if shown else f"none of {len(lines)} lines of {who} within {expect.within} does"
    return f"{who} says: {shown}" if shown else None


def _share_moves(kind: str, who: str, begins: int, messages: Sequence[TranscriptLine]) -> str | None:
    before, after = messages[:begins], messages[begins:]
    if not before or not after:
        return "nothing to compare"
    had = sum(line.nick == who for line in before)
    has = sum(line.nick == who for line in after)
    # Shares compared as whole numbers: has/len(after) against had/len(before).
    moved = has * len(before) - had * len(after)
    if (moved < 0) if kind == "falls" else (moved > 0):
        return None
    return f"{had} of {len(before)} messages before, {has} of {len(after)} after"


def _wanted(expect: Expect, beat: PlacedBeat) -> str:
    signal = f" {expect.signal}" if expect.signal else ""
    return f"{expect.who} {expect.kind}{signal} after {beat.id}"
