"""Prompt templates of a world: checked when it is loaded, part of its digest, rendered in a sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.errors import ContentError
from simulator.world import load
from simulator.world.prompt_templates import FOLDER, VARIABLES, PromptTemplates, check_template

NAME = "evaluation_line"
FILE = f"{FOLDER}/{NAME}.j2"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    load.copy(tmp_path)
    return tmp_path


def test_every_template_is_shipped_and_right_and_no_other_is() -> None:
    shipped = {path.stem: path.read_text() for path in (load.shipped() / FOLDER).iterdir()}
    assert shipped.keys() == VARIABLES.keys()
    for name, text in shipped.items():
        assert not list(check_template(name, text)), name


@pytest.mark.parametrize(
    ("name", "text", "line", "cause"),
    [
        (NAME, "fine\n{% if lead %}\nx", 3, "Unexpected end of template"),
        (NAME, "a\n{{ log }\n", 2, "unexpected '}'"),
        (NAME, "a\n\n{{ leed }} {{ log }}", 3, "no variable `leed`; known are lead, log"),
        (NAME, "{{ lead | shout }}", 1, "No filter named 'shout'"),
        (NAME, "a\n{% include 'b' %}", 2, "takes in another template"),
        (NAME, "{% for line in log %}{{ line }}{% endfor %}{{ line }}", 1, "no variable `line`"),
        ("evaluation_lines", "x", None, "no template has this name (did you mean evaluation_line"),
        ("sub/evaluation_line", "x", None, "no template has this name"),
        (NAME, b"\xff", None, "not UTF-8"),
    ],
)
def test_a_wrong_template_is_a_fault_of_the_world(
    root: Path, name: str, text: str | bytes, line: int | None, cause: str
) -> None:
    path = root / FOLDER / f"{name}.j2"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (root / "policies" / "notes.yaml").write_text("a: 1\n")
    with pytest.raises(ContentError) as raised:
        load.load(root)
    [told, other] = sorted(str(raised.value).splitlines(), key=lambda each: "notes.yaml" in each)
    assert told.startswith(f"{FOLDER}/{name}.j2:{line}: " if line else f"{FOLDER}/{name}.j2: ") and cause in told
    assert other.startswith("policies/notes.yaml"), "with everything else that is wrong"


def test_a_changed_template_is_used_and_changes_the_digest(root: Path) -> None:
    before = load.load(root)
    (root / FILE).write_text("{{ log }}{{ lead | upper }}!\n")
    after = load.load(root)
    assert after.prompts.render(NAME, log="a <b> & c\n", lead="ada") == "a <b> & c\nADA!"
    assert after.digest != before.digest and after.prompts.digest() != before.prompts.digest()
    assert not load.same_content(after, before.digest)


def test_a_world_without_templates_has_the_shipped_ones(root: Path) -> None:
    whole = load.load(root)
    shutil.rmtree(root / FOLDER)
    bare = load.load(root)
    assert bare.digest == whole.digest
    assert bare.prompts.render("evaluation_system") == whole.prompts.render("evaluation_system")


def test_a_run_from_before_there_were_templates_has_the_same_content(root: Path) -> None:
    world = load.load(root)
    older = load.yaml_digest(root)
    assert older != world.digest and load.same_content(world, older)
    (root / "policies" / "bot.yaml").open("a").write("# a remark\n")
    assert not load.same_content(load.load(root), older)


@pytest.mark.parametrize(
    "text",
    [
        "{{ log.__class__.__mro__ }}",
        "{{ lead.format.__globals__ }}",
        "{{ log.nothing }}",
        "{{ log() }}",
        "{{ 1 / 0 }}",
        "{{ range(10 ** 9) | list }}",
    ],
)
def test_what_a_template_may_not_do_is_one_line(text: str) -> None:
    with pytest.raises(ContentError, match=FILE) as raised:
        PromptTemplates({NAME: text}).render(NAME, log="x", lead="y")
    assert "\n" not in str(raised.value)


def test_it_is_given_its_variables_and_no_others() -> None:
    templates = PromptTemplates({NAME: "{{ log }}"})
    with pytest.raises(ValueError, match="lead"):
        templates.render(NAME, log="x")
    with pytest.raises(ValueError, match="more"):
        templates.render(NAME, log="x", lead="y", more=1)


def test_lines_of_tags_and_comments_leave_nothing_behind() -> None:
    text = "{# about #}\nbegin\n  {% for line in log %}\n{{ line }}\n  {% endfor %}\nend\n"
    assert PromptTemplates({NAME: text}).render(NAME, log=["a", "b"], lead="") == "begin\na\nb\nend"
