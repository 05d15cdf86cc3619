from __future__ import annotations

import pytest

from simulator.llm.provider_errors import redact

FAKE = "not-a-known-form-77"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {FAKE}",
        f"Authorization: Bearer {FAKE}",
        f"http://user:{FAKE}@host/v1 refused",
        f"https://host/v1?key={FAKE}&x=1",
        f"https://host/v1?api_key={FAKE}",
        "bad key sk-proj-abc****wxyz",
        "bad key AIzaSyD-aaaaaaaaaaaaaaaa",
    ],
)
def test_no_key_is_left(text: str) -> None:
    kept = redact(text, [FAKE])
    assert "[key]" in kept and FAKE not in kept and "wxyz" not in kept and "AIza" not in kept


@pytest.mark.parametrize("name", ["SOME_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"])
def test_keys_of_the_environment_are_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, FAKE)
    assert redact(f"bad: {FAKE}") == "bad: [key]"


def test_ordinary_words_stay() -> None:
    line = "no such model at http://127.0.0.1:8000/v1: the token limit is 8192; ask-me-anything"
    assert redact(line, [None, ""]) == line
