"""Content that is wrong is refused in one line with place, cause and remedy."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from simulator.errors import ContentError, UsageError
from simulator.world import load, reading, world_files

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


def faults(root: Path) -> list[str]:
    with pytest.raises(ContentError) as raised:
        load.load(root)
    assert raised.value.exit_code == 2
    lines = str(raised.value).splitlines()
    assert all(";" in line for line in lines), "a remedy follows the cause"
    return lines


def fault(root: Path) -> str:
    (line,) = faults(root)
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
        (CARD + "timezone: Europe/Atlantis", "personas/zed_.yaml", "no time zone is called `Europe/Atlantis`"),
        (CARD + "timezone: ../Europe/Oslo", "personas/zed_.yaml", "no time zone is called"),
        (CARD + "timezone: Europe", "personas/zed_.yaml", "no time zone is called"),
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
        ("slots: {asker: {}}", "slots: {asker: {needs: [yodels]}}", "no `yodels`"),
        ("slots: {asker: {}}", "slots: {asker: {unless: [yodels]}}", "no `yodels`"),
        ("slots: {asker: {}}", "slots: {asker: {needs: [works], unless: [works]}}", "nobody can fill it"),
        (
            "slots: {asker: {}}",
            "slots: {asker: {}}\nfill: {song: [an air, {text: a march, needs: {asker: [yodels]}}]}",
            "no `yodels`",
        ),
        (
            "slots: {asker: {}}",
            "slots: {asker: {}}\nfill: {song: [an air, {text: a march, needs: {nobody: [yodels]}}]}",
            "no slot `nobody`",
        ),
        (
            "slots: {asker: {}}",
            "slots: {asker: {}}\nfill: {song: [{text: a march, needs: {asker: [yodels]}}]}",
            "has to fit whoever",
        ),
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
    assert all(part in line for line in faults(root))


def test_no_lead_at_all(root: Path) -> None:
    lead = load.load(root).lead
    (root / "personas" / f"{lead.nick.lower()}.yaml").unlink()
    lines = faults(root)
    assert any("0 cards have role: lead" in line for line in lines)
    assert all("0 cards have role: lead" in line or "nobody is called" in line for line in lines)


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


YAML = sorted(
    p.relative_to(load.shipped()) for part in world_files.PARTS for p in (load.shipped() / part).rglob("*.yaml")
)


def lengthened(path: Path, line: str) -> int:
    """Writes a line at the end of a file, and says which one it is."""
    text = path.read_text().rstrip("\n")
    path.write_text(f"{text}\n{line}\n")
    return text.count("\n") + 2


def test_a_field_that_nobody_knows_is_told_with_its_line_in_every_file_at_once(root: Path) -> None:
    assert {path.parts[0] for path in YAML} == set(world_files.PARTS) and len(YAML) > 200
    expected = [f"{name}:{lengthened(root / name, 'nonsense: 1')}: nonsense: unknown field" for name in YAML]
    told = faults(root)
    assert sorted(line.split("; ")[0].split(" (did you mean")[0] for line in told) == sorted(expected)
    places = [line.split(":")[0] for line in told]
    assert places == sorted(places)


def one_of_each_kind() -> list[Path]:
    found = {}
    for name in YAML:
        kind = next(kind for kind in reading.KINDS if fnmatchcase(name.as_posix(), kind))
        found.setdefault(kind, name)
    assert found.keys() == reading.KINDS.keys(), "the shipped world has a file of every kind"
    return list(found.values())


@pytest.mark.parametrize("name", one_of_each_kind(), ids=str)
def test_each_kind_of_file_is_held_to_its_schema_and_stands_in_the_digest(root: Path, name: Path) -> None:
    lengthened(root / name, "# a remark")
    assert load.load(root).digest != load.load(load.shipped()).digest
    line = lengthened(root / name, "nonsense: 1")
    assert fault(root).startswith(f"{name}:{line}: nonsense: unknown field")


def test_all_faults_are_told_at_once_by_file_and_line(root: Path) -> None:
    (root / "personas" / "zed_.yaml").write_text(CARD + "chattiness: -1\nwords_per_minute: fast\nties: [{to: x}]\n")
    (root / "personas" / "yak.yaml").write_text(CARD.replace("Zed_", "yak") + "interests: {cooking: 2}\n")
    (root / "scenarios" / "participation" / "zed.yaml").write_text(
        SCRIPT.replace("[ask something]", "['ask {somebody}']")
    )
    (root / "policies" / "bot.yaml").write_text("window: [\n")
    (root / "policies" / "notes.yaml").write_text("a: 1\n")
    (root / "scenarios" / "topics" / "politics.yaml").unlink()
    turns = root / "policies" / "turns.yaml"
    turns.write_text(turns.read_text() + "addressed: 4\n")
    told = [line.split(": ")[:2] for line in faults(root)]
    last = turns.read_text().count("\n")
    assert told == [
        ["personas/yak.yaml:4", "interests"],
        ["personas/zed_.yaml:4", "chattiness"],
        ["personas/zed_.yaml:5", "words_per_minute"],
        ["personas/zed_.yaml:6", "ties.0.kind"],
        ["personas/zed_.yaml:6", "ties.0.history"],
        ["policies/bot.yaml:2", told[5][1]],
        ["policies/notes.yaml", "no file of a world has this name; see `em world --schema`, or move it"],
        [f"policies/turns.yaml:{last}", told[7][1]],
        ["scenarios/participation/zed.yaml:7", "placeholder"],
        ["scenarios/topics/politics.yaml", "the quota wants this group; write it"],
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "cause"),
    [
        ("policies/judge.yaml", "threshold:", "threshold: 7 #", "threshold:", "threshold: must be less than"),
        ("policies/quota.yaml", "LOW: 0.40", "LOW: 0.45", "engagement:", "shares must add up to 1"),
        ("policies/fsdp.yaml", "fsdp_version: 2", "fsdp_version: 3", "fsdp_version: 3", "fsdp_config.fsdp_version"),
        ("policies/training.yaml", "lora_r:", "lora_rr:", "lora_rr:", "did you mean lora_r"),
        ("policies/training-proof.yaml", "seed: 1", "seed: -1", "seed: -1", "(got -1)"),
        ("policies/bot.yaml", "pressure: 0.3", "pressure: 0", "pressure: 0", "feedback.less.pressure"),
        ("policies/evaluation.yaml", "rules: [", "rules: [charm, ", "rules: [charm", "has no `charm`"),
        ("policies/gaps.yaml", "pattern: calibration", "pattern: dancing", "pattern: dancing", "no `dancing`"),
    ],
)
def test_the_line_is_that_of_the_field(root: Path, name: str, old: str, new: str, line: str, cause: str) -> None:
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    number = next(n for n, each in enumerate(path.read_text().splitlines(), 1) if line in each)
    assert any(each.startswith(f"{name}:{number}: ") and cause in each for each in faults(root)), faults(root)


def test_the_world_holds_every_policy(root: Path) -> None:
    world = load.load(root)
    assert set(world.other_trainings) == {"training-proof"}
    assert world.fsdp is not None and world.fsdp.num_processes >= 1
    (root / "policies" / "fsdp.yaml").unlink()
    (root / "policies" / "training-proof.yaml").unlink()
    assert load.load(root).fsdp is None and not load.load(root).other_trainings, "they may be left out"


NOT_IN_THE_LEGACY_DIGEST = {
    *(f"policies/{name}.yaml" for name in ("evaluation", "gaps", "bot", "training", "training-proof", "fsdp", "guard")),
    "policies/preferences.yaml",
    *(f"scenarios/probes/{name}.yaml" for name in ("assistant", "boundaries", "feedback", "identity", "participation")),
}


def test_the_legacy_digest_goes_over_the_files_it_went_over(tmp_path: Path) -> None:
    """What 0.1 computed for this content."""
    names = ("personas/b.yaml", "personas/a.yaml", "scenarios/topics/t.yaml", "scenarios/p/s.yaml")
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"n: {number}\n")
    (tmp_path / "policies").mkdir()
    for name in ("engagement", "turns", "style", "quota", "judge", "realism", "bot"):
        (tmp_path / "policies" / f"{name}.yaml").write_text(f"name: {name}\n")
    assert load.legacy_digest(tmp_path) == "4c0c426d26746506"


@pytest.mark.parametrize("name", one_of_each_kind(), ids=str)
def test_a_run_of_the_legacy_digest_has_the_same_content_while_its_files_are_unchanged(root: Path, name: Path) -> None:
    world = load.load(root)
    legacy = load.legacy_digest(root)
    assert legacy != world.digest
    assert load.same_content(world, legacy) and load.same_content(world, world.digest)
    assert not load.same_content(world, "0123456789abcdef")
    lengthened(root / name, "# a remark")
    changed = load.load(root)
    assert load.same_content(changed, legacy) is (name.as_posix() in NOT_IN_THE_LEGACY_DIGEST)
    assert not load.same_content(changed, world.digest)


@pytest.mark.parametrize("name", one_of_each_kind(), ids=str)
def test_what_a_run_does_not_read_may_change_before_it_goes_on(root: Path, name: Path) -> None:
    world, played = load.load(root), load.played_digest(root)
    lengthened(root / name, "# a remark")
    changed = load.load(root)
    elsewhere = name.as_posix() in NOT_IN_THE_LEGACY_DIGEST and name.name != "guard.yaml"
    assert load.same_content(changed, world.digest, played) is elsewhere
    assert not load.same_content(changed, world.digest)


def test_copying_does_not_overwrite(root: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        load.copy(root)


def test_a_folder_without_a_world(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="em init"):
        load.find(tmp_path)
