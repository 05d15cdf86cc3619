"""Feeds what reads strangers' bytes with bytes found by coverage (atheris): `python tests/bench/fuzz.py [SECONDS]`.

atheris is no dependency of ours: make an environment with it elsewhere and put this one's packages on its path, as in
`PYTHONPATH=.venv/lib/python3.11/site-packages:. ELSEWHERE/bin/python tests/bench/fuzz.py 180 server`. Each target runs
in a process of its own. Inputs that the target died of are left under `--keep`, for a row in `tests/fuzz/test_fuzz.py`.
Prints JSON: target to inputs tried, seconds, edges of the program reached, and crashes, each as its last line.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CRASHES = 20
"""Of one target, after which it is given up: the same fault again and again."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--child", action="store_true")
    given, more = parser.parse_known_args()
    if given.child:
        child(given.targets[0], more)
        return
    keep = given.keep or Path(tempfile.mkdtemp())
    print(json.dumps({target: fuzzed(target, given.seconds, keep / target) for target in given.targets or names()}))


def names() -> list[str]:
    from tests.fuzz.targets import TARGETS

    return list(TARGETS)


def fuzzed(target: str, seconds: int, folder: Path) -> dict[str, object]:
    """One target in a process of its own, begun again after every crash until the time is over."""
    from tests.fuzz.targets import seeds

    corpus, found = folder / "corpus", folder / "found"
    for made in (corpus, found):
        made.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    began, tried, edges, crashes = time.perf_counter(), 0, 0, []
    while (left := seconds - (time.perf_counter() - began)) > 1 and len(crashes) < CRASHES:
        command = [sys.executable, __file__, str(seconds), target, "--child", str(corpus), f"-artifact_prefix={found}/"]
        command += [f"-max_total_time={int(left)}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-seed=1"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        told = done.stderr + done.stdout
        tried += max(map(int, re.findall(r"^#(\d+)\s", told, re.MULTILINE)), default=0)
        edges = max([edges, *map(int, re.findall(r"cov: (\d+)", told))])
        if done.returncode == 0:
            break
        crashes.append(_cause(told))
    wall = time.perf_counter() - began
    return {"inputs": tried, "seconds": round(wall), "edges": edges, "crashes": crashes}


def child(target: str, arguments: list[str]) -> None:
    import atheris

    atheris.enabled_hooks.add("str")  # not "RegEx": its patterns take no `pos` and `endpos`
    with atheris.instrument_imports(include=["simulator", "ruamel.yaml"]):
        from tests.fuzz.targets import run
    folder = Path(tempfile.mkdtemp())
    atheris.Setup([sys.argv[0], *arguments], lambda data: run(target, data, folder))
    atheris.Fuzz()


def _cause(told: str) -> str:
    """The last line of the traceback, and where it was raised in the program."""
    lines = told.splitlines()
    raised = [line.strip() for line in lines if 'File "' in line and "/simulator/" in line]
    place = re.sub(r'File ".*/simulator/', 'File "simulator/', raised[-1]) if raised else ""
    what = next((line for line in lines if re.match(r"\w[\w.]*(Error|Exception|Group)\b", line)), "")
    limit = next((line for line in lines if "ERROR: libFuzzer" in line), "")
    return " | ".join(part for part in (what or limit, place) if part)[:300]


if __name__ == "__main__":
    main()
