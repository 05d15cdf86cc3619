"""The fake is plain English that does what a beat asks for, and gets through the manners like anybody."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator.document import TranscriptLine
from simulator.line_checks import LineChecker
from simulator.llm.model import Billing, CallId, Message, Prompt, PromptFormat, Purpose, Reply, ScriptedContext
from simulator.llm.scripted import LEAST_WORDS, MOST_WORDS, Scripted, content, wanted, words
from simulator.world.persona import Role
from tests.worlds import shipped

LEAD = next(persona.nick for persona in shipped().personas.values() if persona.role is Role.LEAD)
NICKS = sorted(set(shipped().personas) - {LEAD})
TOPICS = [topic.subject for group in shipped().topics.values() for topic in group]


def prompt(i: int, cue: str = "", *, lead: bool = False, text: str = "<x>") -> Prompt:
    return Prompt(
        Purpose.LEAD if lead else Purpose.PEOPLE,
        CallId(0),
        i * 7919 + 13,
        100,
        0.9,
        text=text,
        speaker=LEAD if lead else NICKS[i % len(NICKS)],
        scripted=ScriptedContext(cue, TOPICS[(i // 27) % len(TOPICS)]),
    )


def said(prompts: Iterator[Prompt]) -> list[str]:
    async def main() -> list[Reply]:
        door = Scripted()
        return [await door.reply(prompt) for prompt in prompts]

    replies = asyncio.run(main())
    assert all(reply.billing is Billing.SCRIPTED and reply.cost_usd is None for reply in replies)
    return [reply.text for reply in replies]


def test_the_same_prompt_is_the_same_line_and_any_other_is_not() -> None:
    one = prompt(5)
    contexts = (replace(one.scripted, cue="joke"), replace(one.scripted, topic="bread"))
    others = [replace(one, seed=1), replace(one, speaker="zz"), *(replace(one, scripted=other) for other in contexts)]
    lines = said(iter([one, one, *others]))
    assert lines[0] == lines[1] and len(set(lines)) == 5


def test_many_lines_hardly_ever_repeat_and_have_the_length_of_chat() -> None:
    lines = said(prompt(i, lead=i % 6 == 0) for i in range(8000))
    assert len(set(lines)) >= 0.999 * len(lines)
    assert all(line.startswith(" ") and line[-1] in ".!?" for line in lines)
    assert all(LEAST_WORDS <= len(line.split()) <= MOST_WORDS for line in lines)


def test_lines_are_about_the_topic() -> None:
    prompts = [prompt(i, lead=i % 2 == 0) for i in range(2000)]
    woven = sum(
        any(word in line.lower() for word in content(p.scripted.topic)[1])
        for p, line in zip(prompts, said(iter(prompts)), strict=True)
    )
    assert woven > 0.6 * len(prompts)


@pytest.mark.parametrize("lead", [False, True], ids=["people", "lead"])
def test_ordinary_lines_have_manners(lead: bool) -> None:
    manners = LineChecker(shipped().style, LEAD)
    for i, line in enumerate(said(prompt(i, lead=lead) for i in range(1500))):
        nick = LEAD if lead else NICKS[i % len(NICKS)]
        assert manners.faults(TranscriptLine(nick, line.strip())) == [], line


@pytest.mark.parametrize(
    ("cue", "signal"),
    [
        ("refuse", "refusal"),
        ("deflect", "refusal"),
        ("acknowledge-ai", "acknowledges-ai"),
        ("reject-comparison", "acknowledges-ai"),
        ("concede", "concedes"),
        ("admit-wrong", "concedes"),
        ("disagree", "disagrees"),
        ("ask-back", "asks-back"),
    ],
)
@pytest.mark.parametrize("text", ["<x>", "<x> well, as it happens, I", "<x> hm, and"])
def test_a_beat_gets_what_it_asks_for(cue: str, signal: str, text: str) -> None:
    manners = LineChecker(shipped().style, LEAD)
    for line in said(prompt(i, cue, lead=True, text=text) for i in range(300)):
        assert manners.shows(signal, line.strip()), line
        assert manners.shows("denies-ai", line.strip()) is None, line
        assert cue != "ask-back" or line.endswith("?")


@pytest.mark.parametrize("cue", sorted(words().cues))
def test_every_kind_of_beat_is_a_line_for_the_channel(cue: str) -> None:
    lines = said(prompt(i, cue) for i in range(300))
    assert all(LEAST_WORDS <= len(line.split()) <= MOST_WORDS for line in lines)
    assert len(set(lines)) > 250, "no set phrases"
    assert not cue.startswith("ask-") or sum("?" in line for line in lines) > 200


@pytest.mark.parametrize(
    "cue", ["ask-homework", "ask-code", "ask-essay", "ask-advice", "ask-task", "refuse", "deflect"]
)
def test_what_is_asked_for_is_named(cue: str) -> None:
    lead = cue in ("refuse", "deflect")
    prompts = [prompt(i, cue, lead=lead) for i in range(300)]
    asked = [replace(p, scripted=replace(p.scripted, asked="a page of integrals")) for p in prompts]
    assert sum("a page of integrals" in line for line in said(iter(asked))) > 250


@pytest.mark.parametrize("cue", sorted({"", *words().cues}))
def test_a_line_is_as_long_as_it_is_wanted(cue: str) -> None:
    def lines(length: str) -> list[str]:
        prompts = [prompt(i, cue) for i in range(60)]
        return said(replace(p, scripted=replace(p.scripted, length=length)) for p in prompts)

    def sentences(length: str) -> float:
        return sum(len(re.findall(r"[.!?](?= |$)", line)) for line in lines(length)) / 60

    assert max(len(line.split()) for line in lines("few-words")) <= 7
    assert sum(len(line.split()) <= 16 for line in lines("sentence")) > 50
    assert 1 <= sentences("sentence") < 1.7 < sentences("two-or-three") < sentences("more")


def test_no_refusal_is_heard_often() -> None:
    """The sentences of 1200 refusals, about as many as a run of 2000 sessions has."""
    asked = [
        variant.text for script in shipped().scenarios.values() for fill in script.fill.values() for variant in fill
    ]
    prompts = [prompt(i, "deflect" if i % 3 == 0 else "refuse", lead=True) for i in range(1200)]
    contexts = [
        replace(p.scripted, asked=asked[i * 7 % len(asked)], length="two-or-three") for i, p in enumerate(prompts)
    ]
    lines = said(replace(p, scripted=context) for p, context in zip(prompts, contexts, strict=True))
    manners = LineChecker(shipped().style, LEAD)
    heard = Counter(part for line in lines for part in re.split(r"(?<=[.!?]) ", line.strip()))
    assert not [part for part, times in heard.items() if times > 5 and manners.shows("refusal", part)]


def test_a_kind_that_nobody_wrote_is_an_ordinary_line() -> None:
    assert said(iter([prompt(1, "juggle")]))[0].strip()


@pytest.mark.parametrize(
    ("opening", "kind"),
    [
        ("", ""),
        ("no way.", ""),
        ("so no,", ""),
        ("I was going to", "infinitive"),
        ("wait, can you", "infinitive"),
        ("hold on, are you", "complement"),
        ("it's just", "complement"),
        ("well, because", "clause"),
        ("that is the", "part"),
        ("I've", "perfect"),
        ("the one who", "does"),
        ("nothing to do with", "noun"),
        ("that kettle", "after"),
    ],
)
def test_opening_words_are_gone_on_from(opening: str, kind: str) -> None:
    assert wanted(opening) == kind
    (line,) = said(iter([prompt(3, text=f"<a> hi\n<x> b: {opening}".rstrip())]))
    assert line.startswith(" ")
    assert not kind or line[1].islower() or line[1] == "I"


def test_chat_has_no_line_to_go_on_with() -> None:
    chat = replace(prompt(3), text=None, messages=(Message("user", "hi"),))
    (line,) = said(iter([chat]))
    assert line == line.strip()
    assert Scripted(PromptFormat.CHAT).dialect is PromptFormat.CHAT


@pytest.mark.parametrize("topic", ["", "what", "the one", "whether a hot dog is a sandwich", "spoilers, and how long"])
def test_any_topic_can_be_talked_about(topic: str) -> None:
    phrases, named_by = content(topic)
    assert phrases and named_by and all(phrases) and all(named_by)
    (line,) = said(iter([replace(prompt(3), scripted=ScriptedContext(topic=topic))]))
    assert "\0" not in line and "\1" not in line
