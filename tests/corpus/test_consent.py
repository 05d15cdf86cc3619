"""Whose lines of a real channel are exported. Every file of an export is searched for those of the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.corpus.export import ExportPolicy, ExportRequest, export
from simulator.document import parse_document
from simulator.errors import NotMet, UsageError
from simulator.events import Acted, Agreed, Joined, Renamed, Said, TopicSet
from simulator.irc import session_recorder
from simulator.irc.session_recorder import SessionRecorder
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.plan.session_plan import Origin
from tests import builders
from tests.irc.channel import BEGAN, LEAD
from tests.layout import LAYOUT, NOTATION
from tests.worlds import shipped

EVERY = ("jsonl", "txt", "parquet", "chatml", "sharegpt")
SECRET = "the plum jam is hidden behind the boiler"
"""Said by mallory, who never agreed."""
TOPIC = "mallory is away until tuesday"


def talked(folder: Path) -> Journal:
    """A stay: ann and bert said `optin`, mallory nothing, cleo `optin` and later `optout`, under another nick."""
    journal = session_recorder.opened(folder, shipped(), ModelChoice(lead="some/model"), seed=1)
    made = SessionRecorder(journal, shipped(), "#general", "MEDIUM", Origin.JOINED)
    made.begin(BEGAN, TOPIC)
    at = BEGAN

    def happens(kind: type, nick: str, **fields: object) -> None:
        nonlocal at
        at += 10
        made.write(kind, nick, at, **fields)

    def talk(lines: int, first: int) -> None:
        for number in range(first, first + lines):
            nick = (LEAD, "ann", "bert")[number % 3]
            happens(Said, nick, text=f"soup and rain and buses, all of it at once, number {number}")

    happens(Joined, "lurker")
    happens(TopicSet, "mallory", text=TOPIC)
    for nick in ("ann", "bert", "cleo"):
        happens(Agreed, nick, yes=True)
    talk(15, 0)
    happens(Said, "mallory", text=SECRET)
    talk(13, 30)
    happens(Said, "ann", text="mallory: that is no place for it")
    talk(4, 50)  # too short for a document
    happens(Said, "bert", text=f"did somebody really say {SECRET.upper()}?")
    talk(12, 60)
    happens(Acted, "mallory", text="hides more of the plum jam")
    talk(12, 80)
    happens(Said, "ann", text="is lurker here, I never see them say a word")
    happens(Said, "ann", text="stranger: nobody knows you here")
    happens(Said, "cleo", text="cleo has a line of her own about marmalade")
    happens(Renamed, "cleo", to="cleo|tea")
    happens(Agreed, "cleo", yes=False)
    happens(Said, "bert", text="cleo|tea wears that nick whenever she is in the kitchen")
    talk(11, 100)
    made.close()
    return journal


def exported(journal: Journal, out: Path, **how: object) -> list[dict]:
    world = shipped()
    policy = ExportPolicy.of(world)
    export(journal, out, policy, ExportRequest(formats=EVERY, **how))
    rows = []
    for name in ("em_character_training.jsonl", "validation.jsonl"):
        rows += [json.loads(line) for line in (out / name).read_text().splitlines()] if (out / name).exists() else []
    return sorted(rows, key=lambda row: row["id"])


def bytes_of(out: Path) -> str:
    """Parquet files as the text that is in them."""
    from pyarrow import parquet

    found = [path.read_text() for path in sorted(out.iterdir()) if path.suffix != ".parquet"]
    found += [str(parquet.read_table(path).to_pylist()) for path in out.glob("*.parquet")]
    found += [path.read_bytes().decode(errors="ignore") for path in out.glob("*.parquet")]
    assert len(found) > 8
    return "\n".join(found).lower()


THEIRS = ("mallory", "plum", "boiler", "lurker", "marmalade", "cleo", "stranger", "tuesday")


@pytest.mark.parametrize(
    "how",
    [{"opted_in": True}, {"only_nicks": ("Ann", "BERT")}, {"only_nicks": ("ann", "bert", "cleo")}],
    ids=str,
)
def test_lines_and_nicks_of_those_who_did_not_agree_are_in_no_exported_byte(tmp_path: Path, how: dict) -> None:
    with talked(tmp_path / "run") as journal:
        rows = exported(journal, tmp_path / "out", actions=True, **how)
    text = bytes_of(tmp_path / "out")
    assert not [word for word in THEIRS if word in text]
    assert [row["id"].rpartition("-")[2] for row in rows] == ["1", "2", "3", "4", "5"]
    for row in rows:
        document = parse_document(row["text"], LAYOUT)
        nicks = [line.nick for line in document.lines]
        assert set(nicks) == {LEAD, "ann", "bert"} and nicks[0] != LEAD and not document.malformed
        assert row["messages"] == len(nicks) >= 10 and row["lead_messages"] == nicks.count(LEAD)
        numbers = [int(line.text.rpartition(" ")[2]) for line in document.lines]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))  # no document spans a cut


def test_an_optout_outweighs_everything(tmp_path: Path) -> None:
    with talked(tmp_path / "run") as journal:
        exported(journal, tmp_path / "out", allow_imported=True)
    text = bytes_of(tmp_path / "out")
    assert "mallory" in text and "plum jam" in text and "cleo" not in text and "marmalade" not in text


def test_who_names_nobody_is_told_what_to_say(tmp_path: Path) -> None:
    with talked(tmp_path / "run") as journal:
        with pytest.raises(
            UsageError, match=r"2 of 6 agreed in the channel; --opted-in .* --only-nicks .*--allow-imported"
        ):
            exported(journal, tmp_path / "out")
        with pytest.raises(NotMet, match="nothing is left of 1 sessions"):
            exported(journal, tmp_path / "out", only_nicks=("mallory",))
        with pytest.raises(UsageError, match=r"--only-nicks: nobody in the run is called agreed\.txt; .* a file"):
            exported(journal, tmp_path / "out", only_nicks=("agreed.txt",))
    assert not (tmp_path / "out").exists()


def test_a_run_that_the_program_played_is_not_cut(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "run", 3) as journal:
        for out, how in (("a", {}), ("b", {"opted_in": True})):
            policy = ExportPolicy(builders.QUOTA, builders.ENGAGEMENT, shipped().style, NOTATION)
            export(journal, tmp_path / out, policy, ExportRequest(**how))
    texts = [(tmp_path / out / "conversation_00001.txt").read_bytes() for out in ("a", "b")]
    assert texts[0] == texts[1]
