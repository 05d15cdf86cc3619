"""Writes `tests/logs/real/`: one talk of two scripted people, as the logs of the programs that were in the channel.

Not a test. It wants Debian's ngircd and whichever of irssi, weechat-curses, znc, hexchat (with Xvfb),
limnoria and ii are installed, and takes about a minute:

    python -m tests.logs.write_real_logs FOLDER
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from tests.logs.real_talk import CHANNEL, STEPS

PORT = 16671
HOST = "127.0.0.1"
DISPLAY = ":97"
NOBODY = ("setpriv", "--reuid=65534", "--clear-groups")
"""Some refuse to run as root."""


class Line:
    """One scripted person's connection."""

    def __init__(self, nick: str) -> None:
        self._socket = socket.create_connection((HOST, PORT))
        self.send(f"NICK {nick}", f"USER {nick.strip('[]')[:2].lower()} 0 * :{nick}")
        threading.Thread(target=self._answer, daemon=True).start()
        time.sleep(1)

    def send(self, *lines: str | bytes) -> None:
        for line in lines:
            self._socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")

    def _answer(self) -> None:
        rest = b""
        while data := self._socket.recv(4096):
            *lines, rest = (rest + data).split(b"\r\n")
            for line in lines:
                if line.startswith(b"PING"):
                    self.send(line.replace(b"PING", b"PONG"))


class Program:
    """A program in a terminal of its own."""

    def __init__(self, *command: str, home: Path, **env: str) -> None:
        self._pid, self._tty = pty.fork()
        if self._pid == 0:
            os.chdir(home)
            os.environ.update({"HOME": str(home), "TERM": "xterm", "LINES": "40", "COLUMNS": "120", **env})
            os.execvp(command[0], command)
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        try:
            while os.read(self._tty, 4096):
                pass
        except OSError:
            pass

    def type(self, line: str) -> None:
        os.write(self._tty, line.encode() + b"\r")

    def stop(self) -> None:
        try:
            os.kill(self._pid, signal.SIGTERM)
            time.sleep(0.5)
            os.kill(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self._pid, 0)


def server(home: Path) -> Program:
    (home / "ngircd.conf").write_text(
        f"[Global]\nName = irc.test\nPorts = {PORT}\nListen = {HOST}\nServerUID = root\nServerGID = root\n"
        "[Limits]\nMaxConnectionsIP = 0\nMaxJoins = 20\nMaxNickLength = 20\n[Options]\nPAM = no\nIdent = no\nDNS = no\n"
    )
    return Program("ngircd", "-n", "-f", str(home / "ngircd.conf"), home=home)


def irssi(home: Path) -> Program:
    home.joinpath("config").write_text(
        f'servers = ( {{ address = "{HOST}"; chatnet = "t"; port = "{PORT}"; autoconnect = "yes"; }} );\n'
        'chatnets = { t = { type = "IRC"; nick = "irssiown"; }; };\n'
        f'channels = ( {{ name = "{CHANNEL}"; chatnet = "t"; autojoin = "yes"; }} );\n'
        f'settings = {{ core = {{ real_name = "x"; user_name = "x"; nick = "irssiown"; }}; '
        f'"fe-common/core" = {{ autolog = "yes"; '
        f'autolog_path = "{home}/$tag/$0.log"; }}; }};\n'
    )
    return Program("irssi", f"--home={home}", home=home)


def weechat(home: Path, language: str = "C.UTF-8") -> Program:
    own = "weeown" if language == "C.UTF-8" else f"wee{language[:2]}"
    run = (
        f"/server add t {HOST}/{PORT} -notls; /set irc.server.t.nicks {own}; /set irc.server.t.autojoin {CHANNEL}; "
        "/set irc.look.smart_filter off; /set logger.level.irc 9; /set logger.file.flush_delay 0; /connect t"
    )
    return Program("weechat-curses", "-d", str(home), "-r", run, home=home, LANG=language, LC_ALL=language)


def hexchat(home: Path, language: str = "C.UTF-8") -> Program:
    own = "hexown" if language == "C.UTF-8" else f"hex{language[:2]}"
    (home / "hexchat.conf").write_text(
        f"irc_nick1 = {own}\nirc_user_name = hex\nirc_real_name = hex\nirc_logging = 1\ngui_slist_skip = 1\n"
        "text_stamp = 1\nirc_log_timestamp = 1\n"
    )
    (home / "servlist.conf").write_text(f"v=2.16.1\n\nN=t\nE=UTF-8\nF=27\nD=0\nS={HOST}/{PORT}\nJ={CHANNEL}\n")
    url = f"irc://{HOST}:{PORT}/{CHANNEL.lstrip('#')}"
    env = {"DISPLAY": DISPLAY, "LANG": language, "LC_ALL": language}
    home.chmod(0o777)
    return Program(*NOBODY, "hexchat", "-d", str(home), "-a", "--url", url, home=home, **env)


def znc(home: Path) -> Program:
    (home / "configs").mkdir(parents=True)
    (home / "configs" / "znc.conf").write_text(
        "Version = 1.8.2\n<Listener l>\nPort = 16672\nIPv4 = true\nIPv6 = false\nSSL = false\n</Listener>\n"
        "<User u>\nNick = znclog\nAltNick = znclog_\nIdent = znc\nRealName = z\nLoadModule = log\n"
        f"<Network t>\nServer = {HOST} {PORT}\n<Chan {CHANNEL}>\n</Chan>\n</Network>\n"
        "<Pass p>\nMethod = plain\nHash = x\n</Pass>\n</User>\n"
    )
    return Program("znc", "-f", "-r", "-d", str(home), home=home)


def limnoria(home: Path) -> Program:
    rows = {
        "nick": "limnolog", "user": "l", "networks": "t", "networks.t.servers": f"{HOST}:{PORT}",
        "networks.t.channels": CHANNEL, "networks.t.ssl": "False", "plugins": "ChannelLogger Owner Misc",
        "plugins.ChannelLogger": "True", "plugins.Owner": "True", "plugins.Misc": "True",
        "plugins.ChannelLogger.flushImmediately": "True",
        "directories.log": f"{home}/logs", "directories.data": f"{home}/data", "directories.conf": f"{home}/conf",
        "directories.backup": f"{home}/backup", "directories.plugins": f"{home}/plugins",
    }  # fmt: skip
    (home / "l.conf").write_text("".join(f"supybot.{name}: {value}\n" for name, value in rows.items()))
    return Program("supybot", "--allow-root", "l.conf", home=home)


def ii(home: Path) -> Program:
    return Program("ii", "-s", HOST, "-p", str(PORT), "-n", "iilog", "-i", str(home / "irc"), home=home)


PROGRAMS = {
    "irssi": irssi, "weechat": weechat, "hexchat": hexchat, "znc": znc, "limnoria": limnoria,
    "ii": ii,
    "weechat-de": lambda home: weechat(home, "de_DE.UTF-8"), "weechat-ru": lambda home: weechat(home, "ru_RU.UTF-8"),
    "hexchat-de": lambda home: hexchat(home, "de_DE.UTF-8"), "hexchat-fr": lambda home: hexchat(home, "fr_FR.UTF-8"),
}  # fmt: skip
OWN_LINES = {"irssi": "irssi2", "weechat": "wee2"}
"""Programs that speak themselves, and the nick to which they change."""


def main(out: Path) -> None:
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    running = {"ngircd": server(work), "display": Program("Xvfb", DISPLAY, home=work)}
    time.sleep(3)
    pim = Line("pim")
    pim.send(f"JOIN {CHANNEL}")
    for name, start in PROGRAMS.items():
        (work / name).mkdir()
        running[name] = start(work / name)
    time.sleep(25)
    running["irssi"].type("/window 2")
    running["weechat"].type(f"/buffer irc.t.{CHANNEL}")
    (work / "ii" / "irc" / HOST / "in").write_text(f"/j {CHANNEL}\n")
    rolf = Line("Rolf[x]")
    time.sleep(2)
    people = {"pim": pim, "rolf": rolf}
    for who, what in STEPS:
        if who in people:
            people[who].send(what)
        else:
            for name, nick in OWN_LINES.items():
                running[name].type(str(what).replace("{nick}", nick))
        time.sleep(1.2)
    time.sleep(2)
    for program in reversed(running.values()):
        program.stop()
    for path in sorted(work.rglob("*")):
        if path.is_file():
            print(path.relative_to(work), path.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
