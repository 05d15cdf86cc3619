"""Services of accounts for InspIRCd, started by tests: atheme."""

from __future__ import annotations

from simulator.irc.local_server import ServerProgram

ATHEME = ServerProgram(
    "atheme-services",
    "atheme-services",
    {
        "atheme.conf": """\
loadmodule "modules/protocol/inspircd";
loadmodule "modules/backend/opensex";
loadmodule "modules/crypto/posix";
loadmodule "modules/nickserv/main";
loadmodule "modules/nickserv/register";
loadmodule "modules/nickserv/identify";
loadmodule "modules/saslserv/main";
loadmodule "modules/saslserv/plain";
crypto {{ }};
serverinfo {{ name = "services.stage.local"; desc = "services"; numeric = "0SV"; recontime = 1; netname = "stage";
    hidehostsuffix = "stage"; adminname = "stage"; adminemail = "nobody@stage.invalid";
    registeremail = "nobody@stage.invalid"; mta = "/bin/true"; loglevel = {{ all; }};
    maxlogins = 5; maxusers = 5; maxnicks = 5; maxchans = 5; mdlimit = 5;
    emaillimit = 5; emailtime = 5; auth = none; casemapping = ascii; }};
uplink "irc.stage.local" {{ host = "{host}"; port = {uplink}; send_password = "pass"; receive_password = "pass"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.stage.local"; real = "accounts"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.stage.local"; real = "sasl"; }};
general {{ helpchan = "#help"; silent; commit_interval = 5; }};
""",
    },
    ("-n", "-c", "{folder}/atheme.conf", "-D", "{folder}", "-l", "{folder}/atheme.log", "-p", "{folder}/atheme.pid"),
    rootless=True,
)  # fmt: skip
UPLINK = """
<module name="spanningtree">
<module name="sasl">
<module name="services_account">
<sasl target="services.stage.local">
<uline server="services.stage.local" silent="yes">
<bind address="{host}" port="{uplink}" type="servers">
<link name="services.stage.local" ipaddr="{host}" port="1" allowmask="{host}" sendpass="pass" recvpass="pass">
"""
TLS = """
<module name="ssl_gnutls">
<sslprofile name="clients" provider="gnutls" certfile="{folder}/cert.pem" keyfile="{folder}/key.pem">
<bind address="{host}" port="{tls}" type="clients" sslprofile="clients">
"""
