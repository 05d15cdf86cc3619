"""Who has said goodbye: by the words, so that it also counts when the writer made it up. Who has, has left."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.addressing import mentioned
from simulator.document import TranscriptLine
from simulator.session.channel import Channel
from simulator.world.phrases import folded
from simulator.world.style import StylePolicy

GOODBYE = "says-goodbye"
"""The signal of `policies/style.yaml`."""
WISHED_WITHIN = 3
"""Messages after somebody's goodbye in which others say good night to whoever leaves."""
WISH = 3
"""Words of a good night that may be meant for somebody else without a name."""


class Goodbyes:
    """Reads goodbyes out of the lines of one world's sessions. Pure."""

    def __init__(self, style: StylePolicy) -> None:
        self._phrases = style.shown[GOODBYE]

    def leaves(self, line: TranscriptLine, earlier: Sequence[TranscriptLine]) -> bool:
        """True if the speaker takes leave, and does not only wish somebody a good night who has just done so.

        `earlier`: the lines before, all of them or the last ones.
        """
        if not self._said(line.text):
            return False
        others = [other for other in earlier[-WISHED_WITHIN:] if other.nick != line.nick]
        leaving = [other.nick for other in others if self._said(other.text)]
        return not leaving or (len(line.text.split()) > WISH and not mentioned(line.text, leaving))

    def departed(self, channel: Channel) -> frozenset[str]:
        """Who has taken leave with the last line that they have typed."""
        lines = channel.lines
        return frozenset(
            nick
            for nick, at in channel.spoke_at.items()
            if self.leaves(lines[at], lines[max(0, at - WISHED_WITHIN) : at])
        )

    def _said(self, text: str) -> bool:
        return next(self._phrases.find(folded(text)), None) is not None
