"""The measures of the data card: they order what is known to be ordered, and every figure can be counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from simulator import rng
from simulator.corpus import quality, telling_apart
from simulator.corpus.agreement import agreement, consensus, verdicts_of
from simulator.corpus.calibration import MachineCalibration, calibration
from simulator.corpus.facts import to_json
from simulator.corpus.text_diversity import BLOCK, text_diversity
from simulator.document import Document, TranscriptLine
from simulator.journal.journal import Journal
from simulator.journal.records import PersonMark, ReviewAction, ReviewKind
from simulator.journal.reviews import Reviews
from simulator.report.gather import gather
from tests import builders
from tests.cli.inside import em
from tests.layout import LAYOUT
from tests.review.runs import GUARDED, reviewed
from tests.worlds import shipped

HEADER = LAYOUT.header("LOW", "#general")


def talk(name: str, words: int, sessions: int = 30, messages: int = 30) -> list[Document]:
    """Sessions of messages of 12 words, drawn from so many different ones whose shape is the name's."""
    draw = rng.stream(3, name)
    return [
        Document(HEADER, tuple(
            TranscriptLine(draw.choice(("ash", "bo", "cy")),
                           " ".join(f"{name}{draw.randrange(words)}" for _ in range(12)))
            for _ in range(messages)
        ))
        for _ in range(sessions)
    ]  # fmt: skip


def told(ours: list[Document], real: list[Document]) -> telling_apart.Separability | None:
    return telling_apart.tell_apart(ours, real, shipped().style.closed_class_words)


def test_what_repeats_itself_measures_as_repeating_itself() -> None:
    dull, rich = text_diversity(talk("w", 8)), text_diversity(talk("w", 4000))
    assert dull.words == rich.words == BLOCK and dull.blocks == rich.blocks == 1
    for more in ("compression_ratio", "self_repetition", "self_bleu"):
        assert getattr(dull, more).value > getattr(rich, more).value, more
    assert dull.entropy.value < rich.entropy.value and dull.entropy.value == pytest.approx(3, abs=0.01), (
        "8 words: 3 bits"
    )
    assert rich.self_repetition.value == pytest.approx(0, abs=0.01)


def test_more_text_of_the_same_kind_measures_the_same() -> None:
    """Blocks are of one size: without them a longer set would look more repetitive."""
    once, thrice = text_diversity(talk("w", 400)), text_diversity(talk("w", 400, sessions=90))
    assert thrice.blocks == 3 and once.blocks == 1 and thrice.compression_ratio.low <= thrice.compression_ratio.high
    for name in ("compression_ratio", "entropy", "self_bleu"):
        assert getattr(thrice, name).value == pytest.approx(getattr(once, name).value, rel=0.1), name


def test_nothing_said_measures_nothing() -> None:
    empty = text_diversity([])
    assert (empty.words, empty.blocks, empty.entropy, empty.self_bleu) == (0, 0, None, None)


def test_sides_are_told_apart_as_far_as_they_differ() -> None:
    alike = talk("x", 40, 80)
    same, other = told(alike[:40], alike[40:]), told(alike[:40], talk("v", 40))
    assert same.auc.low < 0.5 < same.auc.high and other.auc.value == 1.0
    assert same.ours == same.real == 80 and same.auc.n == 80, "two windows of a session, which is drawn whole"
    assert told(alike[:9], alike[40:]) is None


def test_nicks_give_nothing_away() -> None:
    alike = talk("x", 40, 80)
    renamed = [
        Document(HEADER, tuple(TranscriptLine(f"{line.nick}_real", line.text) for line in document.lines))
        for document in alike[40:]
    ]
    assert told(alike[:40], renamed).auc.low < 0.5


def rewritten(
    documents: list[Document], text: Callable[[int, TranscriptLine], str], channels: int = 1
) -> list[Document]:
    return [
        Document(
            LAYOUT.header("LOW", f"#{number % channels}"),
            tuple(TranscriptLine(line.nick, text(place, line)) for place, line in enumerate(document.lines)),
        )
        for number, document in enumerate(documents)
    ]


def test_each_way_to_see_a_session_tells_what_it_sees_and_no_more() -> None:
    alike = talk("x", 40, 80)
    longer = rewritten(alike[40:], lambda _, line: f"{line.text} {line.text}")
    joined = rewritten(alike[40:], lambda _, line: f"and {line.text.partition(' ')[2]}")
    addresses = rewritten(alike[40:], lambda place, line: f"[link] {line.text}" if place % 3 else line.text)
    by = {
        name: {view: each.auc for view, each in told(alike[:40], real).views.items()}
        for name, real in (("longer", longer), ("joined", joined), ("addresses", addresses))
    }
    assert by["longer"]["turns"].value == 1.0 and by["longer"]["function words"].low <= 0.5
    assert by["joined"]["function words"].value == 1.0 and by["joined"]["turns"].value < 0.8
    assert all(auc.low <= 0.5 <= auc.high for auc in by["addresses"].values()), "an import puts them in"
    assert by["joined"]["function words"].low < 0.95, "of 40 sessions of a side, all told right"
    assert "and" in told(alike[:40], joined).views["function words"].real[0]


def test_what_is_particular_to_a_channel_helps_nobody() -> None:
    """Where there are enough channels, those that a classifier is tried on are none that it has seen."""
    alike = talk("x", 40, 80)
    ours = [marked(each, chr(0x4E00 + number)) for number, each in enumerate(alike[:40])]
    real = [marked(each, chr(0x5E00 + number % 8)) for number, each in enumerate(alike[40:])]
    one, eight = (rewritten(real, lambda _, line: line.text, channels) for channels in (1, 8))
    known, unknown = told(ours, one), told(ours, eight)
    assert (known.by_channel, unknown.by_channel) == (False, True)
    assert known.auc.low > 0.6 > 0.5 > unknown.auc.low and known.auc.value > unknown.auc.high


def marked(document: Document, word: str) -> Document:
    return rewritten([document], lambda _, line: f"{word} {line.text}")[0]


def test_words_of_a_probe_are_found() -> None:
    probes = [probe for file in shipped().probes.files.values() for probe in file.probes]
    line = next(row.text for probe in probes for row in probe.log if "{" not in row.text and len(row.text.split()) > 12)
    clean = talk("w", 400, sessions=3)
    dirty = Document(HEADER, (TranscriptLine("ash", f"so he said {line} and left"),))
    assert quality.contaminated(clean, shipped()) == 0 and quality.contaminated([*clean, dirty], shipped()) == 1


def test_scripts_and_cards_hold_no_words_of_the_probes() -> None:
    world = shipped()
    written = [text for persona in world.personas.values() for text in (*persona.voice, persona.about)]
    for scenario in world.scenarios.values():
        for beat in scenario.beats:
            written += beat.note if isinstance(beat.note, tuple) else [beat.note]
    said = tuple(TranscriptLine("ash", text) for text in written if text)
    assert len(said) > 500 and quality.contaminated([Document(HEADER, said)], world) == 0


def mark(session: str, good: bool, person: str) -> PersonMark:
    return PersonMark(session, None, good, "", person)


def test_krippendorffs_alpha_is_the_one_counted_by_hand() -> None:
    """Pairs gg, bb, gb: of 6 values 2 disagree; by chance 18 of 30 would. 1 - (2/6) / (18/30) = 0.4444."""
    said = {"a": "gg", "b": "bb", "c": "gb", "d": "g", "e": "b"}
    marks = [mark(session, letter == "g", str(n)) for session, each in said.items() for n, letter in enumerate(each)]
    found = agreement(verdicts_of(marks, frozenset()))
    assert (found.people, found.sessions, found.same, found.alpha) == (2, 3, 2, 0.4444)
    assert agreement(verdicts_of(marks[:1], frozenset())).alpha is None


def test_a_bad_message_counts_against_the_session_unless_it_was_mended() -> None:
    marks = [PersonMark("a", None, True, "", "ann"), PersonMark("a", 3, False, "", "ann")]
    assert verdicts_of(marks, frozenset({"a"})) == {"a": {"ann": False}}
    assert verdicts_of(marks, frozenset()) == {"a": {"ann": True}}
    assert consensus({"ann": True, "bob": False}) is None


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People keep what the judge scores from 0.4 on, and all that `walls` rejects."""
    folder = tmp_path_factory.mktemp("calibration") / "data" / "runs" / "trial"
    reviewed(folder)
    with Reviews.open(folder) as journal:
        for row in list(journal.sessions()):
            if row.score is not None:
                journal.mark(PersonMark(row.session.id, None, row.score > 0.35, "", "ann"))
        wrong = ReviewAction(GUARDED, 5, ReviewKind.WRONG, "ann", "guard-helpful")
        journal.act([wrong])
    return folder


@pytest.fixture(scope="module")
def found(run: Path) -> MachineCalibration:
    with Journal.read(run) as journal:
        return calibration(journal, shipped())


def test_rules_are_held_against_people(found: MachineCalibration) -> None:
    rules = {each.rule: each for each in found.rules}
    assert (found.judged, found.bad, found.enough) == (60, 24, True)
    walls = [slot for slot in range(60) if slot % 7 == 3]
    bad = [slot for slot in walls if slot % 10 < 4]
    assert rules["walls"].precision.n == len(walls) and rules["walls"].precision.value == len(bad) / len(walls)
    assert rules["walls"].recall.value == len(bad) / 24 and rules["walls"].precision.low > 0
    assert rules["guard-helpful"].precision.value == 0 and rules["guard-helpful"].kind == "guard"


def test_a_threshold_that_agrees_with_people_is_proposed_as_yaml(found: MachineCalibration) -> None:
    assert shipped().judge.threshold == 0.6, "the scores of the run lie on both sides of it"
    better = next(each for each in found.thresholds if each.key == "threshold")
    assert 0.3 < better.proposed <= 0.4 and better.right_then.value == 1 and better.right_now.value < 1
    patch = yaml.safe_load(found.patch)
    assert patch["policies/judge.yaml"]["threshold"] == better.proposed
    for item in patch["policies/judge.yaml"].get("items", []):
        assert item["name"] in {each.name for each in shipped().judge.items}


def test_few_verdicts_propose_nothing(tmp_path: Path) -> None:
    reviewed(tmp_path / "run", 8)
    with Reviews.open(tmp_path / "run") as journal:
        journal.mark(PersonMark("s00000", None, False))
        assert not calibration(journal, shipped()).enough and calibration(journal, shipped()).patch == ""


def test_stats_report_and_card_say_the_same(run: Path, tmp_path: Path) -> None:
    done = em("stats", "trial", "--quality", "--json", cwd=run.parents[2])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    with Journal.read(run) as journal:
        figures = gather(journal, shipped()).quality
    assert {**json.loads(json.dumps(to_json(figures))), "patch": figures.machine.patch} == told
    assert told["reviewed"]["value"] == 1.0 and told["contaminated"] == 0
    exported = em("export", "trial", "--out", str(tmp_path / "out"), cwd=run.parents[2])
    assert exported.returncode == 0, exported.stderr
    card = (tmp_path / "out" / "README.md").read_text()
    assert "## How good it is" in card and "| walls | filter |" in card and "cost, judge" in card
    stats = json.loads((tmp_path / "out" / "generation_stats.json").read_text())
    assert stats["quality"]["text"] == told["text"] and list(stats)[-1] == "complete"


@pytest.mark.parametrize("options", [("--against", "x"), ("--quality", "--realism")])
def test_options_that_do_not_belong_together_are_refused(run: Path, options: tuple[str, ...]) -> None:
    assert em("stats", "trial", *options, cwd=run.parents[2]).returncode == 2


def test_a_run_is_held_against_real_channels(run: Path, tmp_path: Path) -> None:
    for name in ("real", "more"):
        builders.filled(run.parents[2] / "data" / "runs" / name, 12).close()
    done = em("stats", "trial", "--quality", "--against", "real", "--against", "more", "--json", cwd=run.parents[2])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["separability"]["views"].keys() == {"text", "function words", "turns"}
    for command in (("export", "trial", "--out", str(tmp_path / "card")), ("report", "trial")):
        done = em(*command, "--against", "real", "--against", "more", cwd=run.parents[2])
        assert done.returncode == 0, done.stderr
    auc = f"{told['separability']['views']['turns']['auc']['value']:.3f}"
    assert f"by turns alone | {auc} |" in (tmp_path / "card" / "README.md").read_text()
    assert "by turns alone" in (run.parents[2] / "data" / "reports" / "trial.html").read_text()
    assert 0 <= told["separability"]["auc"]["low"] <= told["separability"]["auc"]["high"] <= 1 and told["reference"]
