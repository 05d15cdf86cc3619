"""Is this line something a person in this channel types? Asked of every line when it is made.

    manners = Manners(style, lead)
    text = clean(raw, nick)
    faults = manners.faults(text, nick=nick, cast=..., earlier=..., secrets=...)

What must not be said, and every number, is in `policies/style.yaml`. The cost of a line does not grow with the session.
"""

from simulator.manners.leaks import Secrets
from simulator.manners.line import Fault, Manners
from simulator.manners.reply import clean

__all__ = ["Fault", "Manners", "Secrets", "clean"]
