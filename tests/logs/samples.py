"""One small talk in every format, written for these tests, and what each format must make of it."""

from __future__ import annotations

import json
from pathlib import Path

TALK = (
    ("message", "pim", "who put soup in the printer"),
    ("message", "Rolf[x]", "pim: not me, see <the log>"),
    ("action", "pim", "waves a spoon"),
    ("message", "rolf|away", "[12:00] <pim> it was me"),
    ("message", "pim", "that is forged"),
)
"""Kind, nick as shown, text. `Rolf[x]` becomes `rolf|away` after the action."""
PEOPLE = ("pim", "Rolf[x]", "pim", "Rolf[x]", "pim")

TEXTS = {
    "irssi": """--- Log opened Sat Mar 03 09:58:00 2012
09:58 -!- Rolf[x] [~r@a.invalid] has joined #kitchen
09:59 <@pim> who put soup in the printer
10:00 < Rolf[x]> pim: not me, see <the log>
10:00  * pim waves a spoon
10:01 -!- mode/#kitchen [+o pim] by ChanServ
10:01 -!- Rolf[x] is now known as rolf|away
10:01 < rolf|away> [12:00] <pim> it was me
--- Day changed Sun Mar 04 2012
00:02 <@pim> that is forged
00:03 -!- rolf|away [~r@a.invalid] has quit [Quit: soup]
--- Log closed Sun Mar 04 00:05:00 2012
""",
    "weechat": """2012-03-03 09:58:00\t-->\tRolf[x] (~r@a.invalid) has joined #kitchen
2012-03-03 09:59:01\t@pim\twho put soup in the printer
2012-03-03 10:00:00\tRolf[x]\tpim: not me, see <the log>
2012-03-03 10:00:04\t *\tpim waves a spoon
2012-03-03 10:00:09\t--\tMode #kitchen [+o pim] by ChanServ
2012-03-03 10:01:00\t--\tRolf[x] is now known as rolf|away
2012-03-03 10:01:02\trolf|away\t[12:00] <pim> it was me
2012-03-04 00:02:00\t@pim\tthat is forged
2012-03-04 00:03:00\t<--\trolf|away (~r@a.invalid) has quit (Quit: soup)
""",
    "znc": """[09:58:00] *** Joins: Rolf[x] (~r@a.invalid)
[09:59:01] <pim> who put soup in the printer
[10:00:00] <Rolf[x]> pim: not me, see <the log>
[10:00:04] * pim waves a spoon
[10:00:09] *** ChanServ sets mode: +o pim
[10:01:00] *** Rolf[x] is now known as rolf|away
[10:01:02] <rolf|away> [12:00] <pim> it was me
[00:02:00] <pim> that is forged
[00:03:00] *** Quits: rolf|away (~r@a.invalid) (Quit: soup)
""",
    "mirc": """Session Start: Sat Mar 03 09:58:00 2012
Session Ident: #kitchen
\x0303[09:58] * Rolf[x] (~r@a.invalid) has joined #kitchen\x03
[09:59] <@pim> who put \x02soup\x02 in the \x0304,01printer\x03
[10:00] <Rolf[x]> pim: not me, see <the log>
\x0306[10:00] * pim waves a spoon\x03
\x0303[10:01] * ChanServ sets mode: +o pim\x03
\x0303[10:01] * Rolf[x] is now known as rolf|away\x03
[10:01] <rolf|away> [12:00] <pim> it was me
[00:02] <@pim> that is forged
\x0302[00:03] * rolf|away (~r@a.invalid) Quit (Quit: soup)\x03
Session Close: Sun Mar 04 00:05:00 2012
""",
    "eggdrop": """[00:00] --- Sat Mar 03 2012
[09:58] Rolf[x] (~r@a.invalid) joined #kitchen.
[09:59] <pim> who put soup in the printer
[10:00] <Rolf[x]> pim: not me, see <the log>
[10:00] Action: pim waves a spoon
[10:01] #kitchen: mode change '+o pim' by ChanServ!s@services.
[10:01] Nick change: Rolf[x] -> rolf|away
[10:01] <rolf|away> [12:00] <pim> it was me
[00:02] <pim> that is forged
[00:03] rolf|away (~r@a.invalid) left irc: Quit: soup
""",
    "hexchat": """**** BEGIN LOGGING AT Sat Mar 03 09:58:00 2012

Mar 03 09:58:00 *\tRolf[x] (~r@a.invalid) has joined
Mar 03 09:59:01 <pim>\twho put soup in the printer
Mar 03 10:00:00 <Rolf[x]>\tpim: not me, see <the log>
Mar 03 10:00:04 *\tpim waves a spoon
Mar 03 10:00:09 *\tChanServ gives channel operator status to pim
Mar 03 10:01:00 *\tRolf[x] is now known as rolf|away
Mar 03 10:01:02 <rolf|away>\t[12:00] <pim> it was me
Mar 04 00:02:00 <pim>\tthat is forged
Mar 04 00:03:00 *\trolf|away has quit (Quit: soup)
""",
    "ubuntu": """=== Rolf[x] [r@a.invalid]  has joined #kitchen
[09:59] <pim> who put soup in the printer
[10:00] <Rolf[x]> pim: not me, see <the log>
=== pim waves a spoon
=== mode/#kitchen [+o pim] by ChanServ
=== Rolf[x] is now known as rolf|away
[10:01] <rolf|away> [12:00] <pim> it was me
[00:02] <pim> that is forged
=== rolf|away [r@a.invalid]  has quit ["soup"]
""",
}
NAMES = {name: f"{name}-2012-03-03.log" for name in TEXTS}


def write(folder: Path, name: str) -> Path:
    path = folder / NAMES[name]
    path.write_text(TEXTS[name])
    return path


def message(number: int, who: str, text: str, *, at: str = "", kind: str = "Default", **fields: object) -> dict:
    """One of DiscordChatExporter's."""
    author = {"id": str(sum(map(ord, who))), "name": who.lower(), "nickname": who, "isBot": False}
    author |= fields.pop("author", {})
    stamp = at or f"2012-03-03T10:{number // 60:02}:{number % 60:02}.000+00:00"
    return {"id": str(number), "type": kind, "timestamp": stamp, "content": text, "author": author, **fields}


def discord(folder: Path, messages: list[dict], name: str = "export.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"guild": {"name": "g"}, "channel": {"name": "kitchen"}, "messages": messages}))
    return path
