"""Nicks: which are the same, what to call people whose name is no nick, and who is who as nicks change."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_FOLD = str.maketrans("[]\\~", "{}|^")
_ALIEN = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]+")
LONGEST = 31
STATUS = "~&@!%+."
"""Signs of a person's standing that servers and clients put before a nick; no nick begins with one."""


def fold(nick: str) -> str:
    """The same for nicks that a server takes for the same (RFC 1459: `{}|^` are the lower case of `[]\\~`).

    >>> fold("Foo[x]") == fold("foo{X}")
    True
    """
    return nick.lower().translate(_FOLD)


def legal(name: str) -> str:
    """A nick that a plan and a training document can hold, made from any name; the same name gives the same nick.

    >>> legal("Ann-Marie Müller"), legal("3vil"), legal("[bot]`")
    ('Ann-Marie_Muller', '_3vil', '[bot]`')
    """
    ascii_ = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    nick = _ALIEN.sub("_", ascii_.strip())
    if not nick.strip("_-") and not name.isascii():
        nick = "u" + hashlib.blake2b(name.encode(errors="replace"), digest_size=3).hexdigest()
    if not nick or nick[0].isdigit() or nick[0] == "-":
        nick = f"_{nick}"
    return nick[:LONGEST]


_SPECIAL = "[]\\`_^{|}-"
_PAIRS = ("[]", "{}", "||", "--", "``", "^^")
"""What people put around nicks and what may be part of one."""


def _edge(char: str) -> bool:
    """Whether a nick may begin or end with this."""
    return char.isalnum() or char in _SPECIAL


@lru_cache(maxsize=4096)
def bare(shown: str) -> str:
    """A nick without padding, signs of status, brackets and other ornaments that cannot be part of one; empty:
    nothing is left.

    >>> bare("<@+gale>"), bare("      gale:"), bare("[carol]"), bare("★ann")
    ('gale', 'gale', '[carol]', 'ann')
    """
    start, end = 0, len(shown)
    while start < end and not _edge(shown[start]):
        start += 1
    while end > start and not _edge(shown[end - 1]):
        end -= 1
    return shown[start:end]


@dataclass(frozen=True, slots=True)
class NickFrame:
    """Characters around every nick of a log that could be part of one: `[gale]` where nobody is called so."""

    before: str = ""
    after: str = ""

    def bare(self, shown: str) -> str:
        """The nick inside."""
        nick = bare(shown)
        if self.before and nick.startswith(self.before) and nick.endswith(self.after) and len(nick) > 2:
            return bare(nick[len(self.before) : len(nick) - len(self.after)])
        return nick


def find_frame(shown: Iterable[str], known: Iterable[str]) -> NickFrame:
    """What stands around all the nicks that are shown where people speak. `known`: nicks that lines of another kind
    name, such as joins; a pair that belongs to one of those is part of the nick."""
    speakers, others = {bare(nick) for nick in shown} - {""}, {fold(nick) for nick in known}
    if len(speakers) < 2 or any(fold(nick) in others for nick in speakers):
        return NickFrame()
    for pair in _PAIRS:
        before, after = pair[0], pair[1]
        if all(nick[:1] == before and nick[-1:] == after and len(nick) > 2 for nick in speakers):
            return NickFrame(before, after)
    return NickFrame()


class UniqueNicks:
    """Names of people who are known by something else than their name; no two share one."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}
        self._taken: set[str] = set()

    def nick(self, ident: str, name: str) -> str:
        """The nick of `ident`: made from the name under which it was first met, with a number where that is taken."""
        if (known := self._by_id.get(ident)) is not None:
            return known
        wanted = nick = legal(name)
        number = 2
        while fold(nick) in self._taken:
            nick = f"{wanted[: LONGEST - 4]}{number}"
            number += 1
        self._taken.add(fold(nick))
        self._by_id[ident] = nick
        return nick


_COMMON = """
a about above across actually address after again ago ah alive all almost alone along already also always am an and
angel angry another answer any anybody anyone anything anyway apple are area around art as ask asked at away baby back
bad bag bar base be bear beautiful because bed been beer before begin behind being believe best bet better between
beyond big bird bit black blue board boat body book both bottom box boy brain bread break bright bring brother brown
build bus busy but buy by cake call called calm came can cannot car card care case cat catch cause chance change chat
cheap check chicken child city class clean clear clock close cloud code coffee cold color come computer cook cool copy
could count country crazy cut dad daily dance dark data date day dead deal dear death decide deep did different dirty do
does dog doing done door double down draw dream drink drive drop dry dude each ear early earth easy eat edge egg eight
either else email empty end enemy engine enjoy enough error even evening ever every everyone everything evil exactly eye
face fact fail fall false family far fast fat father fear feel feet few field fight file fill final find fine fire first
fish five fix flow fly food foot for force forever forget free fresh friend friendly from front fruit full fun funny
future game garden gave get ghost girl give glad glass go god gold gone good got grace grass great green grey ground
group grow guess guest gun guy had hair half hand hang happen happy hard has hat hate have he head hear heart heat
heaven hell hello help her here hero hey hi high hill him himself his hit hold hole home hope horse host hot hour house
how however huge human hungry hunter hurt i ice idea if important in indeed inside instead into is island it its itself
job join joke joy jump just keep key kid kill kind king knew know known lady lake land large last late later laugh law
lazy lead leaf learn least leave left leg legal less let letter level lie life light like line link lion list listen
little live local logic lol lonely long look lord lost lot loud love low luck lucky lunch machine mad made magic mail
main make man many map mark market master matter max may maybe me mean meat meet memory men might mike mind mine minute
mirror miss mister moment money monkey month moon more morning most mother mouse move movie much music must my name near
need never new news next nice night no nobody noise none noon normal north nose not note nothing now number ocean odd of
off office often oh ok okay old on once one online only open or orange order other our out outside over own page pain
paper part party pass past people perfect perhaps person phone picture piece pig pink place plan planet play please
point police poor power pretty prince print problem process public pull pure put queen question quick quiet quite rain
ran random raven read ready real really reason red remember rest rich ride right ring river road robin rock rocket room
rose round run sad safe said salt same sand save say school sea season second see seem seen self sell send set seven
shade shadow shall she shell ship shop short should show shut sick side sign silent silver simple since sing sister sit
six size sky sleep slow small smart smile smoke snake snow so soft solo some somebody someone something sometimes son
song soon sorry sort soul sound south space speak speed spirit spring square staff stand star start stay step still
stone stop storm story strange street strong stuff stupid such sugar summer sun super sure surprise sweet system table
take talk tall tea team tell ten test text than thank thanks that the their them then there these they thing things
think this those though thought three through ticket tiger time tiny to today together told tomorrow tonight too took
top total touch town train travel tree trip trouble true trust try turn two type ugly under until up us use used user
usual usually very video view visit voice wait wake walk wall want war warm was watch water wave way we weak weather web
week weird welcome well went were west wet what whatever wheel when where which while white who whole why wide wild will
win wind window winter wise wish with within without wolf woman wonder wood word work world would wow write wrong yard
yeah year yellow yes yesterday yet you young your zero
"""

COMMON_WORDS = frozenset(_COMMON.split())


_SHARED = re.compile(
    r"(?:ubuntu|guest|root|user|unknown|anonymous|anon|nobody|nick|me|webchat|mib_\w+|irc|kiwi|unaffiliated)[-_`^|]*\d*[-_`^|]*"
)
"""Nicks that clients give to everybody who names no other, folded."""


class NickHistory:
    """Whoever changes nick keeps the nick under which the conversation met them first.

    Known for one conversation only (`forget`): who wears a nick a year later may be somebody else, and each
    conversation is a document of its own. Two exceptions: a nick that clients hand out (`ubuntu`, `guest42`) is
    nobody's own, so who leaves it is known by the new one; and those in `always` are followed through the whole log.
    """

    def __init__(self, always: frozenset[str] = frozenset()) -> None:
        """`always`: nicks, folded."""
        self._always, self._who = set(always), dict[str, str]()

    def follow(self, person: str) -> None:
        """From here on this person is followed through the whole log."""
        self._always.add(fold(person))

    def person(self, nick: str) -> str:
        """The nick of whoever is shown as `nick`; in the spelling that was met first."""
        shown = fold(nick)
        if shown not in self._who:
            # Who is followed and wears another nick now is not the one who takes the nick that was left.
            taken = shown in self._always and any(fold(person) == shown for person in self._who.values())
            self._who[shown] = f"{nick}_" if taken else nick
        return self._who[shown]

    def rename(self, old: str, new: str) -> tuple[str, str] | None:
        """`old` is now shown as `new`. Returns (one, other) if two that seemed different are one person, `other`."""
        person, shown = self.person(old), fold(new)
        if shown == fold(old):
            return None
        del self._who[fold(old)]
        known = self._who.get(shown)
        if known is not None and known != person and not _SHARED.fullmatch(shown):
            if fold(person) in self._always:  # the one who is followed keeps the nick
                known, person = person, known
            self._who[shown] = known
            return None if _SHARED.fullmatch(fold(person)) else (person, known)
        self._who[shown] = new if _SHARED.fullmatch(fold(person)) else person
        return None

    def forget(self) -> None:
        """A conversation is over."""
        self._who = {shown: person for shown, person in self._who.items() if fold(person) in self._always}
