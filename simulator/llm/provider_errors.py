"""What a foreign exception means: read once, here, and turned into one of ours."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from simulator.errors import ProviderError
from simulator.llm.retry import FailureKind, Transient
from simulator.llm.server_error import ServerError, chain

_SECRET = re.compile(r"(?i)(_|^)(key|token|secret|password)s?$")
_LOOKS_SECRET = re.compile(
    r"""(?ix)
    (?<=bearer\s)\S+
    | (?<=://)[^/@\s'"]+(?=@)                       # user:password@host
    | (?<=[?&]key=)[^&\s'"]+ | (?<=api_key=)[^&\s'"]+ | (?<=token=)[^&\s'"]+
    | \b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|r8)[-_][\w*.-]{6,}
    | \bAIza[\w*-]{10,}
    """
)


def redact(text: str, keys: Iterable[str | None] = ()) -> str:
    """The text with `[key]` in place of the given keys, of keys in the environment, and of what has a key's form.

    >>> redact("bad key Bearer sk-live-123456789")
    'bad key Bearer [key]'
    """
    known = {key for key in keys if key}
    known |= {value for name, value in os.environ.items() if len(value) >= 8 and _SECRET.search(name)}
    for key in sorted(known, key=len, reverse=True):
        text = text.replace(key, "[key]").replace(quote(key, safe=""), "[key]")
    return _LOOKS_SECRET.sub("[key]", text)


HOW_NAMES_LOOK = (
    "names look like `anthropic/claude-sonnet-4-5`, `openai/gpt-4o`, `ollama/llama3.2`, `hosted_vllm/NAME` with "
    "--api-base, `gguf:PATH`, `embedded` or `scripted`"
)

_UNREADABLE = AttributeError | LookupError | RecursionError | TypeError | ValueError
"""What a parser, ours or litellm's, dies of when an answer has another shape than it should."""


_PASSING = (424, 425)
"""Statuses below 500 of which another attempt may be spared; TGI calls a fault while it writes the first."""


_PACKAGES = {"botocore": "boto3"}
"""Module to the package that brings it, where they are called differently: Amazon's, for Bedrock and SageMaker."""


class Unreachable(Transient):
    """Nobody answers at the address."""


class BrokenAnswer(Exception):
    """The server said yes and sent something that is not an answer."""


class BrokenConnection(Exception):
    """The connection ended, or carried something else than HTTP, before the answer was whole."""


class Refusal(Exception):
    """The server said no."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body)
        self.status_code, self.headers = status, headers or {}


class QuotaExhausted(ProviderError):
    """No money, or nothing of a day's or month's quota, is left: nothing but waiting or paying helps."""


class PromptFiltered(ProviderError):
    """A content filter refused the prompt: the same prompt will be refused again, another session's may pass."""


class ContextExceeded(ProviderError):
    """The prompt does not fit into the model's window; a shorter one may."""

    def __init__(self, cause: str, *, place: str, remedy: str, window: int | None, requested: int | None) -> None:
        super().__init__(cause, place=place, remedy=remedy)
        self.window = window
        """Tokens that prompt and answer may have together; None: the server does not say."""
        self.requested = requested
        """Tokens of this prompt by the server's count; None: the server does not say."""


class ReasoningOnly(ProviderError):
    """The model spends its answers on reasoning, and no text is left: asking on costs money for nothing."""


def translate(error: Exception, *, place: str, base: str | None, keys: tuple[str | None, ...]) -> Exception:
    """The exception to raise instead: Transient where another attempt may help, else ProviderError."""
    said = ServerError.of(error)
    text, where = redact(said.message, keys) or type(error).__name__, f" at {redact(base)}" if base else ""
    known = _unanswered(error, said, where, base) or _refused(said, text, where, place, base)
    if known is not None:
        return known
    causes = list(chain(error))
    if missing := next((each for each in causes if isinstance(each, ModuleNotFoundError)), None):
        package = _PACKAGES.get(str(missing.name or missing), str(missing.name or missing))
        remedy = f"install it beside emsim: pip install {package}"
        return ProviderError(f"this provider needs the package {package}", place=place, remedy=remedy)
    status = said.status
    if status is None and not isinstance(error, BrokenAnswer | BrokenConnection | _UNREADABLE | OSError):
        return ProviderError(f"{type(error).__name__}: {text}", place=place, remedy=HOW_NAMES_LOOK)
    unreadable = status in (None, 200) and not isinstance(error, BrokenConnection)
    if unreadable or any(isinstance(each, _UNREADABLE) for each in causes):
        remedy = "is that an address of the provider's API?"
        return Transient(f"the answer{where} is broken: {text}", remedy=remedy, kind=FailureKind.BROKEN)
    return Transient(
        f"the server{where} failed: {text}",
        remedy="`em resume` when it is well again",
        wait=said.wait(),
        crowded=said.overloaded,
    )


def _unanswered(error: Exception, said: ServerError, where: str, base: str | None) -> Transient | None:
    """Nobody answered, or not in time."""
    causes = list(chain(error))
    if any(isinstance(each, ConnectionRefusedError | socket.gaierror) for each in causes):
        known = any(isinstance(each, ConnectionRefusedError) for each in causes)
        cause = f"the connection{where} was refused" if known else f"no such host{where}, or no network"
        remedy = "is the server up, and is --api-base right?" if base else "is the network up?"
        return Unreachable(cause, remedy=remedy, kind=FailureKind.UNREACHABLE)
    if isinstance(error, TimeoutError) or said.status == 408:
        remedy = "is the server stuck, or the model too slow?"
        return Transient(f"no answer{where} in time", remedy=remedy, kind=FailureKind.LATE)
    return None


def _refused(said: ServerError, text: str, where: str, place: str, base: str | None) -> Exception | None:
    """The server understood and said no, for now or for good."""
    status = said.status
    if said.no_credit:
        return QuotaExhausted(f"no credit left: {text}", place=place, remedy="add credit, then `em resume`")
    if said.daily:
        remedy = "`em resume` when there is a new one"
        return QuotaExhausted(f"the quota of the day or month is used up: {text}", place=place, remedy=remedy)
    if said.loading:
        remedy = "`em resume` when the server has loaded the model"
        return Transient(
            f"the server{where} is loading: {text}", remedy=remedy, kind=FailureKind.LOADING, wait=said.wait()
        )
    if said.filtered:
        remedy = "take what offends the filter out of the scenario, or choose another model"
        return PromptFiltered(f"a content filter refused the prompt: {text}", place=place, remedy=remedy)
    if status in (401, 403):
        return ProviderError(f"the key was refused: {text}", place=place, remedy="check the provider's key variable")
    if said.too_long:
        window = f" (window: {said.window} tokens)" if said.window else ""
        remedy = "shorter sessions (`--length short`), or a server with a larger window"
        return ContextExceeded(
            f"the prompt is too long{window}: {text}",
            place=place,
            remedy=remedy,
            window=said.window,
            requested=said.requested,
        )
    if said.busy:
        remedy = "lower --concurrency, or `em resume` later"
        cause, wait = f"too many requests: {text}", said.wait()
        return Transient(cause, remedy=remedy, kind=FailureKind.BUSY, wait=wait, crowded=True)
    if said.wrong_endpoint:
        hint = "does --api-base lack `/v1`? " if base and not urlsplit(base).path.strip("/") else ""
        return ProviderError(f"no such model{where}: {text}", place=place, remedy=hint + HOW_NAMES_LOOK)
    if status is not None and 400 <= status < 500 and status not in _PASSING:
        return ProviderError(f"the request was refused: {text}", place=place, remedy="change the model or --dialect")
    return None
