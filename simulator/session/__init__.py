"""Playing one session: who speaks, what they are told, what is let through. Start with `play.py`."""
