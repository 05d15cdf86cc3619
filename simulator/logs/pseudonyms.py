"""What people are called in a run made from a log: as in the log, or by pseudonyms, also where others name them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from simulator.logs.common_words import WORDS
from simulator.logs.nicks import fold, legal

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
            if nick not in self._taken and nick not in self._known and nick not in WORDS:
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
    if len(word) <= 2 or (plain and word.lower() in WORDS):
        return False
    return not (plain and _OWNED.search(text, max(0, start - 8), start))
