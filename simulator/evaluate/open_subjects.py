"""From the names that a user gives to subjects."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulator.errors import UsageError
from simulator.evaluate.local_subject import Loaded, Local
from simulator.evaluate.scorecard import Kind
from simulator.evaluate.served_subject import Served
from simulator.evaluate.subject import Subject
from simulator.llm.model import PromptFormat
from simulator.llm.registry import EMBEDDED, GGUF, SCRIPTED, OpenOptions, open_models
from simulator.train import adapter_registry, base_model
from simulator.world.world import World


def opened(
    base: str,
    adapters: Sequence[str],
    *,
    world: World,
    data: Path,
    options: OpenOptions | None = None,
) -> list[tuple[Kind, Subject]]:
    """The base, then each adapter on it; nothing is loaded or started yet.

    `base`: `embedded` or a folder of safetensors, which run here on transformers; `gguf:PATH`, which runs here on
    llama.cpp; else a litellm name. `adapters`: names under `data`/adapters, `current`, or folders; with a GGUF also
    GGUF files. `world`: whose lead it is. `options`: address and dialect of what is asked over a network.

    Raises UsageError and ContentError for what is not there, is damaged or does not fit.
    """
    if base == SCRIPTED:
        raise UsageError("no model writes its lines", place="--base", remedy="name a model or a folder of one")
    options = options or OpenOptions()
    found = [adapter_registry.find_adapter(name, data / "adapters") for name in adapters]
    if base != EMBEDDED and not Path(base).is_dir():
        return _served_subjects(base, found, world=world, options=options)
    if options.api_base or options.dialect:
        raise UsageError(f"{base} runs here and has no address", place="--api-base, --dialect", remedy="leave them out")
    loaded = Loaded(base_model.found(base, data), world.lead.nick, world.layout)
    return [("base", Local(base, loaded)), *(("adapter", Local(path.name, loaded, path)) for path in found)]


def _served_subjects(
    base: str, adapters: Sequence[Path], *, world: World, options: OpenOptions
) -> list[tuple[Kind, Subject]]:
    local = base.startswith(GGUF)
    if adapters and not local:
        raise UsageError(
            f"{base} takes no adapter from here",
            place="--adapter",
            remedy="let the server load it, and name what it serves with --base",
        )
    spoken = PromptFormat.DOCUMENT if local and options.dialect is None else options.dialect
    models = asyncio.run(open_models(base, None, None, options=replace(options, dialect=spoken)))
    # Which weights a server has nobody can know; its name and address stand for them.
    identity = (
        adapter_registry.weights_digest(Path(base.removeprefix(GGUF)).expanduser())
        if local
        else _digest(base, *options.api_base)
    )
    whose = world.lead.nick, world.layout, world.prompts
    made: list[tuple[Kind, Subject]] = [("base", Served(models.people, identity, *whose))]
    for path in adapters:
        file = adapter_registry.served_file(path, base)
        models = asyncio.run(open_models(base, None, None, options=OpenOptions(dialect=spoken, lead_adapter=file)))
        subject = Served(models.lead, f"{identity}-{adapter_registry.weights_digest(path)}", *whose)
        subject.name = path.name
        made.append(("adapter", subject))
    return made


def _digest(*names: str) -> str:
    return hashlib.blake2b("\0".join(names).encode(), digest_size=8).hexdigest()
