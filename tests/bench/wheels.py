"""The table of `docs/installation.md`: which wheels there are of every locked package, and how large each is.

    python tests/bench/wheels.py requirements/default.txt pylock.toml

`pylock.toml` comes from uv and names the wheels that the index has for each locked version:

    uv pip compile --universal --format pylock.toml pyproject.toml requirements/build.in --group model \
        -c requirements/default.txt -o pylock.toml

Sizes are of what is installed in the environment that runs this: bytes as pip recorded them, without bytecode.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
MACHINES = {
    "linux x86-64": re.compile(r"(?:many)?linux_?.*x86_64"),
    "linux arm64": re.compile(r"(?:many)?linux_?.*aarch64"),
    "macOS arm64": re.compile(r"macosx_.*(?:arm64|universal2)"),
}
"""Machine to the platform tags that fit it; musl's are another system's."""
ENVIRONMENTS = {
    "linux x86-64": {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"},
    "linux arm64": {"sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux"},
    "macOS arm64": {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin"},
}


def fits(tags: Iterable[Tag], python: tuple[int, int], machine: str) -> bool:
    """Whether a wheel with these tags can be installed there."""
    return any(_python(tag, python) and _platform(tag.platform, machine) for tag in tags)


def _python(tag: Tag, python: tuple[int, int]) -> bool:
    here = f"cp{python[0]}{python[1]}"
    if tag.abi == "abi3":
        found = re.fullmatch(r"cp3(\d+)", tag.interpreter)
        return found is not None and int(found[1]) <= python[1]
    if tag.abi == "none":
        return tag.interpreter in ("py3", f"py3{python[1]}", here)
    return tag.interpreter == here and tag.abi == here


def _platform(platform: str, machine: str) -> bool:
    return platform == "any" or (not platform.startswith("musl") and MACHINES[machine].fullmatch(platform) is not None)


def wanted(package: Mapping[str, object], python: tuple[int, int], machine: str) -> bool:
    """Whether a locked package is installed there at all."""
    marker = package.get("marker")
    version = f"{python[0]}.{python[1]}"
    about = {**ENVIRONMENTS[machine], "python_version": version, "python_full_version": f"{version}.9"}
    return marker is None or Marker(str(marker)).evaluate({**about, "os_name": "posix"})


def table(locked: Path, index: Path) -> list[tuple[str, str, float | None, list[str]]]:
    """(package, version, megabytes installed or None, where no wheel fits) of every package in the lock."""
    names = {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)==", locked.read_text(), re.M)}
    rows = []
    for package in tomllib.loads(index.read_text())["packages"]:
        name, version = package["name"], package["version"]
        if canonicalize_name(name) not in names:
            continue
        wheels = [parse_wheel_filename(wheel["url"].rsplit("/", 1)[-1])[3] for wheel in package.get("wheels", ())]
        lacking = [
            f"{machine} {python[0]}.{python[1]}"
            for machine in MACHINES
            for python in PYTHONS
            if wanted(package, python, machine) and not any(fits(tags, python, machine) for tags in wheels)
        ]
        rows.append((name, version, installed(name), lacking))
    return sorted(rows, key=lambda row: (-(row[2] or 0), row[0]))


def installed(name: str) -> float | None:
    """Megabytes of a package in this environment, without bytecode; None: it is not there."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return None
    places = [Path(str(file.locate())) for file in files if not str(file).endswith(".pyc")]
    return sum(place.stat().st_size for place in places if place.is_file()) / 1e6


def main() -> None:
    rows = table(Path(sys.argv[1]), Path(sys.argv[2]))
    print("| package | version | MB | without a wheel |\n|---|---|---:|---|")
    for name, version, size, lacking in rows:
        shown = "" if size is None else f"{size:.1f}"
        print(f"| {name} | {version} | {shown} | {', '.join(lacking) or '-'} |")
    sizes = {name: size for name, _, size, _ in rows if size is not None}
    print(f"\n{len(sizes)} packages, {sum(sizes.values()):.0f} MB")


if __name__ == "__main__":
    main()
