"""This build beside an older one, in one run: whole processes in turn (A B A B), medians, as ratios.

    python tests/bench/versus.py --base 4c4f80d [--rows check status …] [--rounds 3] [--megabytes 15]

Makes a worktree of the older commit and an environment with its locked packages, in a folder that goes at the end
(`--keep DIR` keeps it for the next time). `--base DIR` takes a worktree that is there already, with the Python that
runs this. Measures CPU (user and system), wall time and peak memory of each process with its children. Prints a table,
and one JSON object as the last line. Documents that both read are made once, by the older build; runs each makes for
itself, as its journal is read quickest by the build that wrote it. A row that a build cannot run is left out, with why.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = """ENGAGEMENT: MEDIUM
CHANNEL: #general
""" + "".join(
    f"<{nick}> {text}\n"
    for nick, text in zip(
        ("ana", "bo", "ana", "cleo", "Em", "bo", "ana", "cleo", "bo", "ana") * 2,
        """the bakery on the corner raised its prices again|which corner though, there are three of them now
the one by the bus stop with the green door|i stopped going when they took the rye away
rye was the only thing worth the walk|you don't walk anywhere and we all know it|fair, that was low
the new one does a decent sourdough, bit salty|salty is how i like it, honestly
my uncle says they all buy flour from one mill|that mill burned down in spring, did it not
half of it, the other half still smells like toast|a toast mill sounds better than it has any right to
someone should paint that over the gate|they would have to own a ladder first
i own a ladder but nobody ever asks for it|nobody asks because there is a fee
a ladder cartel, in this economy|ok i have to catch the bus, later people|mind the green door on your way""".replace(
            "\n", "|"
        ).split("|"),
        strict=True,
    )
)
"""Twenty lines that pass."""


@dataclass(frozen=True, slots=True)
class Build:
    """One of the two."""

    name: str
    root: Path
    python: Path

    def em(self, *words: str, folder: Path) -> Cost:
        """Runs a command of it."""
        return self.run("-m", "simulator", *words, folder=folder)

    def run(self, *words: str, folder: Path) -> Cost:
        """Runs its Python in a folder. Raises RuntimeError if it fails (exit code 1 is a verdict, not a failure)."""
        env = {**os.environ, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as problems:
            begun = time.perf_counter()
            child = subprocess.Popen([str(self.python), *words], cwd=folder, env=env, stdout=out, stderr=problems)
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - begun
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode not in (0, 1):
                problems.seek(0)
                raise RuntimeError(f"{self.name}: {' '.join(words)}: {problems.read().decode()[-2000:]}")
            out.seek(0)
            return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, out.read().decode())


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process with its children."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak: float
    """MB."""
    said: str
    """Its output."""


class Material:
    """What the rows work on, made when first needed and once for both."""

    def __init__(self, base: Build, folder: Path, megabytes: float) -> None:
        self.base, self.folder, self.megabytes = base, folder, megabytes

    def document(self) -> Path:
        """Twenty lines."""
        path = self.folder / "twenty.txt"
        path.write_text(DOCUMENT)
        return path

    def corpus(self, megabytes: float) -> Path:
        """Documents that pass, as `bench_check.py` of the older build draws them."""
        path = self.folder / f"documents-{megabytes:g}.jsonl"
        if not path.exists():
            script = (
                "import sys; from pathlib import Path; from tests.bench import bench_check as b;"
                "from simulator.manners import Manners;"
                "b.write(Path(sys.argv[1]), float(sys.argv[2]), Manners(b.policies()[0], b.LEAD))"
            )
            self.base.run("-c", script, str(path), str(megabytes), folder=self.folder)
        return path

    def run(self, build: Build, name: str, *goal: str) -> Path:
        """The data folder of a scripted run that this build made."""
        data = self.folder / f"{name}-{build.name}"
        if not (data / "runs" / name / "journal.sqlite").exists():
            words = ("generate", "--model", "scripted", "--run", name, "--data", str(data), *goal)
            build.em(*words, folder=self.folder)
        return data

    def small(self, build: Build) -> Path:
        """Sixty sessions."""
        return self.run(build, "small", "--sessions", "60")

    def large(self, build: Build) -> Path:
        """The brief's amount."""
        return self.run(build, "large", "--target-mb", f"{self.megabytes:g}")

    def fresh(self) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


Row = Callable[[Build, Material], Cost]


def _copied(data: Path, folder: Path) -> str:
    """A copy that a row may write to."""
    return str(shutil.copytree(data, folder / "data"))


def _check(megabytes: float) -> Row:
    return lambda build, of: build.em("check", "--json", str(of.corpus(megabytes)), folder=of.folder)


def _session(build: Build, of: Material) -> Cost:
    return build.em("show", "small", "s00000", "--data", str(of.small(build)), folder=of.folder)


def _sessions(build: Build, of: Material) -> Cost:
    words = ("generate", "--model", "scripted", "--run", "made", "--sessions", "300", "--data", str(of.fresh()))
    return build.em(*words, folder=of.folder)


def _at_once(build: Build, of: Material) -> Cost:
    words = ("generate", "--model", "scripted", "--run", "many", "--sessions", "500", "--concurrency", "500")
    return build.em(*words, "--data", str(of.fresh()), folder=of.folder)


def _report(build: Build, of: Material) -> Cost:
    page = of.fresh() / "page.html"
    return build.em("report", "large", "--data", str(of.large(build)), "--out", str(page), folder=of.folder)


def _export(build: Build, of: Material) -> Cost:
    words = ("export", "large", "--data", str(of.large(build)), "--out", str(of.fresh() / "out"), "--allow-scripted")
    return build.em(*words, folder=of.folder)


def _resume(build: Build, of: Material) -> Cost:
    """Of a run that has reached its goal: everything is read again, and nothing is played."""
    return build.em("resume", "large", "--data", _copied(of.large(build), of.fresh()), folder=of.folder)


ROWS: dict[str, tuple[Row, float]] = {
    "check": (lambda build, of: build.em("check", str(of.document()), folder=of.folder), 6),
    "world": (lambda build, of: build.em("world", folder=of.folder), 4),
    "status": (lambda build, of: build.em("status", "small", "--data", str(of.small(build)), folder=of.folder), 4),
    "show": (_session, 4),
    "check-5": (_check(5), 4),
    "check-50": (_check(50), 4),
    "sessions": (_sessions, 3),
    "at-once": (_at_once, 2),
    "report": (_report, 8),
    "stats": (lambda build, of: build.em("stats", "large", "--data", str(of.large(build)), folder=of.folder), 2),
    "realism": (
        lambda build, of: build.em("stats", "large", "--realism", "--data", str(of.large(build)), folder=of.folder),
        2,
    ),
    "export": (_export, 2),
    "resume": (_resume, 2),
}
"""Name to what is run, and by how much it should be faster (`at-once`: smaller)."""


def engine(builds: tuple[Build, Build], rounds: int) -> dict[str, dict[str, float]]:
    """CPU milliseconds a message without the model, by each build's own `bench_engine.py`: medians, and their ratio."""
    found: dict[str, list[list[float]]] = {}
    for _ in range(rounds):
        for number, build in enumerate(builds):
            said = json.loads(build.run("tests/bench/bench_engine.py", folder=build.root).said.splitlines()[-1])
            for dialect, sizes in said["engine"].items():
                for size, figures in sizes.items():
                    column = found.setdefault(f"engine {dialect} n={size}", [[], []])[number]
                    column.append(figures["cpu_ms_per_message"])
    return {name: _compared(median(before), median(after)) for name, (before, after) in found.items()}


def _compared(before: float, after: float) -> dict[str, float]:
    return {"before": round(before, 4), "after": round(after, 4), "ratio": round(before / after, 2)}


def measure(name: str, builds: tuple[Build, Build], of: Material, rounds: int) -> dict[str, object]:
    """A row: CPU seconds, wall seconds and MB, before and after."""
    row, aim = ROWS[name]
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for build in builds:
        row(build, of)  # what is made or kept once is not what is measured
    for _ in range(rounds):
        for build, column in zip(builds, costs, strict=True):
            column.append(row(build, of))
    return {"aim": aim} | {
        what: _compared(*(median(getattr(cost, what) for cost in column) for column in costs))
        for what in ("cpu", "wall", "peak")
    }


@contextmanager
def base_build(commit: str, keep: Path | None) -> Iterator[Build]:
    """The older build in a worktree and an environment of its own; or a folder with one, and this Python."""
    if Path(commit).is_dir():
        yield Build(Path(commit).resolve().name, Path(commit).resolve(), Path(sys.executable))
        return
    folder = keep or Path(tempfile.mkdtemp(prefix="versus-"))
    tree, python = folder / "tree", folder / "venv" / "bin" / "python"
    try:
        if not tree.exists():
            subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "-q", "--detach", str(tree), commit], check=True)
        if not python.exists():
            uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
            links = os.environ.get("PIP_FIND_LINKS", "")
            env = {**os.environ, **({"UV_FIND_LINKS": links} if links else {})}
            subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")], check=True, env=env)
            install = [uv, "pip", "install", "-q", "--python", str(python), "--no-deps", "-r"]
            subprocess.run([*install, str(tree / "requirements" / "default.txt")], check=True, env=env)
        yield Build(commit, tree, python)
    finally:
        if keep is None:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=False)
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="4c4f80d")
    parser.add_argument("--rows", nargs="+", choices=[*ROWS, "engine"], default=[*ROWS, "engine"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=15)
    parser.add_argument("--keep", type=Path, help="folder for the worktree, its environment and what is worked on")
    given = parser.parse_args()
    keep = given.keep.absolute() if given.keep else None
    results: dict[str, object] = {}
    with base_build(given.base, keep) as base, tempfile.TemporaryDirectory() as made:
        builds = (base, Build("this", ROOT, Path(sys.executable)))
        material = keep / "material" if keep else Path(made)
        material.mkdir(parents=True, exist_ok=True)
        of = Material(base, material, given.megabytes)
        print(f"{'row':24}{'CPU s':>18}{'ratio':>7}{'wall s':>18}{'ratio':>7}{'MB':>14}{'aim':>6}", flush=True)
        for name in given.rows:
            if name == "engine":
                results |= (found := engine(builds, given.rounds))
                for part, row in found.items():
                    print(f"{part:24}{row['before']:9.4f} {row['after']:8.4f}{row['ratio']:7.2f} ms", flush=True)
                continue
            try:
                results[name] = (row := measure(name, builds, of, given.rounds))
            except RuntimeError as error:
                results[name] = {"failed": str(error)}
                print(f"{name:24}not measured: {str(error).splitlines()[-1]}", flush=True)
                continue
            cpu, wall, peak = row["cpu"], row["wall"], row["peak"]
            print(
                f"{name:24}{cpu['before']:9.2f} {cpu['after']:8.2f}{cpu['ratio']:7.2f}{wall['before']:9.2f} "
                f"{wall['after']:8.2f}{wall['ratio']:7.2f}{peak['before']:7.0f} {peak['after']:6.0f}{row['aim']:6g}",
                flush=True,
            )
    print(json.dumps({"benchmark": "versus", "base": given.base, "rounds": given.rounds, "rows": results}))


if __name__ == "__main__":
    main()
