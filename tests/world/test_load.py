"""Content that is wrong is refused in one line with place, cause and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.errors import ContentError, UsageError
from simulator.world import load

CARD = """\
nick: Zed_
about: Zed is a test. Nothing is known of Zed.
voice: [a line of text here, another line of text]
"""
SCRIPT = """\
pattern: participation
heading: natural-entry
premise: People talk.
channels: ["#general"]
slots: {asker: {}}
beats:
  - {id: ask, who: asker, when: [0.1, 0.5], note: [ask something]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    load.copy(tmp_path)
    return tmp_path


def fault(root: Path) -> str:
    with pytest.raises(ContentError) as raised:
        load.load(root)
    line = str(raised.value)
    assert "\n" not in line
    assert raised.value.exit_code == 2
    assert ";" in line, "a remedy follows the cause"
    return line


def test_the_shipped_world_is_valid_and_has_one_digest(root: Path) -> None:
    ours, copy = load.load(load.shipped()), load.load(root)
    assert ours.digest == copy.digest
    (root / "personas" / "zed_.yaml").write_text(CARD)
    assert load.load(root).digest != ours.digest


@pytest.mark.parametrize(
    ("change", "place", "cause"),
    [
        ("nick: Zed_\nabout: x y z\nvoice: [aaa, bbb]\nage: 4", "personas/zed_.yaml", "age: unknown field"),
        (CARD + "chattiness: -1", "personas/zed_.yaml", "chattiness: must be greater than 0 (got -1)"),
        (CARD + "chattiness: loud", "personas/zed_.yaml", "chattiness"),
        (CARD + "role: lead", "personas", "2 cards have role: lead"),
        (CARD + "ties: [{to: Nobody, kind: friend, history: they met}]", "personas/zed_.yaml", "nobody is called"),
        (CARD + "interests: {cooking: 2}", "personas/zed_.yaml", "no topic group `cooking`"),
        (CARD + "nick: other", "personas/zed_.yaml:4", "duplicate key"),
        (CARD.replace("Zed_", "Other"), "personas/zed_.yaml", "is not the file's name"),
        (CARD.replace("nick: Zed_", "nick: '<b>'"), "personas/zed_.yaml", "nick"),
        (CARD + "role: !!python/object:os.system lead", "personas/zed_.yaml:4", "tag"),
        (CARD + "role: !secret lead", "personas/zed_.yaml:4", "tag"),
        (CARD + "model: &a x\n", "personas/zed_.yaml:4", "anchors"),
        (CARD + "ties: [{", "personas/zed_.yaml", ""),
        ("[" * 5000, "personas/zed_.yaml", ""),
        ("just text", "personas/zed_.yaml", "valid dictionary"),
        ("", "personas/zed_.yaml", "valid dictionary"),
        ("\x00", "personas/zed_.yaml", ""),
    ],
)
def test_a_wrong_card(root: Path, change: str, place: str, cause: str) -> None:
    (root / "personas" / "zed_.yaml").write_text(change)
    line = fault(root)
    assert line.startswith(place), line
    assert cause in line


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("who: asker", "who: nobody", "no slot `nobody`"),
        ("slots: {asker: {}}", "slots: {asker: {}, other: {}}", "no beat uses it"),
        ("slots: {asker: {}}", "slots: {asker: {role: lead}}", "nobody can fill it"),
        ("pattern: participation", "pattern: dancing", "does not stand where its name says"),
        ('["#general"]', '["#elsewhere"]', "no `#elsewhere`"),
        ("[ask something]", "['ask {somebody} something']", "no `somebody`"),
        ("when: [0.1, 0.5]", "when: [0.5, 0.1]", "must rise"),
        ("when: [0.1, 0.5]", "when: [0.1, 0.5], after: ask", "exactly one"),
        ("when: [0.1, 0.5]", "after: later", "no earlier beat"),
        ("[ask something]", "[]", "needs a note"),
        (
            "heading: natural-entry",
            "heading: natural-entry\nexpect: [{kind: shows, after: ask, signal: charm}]",
            "charm",
        ),
    ],
)
def test_a_wrong_script(root: Path, old: str, new: str, cause: str) -> None:
    assert old in SCRIPT
    (root / "scenarios" / "participation" / "zed.yaml").write_text(SCRIPT.replace(old, new))
    line = fault(root)
    assert line.startswith("scenarios/participation/zed.yaml"), line
    assert cause in line


def test_the_script_that_the_wrong_ones_are_made_from_is_right(root: Path) -> None:
    (root / "scenarios" / "participation" / "zed.yaml").write_text(SCRIPT)
    assert "zed" in load.load(root).scenarios


def test_two_scripts_of_one_name(root: Path) -> None:
    (root / "scenarios" / "participation" / "zed.yaml").write_text(SCRIPT)
    (root / "scenarios" / "identity" / "zed.yaml").write_text(SCRIPT.replace("participation", "identity"))
    assert "twice" in fault(root)


@pytest.mark.parametrize("part", ["personas", "policies", "scenarios/topics"])
def test_a_part_that_is_not_there(root: Path, part: str) -> None:
    shutil.rmtree(root / part)
    assert part in fault(root)


def test_no_lead_at_all(root: Path) -> None:
    lead = load.load(root).lead
    (root / "personas" / f"{lead.nick.lower()}.yaml").unlink()
    assert "0 cards have role: lead" in fault(root) or "nobody is called" in fault(root)


def test_a_file_that_leads_out_of_the_folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text(CARD)
    (root / "personas" / "zed_.yaml").symlink_to(outside)
    assert "leads out of the world's folder" in fault(root)


def test_a_huge_file_is_not_read(root: Path) -> None:
    with (root / "personas" / "zed_.yaml").open("wb") as file:
        file.truncate(50_000_000)
    assert "is 50 MB" in fault(root)


def test_a_file_in_another_encoding(root: Path) -> None:
    (root / "personas" / "zed_.yaml").write_bytes("nick: Zé".encode("latin-1"))
    assert "not UTF-8" in fault(root)


def test_a_folder_in_the_place_of_a_file(root: Path) -> None:
    (root / "personas" / "zed_.yaml").mkdir()
    assert "not a regular file" in fault(root)


def test_shares_that_do_not_add_up(root: Path) -> None:
    path = root / "policies" / "quota.yaml"
    path.write_text(path.read_text().replace("LOW: 0.40", "LOW: 0.45"))
    assert "engagement: shares must add up to 1 (they make 1.05)" in fault(root)


def test_a_nick_that_yaml_1_1_would_read_as_a_truth_value(root: Path) -> None:
    (root / "personas" / "no.yaml").write_text(CARD.replace("Zed_", "no"))
    assert "no" in load.load(root).personas


def test_copying_does_not_overwrite(root: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        load.copy(root)


def test_a_folder_without_a_world(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="em init"):
        load.find(tmp_path)
