"""Real IRC servers on loopback, of Debian's packages: for the test bed, and for tests."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from simulator.errors import UsageError

HOST = "127.0.0.1"
PATIENCE = 15.0
"""Seconds for the server to listen; it takes some 10 ms."""
_FOLDERS = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/sbin"))
MOTD = (
    "This is a test channel on the machine of whoever started it.",
    "Everybody here but you is a language model, and says so in /whois.",
    "Everything that is said is recorded; what guests say is used only if they type",
    "    !NICK optin      where NICK is the lead's; `optout` takes it back.",
)
"""Message of the day; plain ASCII, since some servers take nothing else."""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server's program, and how it is configured and started."""

    name: str
    package: str
    files: Mapping[str, str]
    """File in the folder to its text; `{folder}`, `{host}`, `{port}`, `{more}` and `{motd}` are filled in."""
    arguments: tuple[str, ...]
    """In the foreground; `{folder}` as above."""
    rootless: bool = False
    """It refuses to run as root."""


NGIRCD = ServerProgram(
    "ngircd",
    "ngircd",
    {
        "motd.txt": "{motd}\n",
        "ngircd.conf": """\
[Global]
Name = irc.stage.local
Info = a test channel
AdminInfo1 = a test channel
Listen = {host}
Ports = {port}
MotdFile = {folder}/motd.txt
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 31
MaxJoins = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
{more}""",
    },
    ("-n", "-f", "{folder}/ngircd.conf"),
)
INSPIRCD = ServerProgram(
    "inspircd",
    "inspircd",
    {
        "motd.txt": "{motd}\n",
        "inspircd.conf": """\
<server name="irc.stage.local" description="a test channel" network="stage" id="0ST">
<admin name="stage" nick="stage" email="nobody@stage.invalid">
<bind address="{host}" port="{port}" type="clients">
<connect name="main" allow="*" timeout="30" pingfreq="60" hardsendq="1048576" softsendq="65536" recvq="65536"
 localmax="500" globalmax="500" threshold="1000" commandrate="100000" fakelag="no" resolvehostnames="no" useident="no"
 limit="500" maxchans="20">
<files motd="{folder}/motd.txt">
<channels users="20" opers="60">
<options prefixquit="Quit: " syntaxhints="no" cyclehostsfromuser="no" ircumsgprefix="no">
<performance netbuffersize="10240" somaxconn="128" softlimit="12800" nouserdns="yes">
<security hidesplits="no" hidebans="no" maxtargets="20">
<limits maxnick="31" maxchan="64">
<pid file="{folder}/inspircd.pid">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
<module name="cap">
<module name="ircv3">
<module name="ircv3_servertime">
<module name="ircv3_msgid">
<module name="ircv3_batch">
<module name="ircv3_echomessage">
<module name="ircv3_labeledresponse">
<module name="ircv3_chghost">
<module name="ircv3_accounttag">
<module name="ircv3_ctctags">
<module name="botmode">
<module name="redirect">
<module name="services_account">
<module name="banredirect">
{more}""",
    },
    ("--nofork", "--nopid", "--runasroot", "--config", "{folder}/inspircd.conf"),
)
HYBRID = ServerProgram(
    "ircd-hybrid",
    "ircd-hybrid",
    {
        "motd.txt": "{motd}\n",
        "ircd.conf": """\
serverinfo {{
    name = "irc.stage.local"; sid = "0ST"; description = "a test channel"; network_name = "stage";
    hub = no; default_max_clients = 512; max_nick_length = 30; max_topic_length = 300;
}};
admin {{ name = "stage"; description = "a test channel"; email = "<nobody@stage.invalid>"; }};
class {{ name = "users"; ping_time = 90 seconds; number_per_ip_local = 500; number_per_ip_global = 500;
    max_number = 500; sendq = 1 megabyte; recvq = 8000 bytes; }};
listen {{ host = "{host}"; port = {port}; }};
auth {{ user = "*@*"; class = "users"; flags = exceed_limit, can_flood; }};
motd {{ mask = "*"; file = "{folder}/motd.txt"; }};
channel {{ max_channels = 20; disable_fake_channels = no; }};
general {{ throttle_count = 500; throttle_time = 1 second; disable_auth = yes; ping_cookie = no; anti_nick_flood = no;
    default_floodcount = 1000; anti_spam_exit_message_time = 0 seconds; pace_wait = 0 seconds;
    pace_wait_simple = 0 seconds; max_accept = 50; }};
modules {{ path = "/usr/lib/ircd-hybrid/modules"; path = "/usr/lib/ircd-hybrid/modules/autoload"; }};
{more}""",
    },
    ("-foreground", "-configfile", "{folder}/ircd.conf", "-pidfile", "{folder}/ircd.pid",
     "-logfile", "{folder}/ircd.log", "-klinefile", "{folder}/kline.db", "-dlinefile", "{folder}/dline.db",
     "-xlinefile", "{folder}/xline.db", "-resvfile", "{folder}/resv.db"),
    rootless=True,
)  # fmt: skip
PROGRAMS = {program.name: program for program in (NGIRCD, INSPIRCD, HYBRID)}

# The shell outlives the server and not us: when our end of the pipe is gone, however we died, it ends the server.
_KEEPER = 'folder=$1; shift; "$@" >/dev/null 2>&1 & read -r _; kill $! 2>/dev/null; wait; rm -rf "$folder"'


def find_program(program: ServerProgram = NGIRCD) -> str:
    """Where the server is. Raises UsageError where there is none."""
    found = shutil.which(program.name) or shutil.which(program.name, path=_FOLDERS)
    if found is None:
        remedy = f"on Debian and its kin: `apt install {program.package}`"
        raise UsageError("no IRC server is installed", place=program.name, remedy=remedy)
    return found


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


class LocalServer:
    """The server's process while the block lasts; nothing of it is left, even if this process is killed."""

    def __init__(
        self, program: ServerProgram = NGIRCD, port: int | None = None, more: str = "", *, listens: bool = True
    ) -> None:
        """`port`: None takes a free one. `more`: lines of configuration. `listens`: False for what only connects.

        Raises UsageError where it is not installed.
        """
        self.port, self._more, self._program = port or free_port(), more, program
        self._path, self._listens = find_program(program), listens
        self._keeper: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> LocalServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def start(self) -> None:
        """Raises UsageError if it does not listen, as where the port is taken."""
        name = self._program.name
        if self._listens and _answers(self.port):
            raise UsageError(f"port {self.port} is taken", place=name, remedy="choose another with --port")
        folder = Path(tempfile.mkdtemp(prefix=f"em-{name}-"))
        folder.chmod(0o777)  # started by root, a server may give up root before it reads and writes here
        for file, text in self._program.files.items():
            known = {"folder": folder, "host": HOST, "port": self.port, "more": self._more, "motd": "\n".join(MOTD)}
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(**known))
            path.parent.chmod(0o777)
            path.chmod(0o666)
        command = [
            *self._lowered(),
            self._path,
            *(argument.format(folder=folder) for argument in self._program.arguments),
        ]
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for us: the channel says goodbye first
        )
        try:
            async with asyncio.timeout(PATIENCE):
                while self._listens and not _answers(self.port):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            self.stop()
            cause = f"does not listen on {HOST}:{self.port}"
            raise UsageError(cause, place=name, remedy="choose another port with --port") from None

    def _lowered(self) -> list[str]:
        """What starts a server that refuses to run as root as nobody, where we are root."""
        if not self._program.rootless or os.geteuid() != 0:
            return []
        nobody = pwd.getpwnam("nobody")
        return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]

    def stop(self) -> None:
        """Ends the server now. Safe to call twice."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1.0)
        return tried.connect_ex((HOST, port)) == 0
