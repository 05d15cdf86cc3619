"""What the servers of the world say when they refuse a call, and what it is taken for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import ProviderError
from simulator.llm.provider_errors import ContextExceeded, PromptFiltered, QuotaExhausted, Refusal, translate
from simulator.llm.retry import FailureKind, Transient
from simulator.llm.server_error import ServerError, duration


def said(status: int, body: Any, **headers: str) -> Exception:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return translate(Refusal(status, text, named), place="m", base="http://h:1/v1", keys=())


def google(message: str, quota: str, delay: str) -> dict[str, Any]:
    kinds = "type.googleapis.com/google.rpc."
    details = [
        {"@type": f"{kinds}QuotaFailure", "violations": [{"quotaId": quota}]},
        {"@type": f"{kinds}RetryInfo", "retryDelay": delay},
    ]
    return {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}}


def openai(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | fields}


CURRENT = "You exceeded your current quota, please check your plan and billing details."
MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
GROQ = (
    "Rate limit reached for model `it` on {}: Limit 6000, Used 5800, Requested 700. Please try again in {}. Need more"
)
NEED = " tokens? Upgrade today at https://console.groq.com/settings/billing"

WAITED_FOR = {  # what is said with status 429: seconds that are waited
    "gemini, a minute's quota": (google(f"{CURRENT}\nPlease retry in 3.847s.", MINUTE, "3.847s"), {}, 3.847),
    "gemini, long": (google(CURRENT, MINUTE, "58s"), {}, 58.0),
    "groq, tokens a minute": (openai(GROQ.format("tokens per minute (TPM)", "8s") + NEED), {"retry_after": "8"}, 8.0),
    "groq, in words": (openai(GROQ.format("requests per minute (RPM)", "1m2.5s") + NEED), {}, 62.5),
    "groq, milliseconds": (openai(GROQ.format("tokens per minute (TPM)", "420ms") + NEED), {}, 0.42),
    "openai, milliseconds": (
        openai(
            "Rate limit reached for it on tokens per min (TPM). Please try again in 812ms.", code="rate_limit_exceeded"
        ),
        {},
        0.812,
    ),
    "openai, header in milliseconds": (openai("slow down"), {"retry_after_ms": "1500", "retry_after": "2"}, 1.5),
    "anthropic": (
        {"type": "error", "error": {"type": "rate_limit_error", "message": "would exceed your rate limit"}},
        {"retry_after": "12"},
        12.0,
    ),
    "azure, in words": (openai("Please retry after 26 seconds. To increase your default rate limit, visit"), {}, 26.0),
    "a date": (
        openai("later"),
        {"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
        30.0,
    ),
    "an hour": (openai("later"), {"retry_after": "3600"}, 3600.0),
    "minutes in words": (openai("Too many requests, please wait 2 minutes before trying again."), {}, 120.0),
    "nothing said": (openai("slow down"), {}, None),
    "plain text": ("Too Many Requests", {}, None),
}
FATAL = {
    "openai, no quota": (429, openai(CURRENT, code="insufficient_quota", type="insufficient_quota")),
    "gemini, a day's quota": (429, google(f"{CURRENT}\nPlease retry in 20s.", DAY, "20s")),
    "groq, tokens a day": (429, openai(GROQ.format("tokens per day (TPD)", "7m12s") + NEED)),
    "openrouter, a day": (429, openai("Rate limit exceeded: free-models-per-day.", code=429)),
    "anthropic, no credit": (
        400,
        {"type": "error", "error": {"message": "Your credit balance is too low to access the Anthropic API."}},
    ),
    "deepseek, no balance": (402, openai("Insufficient Balance")),
    "openrouter, no credits": (402, openai("This request requires more credits, or fewer max_tokens.")),
    "moonshot": (429, openai("Your account is suspended", type="exceeded_current_quota_error")),
}
CROWDED = {
    "anthropic overloaded": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "503": (503, openai("The engine is currently overloaded, please try again later")),
    "gemini": (503, openai("The model is overloaded. Please try again later.", status="UNAVAILABLE")),
}
LOADING = {
    "llama.cpp": {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
    "hugging face": {"error": "Model it is currently loading", "estimated_time": 20.5},
    "ollama": {"error": "llm server loading model"},
    "lm studio": {"error": "The model is loading. Please wait."},
}
FILTERED = {
    "azure": (
        400,
        openai(
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            code="content_filter",
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
    ),
    "openai": (
        400,
        openai("Your request was rejected as a result of our safety system.", code="content_policy_violation"),
    ),
    "anthropic": (400, {"error": {"message": "Output blocked by content filtering policy"}}),
    "deepseek": (400, openai("Content Exists Risk")),
    "alibaba": (400, openai("Input data may contain inappropriate content.", code="data_inspection_failed")),
    "openrouter": (403, openai('it requires moderation on OpenAI. Your input was flagged for "violence"', code=403)),
}
TOO_LONG = {  # status, what is said, window, tokens asked for
    "vllm": (
        400,
        openai(
            "'max_tokens' or 'max_completion_tokens' is too large: 120. This model's maximum context length is 4096"
            " tokens and your request has 4009 input tokens (120 > 4096 - 4009).",
            param="max_tokens",
            code=400,
        ),
        4096,
        4009,
    ),
    "vllm, older": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4880 in"
            " the messages, 120 in the completion). Please reduce the length of the messages or completion.",
        },
        4096,
        4880,
    ),
    "vllm, no room at all": (
        400,
        openai("The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
        4096,
        5000,
    ),
    "openai": (
        400,
        openai(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please"
            " reduce the length of the messages.",
            code="context_length_exceeded",
        ),
        8192,
        9001,
    ),
    "openai, newer": (
        400,
        openai("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300100 tokens."),
        272000,
        300100,
    ),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 5000,
                "n_ctx": 4096,
            }
        },
        4096,
        5000,
    ),
    "llama.cpp, older": (400, openai("the request exceeds the available context size. try increasing it"), None, None),
    "lm studio": (
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded"
            " with context length of only 4096 tokens, which is not enough."
        },
        4096,
        5000,
    ),
    "ollama": (400, openai("the input length exceeds the context length"), None, None),
    "tgi": (
        422,
        {
            "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs`"
            " tokens and 120 `max_new_tokens`",
            "error_type": "validation",
        },
        4096,
        5000,
    ),
    "anthropic": (
        400,
        {"type": "error", "error": {"message": "prompt is too long: 208310 tokens > 200000 maximum"}},
        200000,
        208310,
    ),
    "anthropic, with the answer": (
        400,
        {"error": {"message": "input length and `max_tokens` exceed context limit: 197000 + 8192 > 200000, decrease"}},
        200000,
        197000,
    ),
    "mistral": (
        400,
        {
            "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum"
            " context length"
        },
        32768,
        40000,
    ),
    "gemini": (
        400,
        openai("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
        1048576,
        1200000,
    ),
    "groq, a request over the minute's tokens": (
        413,
        openai("Request too large for model `it` on tokens per minute (TPM): Limit 6000, Requested 7000"),
        6000,
        7000,
    ),
    "sglang": (
        400,
        openai("The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
        4096,
        5000,
    ),
    "xai": (
        400,
        {"error": "This model's maximum prompt length is 131072 but the request contains 150000 tokens."},
        131072,
        150000,
    ),
    "cohere": (
        400,
        {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."},
        4081,
        5000,
    ),
    "fireworks": (400, openai("The prompt is too long: 9000, model maximum context length: 8191"), 8191, 9000),
}


@pytest.mark.parametrize("case", WAITED_FOR)
def test_a_limit_of_a_minute_is_waited_for(case: str) -> None:
    body, headers, seconds = WAITED_FOR[case]
    found = said(429, body, **headers)
    assert isinstance(found, Transient) and found.kind is FailureKind.BUSY and found.crowded
    assert found.wait == seconds


@pytest.mark.parametrize("case", FATAL)
def test_no_money_and_no_quota_of_the_day_stop_the_run(case: str) -> None:
    assert isinstance(said(*FATAL[case]), QuotaExhausted)


@pytest.mark.parametrize("case", CROWDED)
def test_an_overloaded_server_gets_fewer_calls_at_once(case: str) -> None:
    found = said(*CROWDED[case])
    assert isinstance(found, Transient) and found.crowded


@pytest.mark.parametrize("case", LOADING)
def test_a_server_that_loads_is_waited_for(case: str) -> None:
    found = said(503, LOADING[case])
    assert isinstance(found, Transient) and found.kind is FailureKind.LOADING and "loading" in found.cause


@pytest.mark.parametrize("case", FILTERED)
def test_a_filtered_prompt_has_an_error_of_its_own(case: str) -> None:
    assert isinstance(said(*FILTERED[case]), PromptFiltered)


@pytest.mark.parametrize("case", TOO_LONG)
def test_a_refusal_tells_the_window(case: str) -> None:
    status, body, window, requested = TOO_LONG[case]
    found = said(status, body)
    assert isinstance(found, ContextExceeded)
    assert (found.window, found.requested) == (window, requested)
    assert window is None or str(window) in str(found)


def test_other_refusals_stay_what_they_are() -> None:
    for status, words in ((401, "key was refused"), (403, "key was refused"), (404, "no such model"), (400, "refused")):
        found = said(status, openai("it is so"))
        assert type(found) is ProviderError and words in str(found)


def test_a_date_without_the_server_s_own_counts_from_now() -> None:
    error = ServerError(429, "", {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"})
    assert error.wait(datetime(2026, 10, 21, 7, 28, 20, tzinfo=UTC)) == 10
    assert error.wait(datetime(2026, 10, 21, 8, tzinfo=UTC)) == 0, "it is over"


@pytest.mark.parametrize(
    ("words", "seconds"), [("1h2m3.5s", 3723.5), ("20ms", 0.02), ("2 minutes", 120), ("6m0s", 360), ("soon", None)]
)
def test_durations(words: str, seconds: float | None) -> None:
    assert duration(words) == seconds


SHAPES: dict[str, dict[str, dict[str, Any]]] = json.loads((Path(__file__).parent / "server_shapes.json").read_bytes())
"""Answers of many more providers and servers, by kind and name."""


def taken_for(error: Exception) -> str:
    if isinstance(error, Transient):
        return f"T {error.kind.name} wait={error.wait} crowd={error.crowded}"
    return type(error).__name__


@pytest.mark.parametrize("case", SHAPES["limits"])
def test_limits_of_many_providers(case: str) -> None:
    shape = SHAPES["limits"][case]
    assert taken_for(said(shape["status"], shape["body"], **shape["headers"])).startswith(shape["taken_for"])


@pytest.mark.parametrize("case", SHAPES["loading"])
def test_many_words_for_loading(case: str) -> None:
    assert taken_for(said(**SHAPES["loading"][case])).startswith("T LOADING")


@pytest.mark.parametrize("case", SHAPES["filters"])
def test_many_words_for_a_filter(case: str) -> None:
    assert isinstance(said(**SHAPES["filters"][case]), PromptFiltered)


@pytest.mark.parametrize("case", SHAPES["no_filter"])
def test_a_refusal_for_another_reason_is_no_filter_s(case: str) -> None:
    assert taken_for(said(**SHAPES["no_filter"][case])) == "ProviderError"


@pytest.mark.parametrize("case", SHAPES["windows"])
def test_many_words_for_a_window(case: str) -> None:
    shape = SHAPES["windows"][case]
    found = said(shape["status"], shape["body"])
    assert isinstance(found, ContextExceeded)
    assert (found.window, found.requested) == (shape["window"], shape["requested"])


@pytest.mark.parametrize(("module", "package"), [("botocore", "boto3"), ("other", "other")])
def test_a_provider_whose_package_is_not_installed(module: str, package: str) -> None:
    outer = RuntimeError("no such thing")
    outer.__cause__ = ModuleNotFoundError(f"No module named {module!r}", name=module)
    found = translate(outer, place="bedrock/x", base=None, keys=())
    assert isinstance(found, ProviderError) and str(found).endswith(
        f"needs the package {package}; install it beside emsim: pip install {package}"
    )
