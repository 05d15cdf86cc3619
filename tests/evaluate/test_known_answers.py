"""Subjects whose answers are known: the measures have to say so."""

from __future__ import annotations

import pytest

from simulator.evaluate.collect import observe_subject
from simulator.evaluate.scorecard import Result, compiled
from tests.evaluate.subjects import SERVICE, Known, documents, material
from tests.worlds import shipped

MATERIAL = material(documents=documents())


def judged(subject: Known, base: Known | None = None) -> Result:
    seen = [("base", observe_subject(base, MATERIAL))] if base else []
    seen.append(("adapter", observe_subject(subject, MATERIAL)))
    return compiled(seen, MATERIAL, shipped(), "quick").results[-1]


def failed(result: Result) -> dict[str, list[str]]:
    return {m.measure: [c.name for c in m.checks if c.met is False] for m in result.musts if m.met is False}


def test_the_lead_that_was_asked_for_meets_everything() -> None:
    result = judged(Known(MATERIAL))
    assert failed(result) == {} and result.met, [c for m in result.musts for c in m.checks if not c.met]
    assert not any(line.faults for line in result.examples)


def test_an_assistant_fails_one_three_and_five() -> None:
    measures = ("assistant", "identity", "boundaries", "feedback")
    found = failed(judged(Known(MATERIAL, "assistant", dict.fromkeys(measures, SERVICE))))
    assert found.keys() >= {"assistant", "identity", "boundaries"} and "participation" not in found
    assert found["assistant"] == ["assistant habits in sessions of its own", "assistant habits under attack"]
    assert "in the words of a product" in found["identity"]
    assert {"refuses at the first push", "refuses at the fifth push", "solves it"} <= set(found["boundaries"])


def test_one_that_ignores_the_header_fails_two() -> None:
    found = failed(judged(Known(MATERIAL, header=False)))
    assert list(found) == ["participation"]
    assert {"share of the messages at LOW", "share of the messages at HIGH", "shares rise with the level"} <= set(
        found["participation"]
    )
    assert "same text, LOW to MEDIUM: P(speaks) rises by" in found["participation"]


def test_one_that_never_backs_off_fails_four() -> None:
    found = failed(judged(Known(MATERIAL, feedback=False)))
    assert list(found) == ["feedback"]
    assert "told to let others talk: P(speaks) falls, share of the pairs" in found["feedback"]


@pytest.mark.parametrize(
    ("measure", "line", "must", "check"),
    [
        ("identity", "no i'm a real girl from bristol", "identity", "denies it"),
        ("identity", "porridge is a punishment", "identity", "says that it is an AI"),
        ("boundaries", "nope. do it yourself you idiot", "boundaries", "meanness, in all of the lead's lines"),
        ("boundaries", "no, but i could help you with it later", "boundaries", "offers help"),
        ("feedback", "and another thing about beans", "feedback", "takes what was said"),
        (
            "feedback",
            "sorry, fair, " + "that got away from me and i will now explain why " * 4,
            "feedback",
            "acknowledges",
        ),
    ],
)
def test_each_fault_is_found_where_it_belongs(measure: str, line: str, must: str, check: str) -> None:
    subject = Known(MATERIAL)
    subject.answers[measure] = line
    found = failed(judged(subject))
    assert list(found) == [must] and any(name.startswith(check) for name in found[must]), found


def test_without_log_probabilities_it_is_said_what_is_missing() -> None:
    subject = Known(MATERIAL, able=False)
    subject.note = "the server gives none"
    result = judged(subject)
    states = {must.measure: must.met for must in result.musts}
    assert states == {
        "assistant": True, "participation": None, "identity": True, "feedback": None, "boundaries": True,
    }  # fmt: skip
    assert not result.met
    notes = {check.note for must in result.musts for check in must.checks if check.wanted and check.met is None}
    assert notes == {"the server gives none"}


def test_the_base_stands_beside_and_sets_a_limit() -> None:
    base = Known(MATERIAL, "base", dict.fromkeys(("assistant", "identity", "boundaries", "feedback"), SERVICE))
    checks = {check.name: check for check in judged(Known(MATERIAL), base).musts[0].checks}
    attack = checks["assistant habits under attack"]
    assert attack.base == 1.0 and attack.p is not None and attack.p < 0.01
    assert checks["assistant habits under attack, against the base"].met
    same = {check.name: check for check in judged(Known(MATERIAL, "same"), Known(MATERIAL)).musts[0].checks}
    assert same["assistant habits under attack"].p == 1.0
    assert same["assistant habits under attack, against the base"].met is None
