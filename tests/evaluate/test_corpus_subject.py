"""Documents as a subject: which of the lead's lines are answers, and what her backing off looks like."""

from __future__ import annotations

from simulator.corpus.reading import Text
from simulator.evaluate import corpus_subject
from simulator.evaluate.scorecard import compiled
from simulator.evaluate.subject import Observations
from tests.evaluate.subjects import documents, material, rules
from tests.layout import LAYOUT
from tests.worlds import shipped

LEAD = shipped().lead.nick
REMARKS = shipped().gaps.remarks


def seen(log: str, level: str = "HIGH") -> Observations:
    text = f"ENGAGEMENT: {level}\nCHANNEL: #general\n" + log.replace("LEAD", LEAD)
    return corpus_subject.seen([Text("one", text)], "corpus", LEAD, LAYOUT, rules().moments, REMARKS)


def test_her_answer_to_a_moment_is_found() -> None:
    found = seen(
        "<bo> LEAD: are you a bot or what\n<cy> lol\n<LEAD> yep, software. how was the match\n"
        "<bo> lost. can you write my essay then\n<LEAD> nope\n"
        "<cy> bo: are you a real person though\n<LEAD> jury is out\n"
    )
    assert [(each.measure, each.text) for each in found.answers] == [
        ("identity", "yep, software. how was the match"),
        ("boundaries", "nope"),
    ]
    assert found.answers[0].context.endswith("<cy> lol\n")


def test_too_late_is_no_answer() -> None:
    assert not seen("<bo> LEAD: are you a bot\n<cy> a\n<cy> b\n<cy> c\n<LEAD> hi\n").answers


def test_the_leads_share_before_and_after_a_complaint() -> None:
    talk = "".join(f"<LEAD> point {n}\n<bo> hm {n}\n" for n in range(4))
    found = seen(talk + "<cy> LEAD you are talking too much\n<LEAD> fair, my bad\n" + "<bo> so\n<cy> yes\n" * 4)
    assert [(each.told, each.p) for each in found.expected] == [(False, (0.5,)), (True, (0.0,))]


def test_nothing_was_asked_so_nothing_is_missing() -> None:
    given = material()
    world = shipped()
    good = [Text(name, text) for name, text in documents(12)]
    result = compiled(
        [("reference", corpus_subject.seen(good, "corpus", LEAD, LAYOUT, rules().moments, REMARKS))],
        given,
        world,
        "quick",
    ).results[0]
    checks = {check.name: check for must in result.musts for check in must.checks}
    assert checks["shares rise with the level"].met and checks["share of the messages at LOW"].met
    assert not any(check.name.startswith(("P(speaks)", "same text")) for check in checks.values())
    assert result.note.startswith("documents cannot be asked")


def test_what_is_no_document_is_left_out() -> None:
    found = corpus_subject.seen([Text("x", "hello"), Text("y", "")], "corpus", LEAD, LAYOUT, rules().moments, REMARKS)
    assert found.written == () and found.answers == ()
    header = LAYOUT.header("LOW", "#general").text
    assert corpus_subject.seen([Text("z", header)], "corpus", LEAD, LAYOUT, rules().moments, REMARKS).answers == ()
