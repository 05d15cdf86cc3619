"""What a member is told: the shared beginning, the tail, and what a line's situation puts into it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from dataclasses import replace
from statistics import mean

import pytest

from simulator.events import Event, Joined, Said, TopicSet
from simulator.line_checks import LineChecker
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.participation import Participation
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session.channel import Channel
from simulator.session.play import play
from simulator.session.prompts import Prompts, RefusedTry
from simulator.session.scheduler import Scheduler, Turn
from simulator.session.transcript import text
from simulator.world.policy import LineLength
from tests.layout import LAYOUT
from tests.worlds import shipped

WORLD = shipped()


def plans(number: int = 12) -> list[SessionPlan]:
    planner = Planner(WORLD, 3)
    return [planner.plan(slot) for slot in range(number)]


def talk(plan: SessionPlan, messages: int) -> Channel:
    """The channel after so many messages of the first two people."""
    setting = plan.setting
    channel = Channel(setting, [TopicSet(index=0, at=setting.begins, nick=setting.cast[0], text="soup")])
    for number in range(messages):
        nick = setting.cast[number % 2]
        channel.apply(Said(index=number + 1, at=setting.begins + 60 * number, nick=nick, text=f"line {number}"))
    return channel


def test_all_but_the_tail_is_the_same_for_everybody_and_only_grows() -> None:
    plan = plans()[0]
    prompts = Prompts(plan.setting, plan.script, WORLD)
    for ask in (lambda turn, channel: prompts.chat(turn, channel)[1].content, prompts.completion, prompts.document):
        earlier, later = talk(plan, 3), talk(plan, 4)
        logs = []
        for channel in (earlier, later):
            texts = [ask(Turn(nick, 0.0, {}), channel) for nick in plan.setting.members]
            end = channel.transcript[-1] + "\n"
            heads = {text[: text.index(end) + len(end)] for text in texts}
            assert len(heads) == 1
            logs.append(heads.pop())
        assert logs[1].startswith(logs[0])
    assert len({prompts.chat(Turn(nick, 0.0, {}), talk(plan, 1))[0] for nick in plan.setting.members}) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answers": "X"}, ", answering X."),
        ({"answers": "X", "to": "X"}, ", answering X by name."),
        ({"again": True}, "going on from that"),
        ({"leaves": True}, "saying goodbye and going"),
        ({"to": "X"}, ", to X by name."),
        ({"length": LineLength.FEW_WORDS}, ": a few words."),
        ({"length": LineLength.SENTENCE}, ": one sentence."),
        ({"length": LineLength.MORE}, ": three or four sentences."),
        ({"action": True}, "as the text of a /me line"),
        ({"calls_lead": True}, "by name on that"),
        ({"closes": True}, "The talk comes to rest"),
        ({"purpose": "Ask about the soup."}, "Private: Ask about the soup."),
    ],
)
def test_the_tail_says_what_the_person_knows(change: dict[str, object], told: str) -> None:
    plan = plans()[0]
    prompts, channel, nick = Prompts(plan.setting, plan.script, WORLD), talk(plan, 2), plan.setting.cast[2]
    plain = prompts.chat(Turn(nick, 0.0, {}), channel)[1].content
    asked = prompts.chat(replace(Turn(nick, 0.0, {}), **change), channel)[1].content
    assert told in asked and told not in plain


def test_a_plain_tail_is_who_is_next_and_nothing_else() -> None:
    plan = plans()[0]
    prompts, channel, nick = Prompts(plan.setting, plan.script, WORLD), talk(plan, 2), plan.setting.cast[2]
    system, user = prompts.chat(Turn(nick, 0.0, {}), channel)
    assert user.content.rpartition("\n\n")[2] == f"Next is {nick}."
    assert "two or three sentences unless it says otherwise" in system.content


def test_the_tail_says_who_of_the_last_to_speak_is_gone() -> None:
    plan = plans()[0]
    prompts, channel, nick = Prompts(plan.setting, plan.script, WORLD), talk(plan, 2), plan.setting.cast[2]
    assert "Not here" not in prompts.chat(Turn(nick, 0.0, {}), channel)[1].content
    channel.away.add(plan.setting.cast[0])
    for gone in (plan.setting.cast[1], plan.setting.cast[3]):  # the last one has said nothing: nobody thinks of them
        channel.present.pop(gone)
    turn = Scheduler(plan.setting, plan.script, Participation.of(plan), WORLD).next_turn(channel)
    assert turn is not None
    tail = prompts.chat(turn, channel)[1].content.rpartition("\n\n")[2]
    assert f"Not here: {plan.setting.cast[1]}, {plan.setting.cast[0]}." in tail


def test_the_tail_says_who_came_and_has_said_nothing() -> None:
    plan = next(plan for plan in plans(40) if plan.script.late)
    prompts, newcomer = Prompts(plan.setting, plan.script, WORLD), min(plan.script.late)
    channel = Channel(plan.setting, late=plan.script.late)
    scheduler = Scheduler(plan.setting, plan.script, Participation.of(plan), WORLD)
    before = scheduler.next_turn(channel)
    channel.apply(Joined(index=0, at=channel.at, nick=newcomer))
    turn = scheduler.next_turn(channel)
    assert before is not None and turn is not None and before.arrived == ()
    assert turn.arrived == (() if turn.nick == newcomer else (newcomer,))
    told = f"Here by now: {newcomer}." in prompts.chat(turn, channel)[1].content
    assert told == (turn.nick != newcomer)


def test_who_comes_later_is_marked_for_everybody_from_the_beginning() -> None:
    plan = next(plan for plan in plans(40) if plan.script.late)
    system = Prompts(plan.setting, plan.script, WORLD).chat(Turn(plan.setting.lead, 0.0, {}), talk(plan, 1))[0].content
    rows = {row.split(",")[0]: row for row in system.splitlines() if re.match(r"\S+, \d+h", row)}
    assert rows.keys() == set(plan.setting.cast)
    assert {nick for nick, row in rows.items() if ", comes later: " in row} == plan.script.late


def test_everybody_has_the_hour_of_their_own_place() -> None:
    plan = plans()[0]
    world = replace(
        WORLD,
        personas=WORLD.personas
        | {
            nick: WORLD.personas[nick].model_copy(update={"timezone": zone})
            for nick, zone in zip(plan.setting.cast, ("Asia/Tokyo", "America/Lima", None), strict=False)
        },
    )
    setting = plan.setting.model_copy(update={"begins": 20 * 3600.0})
    prompts, (tokyo, lima, utc) = Prompts(setting, plan.script, world), setting.cast[:3]
    system = prompts.chat(Turn(tokyo, 0.0, {}), talk(plan, 1))[0].content
    for nick, hour in ((tokyo, 5), (lima, 15), (utc, 20)):
        assert f"\n{nick}, {hour}h" in system
    channel = Channel(setting)
    for passed, told in ((0, ""), (3599, ""), (2 * 3600, " By now it is 7h there.")):
        channel.at = setting.begins + passed
        tail = prompts.chat(Turn(tokyo, 0.0, {}), channel)[1].content.rpartition("\n\n")[2]
        assert tail == f"Next is {tokyo}.{told}"


def test_what_the_lead_has_worn_out_is_told_once_for_all() -> None:
    plan = plans()[0].avoiding(("hold on", "the thing is"))
    told = [Prompts(plan.setting, plan.script, WORLD).chat(Turn(nick, 0.0, {}), talk(plan, 2)) for nick in
            (plan.setting.lead, plan.setting.cast[2])]  # fmt: skip
    assert all("worn these out and does without them: hold on; the thing is." in system.content for system, _ in told)
    assert all("hold on" not in user.content for _, user in told)


def test_a_refused_line_is_shown_with_its_reason() -> None:
    plan = plans()[0]
    prompts, channel = Prompts(plan.setting, plan.script, WORLD), talk(plan, 2)
    refused = RefusedTry("line 0 again", "That was said before.")
    asked = prompts.chat(Turn(plan.setting.cast[0], 0.0, {}), channel, refused)[1].content
    assert 'Your last try was "line 0 again". It was refused: That was said before.' in asked


def test_the_lead_shows_lines_of_the_pattern_and_all_lines_are_shown_over_a_run() -> None:
    card, shown = WORLD.lead, set[int]()
    for plan in plans(120):
        numbers = plan.script.voices[card.nick]
        shown |= set(numbers)
        own = set(card.voice_for.get(plan.slot.pattern, ()))
        kept = {number for those in card.voice_for.values() for number in those}
        assert set(numbers) & kept <= own and (not own or set(numbers) & own)
        assert plan.script.example_lines(card, card.nick) == tuple(card.voice[number] for number in numbers)
    assert shown == set(range(len(card.voice)))


def test_a_model_that_only_continues_reads_the_lead_s_whole_card_and_no_ending() -> None:
    plan = plans()[0]
    text = Prompts(plan.setting, plan.script, WORLD).completion(Turn(plan.setting.cast[0], 0.0, {}), talk(plan, 1))
    assert WORLD.lead.about in text
    assert plan.script.premise not in text or ". " not in plan.script.premise


@pytest.mark.parametrize("seed", [1, 2])
def test_a_prompt_shows_the_transcript_as_the_document_does(seed: int) -> None:
    """Comings and goings stand in neither, /me lines in both, under every dialect and at every point."""
    planner, kinds = Planner(WORLD, seed), Counter[str]()
    for plan in map(planner.plan, range(12)):
        events = list(asyncio.run(_played(plan)))
        prompts, kinds = (
            Prompts(plan.setting, plan.script, WORLD),
            kinds + Counter(type(event).__name__ for event in events),
        )
        for end in (*range(0, len(events), 9), len(events)):
            channel, turn = (
                Channel(plan.setting, events[:end], late=plan.script.late),
                Turn(plan.setting.cast[0], 0.0, {}),
            )
            log = text(plan.setting, events[:end], layout=LAYOUT)
            assert prompts.chat(turn, channel)[1].content.rpartition("\n\n")[0] + "\n" == log
            assert prompts.document(turn, channel) == f"{log}<{turn.nick}>"
            assert prompts.completion(turn, channel).endswith(f"\n{log}<{turn.nick}>")
    assert min(kinds[kind] for kind in ("Said", "Acted", "Joined", "Parted", "Renamed")) > 0


async def _played(plan: SessionPlan) -> list[Event]:
    return [event async for event in play(plan, WORLD, Models(Scripted(), Scripted()))]


def test_every_line_of_every_card_is_shown_over_a_run() -> None:
    shown: defaultdict[str, set[int]] = defaultdict(set)
    for plan in plans(900):
        for nick, numbers in plan.script.voices.items():
            shown[nick].update(numbers)
    assert {nick: len(card.voice) - len(shown[nick]) for nick, card in WORLD.personas.items()} == dict.fromkeys(
        WORLD.personas, 0
    )


def test_where_nobody_asks_no_example_of_the_lead_says_what_it_is() -> None:
    known = LineChecker(WORLD.style, WORLD.lead.nick)
    for plan in plans(120):
        lines = plan.script.example_lines(WORLD.lead, WORLD.lead.nick)
        about_itself = [line for line in lines if known.shows("acknowledges-ai", line)]
        assert len(about_itself) <= (3 if plan.slot.pattern == "identity" else 0), about_itself
        assert any(known.shows("refusal", line) for line in lines)


def test_every_reason_for_a_refusal_is_whole_sentences() -> None:
    reasons = [*WORLD.style.hints.values(), *(rule.hint for rule in WORLD.style.rules)]
    reasons += [category.hint for category in WORLD.guard.categories]
    assert len(reasons) > 50
    assert [each for each in reasons if not (each[0].isupper() and each[-1] in ".!?")] == []
    for signal in WORLD.style.signals.values():  # goes on from "It has to be a line that"
        assert signal.about.split()[0].endswith("s") and signal.about.endswith("."), signal.about


def test_the_first_prompt_of_a_session_is_short() -> None:
    """At 3.9 characters a token: 30 % less than the 2,145 and 1,473 tokens that prompts of twenty sessions once had."""
    chat, completion = [], []
    for plan in plans(20):
        prompts, channel, turn = Prompts(plan.setting, plan.script, WORLD), Channel(plan.setting), Turn("x", 0.0, {})
        chat.append(sum(len(message.content) for message in prompts.chat(turn, channel)) / 3.9)
        completion.append(len(prompts.completion(turn, channel)) / 3.9)
    assert mean(chat) < 0.7 * 2145 and mean(completion) < 0.7 * 1473


class Listening(Scripted):
    """Keeps what it is told before each line that no private note is for."""

    def __init__(self) -> None:
        super().__init__(PromptFormat.CHAT)
        self.tails: list[str] = []

    async def reply(self, prompt: Prompt) -> Reply:
        if not prompt.scripted.cue:
            self.tails.append(prompt.messages[1].content.rpartition("\n\n")[2])
        return await super().reply(prompt)


def test_what_is_read_anew_for_every_line_is_a_sentence() -> None:
    """At about 3.9 characters a token: 17 tokens and the end of the chat template, where it was 48 in all."""
    model = Listening()

    async def play_all() -> None:
        for plan in plans(8):
            async for _ in play(plan, WORLD, Models(model, model)):
                pass

    asyncio.run(play_all())
    assert len(model.tails) > 150
    assert mean(map(len, model.tails)) < 17 * 3.9
