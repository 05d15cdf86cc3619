"""The child process that serves one GGUF file: `python -m simulator.llm.llama_child`, started by `llama_server`.

Reads one JSON line from stdin (path, slots, threads, key, and adapter if there is one), writes one to stdout:
{"address": …} or {"error": …}. Then it serves until stdin ends, which is when its parent closes it or is gone, for
whatever reason. A process of its own keeps llama.cpp's crashes and messages away from the simulator.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from typing import Any

CONTEXT = 8192
"""Tokens a slot: the whole of what SmolLM2 was trained on, and of the longest session."""
ALIAS = "local"
"""The model's name in requests."""
BATCH = 256
"""Tokens that are read between two signs of life; fewer make reading slower, more make a slow machine look dead."""
CACHE_MIB = 2048
"""Memory for the prompts of sessions that have no slot right now, in MiB."""


def main() -> None:
    """Serves as the line on stdin says, until stdin ends."""
    order = json.loads(sys.stdin.buffer.readline())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets open calls finish
    _end_with_stdin()
    answer = os.fdopen(os.dup(1), "w")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        try:
            server = _serve(**order)
            said = {"address": server.listening_address}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        with answer:
            answer.write(json.dumps(said) + "\n")
        while "address" in said and sys.stdin.buffer.read(1):
            pass
    finally:
        os._exit(0)  # there is nothing to save, and a llama.cpp that is not told to stop would be waited for


def _serve(path: str, slots: int, threads: int, key: str, adapter: str | None = None) -> Any:
    import xllamacpp  # type: ignore[import-untyped]  # a compiled module without stubs

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {ALIAS}
    params.port = 0
    params.api_keys = [key]
    params.n_parallel = slots
    params.n_ctx = CONTEXT * slots
    params.n_batch = BATCH
    params.cache_ram_mib = CACHE_MIB
    params.cpuparams.n_threads = threads
    if _only_processors(xllamacpp):
        # There it makes reading a tenth faster, but writing half as slow again: 17 ms of CPU a token against 11.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.verbosity = -1
    params.ui = False
    params.endpoint_slots = False
    if adapter is not None:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 0.0)]  # for the calls that ask for it
    return xllamacpp.Server(params)


def _only_processors(xllamacpp: Any) -> bool:
    """True if llama.cpp sees no GPU here."""
    processor = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    return all(device["type"] == processor for device in xllamacpp.get_device_info())


def _end_with_stdin() -> None:
    """Where the system can: have it kill us when stdin ends, also while llama.cpp loads and Python cannot run."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([0], [], [], 0)[0]:  # nothing more is ever sent: it ended before we could listen
            os._exit(0)


if __name__ == "__main__":
    main()
