"""`em check` below the command line: files in, verdicts out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.corpus.check import check
from simulator.corpus.verdict import Verdict
from simulator.document import render_document
from simulator.errors import UsageError
from tests.corpus.language import filters
from tests.corpus.test_filters import talk
from tests.layout import LAYOUT


def text(seed: int = 1) -> str:
    return render_document(LAYOUT.header("MEDIUM", "#general"), talk(seed=seed))


def verdicts(*paths: Path) -> list[tuple[str, Verdict]]:
    return list(check(paths, filters()))


def found(*paths: Path) -> list[tuple[str, list[str]]]:
    return [(ident, [reason.rule for reason in verdict.reasons]) for ident, verdict in verdicts(*paths)]


def test_ids(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.jsonl"
    one.write_text(text(1))
    rows = [
        {"id": "given", "text": text(2)},
        {"text": text(3)},
        {"id": 7, "text": text(4)},
        {"id": "", "text": text(5)},
    ]
    two.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert found(one, two) == [("one.txt", []), ("given", []), ("two.jsonl:2", []), ("7", []), ("two.jsonl:4", [])]


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "ENGAGEMENT: LOW',
        b"not json at all",
        b"[1, 2]",
        b'"a string"',
        b"{}",
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": "\\ud83d half a pair"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"NaN",
    ],
)
def test_a_line_that_is_no_document_gets_a_verdict_with_its_place(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "mixed.jsonl"
    good = json.dumps({"id": "good", "text": text(1)}).encode()
    path.write_bytes(b"\n".join([json.dumps({"id": "first", "text": text(2)}).encode(), line, good]))
    first, broken, last = verdicts(path)
    assert first == ("first", Verdict(keep=True)) and last == ("good", Verdict(keep=True))
    (reason,) = broken[1].reasons
    assert (broken[0], reason.rule, reason.message) == ("mixed.jsonl:2", "malformed", None)
    assert "mixed.jsonl:2" in reason.evidence and "\n" not in reason.evidence


def test_what_is_too_long_is_not_read(tmp_path: Path) -> None:
    most = filters().style.numbers.max_document_bytes
    long, whole = tmp_path / "long.jsonl", tmp_path / "whole.txt"
    long.write_bytes(b'{"text": "' + b"x" * (2 * most) + b'"}\n' + json.dumps({"id": "after", "text": text()}).encode())
    whole.write_bytes(b"y" * (most + 1))
    assert found(long, whole) == [("long.jsonl:1", ["malformed"]), ("after", []), ("whole.txt", ["malformed"])]


def test_a_text_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(b"ENGAGEMENT: LOW\nCHANNEL: #general\n<kai> caf\xe9\n")
    ((ident, verdict),) = verdicts(path)
    assert (ident, verdict.reasons[0].rule) == ("old.txt", "malformed")
    assert "old.txt:3" in verdict.reasons[0].evidence


def test_near_duplicates_across_files_of_kept_documents_only(tmp_path: Path) -> None:
    bad, one, two = (tmp_path / name for name in ("bad.txt", "one.txt", "two.txt"))
    bad.write_text(text().replace("MEDIUM", "HIGH"))
    one.write_text(text())
    two.write_text(text().replace(" again.", " once more.", 3))
    assert found(bad, one, two) == [("bad.txt", ["participation"]), ("one.txt", []), ("two.txt", ["near-duplicate"])]
    assert "one.txt" in verdicts(bad, one, two)[2][1].reasons[0].evidence


def test_blank_lines_are_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "blank.jsonl"
    path.write_text("\n \n" + json.dumps({"text": text()}) + "\n\n")
    assert found(path) == [("blank.jsonl:3", [])]


@pytest.mark.parametrize("name", ["missing.txt", "folder.txt", "folder", "table.csv"])
def test_files_that_cannot_be_checked_are_refused_before_anything_is(tmp_path: Path, name: str) -> None:
    good = tmp_path / "good.txt"
    good.write_text(text())
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(UsageError) as raised:
        next(check([good, tmp_path / name], filters()))
    assert name in str(raised.value)
