"""Is this line something a person in this channel types? Asked of every line when it is made.

    checker = LineChecker(style, lead)
    text = reply.clean(raw, nick)
    faults = checker.faults(TranscriptLine(nick, text), cast=..., earlier=..., secrets=...)

What must not be said, and every number, is in `policies/style.yaml`. The cost of a line does not grow with the session.
"""

from simulator.line_checks.checker import LineChecker, Violation
from simulator.line_checks.leaks import Secrets
from simulator.line_checks.solution import solves

__all__ = ["LineChecker", "Secrets", "Violation", "solves"]
