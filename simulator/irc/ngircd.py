"""A real IRC server on loopback for the staged channel: ngircd, of Debian's package of that name."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from simulator.errors import UsageError

PROGRAM = "ngircd"
HOST = "127.0.0.1"
PATIENCE = 10.0
"""Seconds for the server to listen; it takes some 10 ms."""
_FOLDERS = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/sbin"))
_CONF = """\
[Global]
Name = irc.stage.local
Info = a staged channel
AdminInfo1 = a staged channel
Listen = {host}
Ports = {port}
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 31
MaxJoins = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
{more}"""
# The shell outlives the server and not us: when our end of the pipe is gone, however we died, it ends the server.
_KEEPER = '"$0" -n -f "$1" >/dev/null 2>&1 & read -r _; kill $! 2>/dev/null; wait; rm -f "$1"'


def program() -> str:
    """Where the server is. Raises UsageError where there is none."""
    found = shutil.which(PROGRAM) or shutil.which(PROGRAM, path=_FOLDERS)
    if found is None:
        raise UsageError(
            "no IRC server is installed", place=PROGRAM, remedy="on Debian and its kin: `apt install ngircd`"
        )
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


class NgircdServer:
    """The server's process while the block lasts; nothing of it is left, even if this process is killed."""

    def __init__(self, port: int | None = None, more: str = "") -> None:
        """`port`: None takes a free one. `more`: lines of configuration, from `[Options]` on."""
        self.port, self._more = port or free_port(), more
        self._program = program()
        self._keeper: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> NgircdServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def start(self) -> None:
        """Raises UsageError if it does not listen, as where the port is taken."""
        if _answers(self.port):
            raise UsageError(f"port {self.port} is taken", place=PROGRAM, remedy="choose another with --port")
        handle, name = tempfile.mkstemp(prefix="em-ngircd-", suffix=".conf")
        with os.fdopen(handle, "w") as conf:
            conf.write(_CONF.format(host=HOST, port=self.port, more=self._more))
        Path(name).chmod(0o644)  # started by root, the server gives up root before it reads a file again
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, self._program, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for us: the channel says goodbye first
        )
        try:
            async with asyncio.timeout(PATIENCE):
                while not _answers(self.port):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            self.stop()
            cause = f"does not listen on {HOST}:{self.port}"
            raise UsageError(cause, place=PROGRAM, remedy="choose another port with --port") from None

    def stop(self) -> None:
        """Ends the server now. Safe to call twice."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.stdin.close()
            keeper.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1.0)
        return tried.connect_ex((HOST, port)) == 0
