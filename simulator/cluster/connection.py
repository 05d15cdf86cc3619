"""Connection to a Ray cluster; Ray is imported on first use, kept quiet, and leaves no trace."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

from simulator.errors import ProviderError, UsageError
from simulator.llm.redact import redact

PLACE = "--engine ray"
STORE = 100 << 20
"""Bytes of a local cluster's object store, near Ray's least; the largest thing in it is the world, under one MB."""

KNOCK = 10.0
"""Seconds in which a cluster must take a connection."""


@cache
def library() -> ModuleType:
    """Ray, silent, and without its telemetry."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns of a change that is to come
    try:
        import ray
    except ImportError:
        remedy = "install it with `pip install 'emsim[ray]'`"
        raise UsageError("Ray is not installed", place=PLACE, remedy=remedy) from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


@contextmanager
def connected(address: str | None) -> Iterator[ModuleType]:
    """Ray, connected to the cluster at `address`; None: to one of this machine alone, which ends with the block.

    `address` is what Ray takes: `auto`, `HOST:PORT` or `ray://HOST:PORT`. Raises ProviderError if none answers there.
    """
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False}
    if address is not None:
        ray = library()
        with _translated(f"--address {address}", "is a cluster running there? `ray start --head` begins one"):
            _knock(address)
            ray.init(address=address, **quiet)
        try:
            yield ray
        finally:
            ray.shutdown()
        return
    # A password for this cluster alone, in no file: else Ray writes one into the user's home.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray = library()
    with tempfile.TemporaryDirectory(prefix="em-", ignore_cleanup_errors=True) as folder:
        with _translated(PLACE, "is TMPDIR a short path, and is there memory? --address names another cluster"):
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=STORE,
                _temp_dir=folder,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        try:
            yield ray
        finally:
            ray.shutdown()


def processors(ray: ModuleType) -> list[int]:
    """Of every machine of the cluster that takes work: how many processors Ray may use there."""
    counts = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    return sorted(count for count in counts if count > 0)


def _knock(address: str) -> None:
    """Raises OSError if nobody listens; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


@contextmanager
def _translated(place: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        # The first sentence: what follows speaks of options of Ray's own.
        first = (redact(str(error)).splitlines() or [""])[0].partition(". ")[0].rstrip(".")
        cause = first[:200] or type(error).__name__
        raise ProviderError(cause, place=place, remedy=remedy) from None
