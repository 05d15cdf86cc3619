from __future__ import annotations

import asyncio

import pytest

from simulator.errors import UsageError
from simulator.llm.model import PromptFormat, Purpose
from simulator.llm.params import parse_params
from simulator.llm.registry import OpenOptions, open_models
from tests.llm.servers import says, serving
from tests.llm.test_client import CHAT


@pytest.mark.parametrize(
    ("given", "lead", "people"),
    [
        (["reasoning_effort=low"], {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        (["lead:top_p=0.9"], {"top_p": 0.9}, {}),
        (["a=1", "lead:a=2"], {"a": 2}, {"a": 1}),
        (
            ["chat_template_kwargs.enable_thinking=true", "lead:chat_template_kwargs.budget=5"],
            {"chat_template_kwargs": {"enable_thinking": True, "budget": 5}},
            {"chat_template_kwargs": {"enable_thinking": True}},
        ),
        (['extra_body={"top_k": 5}'], {"extra_body": {"top_k": 5}}, {"extra_body": {"top_k": 5}}),
        (["seed=null"], {"seed": None}, {"seed": None}),
        (["words=a=b"], {"words": "a=b"}, {"words": "a=b"}),
    ],
)
def test_parameters_of_each_role(given: list[str], lead: dict[str, object], people: dict[str, object]) -> None:
    found = parse_params(given)
    assert (found.get(Purpose.LEAD, {}), found.get(Purpose.PEOPLE, {})) == (lead, people)


@pytest.mark.parametrize("text", ["", "a", "=1", "nobody:a=1", "a..b=1", "model=x", "lead:messages=[]"])
def test_what_is_none_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--param"):
        parse_params([text])


def test_each_role_gets_its_own_at_one_server() -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            params = parse_params(["top_k=7", "lead:top_k=9", "people:extra_body.a=1"])
            options = OpenOptions(api_base=[server.base], dialect=PromptFormat.CHAT, params=params)
            models = await open_models("hosted_vllm/it", None, None, options=options)
            for model in (models.people, models.lead):
                await model.reply(CHAT)
            await models.aclose()
        people, lead = server.asked
        assert (people["top_k"], people["a"], lead["top_k"], "a" in lead) == (7, 1, 9, False)

    asyncio.run(main())


@pytest.mark.parametrize("key", ["api_key", "lead:extra_body.api-key", "extra_body.headers.Authorization", "token"])
def test_a_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(UsageError, match="recorded") as refused:
        parse_params([f"{key}=sk-1"])
    assert "sk-1" not in str(refused.value)
