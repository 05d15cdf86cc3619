"""What tells who somebody is, replaced: nicks by pseudonyms; links, mail, hosts, addresses and phones by a word."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable

from simulator.logs.nicks import COMMON_WORDS, fold, legal

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


_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
SYLLABLES = 4
"""Of a pseudonym: 24 million names, so that two people of one channel hardly ever draw the same."""
_TOKEN = re.compile(r"[A-Za-z0-9\[\]\\`_^{|}-]+")
_EDGE = re.compile(r"[\[\]\\`_^{|}-]+")
_OWNED = re.compile(r"\b(?:a|an|the|my|your|this|every|some|any|no|of) $", re.IGNORECASE)


class RunNames:
    """Nicks of the log to nicks of the run, one to one.

    The lead gets the nick of the world's card. Everybody else keeps the own one, made legal where it is not, or with a
    salt a pseudonym that the salt and the nick alone decide, but for clashes.
    """

    def __init__(
        self, *, lead: str, shown_lead: str, personas: Iterable[str], salt: str | None, known: Iterable[str] = ()
    ) -> None:
        """`lead`: the lead's nick in the run, `shown_lead`: in the log. `personas`: nicks that nobody may be given.
        `salt`: None leaves the nicks as they are. `known`: nicks of the log, which mentions are looked up in."""
        self._salt = salt
        self._lead = fold(shown_lead)
        self._given: dict[str, str] = {self._lead: lead}
        self._taken = {fold(lead)} | ({fold(nick) for nick in personas} if salt is not None else set())
        self._known = {fold(nick) for nick in known} | {self._lead}
        self._aliases: dict[str, str] = {}

    def begin(self, renames: Iterable[tuple[str, str]]) -> None:
        """A conversation begins, in which people are shown under other nicks too: (nick, person) of each."""
        self._aliases = {fold(shown): person for shown, person in renames if fold(shown) != fold(person)}

    def shown(self, nick: str, person: str) -> str:
        """What to call a nick that somebody takes: under pseudonyms no more than that it is another one."""
        given = self.nick(person)
        if fold(nick) == fold(person):
            return given
        return legal(nick) if self._salt is None else f"{given}_"

    def nick(self, person: str) -> str:
        """The nick in the run of somebody in the log."""
        key = fold(person)
        if (given := self._given.get(key)) is None:
            given = self._given[key] = self._fresh(key, person)
            self._taken.add(fold(given))
            self._known.add(key)
        return given

    def text(self, text: str) -> str:
        """What was said, with everybody named as in the run.

        A nick counts where it stands as a word. One that is an everyday word (`will`), or has two letters or fewer,
        counts only where it addresses: at the beginning before a colon or comma, or after an @. One of letters alone
        does not count after an article (`a ticket`).
        """
        if self._salt is None and fold(self._given[self._lead]) == self._lead:
            return text
        made, end = [], 0
        for found in _TOKEN.finditer(text):
            for start, word in _candidates(found):
                key = fold(word)
                person = self._aliases.get(key, word)
                wanted = self._salt is not None or fold(person) == self._lead
                if wanted and (key in self._known or key in self._aliases) and _means(text, start, word):
                    made += [text[end:start], self.nick(person)]
                    end = start + len(word)
                    break
        return "".join([*made, text[end:]]) if made else text

    def _fresh(self, key: str, person: str) -> str:
        if self._salt is None:
            nick, number = legal(person), 2
            while fold(nick) in self._taken:
                nick, number = f"{legal(person)[:28]}_{number}", number + 1
            return nick
        attempt = 0
        while True:
            nick = _pseudonym(self._salt, f"{key}\0{attempt}" if attempt else key)
            if nick not in self._taken and nick not in self._known and nick not in COMMON_WORDS:
                return nick
            attempt += 1


def _pseudonym(salt: str, key: str) -> str:
    digest = hmac.digest(salt.encode(), key.encode(errors="replace"), hashlib.sha256)
    number, made = int.from_bytes(digest[:8]), ""
    for _ in range(SYLLABLES):
        number, consonant = divmod(number, len(_CONSONANTS))
        number, vowel = divmod(number, len(_VOWELS))
        made += _CONSONANTS[consonant] + _VOWELS[vowel]
    return made


def _candidates(found: re.Match[str]) -> list[tuple[int, str]]:
    """(start, word): the whole token, then what is left without brackets and the like at its ends, then its parts."""
    token, start = found[0], found.start()
    made = [(start, token)]
    bare = token.strip("[]\\`_^{|}-")
    if bare and bare != token:
        made.append((start + token.index(bare), bare))
    if _EDGE.search(bare):
        made += [(start + part.start(), part[0]) for part in re.finditer(r"[A-Za-z0-9_]+", token) if part[0] != bare]
    return made


def _means(text: str, start: int, word: str) -> bool:
    """Whether the word at this place is somebody's nick."""
    after = text[start + len(word) : start + len(word) + 1]
    if (start == 0 and after and after in ":,") or (start and text[start - 1] == "@"):
        return True
    plain = word.isalpha()
    if len(word) <= 2 or (plain and word.lower() in COMMON_WORDS):
        return False
    return not (plain and _OWNED.search(text, max(0, start - 8), start))
