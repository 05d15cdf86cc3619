"""Everything that reads what a stranger wrote, as functions of bytes: hypothesis and atheris drive the same ones.

A target returns, or raises one of our errors, which is caught here. Anything else is a crash.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from simulator.corpus.check import check
from simulator.corpus.filters import Filters
from simulator.corpus.judge import AnswerReader, SessionJudge
from simulator.document import Document, TranscriptLine
from simulator.errors import EmError
from simulator.irc import irc_message
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.registration import Credentials
from simulator.irc.timing import ManualClock
from simulator.line_checks import LineChecker
from simulator.line_checks.reply import clean
from simulator.llm.model import Model, PromptFormat
from simulator.llm.openai_protocol import read
from simulator.llm.provider_errors import translate
from simulator.llm.retry import Transient
from simulator.llm.scripted import Scripted
from simulator.logs import log_import, reading
from simulator.logs.anonymize import RunNames
from simulator.logs.conversations import SplitRules
from simulator.logs.entry import RENAME
from simulator.logs.formats import registry
from simulator.session.transcript import text
from simulator.world import load
from simulator.world.persona import Persona
from simulator.world.reading import POLICIES
from simulator.world.scenario import Scenario, TopicFile
from simulator.world.world import World
from simulator.world.world_files import read_text
from simulator.world.yaml_file import parse, validate
from tests.irc.channel import BEGAN, POLICY
from tests.layout import LAYOUT
from tests.worlds import shipped

CARDS = {"personas": Persona, "scenarios": Scenario, "topics": TopicFile, **POLICIES}
"""What a content file may be; the first byte of the data says which."""
RULES = SplitRules(shortest=1, lead="pim", bridges=("bridge",))
TALK = tuple(
    TranscriptLine(nick, text) for nick, text in (("kai", "that soup was older than the fridge"), ("mara", "I like it"))
)


def run(target: str, data: bytes, folder: Path) -> None:
    """One input. Raises what a program that reads it would die of; `folder`: for files, empty or from the last call."""
    with suppress(EmError):
        TARGETS[target](data, folder)


def cards(data: bytes, folder: Path) -> None:
    """`em world`: a card, a script or a policy, then all content together."""
    kind = list(CARDS)[data[0] % len(CARDS)] if data else "personas"
    path = _written(folder, "card.yaml", data[1:])
    made = parse(read_text(path, folder), "card.yaml")
    if kind == "scenarios" and isinstance(made, dict):
        made = {"name": "card", **made}
    card = validate(CARDS[kind], made, "card.yaml")
    here = shipped()
    parts = {"personas": here.personas, "scenarios": {}, "topics": here.topics, "probes": here.probes}
    parts |= {name: getattr(here, name) for name in (*POLICIES, "prompts")}
    match card:
        case Persona():
            parts["personas"] = here.personas | {card.nick: card}
        case Scenario():
            parts["scenarios"] = {card.name: card}
        case TopicFile():
            parts["topics"] = here.topics | {card.group: card.topics}
        case _:
            parts[kind] = card
    World(folder, "0", **parts)


def logs(data: bytes, folder: Path) -> None:
    """`em import`: a log in the format that the first byte names, as sessions with their events and documents."""
    names = ("auto", *registry.NAMES)
    chosen = names[data[0] % len(names)] if data else "auto"
    path = _written(folder, "#kitchen_20120303.log", data[1:])
    for pseudonyms in (False, True):
        about = reading.account(path, chosen, keep=5)
        known = set(reading.speakers(registry.LogSource(path, about.format))) if pseudonyms else set()
        nicks = [persona.nick for persona in shipped().personas.values()]
        given = RunNames(
            lead=shipped().lead.nick, shown_lead="pim", personas=nicks, salt="s" if pseudonyms else None, known=known
        )
        for slot, found in enumerate(reading.conversations(path, RULES, about)):
            made, events = log_import.session(
                found, slot, given, shipped(), log_import.ImportOptions(pseudonyms=pseudonyms)
            )
            made.model_dump_json()
            text(made.setting, events, layout=LAYOUT).encode()
            assert len(events) == len(found.turns) and all(t.text for t in found.turns if t.kind == RENAME)


def documents(data: bytes, folder: Path) -> None:
    """`em check`: a text file or, where the first byte is odd, a file of JSON lines."""
    name = "d.jsonl" if data and data[0] % 2 else "d.txt"
    for made, verdict in check([_written(folder, name, data[1:])], _filters()):
        made.encode()
        assert verdict.keep == (not verdict.reasons)
        verdict.model_dump_json()


def answers(data: bytes, folder: Path) -> None:
    """What a model says, as a line, as a judge's answer, and as a line of the transcript that the others get."""
    raw = data.decode("utf-8", "replace")
    try:
        reply = read(json.loads(data), model="it", seconds=0.0)
        reply.text.encode()
        assert all(type(count) is int for count in astuple(reply.usage))
    except UnicodeEncodeError:
        raise
    except Exception as error:
        ours = translate(error, place="it", base=None, keys=())
        if not isinstance(ours, Transient):  # what a server says once by mistake must not end a run
            raise
    line = clean(raw, "kai")
    cast = ("kai", "mara", shipped().lead.nick)
    for action in (False, True):
        _manners().faults(TranscriptLine("kai", line, action=action), cast=cast, earlier=TALK, politics_allowed=False)
    judge, document = (
        SessionJudge(shipped().judge, shipped().prompts, _scripted(), shipped().lead.nick),
        Document(None, TALK),
    )
    judge.reasons(AnswerReader(shipped().judge).read(raw, document))


def server(data: bytes, folder: Path) -> None:
    """The bytes of an IRC server, in packets of 1 to 64 bytes, from the first answer on."""
    loop = _loop()
    step = data[0] % 64 + 1 if data else 64

    async def talk() -> None:
        who = Credentials("pim", USERNAME, REALNAME)
        link = ChannelConnection(IrcAddress("127.0.0.1", 6667, "#general", tls=False), who, POLICY, ManualClock(BEGAN))
        opening = loop.create_task(link.open())
        await _turns(8)
        for start in range(1, len(data), step):
            loop.protocol.data_received(data[start : start + step])
            await _turns(2)
        loop.protocol.data_received(b"\n")
        await _turns(8)
        while not link._incoming.empty():
            heard = link._incoming.get_nowait()
            assert isinstance(heard, EmError) or heard.text == irc_message.harmless(heard.text)
        saying = loop.create_task(link.say("a line of ours"))
        await _turns(4)
        loop.protocol.connection_lost(None)
        await _turns(2)
        await link.close()
        assert saying.done()
        opening.cancel()
        with suppress(EmError, asyncio.CancelledError):
            await opening

    loop.run_until_complete(talk())
    if loop.faults:
        raise loop.faults.pop()


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "cards": cards,
    "logs": logs,
    "documents": documents,
    "answers": answers,
    "server": server,
}


def seeds(target: str) -> list[bytes]:
    """Inputs that the target understands, to begin from."""
    from tests.logs.samples import TEXTS

    root = load.shipped()
    if target == "cards":
        found = []
        for number, kind in enumerate(CARDS):
            where = {"personas": "personas", "scenarios": "scenarios/boundaries", "topics": "scenarios/topics"}
            folder = root / where.get(kind, "policies")
            paths = sorted(folder.glob("*.yaml"))[:6] if kind in where else [folder / f"{kind}.yaml"]
            found += [bytes([number]) + path.read_bytes() for path in paths]
        return found
    if target == "logs":
        return [bytes([number]) + text.encode() for text in TEXTS.values() for number in range(len(registry.NAMES) + 1)]
    if target == "documents":
        text = b"ENGAGEMENT: HIGH\nCHANNEL: #general\n<a> hello you\n* b waves\n<Em> How can I help you today?\n"
        return [b"\0" + text, b'\1{"id": "one", "text": "<a> hi", "x": [1, {}]}\n{"text": 3}\n\n{"id": 7, "te\n']
    if target == "answers":
        return [
            b'<kai> "hello there"\n<mara> hi',
            b"<think>hm</think>kai: no way. really?\n[12:00] * mara waves",
            b'{"item": {"message": 0, "words": "older than the fridge", "mark": 3}}',
            b'{"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "hello"}}], "usage":'
            b' {"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}}',
            b'{"choices": [{"text": "hello", "logprobs": {"top_logprobs": [{"a": -1.5}]}}], "timings": {}}',
        ]
    return [b"\x3f" + HELLO + line.encode() + b"\r\n" for line in LINES]


HELLO = (
    b":s 001 pim :hello\r\n:s 005 pim BOT=B NETWORK=x :are supported\r\n:s CAP * LS :server-time sasl\r\n"
    b":s CAP * ACK :server-time\r\n:s 376 pim :end\r\n:pim!~e@host JOIN #general\r\n"
)
LINES = (
    "@time=2026-01-05T10:00:00.000Z;account=a;bot :ann!~a@h PRIVMSG #general :hello pim",
    ":ann!~a@h PRIVMSG pim :\x01ACTION waves\x01",
    ":ann!~a@h NOTICE #general :caf\xe9",
    ":ann!~a@h NICK :ann2",
    ":pim!~e@h NICK :pim_",
    ":ann!~a@h QUIT :a.net b.net",
    ":op!~o@h KICK #general pim :out",
    ":ann!~a@h TOPIC #general :soup",
    ":s 332 pim #general :soup",
    ":s 353 pim = #general :@ann +bert ~cleo!u@h",
    ":s 433 * pim :in use",
    ":s 474 pim #general :banned",
    ":s 465 pim :banned",
    "AUTHENTICATE +",
    "PING :x",
    "ERROR :closing",
)


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@cache
def _filters() -> Filters:
    here = shipped()
    return Filters(here.style, here.engagement, here.quota, here.lead.nick, LAYOUT)


@cache
def _manners() -> LineChecker:
    return LineChecker(shipped().style, shipped().lead.nick)


@cache
def _scripted() -> Model:
    return Scripted(PromptFormat.CHAT)


class _Deaf(asyncio.SelectorEventLoop):
    """Connects to nobody; remembers what its callbacks died of."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: asyncio.Protocol
        self.faults: list[BaseException] = []
        self.set_exception_handler(lambda _, about: self.faults.append(about.get("exception") or RuntimeError(about)))

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *_: object, **more: object
    ) -> tuple[object, object]:
        self.protocol = factory()
        gone = lambda *_: None  # noqa: E731
        transport = SimpleNamespace(
            write=gone, close=gone, abort=gone, is_closing=lambda: False, get_extra_info=gone,
            pause_reading=gone, resume_reading=gone,
        )  # fmt: skip
        self.protocol.connection_made(transport)
        return transport, self.protocol


@cache
def _loop() -> _Deaf:
    return _Deaf()
