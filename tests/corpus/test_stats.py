import json

import pytest

from simulator.corpus import stats
from simulator.corpus.example import example
from simulator.corpus.facts import to_json
from simulator.document import TranscriptLine
from simulator.journal.journal import Journal
from simulator.journal.records import Cost, Goal, RunProgress
from simulator.llm.model import Billing
from tests import builders
from tests.layout import LAYOUT


def _marginals(*plans):
    counted = stats.Marginals()
    for plan in plans:
        counted.add(plan.cell)
    return to_json(counted.table(builders.QUOTA, finished=False))


def test_marginals_count_every_axis_and_name_every_target():
    table = _marginals(*map(builders.plan, range(60)))
    assert set(table) == {"engagement", "channels", "lengths", "patterns", "topics"}
    for values in table.values():
        assert sum(entry["count"] for entry in values.values()) == 60
        assert sum(entry["target"] for entry in values.values()) == pytest.approx(1)
    assert table["lengths"]["long"] == {"count": 24, "share": 0.4, "target": 0.4, "standing": "on course"}
    assert table["channels"]["#culture-war"] == {"count": 0, "share": 0.0, "target": 0.1, "standing": "missed"}


def test_marginals_also_count_what_no_quota_wants():
    table = _marginals(builders.plan(0, pattern="other"))
    assert table["patterns"]["other"] == {"count": 1, "share": 1.0, "target": 0.0, "standing": "missed"}


def test_marginals_of_nothing():
    assert _marginals()["engagement"]["LOW"] == {"count": 0, "share": 0.0, "target": 0.4, "standing": "too few to say"}


def test_the_marginals_of_a_run_are_those_of_its_kept_sessions(tmp_path):
    with builders.filled(tmp_path / "trial", 30) as journal:
        kept = [row.plan for row in journal.sessions("kept")]
        assert to_json(stats.marginals(journal, builders.QUOTA)) == _marginals(*kept) and len(kept) == 30


def test_the_lead_s_share_by_level():
    shares = stats.LeadShares(builders.ENGAGEMENT)
    for lead in (1, 2, 3):  # of 20 messages: 5, 10 and 15 percent
        plan = builders.plan(0, engagement="LOW")
        events = builders.said([("Em", "a")] * lead + [("ash", "b")] * (20 - lead))
        shares.add(example(plan, events, builders.run_card(), layout=LAYOUT))
    table = to_json(shares.table())
    low = {
        "sessions": 3,
        "in_band": 2,
        "standing": "missed",
        "messages": 60,
        "lead_messages": 6,
        "mean": 0.1,
        "least": 0.05,
        "most": 0.15,
    }
    assert table["LOW"] == {"band": [0.05, 0.1], **low}
    assert table["HIGH"]["sessions"] == 0 and table["HIGH"]["mean"] is None


@pytest.mark.parametrize(("sessions", "told"), [(0, "too few to say"), (1, "too few to say"), (4, "too few to say"),
                                                (5, "met")])  # fmt: skip
def test_sessions_in_band_are_a_number_and_say_something_from_five_on(sessions, told):
    shares = stats.LeadShares(builders.ENGAGEMENT)
    for slot in range(sessions):
        plan = builders.plan(slot, engagement="LOW", length="short")
        shares.add(
            example(plan, builders.said([("Em", "a")] + [("ash", "b")] * 19), builders.run_card(), layout=LAYOUT)
        )
    row = to_json(shares.table())["LOW"]
    assert json.loads(json.dumps(row["in_band"])) is sessions, "a number, also of one session"
    assert row["standing"] == told


@pytest.mark.parametrize("length", [None, "short", "long"])
def test_a_run_is_held_to_the_lengths_that_it_was_asked_for(tmp_path, length):
    with Journal.create(tmp_path / "trial", builders.run_card(goal=Goal(sessions=2, length=length))) as journal:
        builders.fill(journal, [builders.plan(slot, length=length or "short") for slot in range(2)])
        lengths = stats.status(journal, builders.QUOTA).to_json()["marginals"]["lengths"]
    wanted = {None: (0.6, 0.4), "short": (1, 0), "long": (0, 1)}[length]
    assert (lengths["short"]["target"], lengths["long"]["target"]) == wanted
    assert {row["standing"] for row in lengths.values()} == ({"met"} if length else {"too few to say"})


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        (Goal(sessions=6, length="short"), "6 short sessions"),
        (Goal(sessions=1), "1 session"),
        (Goal(target_mb=15), "15 MB"),
        (Goal(target_mb=0.5, length="long"), "0.5 MB of long sessions"),
    ],
)
def test_a_goal_in_words(goal, told):
    assert goal.in_words == told


def test_message_lengths_are_told_for_the_lead_and_the_people_apart():
    lengths = stats.MessageLengths()
    lengths.add([TranscriptLine("ash", "a" * n) for n in range(1, 101)], "Em")
    lengths.add(
        [TranscriptLine("Em", "two words. again!"), TranscriptLine("ash", "no message at all", action=True)], "Em"
    )
    table = to_json(lengths.table())
    assert table["people"]["characters"] == {
        "mean": 50.5,
        "p5": 5,
        "p25": 25,
        "p50": 50,
        "p75": 75,
        "p95": 95,
        "most": 100,
    }
    assert table["lead"]["words"]["mean"] == 3 and table["lead"]["sentences"]["most"] == 2
    assert to_json(stats.MessageLengths().table())["lead"]["words"] == {}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("hello", 1),
        ("hello. you there?", 2),
        ("what?! no... yes", 3),
        ("version 1.2.3 is out", 1),
        (":)", 1),
        ("... fine", 1),
        ("one. two. three. four. five. six. seven.", 7),
    ],
)
def test_sentences(text, count):
    assert stats.sentences(text) == count


def _cost(billings, usd, purpose="people"):
    return Cost(purpose, 2, 200, 50, 30, usd, frozenset(billings), 1)


@pytest.mark.parametrize(
    ("billings", "usd", "dollars", "at_least"),
    [
        ({Billing.KNOWN}, 0.25, 0.25, None),
        ({Billing.KNOWN, Billing.LOCAL}, 0.25, 0.25, None),
        ({Billing.KNOWN, Billing.UNKNOWN}, 0.25, "unknown", 0.25),
        ({Billing.UNKNOWN}, None, "unknown", None),
        ({Billing.LOCAL}, None, "local", None),
        ({Billing.LOCAL, Billing.SCRIPTED}, None, "local", None),
        ({Billing.SCRIPTED}, None, "scripted", None),
    ],
)
def test_a_cost_is_a_sum_or_the_reason_why_there_is_none(billings, usd, dollars, at_least):
    entry = to_json(stats.costs([_cost(billings, usd)]))["total"]
    assert entry["dollars"] == dollars and entry.get("dollars_at_least") == at_least
    assert entry["cached_share"] == 0.25 and entry["failed_attempts"] == 1


def test_the_total_is_unknown_if_a_part_is():
    table = to_json(stats.costs([_cost({Billing.KNOWN}, 0.5), _cost({Billing.UNKNOWN}, None, "judge")]))
    assert (table["people"]["dollars"], table["judge"]["dollars"], table["total"]["dollars"]) == (
        0.5,
        "unknown",
        "unknown",
    )
    assert table["total"]["dollars_at_least"] == 0.5 and table["total"]["calls"] == 4
    assert stats.costs([])["total"].dollars is None


@pytest.mark.parametrize(
    ("goal", "tally", "share"),
    [
        (Goal(sessions=10), RunProgress(4, 9, 1, 999), 0.4),
        (Goal(sessions=10), RunProgress(12, 0, 0, 0), 1.0),
        (Goal(target_mb=2), RunProgress(1, 0, 0, 500_000), 0.25),
        (Goal(target_mb=2), RunProgress(0, 0, 0, 0), 0.0),
        (Goal(target_mb=2), RunProgress(9, 0, 0, 1_999_999), 0.9999),
    ],
)
def test_how_much_of_the_goal_is_reached(goal, tally, share):
    assert goal.done(tally) == share


def test_the_status_of_a_run_in_progress(tmp_path):
    with builders.filled(tmp_path / "trial", 12) as writing, Journal.read(tmp_path / "trial") as journal:
        told = stats.status(journal, builders.QUOTA).to_json()
        assert told == {**stats.status(writing, builders.QUOTA).to_json(), "time": told["time"]}
    assert json.loads(json.dumps(told)) == told
    assert (told["kept"], told["rejected"], told["open"], told["done"]) == (12, 2, 1, 0.012)
    assert told["next"] == "em resume trial" and told["goal"] == {"sessions": 1000, "oversample": 1.0}
    assert sum(entry["count"] for entry in told["marginals"]["patterns"].values()) == 12
    assert told["rejections"] == {"leak": 2, "walls": 2} and told["retries"] == {"leak": 14}
    assert told["cost"]["total"]["calls"] == 36 and told["cost"]["total"]["dollars"] == pytest.approx(0.036)
    assert told["cost"]["retries"]["calls"] == 12 and told["cost"]["lead"]["cached_share"] == 0.6
    assert not [secret for secret in builders.SECRETS if secret in json.dumps(told)]


def test_a_run_that_is_done_is_exported_next(tmp_path):
    with Journal.create(tmp_path / "trial", builders.run_card(goal=Goal(sessions=2))) as journal:
        builders.fill(journal, [builders.plan(0), builders.plan(1)])
        assert stats.progress(journal).next == "em export trial --out DIR"
        assert stats.progress(journal, stats.Steps(finished="train {run}")).next == "train trial"


def test_a_run_is_told_without_addresses_folders_and_time(tmp_path):
    models = {"people": "gguf:/home/me/m.gguf", "lead": None, "judge": None, "api_base": ["http://u:p@host/v1"]}
    told = json.dumps(to_json(stats.run_facts(builders.run_card(models=models))))
    assert "gguf:m.gguf" in told and not [leak for leak in ("/home", "host", "2026") if leak in told]


def test_a_run_is_scripted_if_any_line_was(tmp_path):
    with Journal.create(tmp_path / "trial", builders.run_card()) as journal:
        assert not stats.scripted(journal)
        builders.fill(journal, [builders.plan(0)], billing=Billing.SCRIPTED)
        assert stats.scripted(journal)
