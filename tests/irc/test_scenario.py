"""The scenario on every real server that is installed."""

from __future__ import annotations

import asyncio
import os

import pytest

from simulator.errors import UsageError
from simulator.irc.local_server import PROGRAMS
from tests.irc.scenario import STEPS, Step, play

pytestmark = pytest.mark.skipif("CI" in os.environ, reason="servers of several programs are tried by hand, not in CI")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("name", PROGRAMS)
def test_on_a_real_server(name: str, step: Step) -> None:
    try:
        assert asyncio.run(play(PROGRAMS[name], step))
    except UsageError as missing:
        if "installed" not in missing.cause:
            raise
        pytest.skip(str(missing))
