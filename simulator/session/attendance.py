"""Who is about to leave, who has left, who has come: what the script says of it, and what was said in the channel."""

from __future__ import annotations

from simulator.plan.session_plan import Script
from simulator.session.channel import Channel
from simulator.session.goodbyes import Goodbyes
from simulator.world.world import World


class Attendance:
    """Of one session. Pure: the same channel gives the same answers."""

    def __init__(self, script: Script, world: World) -> None:
        self._late, self._farewell = script.late, world.turns.farewell
        self._leaves = {change.nick: change.at for change in script.presence if change.kind == "part"}
        self._goodbyes = Goodbyes(world.style)
        self._memory: tuple[Channel, int, frozenset[str]] | None = None
        """Who has left, worked out for a channel after so many events."""

    def last_words(self, nick: str, channel: Channel) -> bool:
        """What that person says now are the last words before the script sends the person away."""
        goes = self._leaves.get(nick)
        return goes is not None and 0 <= goes - channel.messages <= self._farewell

    def departed(self, channel: Channel) -> frozenset[str]:
        """Who has said goodbye, in words or by having been told that these are the last ones."""
        if self._memory is None or self._memory[:2] != (channel, channel.events):
            leaving = {nick for nick in channel.spoke_at if self._had_last_words(nick, channel)}
            self._memory = channel, channel.events, self._goodbyes.departed(channel) | leaving
        return self._memory[2]

    def _had_last_words(self, nick: str, channel: Channel) -> bool:
        goes, spoke = self._leaves.get(nick), channel.spoke_at.get(nick)
        return goes is not None and spoke is not None and 0 <= goes - spoke <= self._farewell

    def gone(self, channel: Channel) -> tuple[str, ...]:
        """Who has spoken and is not here any more, the last to speak first."""
        left_us = self.departed(channel)
        return tuple(n for n in channel.recent if n not in channel.present or n in channel.away or n in left_us)

    def arrived(self, nick: str, channel: Channel) -> tuple[str, ...]:
        """Who else came during the talk, is here and has said nothing yet."""
        late = (n for n in self._late if n != nick and n in channel.present and n not in channel.away)
        return tuple(sorted(n for n in late if n not in channel.spoke_at))
