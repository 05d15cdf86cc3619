"""What tells where somebody lives on the net or off it, taken out of a text: links, mail, hosts, addresses, phones."""

from __future__ import annotations

import ipaddress
import re

LINK, MAIL, HOST, ADDRESS, PHONE = "[link]", "[email]", "[host]", "[address]", "[phone]"

_WORTH = re.compile(r"[@!]|://|\d\.\d|\d{3}|[:(]|[wW]{3}\.|\.[a-zA-Z]{2}|\b[aA][tT]\b")
"""A text without any of these holds nothing of the kind, and most texts are such."""
_URL = re.compile(r"(?<![\w])(?:[a-z][a-z0-9+.-]{1,15}://|www\d?\.)[^\s<>\"]+|\bmailto:\S+", re.IGNORECASE)
_TAIL = re.compile(r"[.,;:!?'\"”’]+$")
_DOMAIN = re.compile(
    r"(?<![\w@./\\$-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?:com|org|net|edu|gov|info|invalid|io|me|tv|co|uk|de|fr|nl|eu|us|ca|au|ch|at|se|no|fi|it|es|pl|ru|jp|cn|br|in|be)"
    r"(?::\d+)?(?:/[^\s<>\"]*)?(?![\w-])",
    re.IGNORECASE,
)
_MASK = re.compile(r"[^\s!@()\[\]<>]+![^\s@()\[\]<>]+@[^\s()\[\]<>]+")
_AT = re.compile(r"(?<![\w@.+~-])[~]?[\w.+%-]+@((?:[\w-]+\.)*[\w-]+)(?::~?\S*)?")
_SPELT = re.compile(
    r"\b[\w.+-]+ ?(?:\(at\)|\[at\]| at ) ?[\w-]+(?: ?(?:\(dot\)|\[dot\]| dot |\.) ?[a-z]{2,10})+\b", re.IGNORECASE
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}[.-]){3}\d{1,3}(?::\d{1,5}|/\d{1,2})?(?![\w-]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])\[?((?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?)(?:%\w+)?(?:\](?::\d+)?)?(?:/\d{1,3})?(?![\w:])"
)
_HARDWARE = re.compile(r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.:/#-])(?:"
    r"\+\d{1,3}(?:[ ./-]?\(?\d{1,4}\)?){2,6}"  # +49 30 1234567
    r"|\(\d{2,5}\) ?\d{2,4}(?:[ .-]?\d{2,5}){1,2}"  # (030) 1234-567
    r"|\d{3}([.-])\d{3}\1\d{4}"  # 555-010-1234
    r"|0\d{1,4}[ /-]\d{2,4}(?:[ -]?\d{2,5}){1,3}"  # 030 1234567
    r")(?![\w/-]|\.\d)"
)


def without_addresses(text: str) -> str:
    """The text with `[link]`, `[email]`, `[host]`, `[address]` and `[phone]` where such a thing stood.

    In doubt something is taken out: four numbers with dots may be a version.

    >>> without_addresses("see https://example.org/a?b, or write to ann@example.org")
    'see [link], or write to [email]'
    """
    if not _WORTH.search(text):
        return text
    text = _URL.sub(_link, text)
    if "@" in text:
        text = _AT.sub(_mail, _MASK.sub(HOST, text))
    text = _SPELT.sub(_spelt, text)
    if ":" in text:
        text = _IPV6.sub(_address, _HARDWARE.sub(ADDRESS, text))
    text = _IPV4.sub(_address4, text)
    return _PHONE.sub(_phone, _DOMAIN.sub(_domain, text))


def _link(found: re.Match[str]) -> str:
    tail = _TAIL.search(found[0])
    if found[0].endswith(")") and "(" not in found[0]:
        return f"{LINK})"
    return LINK + (tail[0] if tail else "")


def _mail(found: re.Match[str]) -> str:
    return (MAIL if "." in found[1] else HOST) + (tail[0] if (tail := re.search(r"[,;!?)]+$", found[0])) else "")


def _spelt(found: re.Match[str]) -> str:
    """`ann at example dot org`; not `look at example.c`, unless the dot is spelt or the at is in brackets."""
    sure = re.search(r"[(\[](?:at|dot)[)\]]| dot ", found[0], re.IGNORECASE)
    return MAIL if sure else found[0]


def _domain(found: re.Match[str]) -> str:
    """One letter before a short ending is a file or an abbreviation (`a.in`, `e.g.`), not a name on the net."""
    labels = found[0].split("/")[0].split(":")[0].split(".")
    return found[0] if len(labels) == 2 and len(labels[0]) < 2 else LINK


def _address(found: re.Match[str]) -> str:
    inner = found[1]
    # `std::x` and `::` are code; an address has a digit somewhere.
    if not any(c.isdigit() for c in inner):
        return found[0]
    try:
        ipaddress.IPv6Address(inner)
    except ValueError:
        return found[0]
    return ADDRESS


def _address4(found: re.Match[str]) -> str:
    numbers = re.findall(r"\d+", found[0])[:4]
    return ADDRESS if all(int(number) < 256 for number in numbers) else found[0]


def _phone(found: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in found[0])
    return PHONE if (9 if found[0][0] == "0" else 7) <= digits <= 15 else found[0]
