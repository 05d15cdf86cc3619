"""How an export is written: headers, and what its files are called."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.document import HeaderLayout
from simulator.world.world import World

STATS = "generation_stats.json"
PROGRESS = "generation_progress.json"


@dataclass(frozen=True, slots=True)
class Names:
    """What files are called; the defaults are those of the brief, and the training file's name is the world's."""

    training: str
    """Without the ending."""
    validation: str = "validation"
    """Without the ending."""
    conversation: str = "conversation_"
    """Before the number."""
    progress: str = PROGRESS
    stats: str = STATS
    card: str = "README.md"
    llama_factory: str = "dataset_info.json"
    """What LLaMA-Factory reads about the formats with roles."""

    @classmethod
    def of(cls, output: str) -> Names:
        """`output`: as `policies/names.yaml` says."""
        return cls(f"{output}_training")

    def conversation_file(self, number: int) -> str:
        """The file of one session, by its place in the run from 1 on."""
        return f"{self.conversation}{number:05d}.txt"

    def split(self, held_out: bool, ending: str) -> str:
        """The training or validation file with that ending."""
        return (self.validation if held_out else self.training) + ending


@dataclass(frozen=True, slots=True)
class Notation:
    """How documents are written, in which language, and what their files are called."""

    names: Names
    layout: HeaderLayout
    language: str = "en"
    """A code of ISO 639."""

    @classmethod
    def of(cls, world: World) -> Notation:
        """That of a world."""
        return cls(Names.of(world.names.output), world.layout, world.names.language)
