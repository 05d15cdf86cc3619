"""Text that would do something to a terminal if it got there, and text that is as wide as it is not long."""

from __future__ import annotations

import re

ATTACKS = {
    "clear": "before\x1b[2Jafter",
    "bell": "ding\x07dong",
    "title": "\x1b]0;owned\x07",
    "c1": "\x9b31mred\x85next",
    "backspace": "safe\x08\x08\x08\x08evil",
    "return": "one\rtwo\nthree",
    "direction": "abc\u202edcba\u2066x",
    "invisible": "zero\u200bwidth\ufeff\u2028line",
    "delete": "a\x7fb",
    "tags": "a\U000e0041b",
    "markup": "[bold red]no[/] [link=http://x]",
}
WIDE = [
    "日本語のテキスト" * 12,
    "👩‍👩‍👧‍👦 family 👍🏽 ❤️ 🇩🇪 " * 8,
    "e\u0301" * 90,
    "x" * 300,
    "ｆｕｌｌ ｗｉｄｔｈ " * 10,
]
TEXTS = [*ATTACKS.values(), *WIDE]
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
"""What may not reach a terminal; newlines are ours."""
