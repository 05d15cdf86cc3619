"""A model ten times the default's size on busy cores: does a session live, and does one see that it does?

    python tests/bench/slow_gguf.py [--messages 12] [--busy 2] [--keep FILE.gguf] [--tree FOLDER]

Makes a GGUF file of 1.36 billion weights out of the default model: every matrix is padded with zeros, so that the
model says what the small one would say and takes the time and the memory of the large one (`widened`). Then plays one
session on it by `em simulate` in a pipe, while `--busy` other processes take all they can get. Prints one JSON object.
`--tree`: plays the program of another folder instead, such as an older version. `--keep`: makes the file there, or
takes what is there already.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import gguf
import numpy as np

from simulator.llm.gguf_file import default_weights

HERE = Path(__file__).resolve().parents[2]
THREEFOLD = 3
"""Times the heads that the default has; groups of query heads around one key head stay as they are."""
EMBEDDING, FEED_FORWARD = 1792, 6336
"""Instead of 576 and 1536."""
_SAID = re.compile(r"^\s*(?:\[?\d\d:\d\d(?::\d\d)?\]?\s+)?(?:<[^>]+>|\* \S+) ")


def widened(source: Path, target: Path) -> int:
    """Writes the model with wider matrices; returns how many weights it has.

    Added weights are 0, and 0 bytes are 0 in every quantisation that the default uses. The norm of a vector is taken
    over its length, so the norms' weights and epsilon are scaled by what the zeros take off.
    """
    read = gguf.GGUFReader(source)
    narrow = int(_value(read, "llama.embedding_length"))
    heads, groups = (int(_value(read, f"llama.attention.head_count{tail}")) for tail in ("", "_kv"))
    head = narrow // heads
    thinned = narrow / EMBEDDING
    epsilon = float(_value(read, "llama.attention.layer_norm_rms_epsilon"))
    sizes = {
        "embedding": EMBEDDING,
        "feed": FEED_FORWARD,
        "queries": THREEFOLD * heads * head,
        "keys": THREEFOLD * groups * head,
    }
    write = gguf.GGUFWriter(target, "llama")
    changed = {
        "llama.embedding_length": EMBEDDING,
        "llama.feed_forward_length": FEED_FORWARD,
        "llama.attention.head_count": THREEFOLD * heads,
        "llama.attention.head_count_kv": THREEFOLD * groups,
        "llama.attention.layer_norm_rms_epsilon": epsilon * thinned,
    }
    for name, field in read.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind = field.types[0]
        part = field.types[-1] if kind is gguf.GGUFValueType.ARRAY else None
        write.add_key_value(name, changed.get(name, field.contents()), kind, part)
    write.add_key_length(head)
    write.add_value_length(head)
    weights = 0
    for tensor in read.tensors:
        data, wide = tensor.data, _padded(tensor, sizes, thinned)
        write.add_tensor(tensor.name, wide, raw_dtype=tensor.tensor_type)
        weights += wide.size * int(np.prod(tensor.shape)) // data.size
    write.write_header_to_file()
    write.write_kv_data_to_file()
    write.write_tensors_to_file()
    write.close()
    return weights


def _value(read: gguf.GGUFReader, name: str) -> Any:
    return read.fields[name].contents()


def _padded(tensor: gguf.ReaderTensor, sizes: dict[str, int], thinned: float) -> np.ndarray[Any, Any]:
    name = tensor.name
    if "norm" in name:
        return np.pad(tensor.data * np.float32(thinned**0.5), (0, sizes["embedding"] - len(tensor.data)))
    wide_in = {"ffn_down": "feed", "attn_output": "queries"}
    wide_out = {"ffn_gate": "feed", "ffn_up": "feed", "attn_q": "queries", "attn_k": "keys", "attn_v": "keys"}
    kind = name.split(".")[-2]
    columns, rows = (int(each) for each in tensor.shape)
    wider = sizes[wide_in.get(kind, "embedding")]
    higher = rows if kind == "token_embd" else sizes[wide_out.get(kind, "embedding")]
    have = tensor.data.shape[1]  # bytes or numbers of a row
    return np.pad(tensor.data, ((0, higher - rows), (0, have * wider // columns - have)))


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other programs that want a core each."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def played(model: Path, messages: int, tree: Path, patience: float) -> dict[str, object]:
    """One session in a pipe: when each line came, and what was shown while there was none."""
    command = [sys.executable, "-m", "simulator", "simulate", "--model", f"gguf:{model}", "--messages", str(messages)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONUNBUFFERED": "1"}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert child.stdout is not None
        timer = subprocess.Popen(["sh", "-c", f"sleep {patience}; kill {child.pid} 2>/dev/null"])
        lines = []
        for line in child.stdout:
            lines.append((time.monotonic() - began, line.rstrip()))
            print(f"{lines[-1][0]:7.1f}  {lines[-1][1]}", file=sys.stderr, flush=True)
        code = child.wait()
        timer.kill()
        timer.wait()
    took = time.monotonic() - began
    said = [at for at, line in lines if _SAID.match(line)]
    gaps = [later - earlier for earlier, later in pairwise([0.0, *(at for at, _ in lines), took])]
    return {
        "exit": code,
        "seconds": round(took, 1),
        "messages": len(said),
        "first_message_s": round(said[0], 1) if said else None,
        "message_s": round(median(b - a for a, b in pairwise(said)), 1) if len(said) > 1 else None,
        "longest_silence_s": round(max(gaps), 1),
        "waits": [f"{at:.0f} s: {line.strip()}" for at, line in lines if "tokens" in line or "waiting" in line][:40],
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--messages", type=int, default=12)
    asked.add_argument("--busy", type=int, default=2)
    asked.add_argument("--keep", type=Path)
    asked.add_argument("--tree", type=Path, default=HERE)
    asked.add_argument("--patience", type=float, default=1800, help="seconds after which the session is ended")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = given.keep or Path(folder) / "slow.gguf"
        if not model.exists():
            print(f"{widened(default_weights(), model):,} weights", file=sys.stderr)
        with busy(given.busy):
            found = played(model.resolve(), given.messages, given.tree.resolve(), given.patience)
    size = {"benchmark": "slow model", "mb": model.stat().st_size >> 20 if model.exists() else None, "busy": given.busy}
    print(json.dumps({**size, "load": round(os.getloadavg()[0], 1), **found}))


if __name__ == "__main__":
    main()
