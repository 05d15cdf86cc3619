"""From the names that a user gives to doors: `embedded`, `scripted`, `gguf:PATH`, or any litellm name."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from simulator.errors import ProviderError, UsageError
from simulator.llm import prices
from simulator.llm.litellm_client import KEYLESS, LitellmClient, library
from simulator.llm.llama_server import SLOTS, EmbeddedModel, LlamaServer, checked, default_weights, has_chat_template
from simulator.llm.model import Billing, Model, Models, PromptFormat
from simulator.llm.provider_errors import HOW_NAMES_LOOK
from simulator.llm.redact import redact
from simulator.llm.scripted import Scripted

EMBEDDED, SCRIPTED, GGUF = "embedded", "scripted", "gguf:"

OPENAI_LIKE = frozenset({"openai", "text-completion-openai", "hosted_vllm", "lm_studio", "llamafile", "openai_like"})
"""Providers that speak OpenAI's protocol at whatever address they are given; one's own servers want no key."""
ANYWHERE = OPENAI_LIKE | {"ollama", "ollama_chat", "litellm_proxy"}
"""Providers that --api-base is meant for when several models are named."""
OTHER_KEYS = frozenset({"bedrock", "sagemaker", "vertex_ai", "vertex_ai_beta"})
"""Providers whose credentials also come from files and machine roles: not checked beforehand."""


async def open_models(
    people: str,
    lead: str | None,
    judge: str | None,
    *,
    others: Sequence[str] = (),
    api_base: Sequence[str] = (),
    dialect: PromptFormat | None = None,
    lead_dialect: PromptFormat | None = None,
    lead_adapter: Path | None = None,
    slots: int = SLOTS,
    timeout: float = 120,
) -> Models:
    """The doors for a run; the same name gives the same door. `lead` None: played by the people's model.

    `others`: models that single cards ask for. `lead_adapter`: a GGUF LoRA of the lead's model, which must be one that
    is served here; she is then asked in documents. `lead_dialect`: another than `dialect`, for her alone.

    Nothing is started or asked yet, but what can be known offline is checked: raises UsageError for a name that means
    nothing and for a file that is not there, ProviderError for a key or weights that are missing. `timeout`: seconds
    an attempt may take. `slots`: sessions at once that the embedded server keeps in mind.
    """
    if slots < 1:
        raise UsageError(f"must be at least 1 (got {slots})", place="slots", remedy="4 is the default")
    played = lead or people
    if lead_adapter is not None:
        checked(lead_adapter, remedy="name an adapter, its folder, or a GGUF file of one")
        if _needs_library(played) or played == SCRIPTED:
            remedy = "a model served elsewhere loads it there: name that with --lead-model and --lead-dialect document"
            raise UsageError(f"{played} takes no adapter", place="--lead-adapter", remedy=remedy)
        if lead_dialect not in (None, PromptFormat.DOCUMENT):
            raise UsageError(
                "an adapter is asked in documents", place="--lead-dialect", remedy="leave out one of the two options"
            )
    names = [name for name in (people, lead, judge, *others) if name is not None]
    if any(_needs_library(name) for name in names):
        await asyncio.to_thread(library)
    based = _who_gets_the_base(names) if api_base else set()
    doors: dict[str, Model] = {}
    try:
        for name in names:
            if name not in doors:
                bases = api_base if name in based else ()
                adapter = lead_adapter if name == played else None
                doors[name] = _door(name, bases, dialect, slots=slots, timeout=timeout, adapter=adapter)
        hers = doors[played]
        if lead_adapter is not None:
            assert isinstance(hers, EmbeddedModel)
            hers = hers.adapted()
        elif lead_dialect not in (None, hers.dialect):
            bases = api_base if played in based else ()
            hers = _door(played, bases, lead_dialect, slots=slots, timeout=timeout)
    except BaseException:
        for door in doors.values():
            await door.aclose()
        raise
    return Models(
        doors[people],
        hers,
        doors[judge] if judge is not None else None,
        {name: doors[name] for name in others},
    )


def dialect_of(name: str) -> PromptFormat:
    """How a model is spoken to unless the user says otherwise."""
    if name in (EMBEDDED, SCRIPTED) or name.startswith("text-completion"):
        return PromptFormat.COMPLETION
    if name.startswith(GGUF):
        return PromptFormat.CHAT if has_chat_template(checked(_path(name))) else PromptFormat.COMPLETION
    return PromptFormat.CHAT


def _door(
    name: str,
    bases: Sequence[str],
    dialect: PromptFormat | None,
    *,
    slots: int,
    timeout: float,
    adapter: Path | None = None,
) -> Model:
    if name == SCRIPTED:
        return Scripted(dialect or dialect_of(name))
    if name == EMBEDDED:
        server = LlamaServer(default_weights(), slots=slots, adapter=adapter)
        return EmbeddedModel(name, server, dialect or dialect_of(name), timeout=timeout)
    if name.startswith(GGUF):
        server = LlamaServer(checked(_path(name)), slots=slots, adapter=adapter)
        return EmbeddedModel(name, server, dialect or dialect_of(name), timeout=timeout)
    provider, model = _provider(name)
    spoken = dialect or dialect_of(name)
    _check_base(name, provider, bases)
    key = None
    if provider in OPENAI_LIKE and bases:
        key = os.environ.get(_key_variable(provider)) or KEYLESS
    elif missing := _missing_keys(name, provider):
        raise ProviderError("no key for this provider", place=name, remedy=f"set {' or '.join(missing)}")
    raw = spoken is not PromptFormat.CHAT and provider in OPENAI_LIKE and bases
    billing = prices.billing(name)
    # What has a price is a provider's own model, some of which take other settings than their protocol has.
    direct = provider in OPENAI_LIKE and bool(bases) and billing is not Billing.KNOWN
    return LitellmClient(
        name,
        spoken,
        model=model if direct else f"text-completion-openai/{model}" if raw else name,
        bases=tuple(bases),
        key=key,
        direct=direct,
        timeout=timeout,
        billing=billing,
    )


def _path(name: str) -> Path:
    return Path(name.removeprefix(GGUF)).expanduser()


def _needs_library(name: str) -> bool:
    return name not in (EMBEDDED, SCRIPTED) and not name.startswith(GGUF)


def _provider(name: str) -> tuple[str, str]:
    """Provider and the model's own name. Raises UsageError for a name that litellm cannot place."""
    try:
        model, provider, *_ = library().get_llm_provider(name)
    except Exception:  # litellm raises BadRequestError, and others for odd strings
        model = provider = ""
    if not model or not provider:
        near = difflib.get_close_matches(name, (EMBEDDED, SCRIPTED, *library().model_cost), n=1, cutoff=0.75)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise UsageError("no provider has a model of that name", place=f"model `{name}`", remedy=hint + HOW_NAMES_LOOK)
    return provider, model


def _who_gets_the_base(names: Sequence[str]) -> set[str]:
    """The models that are meant by --api-base: those without an address of their own, else all hosted ones."""
    hosted = {name for name in names if _needs_library(name)}
    meant = {name for name in hosted if _provider(name)[0] in ANYWHERE} or hosted
    if not meant:
        raise UsageError("no model with an address is named", place="--api-base", remedy="name one with --model")
    return meant


def _check_base(name: str, provider: str, bases: Sequence[str]) -> None:
    for base in bases:
        if not base.startswith(("http://", "https://")):
            remedy = "an address looks like `http://127.0.0.1:8000/v1`"
            raise UsageError(f"`{redact(base)}` is not an address", place="--api-base", remedy=remedy)
        if "@" in base.split("/")[2]:
            remedy = "addresses are recorded, keys never: put it into the provider's variable"
            raise UsageError("there is a password in the address", place="--api-base", remedy=remedy)
    if provider == "hosted_vllm" and not bases and not os.environ.get("HOSTED_VLLM_API_BASE"):
        raise UsageError("its address is needed", place=name, remedy="give --api-base http://HOST:PORT/v1")


def _key_variable(provider: str) -> str:
    own = provider not in ("openai", "text-completion-openai")
    return f"{provider.upper()}_API_KEY" if own else "OPENAI_API_KEY"


def _missing_keys(name: str, provider: str) -> list[str]:
    """Variables of which one must be set and none is."""
    if provider in OTHER_KEYS:
        return []
    if provider == "text-completion-openai":
        return [] if os.environ.get("OPENAI_API_KEY") else ["OPENAI_API_KEY"]
    missing = library().validate_environment(name)["missing_keys"]
    return [variable for variable in missing if variable.endswith("_API_KEY")]
