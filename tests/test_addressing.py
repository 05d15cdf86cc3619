from __future__ import annotations

import pytest

from simulator.addressing import addressee, mentioned

NICKS = ["Em", "kai", "mara_", "b|ll", "tom[ek]"]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("em: what do you think", "Em"),
        ("Em, seriously?", "Em"),
        ("@em look", "Em"),
        ("hey em can you write my essay about shakespeare?", "Em"),
        ("em you've been kind of dominating the conversation", "Em"),
        ("what do you make of it, em?", "Em"),
        ("mara_: hi", "mara_"),
        ("b|ll: hi", "b|ll"),
        ("no tom[ek] that is wrong", "tom[ek]"),
        ("ask em about it", None),
        ("em has opinions on star wars?", None),
        ("Em said that yesterday", None),
        ("emma: hi", None),
        ("the temp is 3", None),
        ("mara: hi", "mara_"),
        ("tom what did the tire shop say", "tom[ek]"),
        ("Mara has said so", None),
        ("kai's dog is back", None),
    ],
)
def test_mention_is_not_address(text: str, to: str | None) -> None:
    assert addressee(text, NICKS) == to


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("kai and em went home", {"Em", "kai"}),
        ("ask em about it", {"Em"}),
        ("emma and the stem of a poem", set()),
        ("mara_ is here", {"mara_"}),
        ("ask mara", {"mara_"}),
        ("KAI!", {"kai"}),
        ("b|ll|away is gone", set()),
    ],
)
def test_mentions_are_whole_nicks(text: str, names: set[str]) -> None:
    assert mentioned(text, NICKS) == names


@pytest.mark.parametrize(
    ("text", "nicks", "to"),
    [
        ("tano: hi", ["tano84", "tano_x"], None),
        ("tano_x: hi", ["tano84", "tano_x"], "tano_x"),
        ("tano: hi", ["tano84", "tano"], "tano"),
        ("old: hi", ["old^fox"], None),
        ("wei, look", ["wei-ting"], "wei-ting"),
        ("jojo are you there", ["jojo[nz]"], "jojo[nz]"),
    ],
)
def test_a_short_form_addresses_where_it_means_one_person(text: str, nicks: list[str], to: str | None) -> None:
    assert addressee(text, nicks) == to
