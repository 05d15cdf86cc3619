"""emsim: plays IRC channel life, records it, filters it, hands it to a trainer. Start reading in `session/play.py`."""

__version__ = "0.1.0"
