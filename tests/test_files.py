"""Files are written whole or not at all, and never in place of what is not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulator import files
from simulator.errors import StorageError, UsageError


def anything(path: Path) -> bool:
    return True


@pytest.mark.parametrize("text", ["", "a line", "a line\n", "two\n\nlines\n", "emsim seal 0\n"])
def test_a_seal_tells_whether_a_file_was_changed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page"
    files.write(path, files.sealed(text, "<!-- {} -->"))
    assert files.is_sealed(path) and path.read_text().startswith(text)
    files.write(path, files.sealed(text + "more", "# {}"), files.is_sealed)
    assert files.is_sealed(path)
    whole = path.read_bytes()
    for changed in (b"x" + whole, whole + b"x", whole[:-2], whole.replace(b"seal ", b"seal f", 1), b""):
        path.write_bytes(changed)
        assert not files.is_sealed(path)
        with pytest.raises(UsageError, match="changed since"):
            files.write(path, b"new", files.is_sealed)
        assert path.read_bytes() == changed


def test_what_stands_there(tmp_path: Path) -> None:
    kinds = {name: tmp_path / name for name in ("file", "empty", "folder", "link", "dangling")}
    kinds["file"].write_text("mine")
    kinds["empty"].touch()
    kinds["folder"].mkdir()
    kinds["link"].symlink_to(kinds["file"])
    kinds["dangling"].symlink_to(tmp_path / "nowhere")
    for path in kinds.values():
        with pytest.raises(UsageError, match="choose another --out"):
            files.write(path, b"new", option="--out")
    assert kinds["file"].read_text() == "mine" and kinds["dangling"].is_symlink()
    files.write(kinds["link"], b"new", anything)
    assert kinds["link"].is_symlink() and kinds["file"].read_bytes() == b"new", "a link stays a link"
    with pytest.raises(StorageError):
        files.write(tmp_path / "nowhere" / "file", b"new")
    assert {path.name for path in tmp_path.iterdir()} == set(kinds)


def test_a_file_that_goes_while_it_is_looked_at_stands_in_nobody_s_way(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("x")

    def ours(looked: Path) -> bool:
        looked.unlink()
        return bool(looked.read_bytes())

    files.check(path, ours)


def test_a_device_is_written_to_and_stays_one(tmp_path: Path) -> None:
    files.write(Path(os.devnull), b"new")
    assert not Path(os.devnull).is_file()
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    files.write(tmp_path / "pipe", b"new")
    assert os.read(reading, 9) == b"new" and not (tmp_path / "pipe").is_file()
    os.close(reading)


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(UsageError), files.whole(path) as staged:
        staged.write_text("new")
        path.write_text("somebody's")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"file": "somebody's"}


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.whole(tmp_path / "file") as staged:
        staged.write_text("half")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_modes_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    files.write(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_lock_is_never_taken_on_somebody_s_file(tmp_path: Path) -> None:
    busy = UsageError("busy")
    (tmp_path / "lock").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        files.locked(tmp_path / "lock", busy)
    assert (tmp_path / "lock").read_text() == "mine"


@pytest.mark.parametrize("there", [["mine"], ["lock", "mine"], ["files/mine"]])
def test_a_workshop_takes_no_folder_of_somebody_s(tmp_path: Path, there: list[str]) -> None:
    place = tmp_path / "place"
    for name in there:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    with pytest.raises(UsageError, match="not of this program"), files.workshop(place, UsageError("busy")):
        pass
    assert all((place / name).exists() for name in there)


def test_a_workshop_clears_what_was_left_and_goes(tmp_path: Path) -> None:
    place, busy = tmp_path / "deep" / "place", UsageError("busy")
    (place / "files" / "half").mkdir(parents=True)
    (place / "lock").touch()
    with files.workshop(place, busy) as growing:
        assert not list(growing.iterdir())
        with pytest.raises(UsageError, match="busy"), files.workshop(place, busy):
            pass
        (growing / "one").write_text("new")
    assert not place.exists() and place.parent.is_dir()


def test_a_ledger_knows_what_it_was_told(tmp_path: Path) -> None:
    for name in ("a", "b  c"):
        (tmp_path / name).write_text(name)
    told = {name: files.digest(tmp_path / name) for name in ("a", "b  c")}
    files.Ledger(tmp_path).expect(told)
    assert all(files.Ledger(tmp_path).holds(tmp_path / name) for name in told)
    (tmp_path / "a").write_text("changed")
    assert not files.Ledger(tmp_path).holds(tmp_path / "a")
    files.Ledger(tmp_path).settle({}, {"b  c"})
    assert not files.Ledger(tmp_path).holds(tmp_path / "b  c")
    (tmp_path / files.LEDGER).write_text("mine")
    with pytest.raises(UsageError):
        files.Ledger(tmp_path)
    assert (tmp_path / files.LEDGER).read_text() == "mine"
