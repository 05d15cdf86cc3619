"""The folder of this user's caches."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path | None:
    """Where things are kept that can be made again: EM_CACHE, or `emsim` in the user's caches. None: nowhere."""
    given = os.environ.get("EM_CACHE")
    if given is not None:
        return Path(given) if given else None
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home) / "emsim"
    try:
        return Path.home() / ".cache" / "emsim"
    except RuntimeError:  # nobody's home
        return None
