"""Cards drafted from people of a channel: what they say is true of their lines, and of nobody who did not agree."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator.drafts.cards import DraftedCard, drafted
from simulator.drafts.habits import OwnLine, example_lines, usual_hours
from simulator.world import load
from simulator.world.persona import Persona
from simulator.world.yaml_file import parse
from simulator.world.yaml_text import block
from tests.cli.em import em
from tests.worlds import shipped

LEAD = shipped().lead.nick
WORD = f"!{LEAD.lower()}"
SECRETS = (
    "the plum jam is hidden behind the boiler",
    "zq7 zebra crossing at dawn",
    "my sister lives in Zurich by the lake",
)
AGREED, SILENT = ("ann", "Bert[x]", "cleo"), ("mallory", "Trudy", "eve_q")
SUBJECTS = ("the router and the wifi", "a soup with onions", "printers with ink", "rain on the window")


def row(at: int, nick: str, text: str) -> str:
    """A line of ZNC's; `at`: minutes after nine in the evening of a March day."""
    hours = 21 * 60 + at
    return f"[2012-03-{3 + hours // 1440:02} {hours // 60 % 24:02}:{hours % 60:02}:00] <{nick}> {text}"


def talk(silent: Sequence[str] = SILENT, secrets: Sequence[str] = SECRETS, *, about: bool = False) -> list[str]:
    """Of three people who agreed, one of whom took it back, three who did not, and the lead. `about`: with lines of
    those who agreed that name, address and quote those who did not."""
    draw = random.Random(7)
    rows = [row(0, "ann", "i said this before i agreed to anything, with words like xylophone")]
    rows += [row(0, nick, f"{WORD} optin") for nick in AGREED]
    for at in range(1, 400):
        who = draw.randrange(10)
        if who < 4:
            text = f"i fixed number {at} of {draw.choice(SUBJECTS)} again"
            rows.append(row(at, "ann", f"bert[x]: {text}" if who == 3 else text))
        elif who < 6:
            rows.append(
                row(at, "Bert[x]", f"ann: Did you try {draw.choice(SUBJECTS)} at all, before the {at} bus left?")
            )
        elif who == 6:
            rows.append(row(at, "cleo", f"I take this one back, number {at}, marmalade"))
        elif who == 7:
            rows.append(row(at, LEAD, f"that is what the {at} of us say"))
        else:
            rows.append(row(at, silent[at % 3], f"{secrets[at % 3]} {at}"))
    rows.append(row(401, "ann", "write to ann@example.org or ring +49 30 1234567, see https://a.example/x"))
    if about:
        rows += [
            row(402, "ann", f"{silent[0]}: no, not behind the boiler then"),
            row(402, "Bert[x]", f"Somebody should ask {silent[1]} about the kettle."),
            row(403, "ann", f"did you read that, {secrets[0]} and so on?"),
            row(403, "Bert[x]", "so her sister LIVES IN Zurich by the lake?"),
            row(404, "ann", "zq7 zebra crossing at dawn, as one says"),
        ]
    rows.append(row(405, "cleo", f"{WORD} optout"))
    return rows


def made(folder: Path, rows: Sequence[str], *options: str) -> dict[str, bytes]:
    """The files that the command wrote."""
    folder.mkdir(parents=True)
    (folder / "#soup.log").write_text("\n".join(rows) + "\n")
    done = em("personas", "from", "#soup.log", "--consented", "--out", "cards", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert not {path.name for path in folder.iterdir()} - {"#soup.log", "cards"}
    return {path.name: path.read_bytes() for path in sorted((folder / "cards").iterdir())}


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made(tmp_path_factory.mktemp("drafts") / "log", talk())


def card(files: dict[str, bytes], name: str) -> Persona:
    return Persona.model_validate(parse(files[name].decode(), name))


def test_whoever_agreed_and_nobody_else_gets_a_card(cards: dict[str, bytes]) -> None:
    assert list(cards) == ["ann.yaml", "bert[x].yaml"]


def test_nobody_who_did_not_agree_leaves_a_byte(cards: dict[str, bytes]) -> None:
    every = b"\n".join(cards.values()).lower()
    for nick in (*SILENT, "cleo"):
        assert nick.lower().encode() not in every
    for text in (*SECRETS, "marmalade", "take this one back"):
        words = text.lower().split()
        for first in range(len(words) - 2):
            assert " ".join(words[first : first + 3]).encode() not in every
    assert b"xylophone" not in every, "it was said before"


@pytest.mark.parametrize(
    ("silent", "secrets"),
    [
        (("zed", "yuri", "xi_9"), ("other words in all of this", "nothing like before", "a third kind of line")),
        (SILENT, ("ok",) * 3),
    ],
    ids=["others with other words", "the same with hardly any"],
)
def test_the_files_are_the_same_whatever_those_say(
    cards: dict[str, bytes], tmp_path: Path, silent: tuple[str, ...], secrets: tuple[str, ...]
) -> None:
    assert made(tmp_path / "log", talk(silent, secrets)) == cards


def test_the_files_are_the_same_if_those_were_never_there(cards: dict[str, bytes], tmp_path: Path) -> None:
    names = [f"<{nick}>" for nick in (*SILENT, "cleo")]
    alone = [line for line in talk() if not any(part in line for part in names)]
    assert made(tmp_path / "log", alone) == cards


def test_who_names_addresses_or_quotes_them_brings_nothing_of_theirs(cards: dict[str, bytes], tmp_path: Path) -> None:
    assert made(tmp_path / "log", talk(about=True)) == cards


def test_addresses_and_the_like_are_taken_out(cards: dict[str, bytes]) -> None:
    every = b"\n".join(cards.values())
    for private in (b"ann@", b"1234567", b"https", b"[link]", b"[email]", b"[phone]"):
        assert private not in every


def test_a_card_says_how_somebody_writes(cards: dict[str, bytes]) -> None:
    ann, bert = card(cards, "ann.yaml"), card(cards, "bert[x].yaml")
    assert ann.chattiness > 1 > bert.chattiness and round(ann.chattiness + bert.chattiness) == 2
    assert bert.habits.wordiness > ann.habits.wordiness
    assert bert.habits.addresses > 1 > ann.habits.addresses
    assert (ann.hours, bert.hours) == ((21, 2), (21, 3))
    assert [tie.to for tie in bert.ties + ann.ties] in (["Bert[x]"], ["ann"])
    assert "in lower case" in ann.about and "asks a lot" in bert.about and "#soup" in ann.about
    lines = {line.split("> ", 1)[1].removeprefix("bert[x]: ").removeprefix("ann: ") for line in talk()}
    assert set(ann.voice) | set(bert.voice) <= lines, "nothing is made up"


def test_the_cards_are_valid_in_a_world(cards: dict[str, bytes], tmp_path: Path) -> None:
    root = tmp_path / "world"
    load.copy(root)
    for name, data in cards.items():
        (root / "personas" / name).write_bytes(data)
    assert em("world", "--world", root, cwd=tmp_path).returncode == 0


def test_a_run_gives_the_same_cards_as_its_log(cards: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "#soup.log").write_text("\n".join(talk()) + "\n")
    assert em("import", "#soup.log", "--run", "ours", "--shortest", "2", cwd=tmp_path).returncode == 0
    assert em("personas", "from", "ours", "--consented", "--out", "cards", cwd=tmp_path).returncode == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "cards").iterdir()} == cards


def test_pseudonyms_leave_no_nick(tmp_path: Path) -> None:
    files = made(tmp_path / "log", talk(), "--pseudonyms", "--salt", "s")
    every = " ".join([*files, *(data.decode() for data in files.values())]).lower()
    assert len(files) == 2 and not any(nick.lower() in every.split() for nick in (*AGREED, *SILENT))
    assert "bert[x]" not in every


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ((), 2, "--consented takes those who agreed"),
        (("--consented", "--fewest", "1000"), 1, "2 people agreed, none with 1000 lines"),
    ],
    ids=["not asked", "too few lines"],
)
def test_refusals(tmp_path: Path, options: tuple[str, ...], code: int, told: str) -> None:
    (tmp_path / "#soup.log").write_text("\n".join(talk()) + "\n")
    done = em("personas", "from", "#soup.log", "--out", "cards", *options, cwd=tmp_path)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "cards").exists()


def test_a_card_that_is_there_is_left_alone(cards: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "#soup.log").write_text("\n".join(talk()) + "\n")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "bert[x].yaml").write_text("mine")
    done = em("personas", "from", "#soup.log", "--consented", "--out", "cards", cwd=tmp_path)
    assert done.returncode == 2 and "is there already" in done.stderr
    assert [path.name for path in (tmp_path / "cards").iterdir()] == ["bert[x].yaml"]


def own(text: str, hour: int = 12, *, action: bool = False) -> OwnLine:
    return OwnLine(text, action, hour, None, "#x")


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        ([9] * 10, (9, 9)),
        ([22, 23, 0, 1] * 5, (22, 1)),
        ([9] * 18 + [3, 15], (9, 9)),
        ([*range(24)] * 3, None),
    ],
    ids=["one", "over midnight", "two strays", "always"],
)
def test_usual_hours(hours: list[int], wanted: tuple[int, int] | None) -> None:
    assert usual_hours(own("x", hour) for hour in hours) == wanted


@pytest.mark.parametrize(
    "line",
    [
        own("word"), own("ann said so"), own("waves at them all", action=True), own("see [link] for it"), own("a b"),
        own("x " * 200),
    ],
    ids=["a word", "a name", "an action", "taken out", "short", "long"],
)  # fmt: skip
def test_lines_that_are_no_example(line: OwnLine) -> None:
    assert example_lines([line, own("this one is"), own("This one is")], ["ann"], 5) == ["this one is"]


def test_examples_go_from_short_to_long() -> None:
    lines = [own(f"a line of {'very ' * n}many words") for n in range(30)]
    shown = example_lines(lines, [], 5)
    assert [len(text) for text in shown] == sorted(len(text) for text in shown) and len(shown) == 5
    assert (shown[0], shown[-1]) == (lines[0].text, lines[29].text)


@pytest.mark.parametrize(
    "text", ['"quoted" and # not a comment', "a: b, [c] {d} & *e !f", "tab\tand \u2028 and \x85", "yes"]
)
def test_what_people_type_is_text_in_the_file(text: str) -> None:
    persona = shipped().lead.model_copy(update={"voice": (text, "another one"), "about": text * 3, "voice_for": {}})
    written = DraftedCard(persona, 20).as_yaml()
    assert Persona.model_validate(parse(written, "x")).voice[0] == text.strip()
    assert parse("\n".join(block({"a": {"b": [text] * 9}})), "x") == {"a": {"b": [text] * 9}}


def test_relative_figures_are_of_those_with_a_card() -> None:
    people = {nick: [own(f"word number {n} of it", n % 5) for n in range(count)] for nick, count in
              (("ann", 60), ("bert", 20), ("few", 5))}  # fmt: skip
    found = {draft.persona.nick: draft.persona.chattiness for draft in drafted(people, shipped())}
    assert found == {"ann": 1.5, "bert": 0.5}
    assert Counter(draft.lines for draft in drafted(people, shipped(), fewest=5)) == Counter((60, 20, 5))
