"""Lines against the speaker's card, and about somebody else's work."""

from __future__ import annotations

import pytest

from simulator.line_checks.cards import CardFacts
from tests.worlds import shipped

WORLD = shipped()
FACTS = CardFacts(
    {nick: card.facts for nick, card in WORLD.personas.items() if card.facts is not None}, WORLD.style.trades
)


@pytest.mark.parametrize(
    ("nick", "text"),
    [
        ("xiomara", "as a retired surgeon in Oslo I never minded blood"),
        ("xiomara", "I inspect welds at the bus works, I know a bad seam"),
        ("zofia", "I'm 58, I've seen enough tenors"),
        ("kazimir_", "I'm a nurse, I can tell you about nights"),
        ("darragh", "I live in Poznań and it never stops raining"),
    ],
)
def test_what_is_against_a_card_is_found(nick: str, text: str) -> None:
    assert FACTS.contradicted(nick, text)


@pytest.mark.parametrize(
    ("nick", "text"),
    [
        ("xiomara", "as a coat check person I see every scarf in Manhattan"),
        ("zofia", "I'm 33 and I've seen enough tenors"),
        ("zofia", "my sister is 58 and drives a bus"),
        ("kazimir_", "as a driver I've slept in every lay-by there is"),
        ("darragh", "I was in Poznań once and it never stopped raining"),
        ("yevgen_k", "I inspect welds at the bus works, I know a bad seam"),
        ("Em", "I'm 58 in the shade"),
    ],
)
def test_what_fits_or_says_nothing_is_left_alone(nick: str, text: str) -> None:
    assert FACTS.contradicted(nick, text) is None


def test_every_person_has_facts_and_no_example_line_is_against_them() -> None:
    for nick, card in WORLD.personas.items():
        assert (card.facts is None) == (nick == WORLD.lead.nick)
        assert not [found for line in card.voice if (found := FACTS.contradicted(nick, line))]
