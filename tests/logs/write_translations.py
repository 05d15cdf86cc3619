"""Writes `simulator/logs/formats/translations.json` from the message catalogues of installed clients.

Not a test. It wants Debian's hexchat-common and weechat-core (their `.mo` files) and locales (names of months):

    python -m tests.logs.write_translations

Of sentences that begin with words, only what stands before the first name is kept: it tells them from what people do.
"""

from __future__ import annotations

import gettext
import json
import re
from pathlib import Path

from simulator.logs.entry import JOIN, NOTICE, PART, RENAME, SYSTEM, TOPIC
from simulator.logs.formats import translations

CATALOGUES = Path("/usr/share/locale")
LOCALES = Path("/usr/share/i18n/locales")
HEXCHAT_EVENTS = {
    "%C23*$t$1 ($3%C23) has joined": (JOIN, {"1": "nick", "3": "host"}),
    "%C24*$t$1 ($2%C24) has left": (PART, {"1": "nick", "2": "host"}),
    "%C24*$t$1 ($2%C24) has left ($4)": (PART, {"1": "nick", "2": "host"}),
    "%C24*$t$1 has quit ($2)": (PART, {"1": "nick"}),
    "%C24*%O$t%C28$1%O is now known as %C18$2%O": (RENAME, {"1": "nick", "2": "new"}),
    "%C20*%O$tYou are now known as %C18$2%O": (RENAME, {"2": "new"}),
    "%C22*%O$t%C26$1%C has changed the topic to: $2%O": (TOPIC, {"1": "nick", "2": "text"}),
    "%C22*%O$t%C26$1%C has kicked %C18$2%C from %C22$3%C (%C24$4%O)": (PART, {"2": "nick"}),
}
WEECHAT_SENTENCES = {
    "%s%s%s%s is now known as %s%s%s": (RENAME, ("nick", "new")),
    "%sYou are now known as %s%s%s": (RENAME, ("", "new")),
    '%s%s%s%s has changed topic for %s%s%s to "%s%s%s"': (TOPIC, ("nick", "channel", "text")),
    '%s%s%s%s has changed topic for %s%s%s from "%s%s%s" to "%s%s%s"': (TOPIC, ("nick", "channel", "any", "text")),
    "%s%s%s%s has kicked %s%s%s": (PART, ("word", "nick")),
    "%s%s%s%s has kicked %s%s%s %s(%s%s%s)": (PART, ("word", "nick", "", "any")),
    "%s%sNotice%s(%s%s%s%s%s%s%s)%s: %s": (NOTICE, ("nick", "text")),
}


def catalogue(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        entries = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # the one place that has them
    return {key: value for key, value in entries.items() if isinstance(key, str) and isinstance(value, str)}


def hexchat_template(text: str, parts: dict[str, str]) -> str:
    text = re.sub(r"%(?:C\d*|[OBUIHR])|\$a\d{3}", "", text).replace("$t", "\t").replace("\n", "")
    used: set[str] = set()

    def part(found: re.Match[str]) -> str:
        name = parts.get(found[1], "any")
        if name in used:
            return "{any}"
        used.add(name)
        return f"{{{name}}}"

    made = re.sub(r"\$(\d)", part, text)
    return made.replace("*\t{any}", "*\t{word}", 1) if made.startswith("*\t{any}") else made


def hexchat(entries: dict[str, str]) -> dict[str, object]:
    rows: list[list[str]] = []
    for source, (kind, parts) in HEXCHAT_EVENTS.items():
        template = hexchat_template(entries.get(source, source), parts)
        if all(f"{{{name}}}" in template for name in parts.values() if name in ("nick", "new")):
            rows.append([kind, template])
    for source in sorted(SYSTEM_SOURCES):
        template = hexchat_template(entries.get(source, source), {})
        before = template.split("{", 1)[0]
        if len(before.strip("*\t ")) >= 8:
            template = before + "{any}"
        if sum(c.isalpha() for c in re.sub(r"\{\w+\}", "", template)) >= 4 and [SYSTEM, template] not in rows:
            rows.append([SYSTEM, template])
    begin = entries.get("**** BEGIN LOGGING AT %s\n", "**** BEGIN LOGGING AT %s").split("%s")[0].strip()
    return {"begin": begin, "sentences": rows}


def weechat_template(text: str, parts: tuple[str, ...]) -> str | None:
    """The placeholders stand in groups of colour, word, colour; each group is one part."""
    groups = re.split(r"(?:%s)+", text)
    if len(groups) - 1 != len(parts):
        return None
    made = groups[0]
    for name, rest in zip(parts, groups[1:], strict=True):
        made += (f"{{{name}}}" if name else "") + rest
    return made


def months(language: str) -> dict[str, int]:
    for name in (f"{language}_{language.upper()}", *sorted(path.name for path in LOCALES.glob(f"{language}_*"))):
        path = LOCALES / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"^abmon\s+((?:.*/\s*\n)*.*)$", text, re.MULTILINE):
            names = re.findall(r'"([^"]*)"', found[1])
            spelt = [re.sub(r"<U([0-9A-F]{4})>", lambda x: chr(int(x[1], 16)), name) for name in names]
            return {name.strip(" .").lower(): number for number, name in enumerate(spelt, 1)}
    return {}


SYSTEM_SOURCES: set[str] = set()


def main() -> None:
    found = {path.parent.parent.name: catalogue(path) for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/hexchat.mo"))}
    SYSTEM_SOURCES.update(
        source
        for entries in found.values()
        for source in entries
        if re.match(r"^(?:%C\d*)?\*(?:%[OC]\d*)?\$t", source) and source not in HEXCHAT_EVENTS and "DCC" not in source
    )
    made: dict[str, dict[str, object]] = {"": {"hexchat": hexchat({}), "months": {}}}
    for language, entries in found.items():
        known = sum(entries.get(source, source) != source for source in HEXCHAT_EVENTS)
        if known >= len(HEXCHAT_EVENTS) // 2 and not language.startswith("en"):
            made[language] = {"hexchat": hexchat(entries), "months": months(language.split("_")[0].split("@")[0])}
    weechat: list[list[str]] = []
    for entries in [{}, *(catalogue(path) for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/weechat.mo")))]:
        for source, (kind, parts) in WEECHAT_SENTENCES.items():
            template = weechat_template(entries.get(source, source), parts)
            if template is not None and [kind, template] not in weechat:
                weechat.append([kind, template])
    text = json.dumps({"weechat": weechat, "languages": made}, ensure_ascii=False, indent=0)
    translations.FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
