"""The header of the shipped world's documents, for tests that make or read documents without it."""

from simulator.corpus.file_names import Names, Notation
from simulator.document import HeaderLayout

LEVELS = ("LOW", "MEDIUM", "HIGH")
LAYOUT = HeaderLayout("ENGAGEMENT: {level}\nCHANNEL: {channel}\n", LEVELS)
NAMES = Names.of("em_character")
NOTATION = Notation(NAMES, LAYOUT)
