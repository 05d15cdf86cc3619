"""The house rules that a program can check: imports point down, one home for each package, no nick in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.world import load
from tests.bench import measure_house

PACKAGE = Path(load.__file__).resolve().parent.parent
ROOT = PACKAGE.parent

FLOORS = {
    "errors": -1,  # everything may raise
    "rng": 0, "clock": 0, "files": 0, "caches": 0, "control_tokens": 0,
    "events": 1, "document": 1, "addressing": 1, "intervals": 1,
    "world": 2, "llm": 2,
    "plan": 3, "line_checks": 3,
    "session": 4, "journal": 4,
    "corpus": 5, "logs": 5,
    "cluster": 6, "drafts": 6,
    "report": 7, "train": 7, "irc": 7,
    "evaluate": 8, "runs": 8,
    "gaps": 9, "tui": 9, "review": 9,
    "cli": 10, "__main__": 11,
}  # fmt: skip
HOMES = {
    "litellm": {"llm/litellm_transport.py"},
    "torch": {"train", "evaluate"},
    "transformers": {"train", "evaluate"},
    "peft": {"train", "evaluate"},
    "jinja2": {"world/prompt_templates.py", "report", "review"},
    "rich": {"cli", "tui"},
    "ray": {"cluster/stage.py"},
    "networkx": {"world"},
    "ruamel": {"world/yaml_file.py", "llm/scripted.py"},
    "sqlite3": {"journal/database.py", "corpus/near_duplicates.py", "logs/formats/databases.py"},
    "random": {"rng.py"},
}
"""Package to the files or folders of `simulator/` that may import it at run time."""


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_content" not in path.parts)


def _imports(path: Path) -> list[str]:
    """Modules that a file imports at run time; what stands under `if TYPE_CHECKING:` is not among them."""
    tree = ast.parse(path.read_text())
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def _floor(module: str) -> int:
    return FLOORS[module.split(".")[1]] if "." in module else 0


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    for name in _imports(path):
        if name.startswith("simulator.") and name.split(".")[1] not in (part, "__version__"):
            assert _floor(name) < FLOORS[part], f"{path.name} imports {name}"


@pytest.mark.parametrize("package", HOMES)
def test_every_outside_thing_has_one_door(package: str) -> None:
    for path in _modules():
        inside = path.relative_to(PACKAGE).as_posix()
        if any(inside == home or inside.startswith(home + "/") for home in HOMES[package]):
            continue
        # `random.Random` as a type is not a door; only rng.py may make one.
        used = [name for name in _imports(path) if name.split(".")[0] == package]
        if package == "random":
            source = path.read_text()
            assert not re.search(r"\brandom\.(?!Random\b)\w+\(|random\.Random\(", source), inside
        else:
            assert not used, f"{inside} imports {used}"


def test_no_nick_stands_in_the_code() -> None:
    """The character is a YAML diff: no persona's nick occurs in the program."""
    nicks = [persona.nick for persona in load.load(load.shipped()).personas.values()]
    word = re.compile("|".join(rf"(?<![\w-]){re.escape(nick)}(?![\w-])" for nick in nicks))
    for path in _modules():
        assert not word.search(path.read_text()), f"{path.name}: {word.search(path.read_text())}"


def test_no_file_names_a_registry_or_a_machine() -> None:
    banned = re.compile(
        r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|debian)\.\w+|--index-url|--find-links\s+/|(?<![\w.])/(?:tmp|root|home)/\w"
    )
    for path in [*ROOT.glob("*.*"), *ROOT.glob("requirements/*"), *_modules(), ROOT / "Makefile", ROOT / ".ci" / "run"]:
        if path.is_file() and path.suffix not in (".pyc", ".md"):
            found = banned.search(path.read_text(errors="replace"))
            assert not found, f"{path.name}: {found}"


def test_names_say_something() -> None:
    empty = {"utils", "util", "common", "base", "manager", "helpers", "misc"}
    assert not [path for path in _modules() if path.stem in empty]


PRIVATE = {
    "chooser", "comings", "door", "doors", "gate", "hearing", "heard", "hers", "inert", "intake", "manners", "noted",
    "outlook", "pen", "shelf", "spared", "spy", "told", "troupe", "twin", "twins", "whereabouts", "wire", "worn",
}  # fmt: skip
"""Words that once stood in names and that a reader from the field does not know."""
CONTENT = {("evaluate", "told"), ("world", "told"), ("world", "worn")}
"""Package and word: `told` and `untold` are fields of a probe, `worn` is a variable of a template."""


def _named(path: Path) -> Iterator[str]:
    """Every name that a file gives to something, and its own."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_names_are_words_of_the_field(path: Path) -> None:
    package = path.relative_to(PACKAGE).parts[0]
    words = {word.lower() for name in _named(path) for word in re.split(r"_|(?<=[a-z])(?=[A-Z])", name)}
    assert not {word for word in words & PRIVATE if (package, word) not in CONTENT}


@pytest.fixture(scope="module")
def house() -> dict[str, object]:
    """The figures of `tests/bench/measure_house.py`, but for the type check, which `make test` runs by itself."""
    return measure_house.measure(ROOT, types=False)


@pytest.mark.parametrize(
    "figure", ["circles", "class_names_twice", "functions_over_6_parameters", "public_without_docstring"]
)
def test_the_house_is_in_order(house: dict[str, object], figure: str) -> None:
    """No modules that import each other, lazily or not; no class name twice; no function of more than six parameters
    outside the command line; no public name without a docstring."""
    assert house[figure] == []
