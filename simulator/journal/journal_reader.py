"""What a journal can be asked, while it is written or afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby, starmap
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import StorageError
from simulator.events import EVENT, Event
from simulator.journal.database import DAMAGED, storage
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Call, Cost, Goal, RecordedActivity, RunCard, RunProgress, SessionRow, read_session
from simulator.llm.model import Billing, CallId, Reply, Usage

if TYPE_CHECKING:
    import sqlite3

_CELL = (
    ("setting.engagement",),
    ("setting.channel",),
    ("slot.length", "length"),
    ("slot.pattern", "origin"),
    ("setting.group", "origin"),
)
"""Where the values that quotas are about stand in a session's JSON: in the first of these places that there is."""
_WHAT = "CASE WHEN retry AND purpose <> 'guard' THEN 'retries' ELSE purpose END"
"""What a call counts as: second tries of a line are a purpose of their own; the guard is asked about those, too."""


class JournalReader:
    """Queries over the database of one run."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path, self._db = path, db
        self._spent: float | None = None

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Everything that is read inside belongs to one moment, whatever another process writes meanwhile."""
        self._all("BEGIN")
        try:
            yield
        finally:
            self._all("ROLLBACK")

    @property
    def run(self) -> RunCard:
        """What the run is."""
        name, seed, goal, models, world, version, begun, *played = self._all("SELECT * FROM run")[0]
        return RunCard(
            name=name,
            seed=seed,
            goal=Goal.model_validate_json(goal),
            models=ModelChoice.model_validate_json(models),
            world=world,
            version=version,
            begun=begun,
            played=played[0] if played else "",
        )

    def sessions(self, state: str | None = None) -> Iterator[SessionRow]:
        """In order of slot and attempt; all, or those in one state."""
        where, values = ("WHERE state = ?", (state,)) if state else ("", ())
        with storage(self.path):
            rows = self._db.execute(
                f"SELECT plan, state, bytes, score FROM session {where} ORDER BY slot, attempt", values
            )
            for plan, *row in rows:
                yield SessionRow(read_session(plan), *row)

    def session(self, session: str) -> SessionRow | None:
        """One session by its id; None: there is none."""
        rows = self._all("SELECT plan, state, bytes, score FROM session WHERE id = ?", (session,))
        return SessionRow(read_session(rows[0][0]), *rows[0][1:]) if rows else None

    def events(self, session: str) -> list[Event]:
        """What happened in a session, in order."""
        with storage(self.path):
            rows = self._db.execute("SELECT body FROM event WHERE session = ? ORDER BY number", (session,))
            return [EVENT.validate_json(body) for (body,) in rows]

    def replies(self, session: str) -> dict[CallId, Reply]:
        """Everything that models answered in this session."""
        return {call.call_id: call.reply for call in self.calls(session)}

    def calls(self, session: str | None = None, purpose: str | None = None) -> Iterator[Call]:
        """Every answer, of one session or all, for one purpose or all; sessions in their order, the judge last.

        `purpose` is one of Cost.purpose.
        """
        # One condition for both cases would keep SQLite from its index: a session begun would read all calls so far.
        wanted = {"call.session = ?": session, "what = ?": purpose}
        asked = {condition: value for condition, value in wanted.items() if value is not None}
        with storage(self.path):
            rows = self._db.execute(
                f"SELECT call.session, key, {_WHAT} AS what, speaker, text,"
                " model, prompt_tokens, cached_tokens, completion_tokens, billing, cost_usd, seconds, attempts, cut"
                " FROM call JOIN session ON session.id = call.session"
                f" {'WHERE ' if asked else ''}{' AND '.join(asked)} ORDER BY slot, attempt",
                tuple(asked.values()),
            )
            for name, of_session in groupby(rows, key=itemgetter(0)):
                try:
                    found = sorted(starmap(_call, of_session), key=lambda call: call.call_id.order)
                except ValueError as error:
                    problem = f"a call of {name} is damaged: {error}"
                    raise StorageError(problem, place=str(self.path), remedy=DAMAGED) from None
                yield from found

    def said(self) -> dict[str, dict[str, int]]:
        """By session, how many messages each nick has."""
        found: dict[str, dict[str, int]] = {}
        rows = self._all("SELECT session, nick, count(*) FROM event WHERE kind = 'said' GROUP BY session, nick")
        for session, nick, count in rows:
            found.setdefault(session, {})[nick] = count
        return found

    def reasons(self, session: str) -> list[tuple[str, int | None, str]]:
        """(rule, message index or None, evidence) of everything that a session was rejected for."""
        return self._all("SELECT rule, message, evidence FROM reason WHERE session = ?", (session,))

    def tally(self) -> RunProgress:
        """How far the run is."""
        rows = self._all("SELECT state, count(*), sum(bytes) FROM session GROUP BY state")
        counts = {state: count for state, count, _ in rows}
        kept = next((size for state, _, size in rows if state == "kept"), 0)
        return RunProgress(counts.get("kept", 0), counts.get("rejected", 0), counts.get("open", 0), kept or 0)

    def cells(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """(engagement, channel, length, pattern, topic group) and how many kept sessions it has."""
        fields = [[f"json_extract(today, '$.{place}')" for place in places] for places in _CELL]
        columns = ", ".join(f"coalesce({', '.join(each)})" if len(each) > 1 else each[0] for each in fields)
        rows = self._all(
            f"SELECT {columns}, count(*) FROM (SELECT CASE WHEN json_type(plan, '$.setting') IS NULL THEN"
            " todays_shape(plan) ELSE plan END AS today FROM session WHERE state = 'kept') GROUP BY 1, 2, 3, 4, 5"
        )
        return ((row[:-1], row[-1]) for row in rows)

    def rejections(self) -> dict[str, int]:
        """How many sessions each rule rejected; a session counts once for every rule that it broke."""
        return dict(self._all("SELECT rule, count(DISTINCT session) n FROM reason GROUP BY rule ORDER BY n DESC, rule"))

    def costs(self) -> list[Cost]:
        """Calls, tokens and dollars by purpose."""
        rows = self._all(
            f"SELECT {_WHAT} AS what, count(*), sum(prompt_tokens),"
            " sum(cached_tokens), sum(completion_tokens), sum(cost_usd), group_concat(DISTINCT billing),"
            " sum(attempts - 1) FROM call GROUP BY what ORDER BY what"
        )
        return [
            Cost(what, n, p, k, c, usd, frozenset(map(Billing, billings.split(","))), failed)
            for what, n, p, k, c, usd, billings, failed in rows
        ]

    def spent(self) -> float:
        """Dollars of all calls whose price is known; summed once, then kept up to date."""
        if self._spent is None:
            self._spent = self._all("SELECT coalesce(sum(cost_usd), 0.0) FROM call")[0][0]
        return self._spent

    def activity(self) -> RecordedActivity | None:
        """What the run is doing, or was doing when it was killed; None: it is not being played."""
        if not self._has("activity"):
            return None
        rows = self._all("SELECT line, at FROM activity")
        return RecordedActivity(*rows[0]) if rows else None

    def failures(self) -> dict[str, int]:
        """How many requests failed, by retry.Trouble: those of answered calls and of calls that were given up."""
        if not self._has("failure"):
            return {}
        return dict(self._all("SELECT kind, sum(count) n FROM failure GROUP BY kind ORDER BY n DESC, kind"))

    def retried(self) -> dict[str, int]:
        """How many lines each rule of the line checks refused."""
        return dict(
            self._all(
                "SELECT json_extract(refusal.value, '$.rule') AS rule, count(*) n"
                " FROM event, json_each(event.body, '$.refused') AS refusal"
                # Few lines were refused, and to look for the letters is a third of the work of reading the JSON.
                """ WHERE instr(event.body, '"refused":[{') GROUP BY rule ORDER BY n DESC, rule"""
            )
        )

    def refused_lines(self, rules: str) -> dict[str, int]:
        """By session, how many lines rules of this beginning refused; sessions without any are left out."""
        return dict(
            self._all(
                "SELECT session, count(*) FROM event, json_each(event.body, '$.refused') AS refusal"
                """ WHERE instr(event.body, '"refused":[{')"""
                " AND instr(json_extract(refusal.value, '$.rule'), ?) = 1 GROUP BY session",
                (rules,),
            )
        )

    def holding(self, text: str) -> frozenset[str]:
        """Sessions with a message that holds the text, whatever the case of its letters (ASCII)."""
        rows = self._all(
            "SELECT DISTINCT session FROM event WHERE kind = 'said'"
            " AND instr(lower(json_extract(body, '$.text')), lower(?))",
            (text,),
        )
        return frozenset(session for (session,) in rows)

    def count_events(self, session: str) -> int:
        """How much has happened in a session."""
        return int(self._all("SELECT count(*) FROM event WHERE session = ?", (session,))[0][0])

    def states(self) -> dict[str, str]:
        """The state of every session, by id; cheap, since no plan is read."""
        return dict(self._all("SELECT id, state FROM session"))

    def variants(self, slot: int) -> list[tuple[str, str, float | None]]:
        """(Id, state, the judge's score) of every session that was played for the slot, in order."""
        return self._all("SELECT id, state, score FROM session WHERE slot = ? ORDER BY attempt", (slot,))

    def _has(self, table: str) -> bool:
        """False: the run was begun before there was such a table, and not opened for writing since."""
        return bool(self._all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def _all(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        with storage(self.path):
            return self._db.execute(sql, values).fetchall()


def _call(session: str, key: str, purpose: str, speaker: str, *reply: Any) -> Call:
    """A row of `Journal.calls`. Raises ValueError if it is damaged."""
    text, model, prompt, cached, completion, billing, usd, seconds, attempts, cut = reply
    usage = Usage(prompt, cached, completion)
    answer = Reply(text, model, usage, Billing(billing), usd, seconds, attempts=attempts, cut=bool(cut))
    return Call(session, CallId.parse(key), purpose, speaker, answer)
