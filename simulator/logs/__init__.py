"""Logs of real channels, read into the same events that the simulator plays. START HERE: `reading.conversations`."""
