"""From conversations to a run: recorded sessions, and the events as they came.

Nobody planned a recorded conversation: it has a setting, and what was counted. All conversations are kept:
filters are for what is made, and `em check` on the run tells what they would say.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulator import __version__, clock, files
from simulator.errors import NotMet, StorageError, UsageError
from simulator.events import Acted, Agreed, Event, Joined, Parted, Renamed, Said, TopicSet
from simulator.journal import database
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.model_choice import IMPORTED, ModelChoice
from simulator.journal.records import Goal, RunCard
from simulator.logs.anonymize import RunNames, without_addresses
from simulator.logs.conversations import Conversation, SplitRules
from simulator.logs.entry import ACTION, JOIN, MESSAGE, OPTIN, OPTOUT, PART, RENAME
from simulator.logs.line_counts import LineCounts
from simulator.logs.log_files import Log, LogSelection, logs
from simulator.logs.nicks import fold
from simulator.logs.reading import flow, speakers
from simulator.logs.timeline import DAY
from simulator.plan.session_plan import Origin, RecordedSession, Setting
from simulator.session.transcript import counted, text
from simulator.world.policy import EngagementPolicy
from simulator.world.strict import Level
from simulator.world.world import World


class StagingRun:
    """A folder beside `runs/` in which a run grows; it becomes the run when the block ends well, else it goes."""

    def __init__(self, folder: Path, *others: str) -> None:
        """`others`: names of what may stand in it besides the journal."""
        self._folder, self._others = folder, others
        self._staging = folder.parent.with_name("importing") / folder.name

    def __enter__(self) -> Path:
        """Raises UsageError if another process is at it, or if the folder holds what is not of a killed import."""
        if (self._staging / database.FILE).exists():
            Journal.open(self._staging).close()  # somebody else's, as long as it is being written
        self._clear()
        if self._staging.exists():
            remedy = "move it away, or choose another --run name"
            raise UsageError("holds what no import has left", place=str(self._staging), remedy=remedy)
        return self._staging

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                self._staging.rename(self._folder)  # which fails where something has come to stand
        except OSError as error:
            cause = error.strerror or str(error)
            raise StorageError(cause, place=str(self._folder), remedy="choose another --run name") from None
        finally:
            self._clear()
            if self._staging.parent.is_dir() and not any(self._staging.parent.iterdir()):
                self._staging.parent.rmdir()

    def _clear(self) -> None:
        """Removes the folder if nothing is in it but the files of an import."""
        if self._staging.is_dir():
            there = list(self._staging.iterdir())
            if all(database.is_own(path) or path.name in self._others for path in there):
                for path in there:
                    path.unlink()
                self._staging.rmdir()


UNNAMED = "#imported"
"""The channel of a log that names none."""
SALT = "salt"
"""File in the run's folder, with the salt that was made for it. Who has it can find out who is who: it is never
exported."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How conversations become sessions."""

    channel: str | None = None
    """None: as the log names it."""
    engagement: Level | None = None
    """None: by the lead's share of each conversation's messages."""
    pseudonyms: bool = False
    salt: str | None = None
    """None: one is made, and kept in the run's folder."""
    keep_addresses: bool = False
    """Leave links, mail addresses, hosts and phone numbers in the text."""


@dataclass(slots=True)
class ImportResult:
    """What came of it."""

    accounts: list[LineCounts] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    """Conversations by level of engagement."""
    lead_messages: int = 0
    left_out: list[str] = field(default_factory=list)
    """Files of a folder that are no logs, and why."""


def summarize_logs(what: LogSelection, rules: SplitRules) -> ImportResult:
    """The account of every log, nothing being written. Raises UsageError as `import_logs` does."""
    rows, taken = _arranged(what)
    own = fold(rules.lead)
    for row in rows:
        for found in flow(row, rules):
            taken.lead_messages += sum(t.kind == MESSAGE and fold(t.nick) == own for t in found.turns)
    return taken


def _arranged(what: LogSelection) -> tuple[list[list[Log]], ImportResult]:
    taken = ImportResult()
    rows = logs(what, taken.left_out)
    taken.accounts += (log.account for row in rows for log in row)
    return rows, taken


def import_logs(
    what: LogSelection, folder: Path, world: World, rules: SplitRules, options: ImportOptions
) -> ImportResult:
    """Makes the run `folder` from logs and folders of logs. It is there when it is whole, and not before.

    Raises UsageError if the run exists or a log cannot be read or understood, NotMet if there is no conversation in
    them, StorageError where the disk is full.
    """
    if (folder / FILE).exists():
        raise UsageError("this run exists", place=str(folder), remedy="choose another --run name")
    files.free(folder, "--run")
    rows, taken = _arranged(what)
    with StagingRun(folder, SALT) as staging:
        card = RunCard(
            name=folder.name,
            seed=0,
            goal=Goal(sessions=1),
            models=ModelChoice(people=IMPORTED),
            world=world.digest,
            version=__version__,
            begun=clock.now(),
        )
        with Journal.create(staging, card) as journal:
            names = _names(rows, staging, world, rules, options)
            slot = 0
            for row in rows:
                for found in flow(row, rules):
                    made, events = session(found, slot, names, world, options)
                    journal.keep(made, events, len(text(made.setting, events, world.layout).encode()))
                    taken.levels[made.setting.engagement] += 1
                    taken.lead_messages += made.lead_messages
                    slot += 1
            if not slot:
                raise NotMet(
                    f"no conversation of {rules.shortest} messages",
                    place=", ".join(str(path) for path in what.paths),
                    remedy="see what became of the lines with --dry-run",
                )
            journal.extend(Goal(sessions=slot))
    return taken


def session(
    found: Conversation, slot: int, names: RunNames, world: World, options: ImportOptions
) -> tuple[RecordedSession, tuple[Event, ...]]:
    """The session and the events of one conversation."""
    names.begin((turn.text, turn.nick) for turn in found.turns if turn.kind == RENAME)
    midnight = found.turns[0].at // DAY * DAY
    events = tuple(_events(found, midnight, names, keep_addresses=options.keep_addresses))
    lead = world.lead.nick
    said = [event.nick for event in events if isinstance(event, Said)]
    setting = Setting(
        id=f"i{slot:05d}",
        channel=options.channel or found.channel or UNNAMED,
        engagement=options.engagement or level(world.engagement, len(said), said.count(lead)),
        lead=lead,
    )
    return counted(RecordedSession(setting=setting, origin=Origin.IMPORTED, number=slot), events, world.quota), events


def level(policy: EngagementPolicy, n: int, k: int) -> Level:
    """The level whose band the lead's share lies in, in whole messages, or whose band is nearest to it."""
    share = k / n

    def away(name: Level) -> float:
        band = policy.bands[name]
        return 0.0 if k in band.counts(n) else max(band.least - share, share - band.most, 1e-9)

    return min(policy.bands, key=away)


def _events(found: Conversation, midnight: int, names: RunNames, *, keep_addresses: bool) -> Iterator[Event]:
    last = 0.0
    for index, turn in enumerate(found.turns):
        last = max(last, float(turn.at - midnight))
        nick = names.nick(turn.nick)
        if turn.kind == RENAME:
            yield Renamed(index=index, at=last, nick=nick, to=names.shown(turn.text, turn.nick))
        elif turn.kind in (OPTIN, OPTOUT):
            yield Agreed(index=index, at=last, nick=nick, yes=turn.kind == OPTIN)
        elif turn.kind == JOIN:
            yield Joined(index=index, at=last, nick=nick)
        elif turn.kind == PART:
            yield Parted(index=index, at=last, nick=nick)
        else:
            text = names.text(turn.text if keep_addresses else without_addresses(turn.text))
            kind: type[Said | Acted | TopicSet] = TopicSet
            if turn.kind in (MESSAGE, ACTION):
                kind = Said if turn.kind == MESSAGE else Acted
            yield kind(index=index, at=last, nick=nick, text=text)


def _names(
    rows: Iterable[Iterable[Log]], folder: Path, world: World, rules: SplitRules, options: ImportOptions
) -> RunNames:
    """With pseudonyms the logs are read twice: people are named before they first speak."""
    salt, known = None, set()
    if options.pseudonyms:
        salt = options.salt or _made(folder / SALT)
        for log in (log for row in rows for log in row):
            known |= {fold(nick) for nick in speakers(log.source)}
    personas = [persona.nick for persona in world.personas.values()]
    return RunNames(lead=world.lead.nick, shown_lead=rules.lead, personas=personas, salt=salt, known=known)


def _made(path: Path) -> str:
    salt = secrets.token_hex(16)
    path.touch(mode=0o600, exist_ok=False)
    with path.open("a") as file:
        file.write(salt + "\n")
    return salt
