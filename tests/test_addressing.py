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
        ("mara: hi", None),
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
        ("mara_ is here but mara is not", {"mara_"}),
        ("KAI!", {"kai"}),
        ("b|ll|away is gone", set()),
    ],
)
def test_mentions_are_whole_nicks(text: str, names: set[str]) -> None:
    assert mentioned(text, NICKS) == names
