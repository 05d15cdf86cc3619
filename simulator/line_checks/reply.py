"""From a model's raw reply to one line."""

from __future__ import annotations

import re

from simulator.llm.reasoning import separate

_END_TOKEN = re.compile(r"(?:<\|[^|>]*\|>|<\uff5c[^\uff5c>]*\uff5c>|</s>|<end_of_turn>|<turn\|>|<eos>)\s*$")
_FENCE = re.compile(r"^ *```[\w-]*[ \x0b\x0c]*$", re.MULTILINE)
_CLOCK = re.compile(r"\s*\[\d\d:\d\d(?::\d\d)?\]\s*")
_CONTROL = re.compile(
    "\x03\\d{0,2}(?:,\\d{1,2})?|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]"
)
_OTHERS_LINE = re.compile(
    r"<[^\s<>]{1,31}>|\*\*?[\w\[\]\\`^{}|-]{1,30}:?\*?\*?:? |[A-Za-z_][\w\[\]\\`^{}|-]{0,30}: |\* \S|---|==="
)
_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»"}


def clean(raw: str, nick: str) -> str:
    """A model's raw reply as one line: what the model meant to type, if it kept to its own line.

    Taken away: thoughts, code fences, control characters, the own `<nick>` or `nick:` in front, quotation marks around
    the whole, and everything from the first line on that belongs to somebody else. Such a reply only ran on: its own
    part is whole, and nothing of the rest gets into the channel. A reply that *begins* with somebody else's line is
    left as it is, for `LineChecker.faults` to refuse. Several lines of one's own become one.

    >>> clean('<kai> "hello there"\\n<mara> hi', "kai")
    'hello there'
    """
    text = _END_TOKEN.sub("", separate(raw).answer)
    text = _CONTROL.sub("", _FENCE.sub("", text.replace("\r", "\n").replace("\t", " ")))
    own = re.compile(rf"(?:<{re.escape(nick)}>|\**{re.escape(nick)}\**:\**)\s*", re.IGNORECASE)
    kept: list[str] = []
    for row in text.split("\n"):
        if clock := _CLOCK.match(row):
            row = row[clock.end() :]
        row = row.strip()
        mine = own.match(row)
        if not mine and kept and _OTHERS_LINE.match(row):
            break
        row = row[mine.end() :] if mine else row
        if row:
            kept.append(row)
    line = " ".join(" ".join(kept).split())
    closing = _QUOTES.get(line[:1])
    if closing and len(line) > 2 and line.endswith(closing) and closing not in line[1:-1]:
        line = line[1:-1].strip()
        if mine := own.match(line):
            line = line[mine.end() :]
    return line
