"""Where to go: `ircs://host[:port]/#channel`."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from simulator.errors import UsageError
from simulator.world.strict import ChannelName, fits

PORTS = {"ircs": 6697, "irc": 6667}
_REMEDY = "an address looks like `ircs://irc.example.net/#channel`"


@dataclass(frozen=True, slots=True)
class IrcAddress:
    """One channel of one server."""

    host: str
    port: int
    channel: str
    tls: bool = True
    """Always verified."""
    ca_file: Path | None = None
    """Certificates to trust besides the system's, for a server of one's own."""

    def tls_context(self) -> ssl.SSLContext | None:
        """How the server is verified; None: the connection is not encrypted. Raises OSError for a file of certificates
        that holds none."""
        if not self.tls:
            return None
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context

    def __str__(self) -> str:
        """The address, as `em join` takes it."""
        return f"{'ircs' if self.tls else 'irc'}://{self.host}:{self.port}/{self.channel}"


def parse_address(address: str, ca_file: Path | None = None) -> IrcAddress:
    """Reads an address. Raises UsageError for one that names no channel, holds a password, or would go unencrypted.

    >>> str(parse_address("ircs://irc.example.net/#general"))
    'ircs://irc.example.net:6697/#general'
    """
    try:
        # `#` begins a fragment for the parser of addresses; here it begins the name of the channel.
        parts = urlsplit(address.replace("#", "%23", 1))
        port = parts.port
    except ValueError:
        raise UsageError("not an address", place="em join", remedy=_REMEDY) from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise UsageError("not the address of an IRC server", place="em join", remedy=_REMEDY)
    if parts.username or parts.password:
        remedy = "take it out, and set EM_IRC_PASSWORD or EM_IRC_SASL_PASSWORD"
        raise UsageError("there is a name or a password in the address", place="em join", remedy=remedy)
    channel = unquote(parts.path.lstrip("/"))
    if not fits(ChannelName, channel):
        raise UsageError(f"`{channel}` is not a channel name", place="em join", remedy=_REMEDY)
    if parts.scheme == "irc" and not _is_loopback(parts.hostname):
        remedy = "use ircs://; irc:// is for a server on this machine"
        raise UsageError(f"{parts.hostname} would be reached unencrypted", place="em join", remedy=remedy)
    if ca_file is not None and not ca_file.is_file():
        raise UsageError("no such file", place=str(ca_file), remedy="--ca-file names the certificate to trust, as PEM")
    found = IrcAddress(parts.hostname, port or PORTS[parts.scheme], channel, parts.scheme == "ircs", ca_file)
    try:
        found.tls_context()
    except OSError as error:
        cause = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise UsageError(cause, place=str(ca_file), remedy="--ca-file names the certificate to trust, as PEM") from None
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
