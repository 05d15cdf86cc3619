"""What a foreign exception means: read once, here, and turned into one of ours."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from simulator.errors import ProviderError
from simulator.llm.redact import redact
from simulator.llm.retry import FailureKind, Transient

HOW_NAMES_LOOK = (
    "names look like `anthropic/claude-sonnet-4-5`, `openai/gpt-4o`, `ollama/llama3.2`, `hosted_vllm/NAME` with "
    "--api-base, `gguf:PATH`, `embedded` or `scripted`"
)

_WRAPPING = re.compile(r"^((litellm\.)?\w*(Error|Exception|Timeout)\b\s*[:-]?\s*)+")
_MESSAGE = re.compile(r"""["']message["']\s*:\s*(["'])(.+?)\1""")
_UNREADABLE = AttributeError | LookupError | RecursionError | TypeError | ValueError
"""What a parser, ours or litellm's, dies of when an answer has another shape than it should."""
_NO_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota|credit balance|billing", re.IGNORECASE)


class Unreachable(Transient):
    """Nobody answers at the address."""


class BrokenAnswer(Exception):
    """The server said yes and sent something that is not an answer."""


class Refusal(Exception):
    """The server said no."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(body)
        self.status_code, self.headers = status, headers


def translate(error: Exception, *, place: str, base: str | None, keys: tuple[str | None, ...]) -> Exception:
    """The exception to raise instead: Transient where another attempt may help, else ProviderError."""
    chain = list(_chain(error))
    text = redact(_said(error), keys)
    where = f" at {redact(base)}" if base else ""
    status = getattr(error, "status_code", None)
    if any(isinstance(e, ConnectionRefusedError | socket.gaierror) for e in chain):
        known = any(isinstance(e, ConnectionRefusedError) for e in chain)
        cause = f"the connection{where} was refused" if known else f"no such host{where}, or no network"
        remedy = "is the server up, and is --api-base right?" if base else "is the network up?"
        return Unreachable(cause, remedy=remedy, kind=FailureKind.UNREACHABLE)
    if isinstance(error, TimeoutError) or status == 408:
        remedy = "is the server stuck, or the model too slow?"
        return Transient(f"no answer{where} in time", remedy=remedy, kind=FailureKind.LATE)
    if status in (401, 403):
        return ProviderError(f"the key was refused: {text}", place=place, remedy="check the provider's key variable")
    if status == 429 and _NO_CREDIT.search(str(error)):
        return ProviderError(f"no credit left: {text}", place=place, remedy="add credit, then `em resume`")
    if status == 429:
        remedy = "lower --concurrency, or `em resume` later"
        cause, wait = f"too many requests: {text}", _retry_after(chain)
        return Transient(cause, remedy=remedy, kind=FailureKind.BUSY, wait=wait, crowded=True)
    if status == 404:
        hint = "does --api-base lack `/v1`? " if base and not urlsplit(base).path.strip("/") else ""
        return ProviderError(f"no such model{where}: {text}", place=place, remedy=hint + HOW_NAMES_LOOK)
    if isinstance(status, int) and 400 <= status < 500:
        return ProviderError(f"the request was refused: {text}", place=place, remedy="change the model or --dialect")
    if status is None and not isinstance(error, BrokenAnswer | _UNREADABLE | OSError):
        return ProviderError(f"{type(error).__name__}: {text}", place=place, remedy=HOW_NAMES_LOOK)
    if status is None or status == 200 or any(isinstance(e, _UNREADABLE) for e in chain):
        remedy = "is that an address of the provider's API?"
        return Transient(f"the answer{where} is broken: {text}", remedy=remedy, kind=FailureKind.BROKEN)
    return Transient(
        f"the server{where} failed: {text}",
        remedy="`em resume` when it is well again",
        wait=_retry_after(chain),
        crowded=status in (503, 529),
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _said(error: Exception) -> str:
    """The provider's own words on one line of at most 200 characters, without litellm's wrapping."""
    text = str(error).partition("\nTraceback")[0]
    found = _MESSAGE.search(text)
    text = found[2] if found else _WRAPPING.sub("", text.strip())
    return " ".join(text.split())[:200] or type(error).__name__


def _retry_after(chain: list[BaseException]) -> float | None:
    """Seconds that the server asked for; dates are not read, no provider of models sends them."""
    for error in chain:
        for headers in (
            getattr(error, "litellm_response_headers", None),
            getattr(error, "headers", None),
            getattr(getattr(error, "response", None), "headers", None),
        ):
            if headers is None:
                continue
            for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
                try:
                    return max(0.0, float(headers[name]) / unit)
                except (KeyError, TypeError, ValueError):
                    continue
    return None
