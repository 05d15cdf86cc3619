"""The order of the suite."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What plays with the real model begins first: it takes longest, and would otherwise be waited for at the end."""
    items.sort(key=lambda item: item.get_closest_marker("model") is None)
