"""Every further format gives the same talk; what is not certain is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.logs.conversations import Conversation, SplitRules
from simulator.logs.entry import JOIN, PART, RENAME
from simulator.logs.formats.registry import detect
from simulator.logs.line_counts import LineCounts
from simulator.logs.log_files import LogSelection, logs
from simulator.logs.nicks import legal
from simulator.logs.reading import account, conversations, flow
from tests.logs import other_formats, samples

WHOLE = SplitRules(silence=1e6, shortest=2)


def read(path: Path, format: str = "auto") -> tuple[list[Conversation], LineCounts]:
    told = account(path, format, None)
    return list(conversations(path, WHOLE, told)), told


@pytest.mark.parametrize("name", other_formats.TEXTS)
def test_one_talk_in_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / "#kitchen-2012-03-03.log"
    path.write_text(other_formats.TEXTS[name])
    assert detect(path) == name
    (found,), told = read(path)
    spoken = [turn for turn in found.turns if turn.spoken]
    assert [(turn.kind, turn.text) for turn in spoken] == [(kind, text) for kind, _, text in samples.TALK]
    assert [turn.nick for turn in spoken] == list(samples.PEOPLE)
    assert (told.messages, told.actions, told.not_understood) == (4, 1, 0)
    assert told.kinds[JOIN] in (1, 2) and told.kinds[PART] == told.kinds[RENAME] == 1
    if name != "mirc-timeless":
        assert round((spoken[-1].at - spoken[0].at) / 60) - 14 * 60 in ((3, 4) if name == "erc" else (3,))


@pytest.mark.parametrize("name", other_formats.MESSENGERS)
def test_messengers(tmp_path: Path, name: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(other_formats.MESSENGERS[name])
    assert detect(path) == name
    (found,), told = read(path)
    assert [(legal(turn.nick), turn.text) for turn in found.turns if turn.spoken] == list(other_formats.MESSENGER_TALK)
    assert told.not_understood == 0


@pytest.mark.parametrize(("odd", "certain"), [(0, True), (5, True), (14, False), (28, False)])
def test_a_likeness_that_is_not_certain_is_told(tmp_path: Path, odd: int, certain: bool) -> None:
    path = tmp_path / "x.log"
    said = [f"[10:{n:02}:00] <{('ann', 'bob')[n % 2]}> line {n}\n" for n in range(60 - odd)]
    path.write_text("".join([*said, *["!! something else\n"] * odd]))
    if certain:
        assert detect(path) == "znc"
        return
    with pytest.raises(UsageError, match=f"looks like ZNC, {odd} of 60 lines do not") as raised:
        detect(path)
    assert "--format znc" in str(raised.value)
    assert read(path, "znc")[1].not_understood == odd


@pytest.mark.parametrize(
    "text", ["Dear diary,\nnothing happened.\n", "a,b\n1,2\n", "10:00\n10:01\n", "* a list\n* of things\n"]
)
def test_a_refusal_names_no_format_that_understands_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.log"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        detect(path)
    assert "no known log format" in str(raised.value) and "nearest" not in str(raised.value)


def test_a_refusal_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    said = [f"2012-03-03 10:{n:02}:00\tann\tline {n}\n" for n in range(20)]
    path.write_text("".join([*said, *["!! something else\n"] * 30]))
    with pytest.raises(UsageError, match="the nearest is WeeChat, which does not know 30 of the first 50 lines"):
        detect(path)


CLIENTS_OWN = {
    "znc": ["[10:00:01] <***> Buffer Playback...", "[10:00:01] <*status> Disconnected",
    "[10:00:02] *** Server sets mode: +nt"],
    "mirc": ["[10:00] * Now talking in #x", "[10:00] * Attempting to rejoin channel #x",
    "[10:00] * Rejoined channel #x",
             "[10:00] * Retrieving #x info...", "[10:00] * Topic is 'y'", "[10:00] * Set by a on Sat",
             "[10:00] * Loaded script",
             "[10:00] * Unable to resolve", "[10:00] * Disconnected", "[10:00] * Added a to notify"],
    "irssi": ["10:00 -!- Irssi: #x: Total of 3 nicks", "10:00 -!- mode/#x [+o a] by b",
    "10:00 -!- Netsplit a <-> b quits: c"],
    "hexchat": ["Mar 03 10:00:00 *\tNow talking on #x", "Mar 03 10:00:00 *\tTopic for #x is: y",
                "Mar 03 10:00:00 *\tReceived a CTCP PING from a (to #x)", "Mar 03 10:00:00 *\tDisconnected (reset)",
                "Mar 03 10:00:00 *\tc gives voice to b", "Mar 03 10:00:00 *\tYou have left channel #x"],
    "weechat": ["2012-03-03 10:00:00\t--\tMode #x [+o a] by b", "2012-03-03 10:00:00\t\t",
    "2012-03-03 10:00:00\t=!=\terror",
                "2012-03-03 10:00:00\t--\tYou are now known as you_"],
    "eggdrop": ["[10:00] #x: mode change '+o a' by b!c@d", "[10:00] a (~g@h) got netsplit.",
    "[10:00] b (~g@h) returned to #x."],
    "irccloud": ["[2012-03-03 10:00:00] → c joined (~c@h)", "[2012-03-03 10:00:00] ⇐ c quit (~c@h): bye",
                 "[2012-03-03 10:00:00] * c → d"],
    "ubuntu": ["=== You've been kicked", "=== #x: topic", "=== topic: is y", "[10:00]  * #x created"],
}  # fmt: skip
CHAT = {
    "znc": "[10:00:00] <{}> hi {}", "mirc": "[10:00] <{}> hi {}", "irssi": "10:00 < {}> hi {}",
    "eggdrop": "[10:00] <{}> hi {}",
    "hexchat": "Mar 03 10:00:00 <{}>\thi {}", "weechat": "2012-03-03 10:00:00\t{}\thi {}",
    "ubuntu": "[10:00] <{}> hi {}",
    "irccloud": "[2012-03-03 10:00:00] <{}> hi {}",
}  # fmt: skip


@pytest.mark.parametrize("name", CLIENTS_OWN)
def test_nobody_is_made_of_what_a_program_says_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.log"
    chat = [CHAT[name].format(nick, n) for n in range(6) for nick in ("ann", "bob")]
    path.write_text("\n".join([*chat[:6], *CLIENTS_OWN[name], *chat[6:]]) + "\n")
    _, told = read(path, name)
    assert set(told.speakers) == {"ann", "bob"} and told.actions == 0 and told.not_understood == 0
    assert told.messages == 12


SHOWN = ["{}", "@{}", "@+{}", "~&@{}", "      {}", "<{}>", "<@{}>", "[{}]", "{}:", "★{}"]


@pytest.mark.parametrize("shown", SHOWN)
def test_signs_around_a_nick_make_nobody_two(tmp_path: Path, shown: str) -> None:
    path = tmp_path / "x.weechatlog"
    said = [
        (shown if n % 3 else SHOWN[5] if shown == SHOWN[6] else shown).format(("ann", "bob")[n % 2]) for n in range(12)
    ]
    rows = [f"2012-03-03 10:{n:02}:00\t{nick}\tline {n}" for n, nick in enumerate(said)]
    path.write_text("\n".join(["2012-03-03 09:59:00\t-->\tann (~a@h.invalid) has joined #x", *rows]))
    assert set(read(path)[1].speakers) == {"ann", "bob"}


@pytest.mark.parametrize("status", ["@", "+", "@+", "%", "~", " ", "        ", "@    "])
@pytest.mark.parametrize("clock", ["10:{:02}", "2012-03-03 10:{:02}:00", "2012-03-03 10:{:02} -0500", "[10:{:02}:00]"])
def test_signs_before_a_nick_in_brackets(tmp_path: Path, status: str, clock: str) -> None:
    path = tmp_path / "x.log"
    rows = [f"{clock.format(n)} <{status if n % 4 else ''}{('ann', 'bob')[n % 2]}> line {n}" for n in range(12)]
    path.write_text("\n".join(rows))
    assert set(read(path)[1].speakers) == {"ann", "bob"}


OWNERS = {
    "irssi": ("10:00 -!- moss [~m@h.invalid] has joined #x", "10:0{} < {}> line {}",
    "10:05 -!- You're now known as moss2"),
    "weechat": ("2012-03-03 10:00:00\t-->\tmoss (~m@h.invalid) has joined #x", "2012-03-03 10:0{}:00\t{}\tline {}",
                "2012-03-03 10:05:00\t--\tYou are now known as moss2"),
    "hexchat": ("Mar 03 10:00:00 *\tmoss (~m@h.invalid) has joined", "Mar 03 10:0{}:00 <{}>\tline {}",
                "Mar 03 10:05:00 *\tYou are now known as moss2"),
    "circe": ("[10:00:00] *** Join: moss (~m@h.invalid)", "[10:0{}:00] <{}> line {}",
              "[10:05:00] *** Nick change: You are now known as moss2"),
}  # fmt: skip


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("name", OWNERS)
def test_the_owner_of_a_log_stays_one_person(tmp_path: Path, name: str, joined: bool) -> None:
    path = tmp_path / "x.log"
    first, line, renamed = OWNERS[name]
    before = [line.format(n, nick, n) for n in range(1, 5) for nick in ("ann", "moss")]
    after = [line.format(n, nick, n) for n in range(6, 9) for nick in ("ann", "moss2")]
    path.write_text("\n".join([*([first] if joined else []), *before, renamed, *after]))
    _, told = read(path, name)
    assert set(told.speakers) == {"ann", "moss"} and told.speakers["moss"] == 7


def test_an_owner_who_cannot_be_known_is_another_person_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    line = "10:0{} < {}> line {}"
    before = [line.format(n, nick, n) for n in range(1, 5) for nick in ("ann", "cy", "moss")]
    after = [line.format(n, nick, n) for n in range(6, 9) for nick in ("ann", "moss2")]
    path.write_text("\n".join([*before, "10:05 -!- You're now known as moss2", *after]))
    _, told = read(path, "irssi")
    assert set(told.speakers) == {"ann", "cy", "moss", "moss2"} and any("owner" in note for note in told.notes)


def test_a_language_that_is_not_known_makes_nothing_of_starred_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    said = [f"Zul 09 10:0{n}:00 <{nick}>\tline {n}" for n in range(6) for nick in ("ann", "bob")]
    own = ["Zul 09 10:05:00 *\tann zegzeg bob", "Zul 09 10:05:00 *\tann eblu ann_"]
    path.write_text("\n".join(["**** ZOGZOG LOG Mon Mar  9 09:57:52 2026", "", *said[:8], *own, *said[8:]]))
    _, told = read(path)
    assert set(told.speakers) == {"ann", "bob"} and told.actions == 0 and told.messages == 12
    assert told.plain()["first_message_utc"] == "2026-03-09T10:00:00Z"


DATES = {
    "znc/net/#tea/2012-03-03.log": ("net", "#tea"),
    "logs/net/#tea/2012/03/03.log": ("", "#tea"),
    "net_#tea_20120303.log": ("", "#tea"),
    "2012-03/#tea.03.log": ("", "#tea"),
    "2012/03/03/#tea.log": ("", "#tea"),
    "#tea.log.03Mar2012": ("", "#tea"),
}


@pytest.mark.parametrize("name", DATES)
def test_names_and_folders_tell_date_network_and_channel(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"[10:{n:02}:00] <{('ann', 'bob')[n % 2]}> line {n}\n" for n in range(12)))
    ((log,),) = logs(LogSelection((path,)), [])
    list(flow([log], SplitRules()))
    told = log.account
    assert told.plain()["first_message_utc"] == "2012-03-03T10:00:00Z" and told.channel == "#tea"
    if DATES[name][0]:
        assert told.network == DATES[name][0]


def test_the_first_date_behind_midnight_dates_the_lines_before_it(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    said = [f"[23:{n:02}] <{('ann', 'bob')[n % 2]}> line {n}" for n in range(50, 60)]
    path.write_text("\n".join([*said, "[00:00] --- Sun Mar  4 2012", "[00:01] <ann> night"]))
    _, told = read(path, "eggdrop")
    facts = told.plain()
    assert (facts["first_message_utc"], facts["last_message_utc"]) == ("2012-03-03T23:50:00Z", "2012-03-04T00:01:00Z")
