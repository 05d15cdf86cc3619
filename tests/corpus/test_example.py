import pytest
from pydantic import ValidationError

from simulator.corpus import example
from simulator.document import TranscriptLine, parse_document
from simulator.events import Acted, Renamed, Said
from simulator.journal.model_choice import ModelChoice
from simulator.session import transcript
from tests import builders
from tests.layout import LAYOUT


def test_the_text_is_the_plan_s_format_to_the_byte():
    plan = builders.plan(0, engagement="HIGH", channel="#shoggoth", cast=("ash", "bo"))
    events = builders.said([("ash", "morning"), ("Em", "is it  though "), ("bo", "yes")])
    assert transcript.text(plan.setting, events, layout=LAYOUT) == (
        "ENGAGEMENT: HIGH\nCHANNEL: #shoggoth\n<ash> morning\n<Em> is it  though \n<bo> yes\n"
    )


def test_what_was_said_and_done_is_shown_and_no_actions_if_asked_for():
    plan = builders.plan(0, cast=("ash", "bo"))
    events = [
        Said(index=0, at=1, nick="ash", text="hello"),
        Renamed(index=1, at=2, nick="ash", to="ash-away"),
        Acted(index=2, at=3, nick="ash", text="yawns"),
    ]
    hello, yawn = TranscriptLine("ash", "hello"), TranscriptLine("ash", "yawns", action=True)
    assert transcript.lines(plan.setting, events) == (hello, yawn)
    assert transcript.lines(plan.setting, events, actions=False) == (hello,)


def test_a_nick_that_is_only_shown_is_no_speaker():
    with pytest.raises(ValueError, match="ash-away is not in the cast"):
        transcript.lines(builders.plan(0).setting, builders.said([("ash-away", "hello")]))


@pytest.mark.parametrize("slot", range(12))
def test_what_an_example_says_is_what_its_text_shows(slot):
    plan = builders.plan(slot)
    made = example.example(plan, builders.events(plan), builders.run_card(), layout=LAYOUT)
    read = parse_document(made.text, LAYOUT)
    nicks = [line.nick for line in read.messages]
    assert not read.malformed and made.text.endswith("\n")
    assert read.header == LAYOUT.header(made.engagement, made.channel)
    assert (
        (made.messages, made.lead_messages)
        == (plan.messages, plan.lead_messages)
        == (len(nicks), nicks.count(plan.setting.lead))
    )
    assert made.lead_share == round(plan.lead_messages / plan.messages, 4)
    assert made.people == len(set(nicks) - {plan.setting.lead})
    assert not [secret for secret in builders.SECRETS if secret in made.model_dump_json()]
    assert all(isinstance(value, str | int | float | bool) for value in made.model_dump(mode="json").values())
    assert next(iter(made.model_dump())) == "text"


def test_minutes_are_simulated():
    plan = builders.plan(0)
    assert example.example(plan, builders.said([("ash", "a")] * 10), builders.run_card(), layout=LAYOUT).minutes == 1.5
    assert example.example(plan, [], builders.run_card(), layout=LAYOUT).minutes == 0


@pytest.mark.parametrize(
    ("models", "people", "lead"),
    [
        ({"people": "openai/x", "lead": None}, "openai/x", "openai/x"),
        ({"people": "openai/x", "lead": "anthropic/y"}, "openai/x", "anthropic/y"),
        ({"people": ["a/x", "b/y"], "lead": "a/x"}, "a/x, b/y", "a/x"),
        ({"people": None, "lead": None}, "embedded", "embedded"),
        ({"people": "gguf:/home/me/models/m.gguf", "lead": None}, "gguf:m.gguf", "gguf:m.gguf"),
        ({"people": "gguf:~/m.gguf", "lead": "gguf:models/m.gguf"}, "gguf:m.gguf", "gguf:models/m.gguf"),
        ({"people": "hosted_vllm//srv/models/m", "lead": r"gguf:C:\models\m.gguf"}, "hosted_vllm/m", "gguf:m.gguf"),
    ],
)
def test_models_are_named_without_the_machine_s_folders(models, people, lead):
    assert example.authors(ModelChoice.model_validate(models)) == (people, lead)


def test_scripted_lines_are_marked():
    plan, run = builders.plan(0), builders.run_card(models={"people": "openai/x", "lead": "scripted"})
    assert example.example(plan, [], run, layout=LAYOUT).scripted
    assert not example.example(plan, [], builders.run_card(), layout=LAYOUT).scripted
    assert example.example(plan, [], builders.run_card(), scripted=True, layout=LAYOUT).scripted


def test_an_example_is_frozen():
    made = example.example(builders.plan(0), [], builders.run_card(), layout=LAYOUT)
    with pytest.raises(ValidationError):
        made.text = "other"
