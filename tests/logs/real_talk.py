"""The talk that `write_real_logs` has two people hold, and what an importer must find of it."""

from __future__ import annotations

CHANNEL = "#tea"


def _say(text: str) -> str:
    return f"PRIVMSG {CHANNEL} :{text}"


def _me(text: str) -> str:
    return _say(f"\x01ACTION {text}\x01")


STEPS: tuple[tuple[str, str | bytes], ...] = (
    ("rolf", f"JOIN {CHANNEL}"),
    ("pim", _say("good morning, who put soup in the printer?")),
    ("rolf", _say("pim: not me, see <the log>")),
    ("owner", "first line of my own"),
    ("pim", _me("waves a spoon")),
    ("rolf", "NICK rolf|away"),
    ("rolf", _say("[12:00] <pim> it was me")),
    ("pim", _say("that is forged")),
    ("rolf", _me("is now known as the soup master")),
    ("rolf", _me("is now known as Sleepy")),
    ("pim", _say("* rolf is no action, i typed a star")),
    ("owner", "/nick {nick}"),
    ("owner", "after my change of nick"),
    ("owner", "/me dances"),
    ("rolf", "NICK Rolf[x]"),
    ("rolf", _say("back: \x02bold\x02 and \x0304,01red\x03, café — “quotes” 日本 привет")),
    ("pim", _me("has quit (smoking, i mean)")),
    ("pim", _say("-!- this line starts with dashes")),
    ("rolf", f"PRIVMSG {CHANNEL} :caf".encode() + b"\xe9 in latin-1"),
    ("pim", f"MODE {CHANNEL} +v Rolf[x]"),
    ("rolf", _say("--> an arrow, and I have a voice now")),
    ("pim", f'TOPIC {CHANNEL} :Tea, music: and "quotes" (all day)'),
    ("rolf", f"NOTICE {CHANNEL} :a notice to the room"),
    ("pim", f"KICK {CHANNEL} Rolf[x] :be nice: or (go)"),
    ("rolf", f"JOIN {CHANNEL}"),
    ("rolf", _say("ok, i am nice")),
    ("pim", _say("   three spaces before,  two inside")),
    ("rolf", _say("пусть эта строка будет длинной " * 7)),
    ("rolf", f"PART {CHANNEL} :see you (later)"),
    ("rolf", f"JOIN {CHANNEL}"),
    ("rolf", _say("one more thing")),
    ("pim", _say("go on")),
    ("rolf", "QUIT :bye: (all)"),
    ("pim", _say("and rolf is gone")),
)
