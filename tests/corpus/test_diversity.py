"""Whether a set of sessions repeats itself."""

from __future__ import annotations

import random
from typing import Any

import pytest

from simulator.corpus import diversity
from simulator.corpus.counting import Distinct, Recurring, Spread, gram_numbers
from simulator.corpus.diversity import BLOCK, Diversity
from simulator.corpus.facts import to_json
from simulator.document import Document, TranscriptLine
from tests.corpus.language import LEAD, style
from tests.corpus.test_near_duplicates import WORDS, altered, session
from tests.worlds import shipped


def measure(*documents: Document, topics: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    diversity = Diversity(style(), LEAD, shipped().realism.habits)
    for number, document in enumerate(documents):
        group, topic = topics[number] if topics else (None, None)
        diversity.add(f"s{number}", document, group=group, topic=topic)
    return to_json(diversity.table({"food": 0.5, "music": 0.5}))


def lines(*said: tuple[str, str]) -> Document:
    return Document(None, tuple(TranscriptLine(nick, text) for nick, text in said))


def words(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def test_different_sessions_do_not_repeat_each_other() -> None:
    found = measure(*[session(seed) for seed in range(40)])
    repeats = found["near_duplicates"]
    assert repeats["sessions"]["count"] == repeats["messages"]["count"] == 0
    assert repeats["messages"]["compared"] == found["messages"] == 600
    assert found["self_similarity"]["most"] < 0.05 and found["self_similarity"]["sample"] == 40


def test_a_session_that_comes_again_is_found_with_its_messages() -> None:
    found = measure(session(1), session(2), altered(session(1), 0.1, 7))
    repeats = found["near_duplicates"]
    assert repeats["sessions"]["count"] == 1
    assert (repeats["sessions"]["examples"][0]["id"], repeats["sessions"]["examples"][0]["earlier"]) == ("s2", "s0")
    changed = sum(a != b for a, b in zip(session(1).lines, altered(session(1), 0.1, 7).lines, strict=True))
    assert repeats["messages"]["count"] == 15 - changed
    assert found["self_similarity"]["mean"] > 0.4


def test_near_repeats_are_shown_with_how_often_they_came() -> None:
    said = "the trams were late again because of the snow on the hill"
    found = measure(*[lines((nick, said + tail)) for nick, tail in (("a", ""), ("b", "."), (LEAD, " today"))])
    messages = found["near_duplicates"]["messages"]
    assert messages["most_repeated"] == [{"text": said, "times": 2}]
    assert (messages["share_of_lead"], messages["share_of_people"]) == (1.0, 0.5)


def test_short_answers_may_come_again() -> None:
    found = measure(*[lines(("a", "same here"), ("b", "me too"))] * 5)
    assert found["near_duplicates"]["messages"]["compared"] == 0


def test_openings_without_the_nick_they_are_addressed_to() -> None:
    said = [(LEAD, f"kai: honestly, {words(seed, 5)}") for seed in range(10)]
    said += [(LEAD, words(seed, 6)) for seed in range(100, 190)] + [("kai", words(7, 5))]
    rows = measure(lines(*said))["openings"]["lead"]
    assert rows["1"][0] == {"opening": "honestly", "share": 0.1, "over": False}
    rows = measure(lines((LEAD, "honestly no"), *said))["openings"]["lead"]
    assert rows["1"][0]["opening"] == "honestly" and rows["1"][0]["over"]


def test_phrases_are_counted_once_a_message_and_shown_once() -> None:
    odd = [
        (LEAD, f"{words(seed, 4)} at the end of the day, at the end of the day {words(-seed, 3)}") for seed in (1, 2)
    ]
    rest = [(LEAD, words(seed, 8)) for seed in range(10, 108)] + [("kai", "at the end of the day it rains")]
    phrases = measure(lines(*odd, *rest))["phrases"]
    (one,) = [row for row in phrases["lead"] if "end" in row["phrase"]]
    assert one["per_1000"] == 20 and one["over"] and len(one["phrase"].split()) == 5
    assert phrases["people"] == [], "what is said once is no habit"


def test_distinct_words_in_all_and_in_blocks() -> None:
    found = measure(lines(("a", "one two one two"), ("b", "One, two!")))["distinct"]
    assert found["whole"] == {"1": 0.3333, "2": 0.5, "3": 1.0} and found["blocks"]["count"] == 0
    text = " ".join(["one two three four five"] * (BLOCK // 10))
    blocks = measure(lines(*[("a", text)] * 4))["distinct"]["blocks"]
    assert blocks["count"] == 2 and blocks["1"] == 5 / BLOCK


def test_balance_of_nicks_and_topics() -> None:
    talk = lines(("a", "x"), ("a", "y"), ("a", "z"), ("b", "w"), (LEAD, "v"))
    found = measure(talk, talk, talk, topics=[("food", "soup"), ("food", "soup"), ("chess", "openings")])
    assert found["nicks"] == {"lead_share": 0.2, "people": 2, "gini": 0.25, "shares": {"a": 0.75, "b": 0.25}}
    groups = found["topics"]["groups"]
    assert groups["food"] == {"count": 2, "share": 0.6667, "target": 0.5, "standing": "too few to say"}
    assert groups["music"]["count"] == 0 and groups["chess"]["target"] == 0
    assert found["topics"]["different"] == 2 and found["topics"]["most_used"][0] == {"topic": "soup", "sessions": 2}


@pytest.mark.parametrize("documents", [(), (Document(None, ()),), (lines(("a", "..."), (LEAD, "!")),)])
def test_next_to_nothing_can_be_measured(documents: tuple[Document, ...]) -> None:
    found = measure(*documents)
    assert found["sessions"] == len(documents) and found["words"] == 0
    assert found["topics"] is None and found["self_similarity"]["mean"] is None


def test_the_same_twice_over() -> None:
    documents = [altered(session(seed % 7), 0.3, seed) for seed in range(20)]
    assert measure(*documents) == measure(*documents)


def test_recurring_things_survive_in_a_small_memory() -> None:
    draw = random.Random(5)
    stream = ["often"] * 3000 + ["now and then"] * 1000 + [f"once {number}" for number in range(6000)]
    draw.shuffle(stream)
    counted = Recurring(most=100)
    for thing in stream:
        counted.add([thing])
    found = dict(counted.commonest(2))
    assert counted.missed <= len(stream) / 100
    for thing, true in (("often", 3000), ("now and then", 1000)):
        assert true - counted.missed <= found[thing] <= true


def test_distinct_things_are_counted_exactly_and_then_nearly() -> None:
    few, many = Distinct(), Distinct(most=5000)
    for number in range(40_000):
        (numbers, _) = gram_numbers([f"thing {number % 20_000}"], 2)
        few.add(numbers)
        many.add(numbers)
    assert (few.different, few.share) == (20_000, 0.5)
    assert many.different == pytest.approx(20_000, rel=0.05) and many.total == 40_000


def test_mean_and_deviation_of_what_is_not_kept() -> None:
    spread = Spread()
    for value in (1, 2, 3, 6):
        spread.add(value)
    assert (spread.count, spread.mean) == (4, 3) and spread.deviation == pytest.approx(3.5**0.5)


def test_the_commonest_are_those_of_a_whole_sort() -> None:
    draw = random.Random(4)
    for _ in range(50):
        said = [" ".join(draw.choices("abc", k=draw.randint(1, 3))) for _ in range(draw.randint(0, 60))]
        counted = Recurring()
        counted.add(said)
        rows = sorted({(one, said.count(one)) for one in said}, key=lambda row: (-row[1], -row[0].count(" "), row[0]))
        for most, least in ((1, 1), (5, 1), (5, 2), (100, 3)):
            assert counted.commonest(most, least) == [row for row in rows if row[1] >= least][:most]


@pytest.mark.parametrize("sessions", [9, 10, 11, 45])
def test_neighbours_are_looked_for_among_a_bounded_number(monkeypatch: pytest.MonkeyPatch, sessions: int) -> None:
    monkeypatch.setattr(diversity, "NEIGHBOURS", 10)
    sample = measure(*[session(seed) for seed in range(sessions)])["self_similarity"]["sample"]
    assert sample == sessions if sessions <= 10 else 5 <= sample <= 10
