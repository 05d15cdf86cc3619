"""What tests put in front of a server: ZNC."""

from __future__ import annotations

import hashlib

from simulator.irc.local_server import LocalServer, ServerProgram

ZNC = ServerProgram(
    "znc",
    "znc",
    {
        "configs/znc.conf": """\
Version = 1.8.2
AuthOnlyViaModule = false
<Listener l>
    Port = {port}
    Host = {host}
    IPv4 = true
    IPv6 = false
    SSL = false
</Listener>
<User em>
    Admin = true
    Nick = Em
    AltNick = Em_
    Ident = emsim
    RealName = a language model
    Buffer = 100
    AutoClearChanBuffer = {clear}
    ChanBufferSize = 100
    LoadModule = chansaver
    <Network net>
        Server = {host} {upstream}
        FloodRate = 100.00
        FloodBurst = 100
        JoinDelay = 0
        <Chan #general>
        </Chan>
    </Network>
    <Pass password>
        Method = sha256
        Hash = {hash}
        Salt = {salt}
    </Pass>
</User>
""",
    },
    ("--foreground", "--datadir", "{folder}"),
    rootless=True,
)


def znc(upstream: int, password: str) -> LocalServer:
    """A bouncer with the user `em` in front of the server on that port; the password of a client is `em/net:` and this.

    Raises UsageError where ZNC is not installed.
    """
    salt = "abcdefghijklmnopqrst"
    digest = hashlib.sha256(f"{password}{salt}".encode()).hexdigest()
    text = ZNC.files["configs/znc.conf"]
    for name, value in {"upstream": str(upstream), "hash": digest, "salt": salt, "clear": "false"}.items():
        text = text.replace(f"{{{name}}}", value)
    return LocalServer(ServerProgram(ZNC.name, ZNC.package, {"configs/znc.conf": text}, ZNC.arguments, ZNC.rootless))
