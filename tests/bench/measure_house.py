"""How large and how regular the code is, as one JSON object: `python tests/bench/measure_house.py [FOLDER]`.

FOLDER is a checkout (default: this one), so that two of them can be measured by the same rules. Type errors are counted
by mypy where it is installed; null otherwise.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
TYPING = re.compile(r"\bTYPE_CHECKING\b")
GIVEN_SIGNATURES = {"simulator.train.attention.forward"}
"""Functions that a library calls with parameters of its own choice: transformers asks an attention so."""


def modules(root: Path) -> dict[str, Path]:
    """Dotted name of every product module, with its file."""
    found = {}
    for path in sorted((root / "simulator").rglob("*.py")):
        if "_content" in path.parts:
            continue
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, tree: ast.Module, known: set[str], *, lazy: bool) -> set[str]:
    """Modules of the package that a module imports at run time; `lazy`: those inside functions, too."""
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and TYPING.search(ast.unparse(node.test))
        for inner in ast.walk(node)
    }
    if not lazy:
        skipped |= {id(n) for f in ast.walk(tree) if isinstance(f, Function) for n in ast.walk(f)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found |= {full} if full in known else {node.module} & known
    return found - {name}


def folder(name: str) -> str:
    """The package that a module lies in."""
    return name.rpartition(".")[0]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, each sorted (Tarjan's strongly connected components, larger than 1)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            group = sorted(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def parameters(function: Function) -> int:
    """Parameters without self and cls."""
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([one for one in every if one.arg not in ("self", "cls")])


def decorated_command(function: Function) -> bool:
    """A click command takes one parameter an option."""
    return any("command" in ast.unparse(one) or "group" in ast.unparse(one) for one in function.decorator_list)


def public(body: list[ast.stmt], prefix: str) -> list[tuple[str, ast.AST]]:
    """Public classes, functions and methods of a module, with their names."""
    found: list[tuple[str, ast.AST]] = []
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            found.append((f"{prefix}{node.name}", node))
            if isinstance(node, ast.ClassDef):
                found += public(node.body, f"{prefix}{node.name}.")
    return found


def undocumented(name: str, tree: ast.Module) -> list[str]:
    """Public names without a docstring. What overrides a documented name of a base class says enough by its name."""
    without = []
    for spoken, node in public(tree.body, f"{name}."):
        overload = isinstance(node, Function) and any("overload" in ast.unparse(d) for d in node.decorator_list)
        if not ast.get_docstring(node) and not overload:  # type: ignore[arg-type]
            without.append(spoken)
    return without


def type_errors(root: Path) -> int | None:
    """Errors of `mypy --strict simulator`; None where mypy cannot be run."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "simulator"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if "No module named mypy" in done.stderr:
        return None
    return sum(": error:" in line for line in done.stdout.splitlines())


def measure(root: Path, *, types: bool = True) -> dict[str, object]:
    """Every figure; `types`: with the type errors, which takes a minute."""
    files = modules(root)
    trees = {name: ast.parse(path.read_text()) for name, path in files.items()}
    known = set(files)
    graph = {name: imports(name, tree, known, lazy=True) for name, tree in trees.items()}
    used_by: dict[str, set[str]] = defaultdict(set)
    for name, those in graph.items():
        for other in those:
            used_by[other].add(name)
    classes = Counter(
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name[0] != "_"
    )
    functions = [
        (f"{name}.{node.name}", node)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]
    many = [
        spoken
        for spoken, node in functions
        if parameters(node) > 6
        and not spoken.startswith("simulator.cli.")
        and spoken not in GIVEN_SIGNATURES
        and not decorated_command(node)
    ]
    leaves = [name for name, path in files.items() if path.name != "__init__.py" and len(used_by[name]) == 1]
    neighbours = [name for name in leaves if folder(next(iter(used_by[name]))) == folder(name)]
    bare = [spoken for name, tree in trees.items() for spoken in undocumented(name, tree)]
    return {
        "product_lines": sum(len(path.read_text().splitlines()) for path in files.values()),
        "files": len(files),
        "public_classes": sum(classes.values()),
        "class_names_twice": sorted(name for name, count in classes.items() if count > 1),
        "functions_over_6_parameters": sorted(many),
        "used_by_one_module_only": sorted(neighbours),
        "public_without_docstring": sorted(bare),
        "circles": circles(graph),
        "type_errors": type_errors(root) if types else None,
    }


if __name__ == "__main__":
    print(
        json.dumps(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]), indent=1)
    )
