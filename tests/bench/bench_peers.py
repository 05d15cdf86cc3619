"""This project beside other frameworks: the same channel, cast, lengths, server and model name, in one run.

    python tests/bench/bench_peers.py [--venvs DIR] [--only NAME …] [--lengths 12 40 100] [--at-once 50 500]
    python tests/bench/bench_peers.py --table FILE      the tables of peers.md from a result

Prints one JSON object. The server is a process of its own that answers at once (peers/server.py), so time is the
framework's; each measurement is a fresh process (peers/driver.py). A peer needs a venv of its own, DIR/NAME, with what
the first lines of its file in peers/ say; without one it is left out, and listed under `left_out`:

    for each NAME:  python3 -m venv DIR/NAME && DIR/NAME/bin/pip install REQUIREMENT
    autogen  autogen-agentchat==0.7.5 "autogen-ext[openai]==0.7.5"      agentscope  agentscope==2.0.10
    ag2      "ag2[openai]==0.14.0"      sdialog  sdialog==0.5.3          litellm     litellm==1.106.2 aiohttp

`litellm` is the version that this project has locked, and serves the loops. Without --venvs they run in this
interpreter's environment, which has both. Twenty minutes with all peers on two busy cores; one without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

from table import tables

HERE = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True, slots=True)
class Framework:
    label: str
    script: str
    venv: str | None = None
    """None: this interpreter's."""
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables for the script."""


FRAMEWORKS = (
    Framework("bare loop, log", "loop_bare.py", "litellm", {"LOOP": "log"}),
    Framework("bare loop, naive", "loop_bare.py", "litellm", {"LOOP": "naive"}),
    Framework("naive loop through litellm", "loop_litellm.py", "litellm"),
    Framework("agentscope", "play_agentscope.py", "agentscope"),
    Framework("autogen round-robin", "play_autogen.py", "autogen", {"TEAM": "round-robin"}),
    Framework("autogen selector", "play_autogen.py", "autogen", {"TEAM": "selector"}),
    Framework("ag2 round-robin", "play_ag2.py", "ag2", {"ORDER": "round_robin"}),
    Framework("ag2 auto", "play_ag2.py", "ag2", {"ORDER": "auto"}),
    Framework("sdialog, driven by hand", "play_sdialog.py", "sdialog"),
    Framework("this project, scripted model", "ours.py", None, {"DIALECT": "scripted"}),
    Framework("this project, completion", "ours.py", None, {"DIALECT": "completion", "PROVIDER": "hosted_vllm"}),
    Framework("this project, chat", "ours.py", None, {"DIALECT": "chat", "PROVIDER": "hosted_vllm"}),
    Framework("this project, chat, priced model", "ours.py", None, {"DIALECT": "chat", "PROVIDER": "openai"}),
)
CROWD = 100
"""More sessions at once than this are only for memory: all of them are open, and play CROWDED messages each."""
SESSION, CROWDED = 12, 4
"""Messages of each of many sessions at once."""


@contextmanager
def server() -> Iterator[str]:
    """The address of the zero-latency server."""
    with subprocess.Popen([sys.executable, HERE / "server.py"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.kill()


def interpreter(framework: Framework, venvs: Path | None) -> Path | None:
    """The Python that has the framework; None: there is no such venv."""
    if framework.venv is None or (venvs is None and framework.venv == "litellm"):
        return Path(sys.executable)
    python = venvs / framework.venv / "bin" / "python" if venvs else None
    return python if python and python.exists() else None


def measured(framework: Framework, python: Path, base: str, n: int, at_once: int, limit: float) -> dict[str, object]:
    """One measurement as peers/driver.py prints it, or why there is none."""
    order = [str(python), str(HERE / framework.script), base, str(n), str(at_once)]
    quiet = {"OMP_NUM_THREADS": "1", "ANONYMIZED_TELEMETRY": "false", "PYTHONWARNINGS": "ignore"}
    load = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory() as folder:  # for a journal, which the process leaves behind
            settings = {**os.environ, **quiet, **framework.settings, "TMPDIR": folder}
            done = subprocess.run(order, env=settings, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"n": n, "sessions": at_once, "failed": f"not done after {limit:.0f} s", "load": round(load, 1)}
    rows = [line for line in done.stdout.splitlines() if line.startswith('{"n"')]
    if not rows:
        return {"n": n, "sessions": at_once, "failed": (done.stderr.strip().splitlines() or ["no output"])[-1]}
    return {**json.loads(rows[-1]), "load": round(load, 1)}


def row(framework: Framework, python: Path, given: argparse.Namespace) -> dict[str, object]:
    """Everything about one framework, on a server of its own so that nobody's connections are left over."""
    made: list[dict] = []
    with server() as base:
        crowds = [(SESSION if many <= CROWD else CROWDED, many) for many in given.at_once]
        for n, many in [(n, 1) for n in given.lengths] + crowds:
            speed = made[-1].get("messages_per_second", 0.0) if made and many > made[-1]["sessions"] > 1 else None
            if speed is not None and n * many > speed * given.limit:
                made.append({"n": n, "sessions": many, "failed": f"would take more than {given.limit:.0f} s"})
            else:
                made.append(measured(framework, python, base, n, many, given.limit))
    return {"framework": framework.label, "measurements": made}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--venvs", type=Path)
    parser.add_argument("--only", nargs="+", default=[], help="labels that contain one of these")
    parser.add_argument("--lengths", nargs="*", type=int, default=[12, 40, 100])
    parser.add_argument("--at-once", nargs="*", type=int, default=[50])
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one measurement")
    parser.add_argument("--table", type=Path)
    given = parser.parse_args()
    if given.table:
        print(tables(json.loads(given.table.read_text())))
        return
    wanted = [f for f in FRAMEWORKS if not given.only or any(part in f.label for part in given.only)]
    rows, left_out = [], []
    for framework in wanted:
        if (python := interpreter(framework, given.venvs)) is None:
            left_out.append(framework.label)
            continue
        rows.append(row(framework, python, given))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
    print(json.dumps({"benchmark": "peers", "machine": machine, "rows": rows, "left_out": left_out}))


if __name__ == "__main__":
    main()
