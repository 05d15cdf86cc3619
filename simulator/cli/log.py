"""em log"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.cli.show import call_facts
from simulator.errors import NotMet, UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from simulator.journal.journal import Journal
    from simulator.journal.records import SessionRow

PURPOSES = ("people", "lead", "guard", "judge", "retries")


@click.command()
@options.run_argument
@click.option("--grep", "pattern", metavar="RE", help="Text that matches; RE2 syntax, `(?i)` in front ignores case.")
@click.option("--nick", metavar="N", help="What this nick said, tried, or was asked for.")
@click.option("--rule", metavar="R", help="Verdicts and refused tries by this rule.")
@click.option("--refused", is_flag=True, help="Only tries that the line checks refused.")
@click.option("--purpose", type=click.Choice(PURPOSES), help="Calls of models for this purpose.")
@click.option("--state", type=click.Choice(["kept", "rejected", "spare", "open"]), help="Only sessions in this state.")
@click.option("--session", metavar="S", help="Only this session.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after so many lines.")
@options.json_option
@options.data_option
def log(
    name: str,
    pattern: str | None,
    nick: str | None,
    rule: str | None,
    refused: bool,
    purpose: str | None,
    state: str | None,
    session: str | None,
    limit: int | None,
    as_json: bool,
    data: Path,
) -> None:
    """Search run NAME: one line for each message, or for what --rule, --refused or --purpose ask for.

    A message is shown as session, index among the messages of the document, time, nick and text. All conditions must
    hold. With --json, one object a line. The count goes to stderr; exit code 1 if nothing was found.
    """
    from simulator.journal.journal import Journal
    from simulator.tui import lines, sanitize

    if purpose is not None and (rule is not None or refused):
        raise click.UsageError("--purpose asks for calls of models, --rule and --refused for lines: give one of them")
    matches = matcher(pattern)
    console, count = lines.console(), HitCount()
    with Journal.read(data / "runs" / name) as journal:
        for hit in _found(journal, rule, refused, purpose, state, session):
            if (nick is not None and hit.nick != nick) or not matches(hit.text):
                continue
            if limit is not None and count.hits == limit:
                count.more = True
                break
            count.add(hit)
            if as_json:
                click.echo(sanitize.as_json(hit.facts))
            else:
                console.print(_row(hit), soft_wrap=True)
    if not count.hits:
        raise NotMet("nothing found", place=name)
    click.echo(str(count), err=True)


def _found(
    journal: Journal, rule: str | None, refused: bool, purpose: str | None, state: str | None, session: str | None
) -> Iterator[Hit]:
    if purpose is not None:
        return calls(journal, purpose, state, session)
    if refused or rule is not None:
        return findings(journal, rule, state, session, tries_only=refused)
    return messages(journal, state, session)


def _row(hit: Hit) -> Text:
    """The hit as one line."""
    from rich.text import Text

    from simulator.tui import lines
    from simulator.tui.sanitize import sanitize

    style = lines.LEAD if hit.by_lead else lines.colour(hit.nick)
    place = "-" if hit.message is None else str(hit.message)
    return Text.assemble(
        (f"{hit.session} {place:>3} ", "dim"),
        (f"{sanitize(hit.what)} ", "yellow") if hit.what else "",
        (f"{sanitize(hit.shown)} ", style) if hit.shown else "",
        sanitize(hit.text),
    )


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the answer."""

    session: str
    message: int | None
    """Index among the messages of the document; for a try, of the message it was to become. None: the whole session."""
    nick: str
    """Whose line; empty: nobody's."""
    by_lead: bool
    shown: str
    """The nick as it is shown."""
    what: str
    """What was found, if it is no message: a rule with its evidence, or the figures of a call."""
    text: str
    facts: Mapping[str, Any]
    """The same as plain values."""
    sums: Mapping[str, float] = field(default_factory=dict)
    """What is to be added up over all hits."""


@dataclass(slots=True)
class HitCount:
    """How much was found."""

    hits: int = 0
    sessions: set[str] = field(default_factory=set)
    sums: dict[str, float] = field(default_factory=dict)
    more: bool = False
    """There was more than the limit."""

    def add(self, hit: Hit) -> None:
        """Counts one more hit."""
        self.hits += 1
        self.sessions.add(hit.session)
        for name, value in hit.sums.items():
            self.sums[name] = self.sums.get(name, 0) + value

    def __str__(self) -> str:
        sums = "".join(f", {value:.10g} {name}" for name, value in self.sums.items())
        places = f"{len(self.sessions)} session{'s' if len(self.sessions) != 1 else ''}"
        return f"{self.hits} found in {places}{sums}{'; there is more' if self.more else ''}"


def matcher(pattern: str | None) -> Callable[[str], bool]:
    """A test of texts; None lets everything through. Raises UsageError for a pattern that is none."""
    if pattern is None:
        return lambda text: True
    import re2

    wanted = re2.Options()
    wanted.log_errors = False
    try:
        compiled = re2.compile(pattern, wanted)
    except re2.error as error:
        cause = error.args[0]
        why = cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)
        raise UsageError(why, place=f"--grep {pattern}", remedy="RE2 syntax: no look-around, no \\1") from None
    except UnicodeEncodeError:
        raise UsageError("is not UTF-8", place="--grep", remedy="type it in a UTF-8 terminal") from None
    return lambda text: compiled.search(text) is not None


def messages(journal: Journal, state: str | None, session: str | None) -> Iterator[Hit]:
    """Everything that was said or done by /me, in the order of sessions and events."""
    from simulator import clock
    from simulator.events import Acted, Said

    for row in _rows(journal, state, session):
        found, index = row.session, 0
        for event in journal.events(found.id):
            if not isinstance(event, Said | Acted):
                continue
            said = isinstance(event, Said)
            yield Hit(
                found.id,
                index if said else None,
                event.nick,
                event.nick == found.setting.lead,
                f"{clock.of_day(event.at)} " + (f"<{event.nick}>" if said else f"* {event.nick}"),
                "",
                event.text,
                {
                    "session": found.id,
                    "state": row.state,
                    "message": index if said else None,
                    "at": event.at,
                    "nick": event.nick,
                    "kind": event.kind,
                    "text": event.text,
                },
            )
            index += said


def findings(
    journal: Journal, rule: str | None, state: str | None, session: str | None, *, tries_only: bool
) -> Iterator[Hit]:
    """Refused tries, and unless only these are wanted the reasons of verdicts, by one rule or by any."""
    from simulator.events import Acted, Passed, Said

    for row in _rows(journal, state, session):
        found, index, lines = row.session, 0, []
        for event in journal.events(found.id):
            if isinstance(event, Said | Acted | Passed):
                for number, one in enumerate(event.refused):
                    if rule in (None, one.rule):
                        facts = {"session": found.id, "state": row.state, "found": "refused", "message": index,
                                 "try": number, "nick": event.nick, **one.model_dump()}  # fmt: skip
                        yield Hit(found.id, index, event.nick, event.nick == found.setting.lead, f"<{event.nick}>",
                                  _because("refused", one.rule, one.evidence), one.text, facts)  # fmt: skip
            if isinstance(event, Said):
                lines.append(event)
                index += 1
        for broken, message, evidence in [] if tries_only else journal.reasons(found.id):
            if rule not in (None, broken):
                continue
            said = lines[message] if message is not None and message < len(lines) else None
            facts = {"session": found.id, "state": row.state, "found": "rejected", "message": message,
                     "nick": said.nick if said else None, "rule": broken, "evidence": evidence,
                     "text": said.text if said else None}  # fmt: skip
            nick = said.nick if said else ""
            yield Hit(found.id, message, nick, nick == found.setting.lead, f"<{nick}>" if nick else "",
                      _because("rejected", broken, evidence), said.text if said else "", facts)  # fmt: skip


def calls(journal: Journal, purpose: str, state: str | None, session: str | None) -> Iterator[Hit]:
    """Answers of models for a purpose, with tokens, cost and seconds."""
    wanted = {row.session.id: row.session.setting.lead for row in _rows(journal, state, session)}
    for call in journal.calls(session, purpose):
        if call.session not in wanted:
            continue
        reply, usage = call.reply, call.reply.usage
        cost = f"${reply.cost_usd:.6f}" if reply.cost_usd is not None else reply.billing.value
        figures = (
            f"{call.purpose} {usage.prompt} prompt ({usage.cached} cached) {usage.completion} completion"
            f" {cost} {reply.seconds:.2f} s {reply.model}"
        )
        sums = {"prompt tokens": usage.prompt, "of them cached": usage.cached, "completion tokens": usage.completion,
                "seconds": round(reply.seconds, 3)}  # fmt: skip
        if reply.cost_usd is not None:
            sums["dollars"] = reply.cost_usd
        yield Hit(
            call.session,
            call.call_id.message,
            call.speaker,
            call.speaker == wanted[call.session],
            f"<{call.speaker}>" if call.speaker else "",
            figures,
            reply.text.strip(),
            call_facts(call),
            sums,
        )


def _rows(journal: Journal, state: str | None, session: str | None) -> Iterator[SessionRow]:
    from simulator.tui import recording

    if session is None:
        yield from journal.sessions(state)
    elif (row := recording.load_session(journal, session)).state == (state or row.state):
        yield row


def _because(what: str, rule: str, evidence: str) -> str:
    """Some rules have nothing to show."""
    return f"{what} {rule} ({evidence})" if evidence else f"{what} {rule}"
