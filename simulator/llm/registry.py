"""Model registry: from the names that a user gives (`embedded`, `scripted`, `gguf:PATH`, a litellm name) to models."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import ProviderError, UsageError
from simulator.llm import prices, providers
from simulator.llm.client import ModelClient
from simulator.llm.gguf_file import default_weights, has_chat_template, require_gguf
from simulator.llm.litellm_transport import LitellmTransport, library
from simulator.llm.llama_server import SLOTS, EmbeddedModel, LlamaOptions, LlamaServer
from simulator.llm.model import Model, Models, PromptFormat, Purpose
from simulator.llm.native_protocols import NATIVE
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.progress import Listener, log_progress
from simulator.llm.provider_errors import HOW_NAMES_LOOK, redact
from simulator.llm.provider_transport import NativeTransport, ProviderTransport
from simulator.llm.scripted import ENGLISH, Scripted
from simulator.llm.server_traits import JsonObject
from simulator.llm.transport import SILENCE, TransportOptions

EMBEDDED, SCRIPTED, GGUF = "embedded", "scripted", "gguf:"

OPENAI_LIKE = frozenset({"openai", "text-completion-openai", "hosted_vllm", "lm_studio", "llamafile", "openai_like"})
"""Providers that speak OpenAI's protocol at whatever address they are given; one's own servers want no key."""
ANYWHERE = OPENAI_LIKE | {"ollama", "ollama_chat", "litellm_proxy"}
"""Providers that --api-base is meant for when several models are named."""
KEYLESS = "none"
"""In place of a key, for a server of one's own that wants none, where litellm insists on one."""
OTHER_KEYS = frozenset({"bedrock", "sagemaker", "vertex_ai", "vertex_ai_beta"})
"""Providers whose credentials also come from files and machine roles: not checked beforehand."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How the models of a run are opened, beside their names."""

    api_base: Sequence[str] = ()
    """Addresses of servers that speak OpenAI's protocol."""
    dialect: PromptFormat | None = None
    """None: by the model."""
    lead_dialect: PromptFormat | None = None
    """Another one for the lead alone; None: as `dialect` says."""
    lead_adapter: Path | None = None
    """A GGUF LoRA of the lead's model, which is then asked in documents; that model must be one that is served here."""
    slots: int = SLOTS
    """Sessions at once that a llama.cpp server of ours keeps in mind, at least 1."""
    silence: float = SILENCE
    """Seconds without a sign from a server after which a call is given up."""
    params: Mapping[Purpose, JsonObject] = field(default_factory=dict)
    """What goes into every request of a role, such as `reasoning_effort` or `extra_body`."""
    language: str = ENGLISH
    """In which the scripted model writes, as a code of ISO 639."""
    progress: Listener = log_progress
    """Is told what calls wait for."""

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise UsageError(f"must be at least 1 (got {self.slots})", place="slots", remedy="4 is the default")


async def open_models(
    people: str,
    lead: str | None,
    judge: str | None,
    *,
    guard: str | None = None,
    others: Sequence[str] = (),
    options: OpenOptions = OpenOptions(),
) -> Models:
    """The models for a run; the same name gives the same model where its role wants nothing of its own.

    `lead` None: played by the people's model. `others`: models that single cards ask for.

    Nothing is started or asked yet, but what can be known offline is checked: raises UsageError for a name that means
    nothing and for a file that is not there, ProviderError for a key or weights that are missing.
    """
    leads = lead or people
    _check_adapter(leads, options)
    names = [name for name in (people, lead, judge, guard, *others) if name is not None]
    based = _who_gets_the_base(names) if options.api_base else set()
    if any(_needs_litellm(name, name in based) for name in names):
        await asyncio.to_thread(library)
    opener = _Opener(options, based, leads)
    try:
        played_by = opener.model(people, Purpose.PEOPLE)
        return Models(
            played_by,
            opener.lead(leads),
            opener.model(judge, Purpose.JUDGE) if judge is not None else None,
            {name: opener.model(name, Purpose.PEOPLE) for name in others},
            opener.model(guard, Purpose.GUARD) if guard is not None else None,
        )
    except BaseException:
        await opener.aclose()
        raise


class _Opener:
    """Opens each model once."""

    def __init__(self, options: OpenOptions, based: set[str], leads: str) -> None:
        self._options, self._based, self._leads = options, based, leads
        self._opened: dict[tuple[str, PromptFormat | None, str], Model] = {}

    def model(self, name: str, purpose: Purpose, dialect: PromptFormat | None = None) -> Model:
        params = self._options.params.get(purpose, {})
        key = (name, dialect, json.dumps(params, sort_keys=True))
        if key not in self._opened:
            self._opened[key] = self._open(name, dialect or self._options.dialect, params)
        return self._opened[key]

    def lead(self, name: str) -> Model:
        model, wanted = self.model(name, Purpose.LEAD), self._options.lead_dialect
        if self._options.lead_adapter is not None:
            assert isinstance(model, EmbeddedModel)
            return model.adapted()
        return model if wanted in (None, model.dialect) else self.model(name, Purpose.LEAD, wanted)

    async def aclose(self) -> None:
        for model in self._opened.values():
            await model.aclose()

    def _open(self, name: str, dialect: PromptFormat | None, params: JsonObject) -> Model:
        if name == SCRIPTED:
            return Scripted(dialect or dialect_of(name), self._options.language)
        if name == EMBEDDED or name.startswith(GGUF):
            return self._embedded(name, dialect or dialect_of(name), params)
        return self._hosted(name, dialect or dialect_of(name), params)

    def _embedded(self, name: str, dialect: PromptFormat, params: JsonObject) -> EmbeddedModel:
        options = self._options
        weights = default_weights() if name == EMBEDDED else require_gguf(_path(name))
        adapter = options.lead_adapter if name == self._leads else None
        server = self._server(name, weights, adapter)
        llama = LlamaOptions(silence=options.silence, params=params)
        return EmbeddedModel(name, server, dialect, options=llama, progress=options.progress)

    def _server(self, name: str, weights: Path, adapter: Path | None) -> LlamaServer:
        """The one server of a file, whatever its roles want of it."""
        for (other, _, _), model in self._opened.items():
            if other == name and isinstance(model, EmbeddedModel):
                return model.server
        return LlamaServer(weights, slots=self._options.slots, adapter=adapter)

    def _hosted(self, name: str, dialect: PromptFormat, params: JsonObject) -> ModelClient:
        options, bases = self._options, tuple(self._options.api_base) if name in self._based else ()
        provider, model = _provider(name, bool(bases))
        _check_base(name, provider, bases)
        billing = prices.billing(name)
        if bases and _own_server(name) is not None:
            key = os.environ.get(_key_variable(provider))
            straight = TransportOptions(model, name, key, billing, options.silence, params)
            return ModelClient(name, dialect, OpenAITransport(straight), bases, progress=options.progress)
        if missing := _missing_keys(name, provider, bool(bases)):
            raise ProviderError("no key for this provider", place=name, remedy=f"set {' or '.join(missing)}")
        if providers.placed(name) is not None:
            known = providers.PROVIDERS[provider]
            address = "" if bases else known.address
            direct = TransportOptions(model, name, known.key, billing, options.silence, params, address)
            kind = NativeTransport if provider in NATIVE else ProviderTransport
            return ModelClient(name, dialect, kind(direct, provider), bases, progress=options.progress)
        key = KEYLESS if provider in OPENAI_LIKE and bases else None
        translated = TransportOptions(name, name, key, billing, options.silence, params)
        return ModelClient(name, dialect, LitellmTransport(translated), bases, progress=options.progress)


def _check_adapter(leads: str, options: OpenOptions) -> None:
    if options.lead_adapter is None:
        return
    require_gguf(options.lead_adapter, remedy="name an adapter, its folder, or a GGUF file of one")
    if leads == SCRIPTED or _is_hosted(leads):
        remedy = "a model served elsewhere loads it there: name that with --lead-model and --lead-dialect document"
        raise UsageError(f"{leads} takes no adapter", place="--lead-adapter", remedy=remedy)
    if options.lead_dialect not in (None, PromptFormat.DOCUMENT):
        raise UsageError(
            "an adapter needs the prompt format `document`",
            place="--lead-dialect",
            remedy="leave out one of the two options",
        )


def dialect_of(name: str) -> PromptFormat:
    """How a model is spoken to unless the user says otherwise."""
    if name in (EMBEDDED, SCRIPTED) or name.startswith("text-completion"):
        return PromptFormat.COMPLETION
    if name.startswith(GGUF):
        return PromptFormat.CHAT if has_chat_template(require_gguf(_path(name))) else PromptFormat.COMPLETION
    return PromptFormat.CHAT


def _path(name: str) -> Path:
    return Path(name.removeprefix(GGUF)).expanduser()


def _is_hosted(name: str) -> bool:
    return name not in (EMBEDDED, SCRIPTED) and not name.startswith(GGUF)


def _needs_litellm(name: str, based: bool) -> bool:
    """False for whoever speaks OpenAI's protocol: nothing is to be translated there."""
    return _is_hosted(name) and not (based and _own_server(name) is not None) and providers.placed(name) is None


def _own_server(name: str) -> tuple[str, str] | None:
    """Provider and model of a name that means a server of one's own, wherever its address is; None: it may not."""
    provider, slash, model = name.partition("/")
    if not slash or not model or provider not in OPENAI_LIKE or prices.is_listed(name):
        return None
    return provider, model


def _provider(name: str, based: bool) -> tuple[str, str]:
    """Provider and the model's own name. Raises UsageError for a name that litellm cannot place."""
    if based and (own := _own_server(name)) is not None:
        return own
    if (placed := providers.placed(name)) is not None:
        return placed
    try:
        model, provider, *_ = library().get_llm_provider(name)
    except Exception:  # litellm raises BadRequestError, and others for odd strings
        model = provider = ""
    if not model or not provider:
        near = difflib.get_close_matches(name, (EMBEDDED, SCRIPTED, *prices.names()), n=1, cutoff=0.75)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise UsageError("no provider has a model of that name", place=f"model `{name}`", remedy=hint + HOW_NAMES_LOOK)
    return provider, model


def _who_gets_the_base(names: Sequence[str]) -> set[str]:
    """The models that are meant by --api-base: those without an address of their own, else all hosted ones."""
    hosted = {name for name in names if _is_hosted(name)}
    meant = {name for name in hosted if _provider(name, True)[0] in ANYWHERE} or hosted
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


def _missing_keys(name: str, provider: str, based: bool) -> list[str]:
    """Variables of which one must be set and none is. `based`: at an address that the user named."""
    if provider in OTHER_KEYS:
        return []
    if providers.placed(name) is not None:
        known = providers.PROVIDERS[provider]
        return [] if based or known.key is not None else list(known.keys)  # Ollama's are none
    if based and provider in OPENAI_LIKE:
        return []
    missing = library().validate_environment(name)["missing_keys"]
    return [variable for variable in missing if variable.endswith("_API_KEY")]
