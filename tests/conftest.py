"""The order of the suite, and what it needs of the terminal it is started from."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

import pytest

if "EM_CACHE" not in os.environ:
    # All workers and all commands that they start share it; it goes with the process that began.
    os.environ["EM_CACHE"] = tempfile.mkdtemp(prefix="emsim-tests-")
    atexit.register(shutil.rmtree, os.environ["EM_CACHE"], ignore_errors=True)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to Ctrl-C, and every child would be born so.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What plays with the real model begins first: it takes longest, and would otherwise be waited for at the end."""
    items.sort(key=lambda item: item.get_closest_marker("model") is None)
