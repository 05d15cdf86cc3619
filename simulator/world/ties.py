"""Who knows whom: an undirected graph over nicks."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from simulator.world.persona import Persona


def graph(personas: Iterable[Persona]) -> nx.Graph[str]:
    """One node a person, one edge a tie, with `kind` and `history` on the edge."""
    people: nx.Graph[str] = nx.Graph()
    for persona in personas:
        people.add_node(persona.nick)
    for persona in personas:
        for tie in persona.ties:
            people.add_edge(persona.nick, tie.to, kind=tie.kind, history=tie.history)
    return people
