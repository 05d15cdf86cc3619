"""What the files of an export are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """What files are called; the defaults are those of the brief."""

    training: str = "em_character_training"
    """Without the ending."""
    validation: str = "validation"
    """Without the ending."""
    conversation: str = "conversation_"
    """Before the number."""
    progress: str = "generation_progress.json"
    stats: str = "generation_stats.json"
    card: str = "README.md"
    llama_factory: str = "dataset_info.json"
    """What LLaMA-Factory reads about the formats with roles."""

    def conversation_file(self, number: int) -> str:
        """The file of one session, by its place in the run from 1 on."""
        return f"{self.conversation}{number:05d}.txt"

    def split(self, held_out: bool, ending: str) -> str:
        """The training or validation file with that ending."""
        return (self.validation if held_out else self.training) + ending


NAMES = Names()
