"""--param: what reaches the body of every request, by role, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cli.options import ROLES, parse_params
from simulator.errors import UsageError

GOOD: dict[tuple[str, ...], dict[str, Any]] = {
    (): {},
    ("lead:reasoning_effort=low",): {"lead": {"reasoning_effort": "low"}},
    ("top_k=40",): {role: {"top_k": 40} for role in ROLES},
    ("judge:a=1", "judge:b=[1, 2]", "people:c=null"): {"judge": {"a": 1, "b": [1, 2]}, "people": {"c": None}},
    ("lead:chat_template_kwargs.enable_thinking=false", "lead:chat_template_kwargs.x=1.5"): {
        "lead": {"chat_template_kwargs": {"enable_thinking": False, "x": 1.5}}
    },
    ('lead:extra_body={"think": false}',): {"lead": {"extra_body": {"think": False}}},
    ("lead:stop=a=b",): {"lead": {"stop": "a=b"}},
    ("lead:user=",): {"lead": {"user": ""}},
    ("max_tokens=9", "lead:max_tokens=20"): {role: {"max_tokens": 20 if role == "lead" else 9} for role in ROLES},
}
BAD = {
    "reasoning_effort": "KEY=VALUE",
    "=1": "KEY=VALUE",
    "guest:a=1": "people, lead or judge",
    "a..b=1": "KEY=VALUE",
    "api_key=sk-1": "recorded",
    "lead:extra_body.api-key=sk-1": "recorded",
    "headers.Authorization=x": "recorded",
}


@pytest.mark.parametrize("given", GOOD)
def test_parameters_are_read_by_role(given: tuple[str, ...]) -> None:
    assert parse_params(given) == GOOD[given]


@pytest.mark.parametrize("given", BAD)
def test_what_is_no_parameter_is_refused_without_repeating_a_key(given: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_params([given])
    assert BAD[given] in str(refused.value) and "sk-1" not in str(refused.value)


def test_a_name_cannot_be_a_value_and_an_object() -> None:
    with pytest.raises(UsageError, match="has a value already"):
        parse_params(["a=1", "a.b=2"])
