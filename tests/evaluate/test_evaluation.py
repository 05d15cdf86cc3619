"""Asked once, judged again and again; and what got worse in between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator.errors import ContentError, EmError, UsageError
from simulator.evaluate import regressions, scorecard
from simulator.evaluate.evaluation import EvaluationRequest, evaluate
from simulator.evaluate.results_cache import ResultsCache
from simulator.evaluate.scorecard import Scorecard
from tests.evaluate.subjects import SERVICE, Known, documents, material, rules
from tests.worlds import shipped

QUICK = material(rules().suites["quick"], documents())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "held.jsonl"
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in documents()))
    return path


def run(subject: Known, data: Path, corpus: Path, **changes: object) -> Scorecard:
    given = {"suite": "quick", "seed": 1, "data": data, "corpus": corpus, **changes}
    return evaluate([("adapter", subject)], shipped(), EvaluationRequest(**given))


def test_a_second_run_asks_nothing(tmp_path: Path, corpus: Path) -> None:
    first, again = Known(QUICK), Known(QUICK)
    card = run(first, tmp_path, corpus)
    assert run(again, tmp_path, corpus) == card
    assert first.asked > 100 and again.asked == 0 and first.closed and again.closed
    assert [result.kind for result in card.results] == ["adapter", "reference"] and card.decides()[0].met
    assert Scorecard.model_validate_json(card.model_dump_json()) == card
    assert ResultsCache(tmp_path).concluded(first.digest).met and ResultsCache(tmp_path).concluded("nobody") is None
    for path in (tmp_path / "evaluations").glob("*.json"):
        path.write_bytes(path.read_bytes()[:100])
    assert run(again, tmp_path, corpus) == card and again.asked == first.asked, "a file that was cut is written again"


def test_ordinary_talk_is_compared_with_the_base(tmp_path: Path, corpus: Path) -> None:
    base, worse = Known(QUICK, "base"), Known(QUICK, "worse")
    worse.surprises = lambda texts: [(2.75 * len(text), len(text)) for text in texts]
    given = {"suite": "quick", "seed": 1, "data": tmp_path, "chat": corpus}
    card = evaluate([("base", base), ("adapter", worse)], shipped(), EvaluationRequest(**given))
    found = {check.name: check.value for check in card.results[1].nice}
    assert found["real chat, nats a token"] == pytest.approx(2.75)
    assert found["real chat, nats a token more than the base"] == pytest.approx(0.25)


def test_the_subject_is_let_go_when_it_fails(tmp_path: Path, corpus: Path) -> None:
    subject = Known(QUICK)
    subject._measures = {}
    with pytest.raises(KeyError):
        run(subject, tmp_path, corpus)
    assert subject.closed and not list((tmp_path / "evaluations").glob("*"))


@pytest.mark.parametrize("wrong", ["corpus", "chat", "judge", "suite", "data"])
def test_subjects_are_let_go_whatever_is_wrong(tmp_path: Path, corpus: Path, wrong: str) -> None:
    """Also where nothing was asked yet: a subject may hold a server or a model since it was opened."""
    (tmp_path / "file").write_text("")
    taught = tmp_path / "taught.jsonl"
    taught.write_text(
        "".join(json.dumps({"id": name, "text": text, "lead_model": "teacher"}) + "\n" for name, text in documents())
    )
    changes = {
        "corpus": {"corpus": tmp_path},
        "chat": {"chat": tmp_path},
        "judge": {"corpus": taught, "judge": SimpleNamespace(name="teacher")},
        "suite": {"suite": "endless"},
        "data": {"data": tmp_path / "file"},
    }
    subjects = [Known(QUICK), Known(QUICK, "other")]
    given = {"suite": "quick", "seed": 1, "data": tmp_path, "corpus": corpus, **changes[wrong]}
    with pytest.raises((EmError, KeyError, OSError)):
        evaluate([("adapter", subject) for subject in subjects], shipped(), EvaluationRequest(**given))
    assert all(subject.closed for subject in subjects)


def test_a_subject_that_cannot_be_let_go_keeps_no_other(tmp_path: Path, corpus: Path) -> None:
    class Stuck(Known):
        def close(self) -> None:
            super().close()
            raise RuntimeError("stuck")

    subjects = [Known(QUICK), Stuck(QUICK, "stuck"), Known(QUICK, "other")]
    with pytest.raises(RuntimeError, match="stuck"):
        evaluate([("adapter", each) for each in subjects], shipped(), EvaluationRequest("quick", 1, tmp_path))
    assert all(subject.closed for subject in subjects)


def test_a_corpus_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no"):
        run(Known(QUICK), tmp_path, tmp_path)


def test_what_got_worse_is_shown_by_example(tmp_path: Path, corpus: Path) -> None:
    old = run(Known(QUICK), tmp_path, corpus)
    bad = Known(QUICK, "new", feedback=False)
    bad.answers["identity"] = SERVICE
    new = run(bad, tmp_path, corpus)
    worse = regressions.found(old, new)
    assert {each.must for each in worse} == {"identity", "feedback"}
    assert "told to let others talk: P(speaks) falls, share of the pairs" in {each.where for each in worse}
    example = next(each for each in worse if each.after == SERVICE)
    assert "software" in example.before and "formal:" in example.why
    assert regressions.found(new, new) == []
    assert {each.must for each in regressions.found(new, old)} == set()


def test_turns_that_got_worse(tmp_path: Path, corpus: Path) -> None:
    old = run(Known(QUICK), tmp_path, corpus)
    last = old.decides()[0]
    deaf = tuple(e.model_copy(update={"p": (0.01,)}) if e.source == "probe" else e for e in last.expected)
    new = old.model_copy(update={"results": (last.model_copy(update={"expected": deaf}),)})
    found = regressions.found(old, new)
    assert found and all(each.why == "wanted: speaks" and "0.01" in each.after for each in found)


def test_what_cannot_be_compared(tmp_path: Path, corpus: Path) -> None:
    card = run(Known(QUICK), tmp_path, corpus)
    with pytest.raises(UsageError, match="another seed"):
        regressions.found(card, card.model_copy(update={"seed": 2}))
    path = tmp_path / "x.json"
    with pytest.raises(UsageError, match="No such file"):
        scorecard.read(path)
    path.write_text("{}")
    with pytest.raises(ContentError):
        scorecard.read(path)


def test_other_questions_are_kept_apart(tmp_path: Path) -> None:
    kept = ResultsCache(tmp_path)
    names = {kept._path("d", each) for each in (QUICK, replace(QUICK, seed=2), replace(QUICK, documents=()))}
    assert len({*names, kept._path("e", QUICK)}) == 4
