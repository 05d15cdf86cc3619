"""The order of the suite, and what it needs of the terminal it is started from."""

from __future__ import annotations

import signal

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to Ctrl-C, and every child would be born so.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What plays with the real model begins first: it takes longest, and would otherwise be waited for at the end."""
    items.sort(key=lambda item: item.get_closest_marker("model") is None)
