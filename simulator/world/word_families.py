"""Words in all their forms: what a word list in `policies/style.yaml` says once, patterns find as it is typed.

A verb is written `base` where it is regular, and `base/past/participle` where it is not (two forms: the participle is
the past); a noun `singular`, or `singular/plural`. `jog+` doubles its last letter; a final e or y needs no help.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VERB_FORMS = ("", "-s", "-ing", "-past", "-done")
"""Endings of the names under which a list of verbs is found: the base forms have the name itself."""


def verb_lists(lists: Mapping[str, str]) -> dict[str, str]:
    """Alternatives for a pattern, by the name of the list and `VERB_FORMS`.

    >>> verb_lists({"go": "jog+ swim/swam/swum carry"})["go-past"]
    'jogged|swam|carried'
    """
    made: dict[str, str] = {}
    for name, verbs in lists.items():
        forms = [_verb(word) for word in verbs.split()]
        for place, ending in enumerate(VERB_FORMS):
            made[name + ending] = _alternatives(form[place] for form in forms)
    return made


def noun_lists(lists: Mapping[str, str]) -> dict[str, str]:
    """Alternatives for a pattern, singular and plural; `_` stands for a space.

    >>> noun_lists({"body": "knee tooth/teeth belly"})["body"]
    'knee|knees|tooth|teeth|belly|bellies'
    """
    return {
        name: _alternatives(form for word in nouns.split() for form in _noun(word)) for name, nouns in lists.items()
    }


def _alternatives(forms: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(form.replace("_", " ") for form in forms))


def _verb(word: str) -> tuple[str, str, str, str, str]:
    base, *irregular = word.split("/")
    base, doubled = base.rstrip("+"), base.endswith("+")
    stem = base + base[-1] if doubled else base
    if base.endswith("ie"):
        present = base[:-2] + "ying"
    elif base.endswith("e") and not base.endswith(("ee", "ye")):
        present = base[:-1] + "ing"
    else:
        present = stem + "ing"
    regular = base + "d" if base.endswith("e") else base[:-1] + "ied" if _y(base) else stem + "ed"
    past = irregular[0] if irregular else regular
    return base, _with_s(base), present, past, irregular[1] if len(irregular) > 1 else past


def _noun(word: str) -> tuple[str, str]:
    singular, _, plural = word.partition("/")
    return singular, plural or _with_s(singular)


def _with_s(word: str) -> str:
    if _y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in "aeiou"
