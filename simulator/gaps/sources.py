"""From the names on the command line to sessions: runs, logs, exported documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.corpus.reading import KINDS, Broken, documents
from simulator.corpus.talk import Talk
from simulator.document import HeaderLayout, TranscriptLine, parse_document
from simulator.errors import UsageError
from simulator.events import Renamed, Said
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.model_choice import IMPORTED
from simulator.logs.anonymize import without_addresses
from simulator.logs.conversations import SplitRules
from simulator.logs.entry import MESSAGE
from simulator.logs.log_files import LogSelection, logs
from simulator.logs.nicks import fold
from simulator.logs.reading import flow
from simulator.world.strict import Level


@dataclass(frozen=True, slots=True)
class GapRequest:
    """How sources are to be taken."""

    runs: Path
    """Folder of runs."""
    lead: str
    """Nick on the lead's card."""
    shown_lead: str
    """The lead's nick in logs."""
    layout: HeaderLayout
    """How a document begins."""
    corpus: str
    """What the training file of an export is called; of a folder that has it, no other file is read."""
    level: Level | None
    """Of logs and imported runs, whose own levels are read off the lead's share and so say nothing about it."""
    most: int
    """Bytes of the longest document."""
    format: str = "auto"
    """Of logs."""


def talks(what: Sequence[str], wish: GapRequest, left_out: list[str]) -> list[Talk]:
    """All sessions of some runs and documents in order, then those of logs; `left_out` is told what could not be used.

    A name that is a run is taken as one; anything else is a file or folder, of documents if it holds any, else of logs.
    Raises UsageError where it is neither, cannot be read, or where no session comes of them all.
    """
    found: list[Talk] = []
    chats: list[Path] = []
    for name in what:
        found += _talks(name, wish, left_out, chats)
    found += _logs(chats, wish, left_out)
    if not found:
        raise UsageError("no session to measure", place=", ".join(what), remedy="name runs or logs with conversations")
    return found


def _talks(name: str, wish: GapRequest, left_out: list[str], chats: list[Path]) -> Iterable[Talk]:
    """Of a run or of documents; logs are put aside into `chats`, because they may go on with each other."""
    path, run = Path(name), wish.runs / name
    if (run / FILE).is_file():
        return _run(run, wish)
    if path.is_dir():
        if (path / FILE).is_file():
            return _run(path, wish)
        if corpus := _corpus(path, wish):
            return _documents(corpus, wish, left_out)
    elif not path.exists():
        raise UsageError("is neither a run nor a file or folder", place=name, remedy="`em runs` lists the runs")
    elif path.suffix.lower() in KINDS and _is_document(path, wish.layout):
        return _documents([path], wish, left_out)
    chats.append(path)
    return ()


def _is_document(path: Path, layout: HeaderLayout) -> bool:
    """A .jsonl file, or a .txt file that begins with a header; other .txt files are logs."""
    if path.suffix.lower() != ".txt":
        return True
    try:
        with path.open("rb") as file:
            return layout.begins(file.read(512).decode(errors="ignore"))
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="make the file readable") from None


def _corpus(folder: Path, wish: GapRequest) -> list[Path]:
    """The documents in a folder; empty: there are none."""
    if (folder / wish.corpus).is_file():
        return [folder / wish.corpus]
    files = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in KINDS and _is_document(path, wish.layout)
    )
    lines = [path for path in files if path.suffix.lower() == ".jsonl"]
    return lines or files


def _run(folder: Path, wish: GapRequest) -> Iterator[Talk]:
    with Journal.read(folder) as journal:
        name, imported = journal.run.name, journal.run.imported
        for row in journal.sessions("kept"):
            session, events = row.session, journal.events(row.session.id)
            setting, cell = session.setting, session.cell
            read_off = session.scenario == IMPORTED
            renamed = {event.to for event in events if isinstance(event, Renamed) and event.nick == setting.lead}
            yield Talk(
                source=name,
                id=session.id,
                lead=setting.lead,
                messages=tuple(TranscriptLine(e.nick, e.text) for e in events if isinstance(e, Said)),
                level=wish.level if read_off else setting.engagement,
                pattern=None if imported else cell.pattern,
                group=None if imported else cell.group,
                names=frozenset({wish.shown_lead, *renamed}),
            )


def _logs(what: Sequence[Path], wish: GapRequest, left_out: list[str]) -> Iterator[Talk]:
    rules, own = SplitRules(lead=wish.shown_lead), fold(wish.shown_lead)
    for row in logs(LogSelection(tuple(what), wish.format, keep=0), left_out):
        for number, found in enumerate(flow(row, rules)):
            lines = tuple(
                TranscriptLine(wish.lead if fold(turn.nick) == own else turn.nick, turn.text)
                for turn in found.turns
                if turn.kind == MESSAGE
            )
            yield Talk(
                source=found.file,
                id=f"{number}:line-{found.turns[0].line}",
                lead=wish.lead,
                messages=lines,
                level=wish.level,
                names=frozenset({wish.shown_lead}),
            )
        left_out += (
            f"{about.file}: {about.not_understood} of {about.lines} lines were not understood"
            for about in (log.account for log in row)
            if about.not_understood
        )


def _documents(paths: Sequence[Path], wish: GapRequest, left_out: list[str]) -> Iterator[Talk]:
    for item in documents(paths, wish.most):
        if isinstance(item, Broken):
            left_out.append(item.cause)
            continue
        read = parse_document(item.text, wish.layout)
        if read.header is None or not read.messages:
            left_out.append(f"{item.id}: no header, or no message")
            continue
        group, pattern = item.about.get("topic_group"), item.about.get("pattern")
        recorded = pattern == IMPORTED
        yield Talk(
            source=paths[0].name,
            id=item.id,
            lead=wish.lead,
            messages=read.messages,
            level=wish.level if recorded else read.header.engagement,
            pattern=pattern if isinstance(pattern, str) and not recorded else None,
            group=group if isinstance(group, str) and not recorded else None,
        )


LONGEST = 200
"""Characters of a quotation."""
_LEFT, _RIGHT = r"(?<![\w\[\]\\`^{|}-])", r"(?![\w\[\]\\`^{|}-])"


class QuotePseudonyms:
    """People are `p1`, `p2` and so on, in the order in which they are quoted; the lead keeps its nick."""

    def __init__(self, talks: Iterable[Talk]) -> None:
        """`talks`: whose speakers are masked, also where others name them."""
        self._leads: set[str] = set()
        everybody: set[str] = set()
        for talk in talks:
            self._leads |= {nick.lower() for nick in talk.lead_names}
            everybody |= {nick.lower() for nick in talk.others}
        names = sorted(everybody - self._leads, key=lambda nick: (-len(nick), nick))
        # Somebody called `it` is masked as well: too much is hidden rather than too little.
        self._named = re.compile(_LEFT + "(?:" + "|".join(map(re.escape, names)) + ")" + _RIGHT, re.IGNORECASE)
        self._any = bool(names)
        self._masks: dict[str, str] = {}

    def line(self, talk: Talk, place: int) -> str:
        """`<p1> text`, safe in a comment."""
        said = talk.messages[place]
        nick = talk.lead if talk.by_lead(place) else self._mask(said.nick)
        text = self._named.sub(lambda found: self._mask(found[0]), said.text) if self._any else said.text
        line = f"<{nick}> {without_addresses(text)}"
        return printing(line if len(line) <= LONGEST else line[: LONGEST - 1] + "…")

    def _mask(self, nick: str) -> str:
        return self._masks.setdefault(nick.lower(), f"p{len(self._masks) + 1}")


def printing(text: str) -> str:
    """Characters that print, so that nothing ends the line, turns the writing or hides.

    >>> printing("a\\nb\\x1b[2J")
    'a\ufffdb\ufffd[2J'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
