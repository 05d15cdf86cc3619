"""The table of wheels knows what can be installed where."""

from __future__ import annotations

import pytest
from packaging.utils import parse_wheel_filename

from tests.bench.wheels import MACHINES, PYTHONS, fits

ANY = {(machine, python) for machine in MACHINES for python in PYTHONS}


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("a-1-py3-none-any.whl", ANY),
        ("a-1-py2.py3-none-any.whl", ANY),
        ("a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", {("linux x86-64", (3, 12))}),
        ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", set()),
        ("a-1-cp313-cp313t-manylinux_2_28_aarch64.whl", set()),
        ("a-1-cp312-abi3-manylinux_2_28_aarch64.whl", {("linux arm64", (3, minor)) for minor in (12, 13, 14)}),
        ("a-1-cp39-abi3-macosx_11_0_arm64.whl", {("macOS arm64", python) for python in PYTHONS}),
        ("a-1-cp314-cp314-macosx_10_13_universal2.whl", {("macOS arm64", (3, 14))}),
        ("a-1-cp311-cp311-macosx_10_12_x86_64.macosx_11_0_arm64.whl", {("macOS arm64", (3, 11))}),
        ("a-1-py3-none-manylinux_2_28_x86_64.whl", {("linux x86-64", python) for python in PYTHONS}),
        ("a-1-cp311-cp311-win_amd64.whl", set()),
    ],
)
def test_where_a_wheel_can_be_installed(name: str, where: set[tuple[str, tuple[int, int]]]) -> None:
    tags = parse_wheel_filename(name)[3]
    assert {(machine, python) for machine, python in ANY if fits(tags, python, machine)} == where
