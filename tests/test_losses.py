"""Nothing of a user's is lost: every command that writes, beside foreign files, in each of the ways that it can end.

What a command writes is found by running it once. Then it runs with a foreign file in every folder that it writes to,
and with a foreign file under each of those names; it succeeds, fails, is interrupted and is killed, the last two at
points spread over all that it does to files. The foreign files are as they were, byte for byte, whatever it did.
"""

from __future__ import annotations

import ast
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import click
import pytest

from simulator import cli
from simulator.cli.seed_commands import seed_commands
from tests.cli.test_gaps import corpus, log
from tests.cli.test_import import write as talk
from tests.test_house import PACKAGE
from tests.train import models
from tests.train.adapters import make
from tests.train.jobs import PROOF
from tests.worlds import card, play_run

if "forkserver" not in multiprocessing.get_all_start_methods():
    pytest.skip("needs fork", allow_module_level=True)
CHILDREN = multiprocessing.get_context("forkserver")
"""A child is forked from a process without threads: in one of this process a library's lock may be held for ever."""
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
]
CHILDREN.set_forkserver_preload([__name__, *MODULES])

MOST = 5
"""Names that a foreign file is put under, of a command that writes more."""
POINTS = 2
"""At which a command is stopped, in each way."""
FOREIGN = b"somebody's own\0work\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and what makes it fail."""

    command: str
    fails: str
    code: int = 0
    """Of the command when it does its work."""
    again: bool = True
    """Whether the same words can be typed again when it is done, or was stopped."""
    makes: tuple[str, ...] = ()
    """Folders that the command only makes where there is nothing; nobody's file can lie in them before."""
    most: int = MOST


QUICK = "--set precision=fp32 --set lora_r=2 --set calibration_documents=1 --set evaluations=1"
TRAIN = f"train corpus --base base --config {PROOF} --objective all {QUICK} --out out"
GAPS = "gaps #kitchen.log --against corpus.jsonl --lead emmy --level low --patch out/next.yaml"
EVALUATE = "evaluate --corpus corpus.jsonl --out out/card.json --page out/page.html"
CASES = {
    "generate": Case(
        "generate --run new --sessions 1 --model scripted",
        "generate --run new --sessions 1 --model anthropic/x",
        again=False,
    ),
    "resume": Case("resume done --sessions 3", "resume done --sessions 3 --model anthropic/x"),
    "export": Case("export done --out out --allow-scripted", "export done --out out"),
    "report": Case("report done", "report nobody"),
    "evaluate": Case(EVALUATE, f"{EVALUATE} --chat nowhere.jsonl", code=1),
    "gaps": Case(GAPS, f"{GAPS} nowhere.log"),
    "import": Case(
        "import talk/#kitchen_20120303.log --run new --pseudonyms",
        "import talk/#kitchen_20120303.log --run new --pseudonyms --shortest 100",
        again=False,
        makes=("data/runs/new",),
    ),
    "init": Case(
        "init out",
        "init",
        again=False,
        makes=("out/.vscode", "out/personas", "out/policies", "out/scenarios", "out/schemas"),
    ),
    "batch": Case(
        "em_data_generator --batch 1 --model scripted --allow-scripted",
        "em_data_generator --batch 1 --model anthropic/x",
    ),
    "gguf": Case("adapters gguf one --out out/one.gguf", "adapters gguf nobody --out out/one.gguf"),
    "merge": Case(
        "adapters merge one --base base --out out/new",
        "adapters merge one --base nowhere --out out/new",
        again=False,
        makes=("out/new",),
    ),
    "promote": Case("adapters promote one", "adapters promote nobody"),
    "axolotl": Case(
        "train corpus --base base --objective all --export-axolotl out",
        "train corpus --base base --objective mixture --export-axolotl out",
    ),
    "train": Case(
        TRAIN,
        f"{TRAIN} --set target_modules=nothing",
        again=False,
        makes=("out/checkpoints", "out/tensorboard"),
        most=3,
    ),
}
WRITTEN = {"open", "os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "sqlite3.connect"}
"""Audit events of what changes files; those that only read are told apart by their flags."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, a corpus, logs, a tiny base and an adapter."""
    folder = tmp_path_factory.mktemp("place")
    play_run(folder / "data" / "runs" / "done", card("done", sessions=2, length="short"))
    log(folder, "emmy")
    corpus(folder)
    (folder / "talk").mkdir()
    talk(folder / "talk")
    models.save(folder / "base")
    make(folder / "data" / "adapters" / "one", folder / "base")
    texts = models.texts(8)
    models.export(folder / "corpus", texts[:6], texts[6:])
    return folder


def run(place: Path, words: str, stop: tuple[int, int] | None = None) -> tuple[int, int]:
    """The exit status of a command in another process, and how often it changed something in the folder.

    `stop`: the number of the change before which a signal comes, and the signal.
    """
    reading, writing = CHILDREN.Pipe(duplex=False)
    child = CHILDREN.Process(target=_work, args=(place, words, stop, writing))
    child.start()
    writing.close()
    changes = 0
    with reading, contextlib.suppress(EOFError):
        while reading.recv_bytes():
            changes += 1
    child.join()
    assert child.exitcode is not None
    return child.exitcode, changes


def _work(place: Path, words: str, stop: tuple[int, int] | None, tell: Connection) -> None:
    os.chdir(place)
    said = os.open(os.devnull, os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    for name in [name for name in os.environ if name.startswith("EM_") or "API_KEY" in name]:
        del os.environ[name]
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in WRITTEN or not isinstance(given[0], str | bytes | os.PathLike):
            return
        flags = given[2] if event == "open" else os.O_CREAT
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if not Path(os.fsdecode(given[0])).absolute().is_relative_to(place):
            return
        tell.send_bytes(b".")
        if stop is not None and seen == stop[0]:
            os.kill(os.getpid(), stop[1])
        seen += 1

    sys.addaudithook(hook)
    program, *arguments = words.split()
    command: click.Command = cli.em
    if program == "em_data_generator":
        command = seed_commands
    else:
        arguments = [program, *arguments]
    os._exit(cli.run(command, arguments))


def files(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], tuple[list[str], int]]:
    """The files that a command makes or changes in a fresh copy of the place, and the number of changes."""
    known: dict[Case, tuple[list[str], int]] = {}

    def found(case: Case) -> tuple[list[str], int]:
        if case not in known:
            copy = _copy(place, tmp_path_factory.mktemp("written"))
            before = files(copy)
            code, changes = run(copy, case.command)
            assert code == case.code, case.command
            after = files(copy)
            # What somebody gave to the command is no name of its own: the run that is gone on with.
            known[case] = [name for name in after if name not in before], changes
            assert known[case][0] or after != before
        return known[case]

    return found


def _copy(place: Path, folder: Path) -> Path:
    shutil.copytree(place, folder / "here")
    (folder / "here" / "out").mkdir()
    return folder / "here"


def _planted(here: Path, names: list[str], makes: tuple[str, ...]) -> dict[str, bytes]:
    """A foreign file in every folder that is written to, and that may be there before."""
    planted = {}
    for folder in sorted({here, *((here / name).parent for name in names)}):
        if any(folder.is_relative_to(here / made) for made in makes):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "notes.txt").write_bytes(FOREIGN)
        planted[(folder / "notes.txt").relative_to(here).as_posix()] = FOREIGN
    return planted


def _kept(here: Path, foreign: dict[str, bytes]) -> None:
    after = files(here)
    assert {name: after.get(name) for name in foreign} == foreign


@pytest.mark.parametrize("name", CASES)
def test_a_file_beside_is_kept_however_the_command_ends(
    name: str, place: Path, written: Callable[[Case], tuple[list[str], int]], tmp_path: Path
) -> None:
    case = CASES[name]
    names, changes = written(case)
    foreign: dict[str, bytes] = {}

    def fresh(folder: str) -> Path:
        here = _copy(place, tmp_path / folder)
        foreign.clear()
        foreign.update(_planted(here, names, case.makes))
        return here

    here = fresh("fails")
    before = files(here)
    assert run(here, case.fails)[0] in (1, 2, 3)
    _kept(here, foreign)
    assert {path: data for path, data in files(here).items() if path in before and "journal" not in path} == {
        path: data for path, data in before.items() if "journal" not in path
    }
    here = fresh("succeeds")
    assert run(here, case.command)[0] == case.code
    _kept(here, foreign)
    if case.again:
        assert run(here, case.command)[0] == case.code, "its own files may be replaced"
        _kept(here, foreign)
    for kind in (signal.SIGINT, signal.SIGKILL):
        for point in range(POINTS):
            here = fresh(f"{kind.name}-{point}")
            code = run(here, case.command, (changes * (2 * point + 1) // (2 * POINTS), kind))[0]
            assert code in ((130, case.code) if kind == signal.SIGINT else (-kind,)), (
                code
            )  # a last step may be finished
            _kept(here, foreign)
            if case.again and kind == signal.SIGKILL:
                assert run(here, case.command)[0] == case.code, f"not again after {kind.name} at {point}"
                _kept(here, foreign)


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_the_very_name_is_kept(
    name: str, place: Path, written: Callable[[Case], tuple[list[str], int]], tmp_path: Path
) -> None:
    case = CASES[name]
    names, changes = written(case)
    step = -(-len(names) // case.most) or 1
    for number, taken in enumerate(sorted(names)[::step]):
        here = _copy(place, tmp_path / str(number))
        (here / taken).parent.mkdir(parents=True, exist_ok=True)
        (here / taken).write_bytes(FOREIGN)
        code, changed = run(here, case.command)
        assert (here / taken).read_bytes() == FOREIGN, taken
        assert code in (2, 3) and changed <= changes, (taken, code)
        assert run(here, case.fails)[0] in (1, 2, 3)
        assert (here / taken).read_bytes() == FOREIGN, taken


@pytest.mark.parametrize("kind", ["file", "dangling link", "link"])
@pytest.mark.parametrize("name", CASES)
def test_what_stands_where_a_folder_should_be_is_kept(
    name: str, kind: str, place: Path, written: Callable[[Case], tuple[list[str], int]], tmp_path: Path
) -> None:
    case = CASES[name]
    names, _ = written(case)
    parents = [[*reversed(Path(each).parents)] for each in names]
    missing = {next((one for one in each if not (place / one).is_dir()), None) for each in parents}
    for number, folder in enumerate(sorted(filter(None, missing))):
        here = _copy(place, tmp_path / str(number))
        (here / "elsewhere").mkdir()
        (here / "elsewhere" / "notes.txt").write_bytes(FOREIGN)
        if (here / folder).is_dir():
            (here / folder).rmdir()
        if kind == "file":
            (here / folder).write_bytes(FOREIGN)
        else:
            (here / folder).symlink_to(here / ("elsewhere" if kind == "link" else "nowhere"))
        before = files(here)
        code = run(here, case.command)[0]
        assert code in ((2, 3, case.code) if kind == "link" else (2, 3)), (folder, code)
        _kept(here, before)
        assert (here / folder).is_symlink() is (kind != "file")
        assert not (here / "nowhere").exists()


# The rule in the code

ALLOWED = {
    ("cli/personas.py", "TemporaryDirectory"): (1, "a name that nothing has"),
    ("cluster/stage.py", "TemporaryDirectory"): (1, "a name that nothing has"),
    ("corpus/export.py", "write_text"): (2, "into the empty folder that `files.workshop` made"),
    ("corpus/formats.py", "open"): (1, "into the empty folder that `files.workshop` made"),
    ("corpus/formats.py", "write_text"): (1, "into the empty folder that `files.workshop` made"),
    ("corpus/staging.py", "OSFile"): (1, "into the empty folder that `files.workshop` made"),
    ("corpus/staging.py", "rename"): (1, "its own part, inside the folder that `files.workshop` made"),
    ("corpus/near_duplicates.py", "connect"): (1, "no name: a database without a file"),
    ("corpus/staging.py", "unlink"): (2, "checked just before against ledger and content: of an earlier set"),
    ("files.py", "link"): (1, "fails where something stands"),
    ("files.py", "mkstemp"): (1, "a name that nothing has"),
    ("files.py", "open"): (2, "to a device or pipe; and to sync what was just written"),
    ("files.py", "replace"): (1, "checked just before; nothing is there, or it is ours"),
    ("files.py", "rmdir"): (1, "fails where anything is left"),
    ("files.py", "rmtree"): (2, "a workshop's inner folder, told by its lock"),
    ("files.py", "unlink"): (3, "what mkstemp made in this call; a workshop's own lock"),
    ("files.py", "write_bytes"): (1, "what mkstemp made in this call"),
    ("irc/bot.py", "unlink"): (1, "the empty file that was made to be seen here, as `em join` documents"),
    ("logs/log_import.py", "open"): (1, "touched in this call, which fails where it stands"),
    ("logs/log_import.py", "touch"): (1, "exist_ok=False: fails where it stands"),
    ("logs/log_import.py", "rename"): (1, "a folder, which fails where anything is in the target"),
    ("logs/log_import.py", "rmdir"): (2, "fails where anything is left"),
    ("logs/log_import.py", "unlink"): (1, "only where all that the folder holds is of a journal"),
    ("irc/local_server.py", "mkdtemp"): (1, "a folder that nothing has"),
    ("irc/local_server.py", "write_text"): (1, "into the folder that mkdtemp made in this call"),
    ("logs/formats/databases.py", "connect"): (1, "mode=ro, which writes nothing"),
    ("journal/database.py", "connect"): (2, "what `files.whole` made; and mode=rw, which makes no file"),
    ("journal/database.py", "rmdir"): (1, "fails where anything is left"),
    ("journal/database.py", "unlink"): (1, "the lock that this very process has created"),
    ("journal/journal.py", "unlink"): (1, "the journal that this very process has created"),
    ("llm/gguf_file.py", "TemporaryDirectory"): (1, "a name that nothing has"),
    ("llm/gguf_file.py", "write_text"): (1, "in a folder that was made in this call"),
    ("llm/gguf_file.py", "rename"): (1, "a folder onto a name that nothing has; it fails on one that holds something"),
    ("llm/llama_child.py", "fdopen"): (1, "standard output"),
    ("train/axolotl.py", "write_text"): (2, "into the empty folder that `files.workshop` made"),
    ("train/checkpoints.py", "rmtree"): (1, "a checkpoint of a training that training.json tells to be this one"),
    ("train/checkpoints.py", "save_file"): (2, "into the checkpoint that is being written"),
    ("train/checkpoints.py", "write_text"): (1, "into the checkpoint that is being written"),
    ("train/adapter_export.py", "GGUFWriter"): (1, "what `files.whole` made"),
    ("train/adapter_export.py", "copyfile"): (1, "into the empty folder that `files.workshop` made"),
    ("train/adapter_export.py", "rename"): (1, "a folder, which fails where anything is in the target"),
    ("train/adapter_export.py", "save_file"): (1, "into the empty folder that `files.workshop` made"),
    ("train/preference_trainer.py", "rmdir"): (1, "fails where anything is left"),
    ("train/preference_trainer.py", "unlink"): (1, "what TRL has just written into its new checkpoint"),
    ("train/run.py", "copyfile"): (1, "what `files.whole` made"),
    ("train/trainer.py", "unlink"): (1, "what the Trainer has just written into its new checkpoint"),
    ("train/callbacks.py", "SummaryWriter"): (
        1,
        "adds a file of its own; the folder was checked when the training began",
    ),
    ("train/callbacks.py", "open"): (1, "adds rows to the training's own curve"),
    ("train/base_model.py", "mkdtemp"): (1, "a name that nothing has"),
    ("train/base_model.py", "rename"): (1, "a folder, which fails where anything is in the target"),
    ("train/base_model.py", "rmtree"): (1, "what mkdtemp made in this call"),
    ("train/base_model.py", "save_pretrained"): (2, "what mkdtemp made in this call"),
    ("world/forking.py", "unlink"): (3, "in the copy of a world that was made in this call"),
    ("world/forking.py", "write_text"): (3, "in the copy of a world that was made in this call"),
    ("world/load.py", "copytree"): (2, "into a folder that was made in this call"),
    ("world/load.py", "rmtree"): (1, "a folder that was made in this call"),
}
"""Every call that removes, replaces or writes a file: how many a module has, and why nothing is lost by them."""
ALWAYS = {
    "OSFile", "GGUFWriter", "SummaryWriter", "connect", "copy2", "copyfile", "copytree", "fdopen", "ftruncate", "link",
    "mkdtemp", "mkstemp", "removedirs", "renames", "rmdir", "rmtree", "save_file", "save_pretrained", "symlink_to",
    "hardlink_to", "touch", "unlink", "write_bytes", "write_text",
    "NamedTemporaryFile", "TemporaryDirectory", "savez", "to_parquet", "to_csv", "write_table_to_file",
}  # fmt: skip


def _changing(node: ast.Call) -> str | None:
    """The name of a call that may change a file; None: of another."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner = getattr(getattr(node.func, "value", None), "id", "")
    if name in ALWAYS or (owner in ("os", "shutil") and name in ("remove", "move", "copy", "truncate")):
        return name
    if name in ("replace", "rename"):  # of a path they take one value; of a string two, of a dataclass named ones
        return name if owner in ("os", "shutil") or (len(node.args) == 1 and not node.keywords) else None
    if name == "open" and owner != "os":
        modes = [node.args[1:], node.args[:1]][isinstance(node.func, ast.Attribute)]
        modes = [*modes[:1], *(word.value for word in node.keywords if word.arg == "mode")]
        if any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes):
            return name
    return None


def test_every_call_that_could_lose_a_file_is_argued_for() -> None:
    found: dict[tuple[str, str], int] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_content" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (name := _changing(node)):
                place = (path.relative_to(PACKAGE).as_posix(), name)
                found[place] = found.get(place, 0) + 1
    assert found == {place: count for place, (count, _) in ALLOWED.items()}
