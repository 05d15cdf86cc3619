"""The models of a run, as cards of every age have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.model_choice import IMPORTED, ModelChoice
from simulator.llm.model import PromptFormat
from tests import builders

OLD = {
    "the first cards": (
        {"people": "openai/x", "lead": None, "judge": None, "api_base": [], "dialect": None},
        ModelChoice(people="openai/x"),
    ),
    "several servers, and an adapter": (
        {
            "people": "hosted_vllm/m",
            "lead": "embedded",
            "judge": "openai/j",
            "api_base": ["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"],
            "dialect": "chat",
            "lead_dialect": "document",
            "lead_adapter": "data/adapters/a",
            "lead_adapter_digest": "0123456789abcdef",
        },
        ModelChoice(
            people="hosted_vllm/m",
            lead="embedded",
            judge="openai/j",
            api_base=("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"),
            dialect=PromptFormat.CHAT,
            lead_dialect=PromptFormat.DOCUMENT,
            lead_adapter="data/adapters/a",
            lead_adapter_digest="0123456789abcdef",
        ),
    ),
    "a real channel": (
        {"judge": None, "dialect": None, "api_base": None, "channel": "ircs://h/#c", "people": IMPORTED, "lead": "a+b"},
        ModelChoice(people=IMPORTED, lead="a+b", channel="ircs://h/#c"),
    ),
    "a test channel": (
        {"people_played_by": "embedded", "people": IMPORTED, "lead": "embedded"},
        ModelChoice(people=IMPORTED, lead="embedded", people_played_by="embedded"),
    ),
}


@pytest.mark.parametrize("older", OLD)
def test_a_run_that_was_begun_before_is_read(older: str, tmp_path: Path) -> None:
    import sqlite3

    written, read = OLD[older]
    with Journal.create(tmp_path / "run", builders.run_card()):
        pass
    with sqlite3.connect(tmp_path / "run" / FILE) as db:
        db.execute("UPDATE run SET models = ?", (json.dumps(written),))
    db.close()
    with Journal.read(tmp_path / "run") as journal:
        assert journal.run.models == read


def test_only_what_was_named_takes_the_place_of_another_choice() -> None:
    before = ModelChoice(people="openai/x", judge="openai/j", api_base=("http://127.0.0.1:1/v1",))
    assert ModelChoice().over(before) == before
    assert ModelChoice(lead="embedded").over(before) == before.model_copy(update={"lead": "embedded"})
    assert ModelChoice(people="embedded").over(before).people == "embedded"


@pytest.mark.parametrize(
    ("choice", "leads", "scripted"),
    [
        (ModelChoice(), "embedded", False),
        (ModelChoice(people="scripted"), "scripted", True),
        (ModelChoice(lead="scripted"), "scripted", True),
        (ModelChoice(people="scripted", lead="openai/x"), "openai/x", True),
    ],
)
def test_who_plays_the_lead(choice: ModelChoice, leads: str, scripted: bool) -> None:
    assert (choice.leads, choice.scripted) == (leads, scripted)


@pytest.mark.parametrize("wrong", [{"poeple": "x"}, {"people": ""}, {"dialect": "song"}])
def test_what_means_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ModelChoice.model_validate(wrong)
