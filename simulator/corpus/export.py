"""From a run to the files that a trainer reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from simulator import control_tokens, files, rng
from simulator.corpus import dataset_card, example, staging, stats
from simulator.corpus.consent import Consent, ConsentFilter, asked
from simulator.corpus.facts import DocumentCounts, ExportFacts, FileFacts, PreferenceFacts, to_json
from simulator.corpus.file_names import Names, Notation
from simulator.corpus.formats import (
    FORMATS,
    PREFERENCES,
    SessionExport,
    llama_factory,
    owned,
    require,
    write_rows,
)
from simulator.corpus.preferences import Judgement, Pair, PreferenceRequest, known_groups, preferences
from simulator.corpus.quality import Quality
from simulator.corpus.small_model import written_by_small_model
from simulator.corpus.staging import SHARD_BYTES
from simulator.errors import NotMet, UsageError
from simulator.events import Acted, Event, Said
from simulator.journal.journal import Journal
from simulator.plan.session_plan import AnySession
from simulator.session.transcript import lines
from simulator.world.policies.preferences import PreferencePolicy
from simulator.world.policy import EngagementPolicy, QuotaPolicy
from simulator.world.style import StylePolicy
from simulator.world.world import World

Stratum = tuple[str, str, str, str]
"""Engagement, length class, pattern, and the session's id."""


def stratum(session: AnySession) -> Stratum:
    """Of one session."""
    cell = session.cell
    return cell.engagement, cell.length, cell.pattern, session.id


def choose_validation(sessions: Iterable[Stratum], share: float, seed: int) -> frozenset[str]:
    """The ids of the sessions held out: `share` of them, rounded, drawn evenly over the strata.

    Sessions are laid out by engagement, length and pattern, in drawn order within; every (1/share)-th is taken. So each
    level, each level and length, and each of these with a pattern has its share to within one session.

    With fewer than 20 sessions a share of 5 % would be none, or one by the luck of rounding: one is held out as soon as
    there are two, so that both files exist and load. A single session is for training, and nothing is held out.
    """
    cells: dict[tuple[str, str, str], list[str]] = {}
    for engagement, length, pattern, name in sessions:
        # One string with the number and the id is a third of the memory of two values: there may be a million.
        cells.setdefault((engagement, length, pattern), []).append(f"{rng.number(seed, 'validation', name):016x}{name}")
    total = sum(map(len, cells.values()))
    if share <= 0 or total < 2:
        return frozenset()
    count = min(max(int(share * total + 0.5), 1), total - 1)
    start = rng.stream(seed, "validation").random()
    row = (entry for cell in sorted(cells) for entry in sorted(cells.pop(cell)))
    taken = {int((place + start) * total / count) for place in range(count)}
    return frozenset(entry[16:] for place, entry in enumerate(row) if place in taken)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    folder: Path
    training: int
    """Documents."""
    validation: int
    bytes: int
    """Of text in all documents."""
    files: tuple[str, ...]
    """Names of the data files, conversations left out."""
    scripted: bool
    very_small_model: int = 0
    """Documents that read as a very small model writes; kept for want of a better one."""
    preferences: PreferenceFacts | None = None
    """None: none were asked for."""


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """What the sessions are measured by, and how they are written."""

    quota: QuotaPolicy
    engagement: EngagementPolicy
    style: StylePolicy
    notation: Notation
    preferences: PreferencePolicy | None = None
    """None: no preference data can be asked for."""

    @classmethod
    def of(cls, world: World) -> ExportPolicy:
        """That of a world."""
        return cls(world.quota, world.engagement, world.style, Notation.of(world), world.preferences)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be written, and whose lines."""

    formats: Sequence[str] = ("jsonl", "txt")
    allow_scripted: bool = False
    """Lines of the scripted model, too: for a dry run."""
    allow_imported: bool = False
    """Of a real channel: everybody's lines, but of those who said `optout` there (see `consent.py`)."""
    opted_in: bool = False
    """Of a real channel: the lines of those who said `optin` there."""
    only_nicks: Collection[str] = ()
    """Of a real channel: the lines of those named."""
    actions: bool = True
    """/me lines are part of the documents, as they were of what the models were shown."""
    steps: stats.Steps = stats.STEPS
    """What the progress file says to type next."""
    shard_bytes: int = SHARD_BYTES
    """To a parquet file."""
    quality: Callable[[], Quality] | None = None
    """Measures what the card says of how good the sessions are; asked once nothing is refused. None: nothing."""
    pairs: tuple[str, ...] = ()
    """Of preference data: groups of `policies/preferences.yaml`, `marked` and `loser`; empty: all."""
    balance: bool = False
    """Of preference data: leave pairs out until neither side is the longer one too often."""


DEFAULT = ExportRequest()


def export(journal: Journal, out: Path, policy: ExportPolicy, request: ExportRequest = DEFAULT) -> Exported:
    """Writes every kept session of a run, in the order of the run, to `out`; again, if they are there.

    The same sessions give the same bytes in every file but the one that tells the time (the progress file). Files of a
    format that is not asked for stay as they are.

    Raises UsageError for an unknown format, for a scripted run without `allow_scripted`, for a real channel's without
    any word on whose lines are taken, and for `only_nicks` of whom nobody is in the run; NotMet if no session was kept,
    or nothing of one is left; StorageError if the folder cannot be written. Then nothing in it has changed.
    """
    formats, actions = tuple(dict.fromkeys(request.formats)), request.actions
    names, layout = policy.notation.names, policy.notation.layout
    require(formats)
    run, scripted = journal.run, stats.scripted(journal)
    if scripted and not request.allow_scripted:
        raise refuse_scripted(run.name)
    _require_pairs(request, policy.preferences, imported=run.imported)
    cutter = _cutter(journal, policy.quota, request) if run.imported else None
    with journal.moment():  # a session that is kept meanwhile is part of the next export
        tally = journal.tally()
        kept, finished = tally.kept, run.goal.done(tally) >= 1
        bad = journal.marked_bad()
        if not kept:
            raise NotMet("no session was kept, nothing to export", place=run.name, remedy=f"try `em resume {run.name}`")
        strata: Iterable[Stratum] = (stratum(row.session) for row in journal.sessions("kept"))
        if cutter is not None or bad:
            parts = [stratum(session) for session, _ in _sessions(journal, cutter, bad)]
            if not parts:
                cause = f"nothing is left of {kept} sessions without the lines of those who did not agree"
                remedy = "ask more people"
                if cutter is None:
                    cause, remedy = f"all {kept} sessions are marked bad", "take marks back with `em mark --undo`"
                raise NotMet(cause, place=run.name, remedy=remedy)
            strata, kept = parts, len(parts)
        held_out = choose_validation(strata, policy.quota.validation_share, run.seed)
        marginals, shares, lengths = stats.Marginals(), stats.LeadShares(policy.engagement), stats.MessageLengths()
        size, small, lead, validation = 0, 0, "", list[int]()
        with staging.staged(
            out, last=names.stats, written=lambda name: _named(name, formats, names), known=_known(out, names)
        ) as folder:
            with ExitStack() as writers:
                writing = [
                    writers.enter_context(closing(FORMATS[name].open(folder, names, request.shard_bytes)))
                    for name in formats
                ]
                for number, (session, events) in enumerate(_sessions(journal, cutter, bad), 1):
                    made = example.example(session, events, run, layout, actions=actions, scripted=scripted)
                    lead = session.setting.lead
                    said = lines(session.setting, events, actions)
                    header = layout.header(session.setting.engagement, session.setting.channel).text
                    if session.id in held_out:
                        validation.append(number)
                    for writer in writing:
                        writer.add(SessionExport(made, header, said, lead, session.id in held_out))
                    marginals.add(session.cell)
                    shares.add(made)
                    lengths.add(said, lead)
                    size += len(made.text.encode())
                    talk = [line for line in said if not line.action]
                    small += not run.imported and written_by_small_model(talk, policy.style) is not None
            made_pairs = _preferences(journal, policy, request, folder, held_out)
            if described := llama_factory(formats, lead, names):
                _write(folder / names.llama_factory, described)
            written = dict(_files(folder, names))
            facts = ExportFacts(
                stats.run_facts(run),
                scripted,
                run.imported,
                actions,
                small,
                len(bad),
                DocumentCounts(kept - len(held_out), len(held_out)),
                size,
                marginals.table(run.goal.held_to(policy.quota), finished=finished),
                shares.table(),
                lengths.table(),
                stats.outcomes(journal),
                written,
                made_pairs,
            )
            quality = None if request.quality is None else request.quality()
            readme = dataset_card.card(facts, lead, formats, validation, quality, policy.notation)
            (folder / names.card).write_text(readme, encoding="utf-8", newline="\n")
            _write(folder / names.progress, to_json(stats.progress(journal, request.steps)))
            good = {} if quality is None else {"quality": to_json(quality)}
            _write(folder / names.stats, facts.to_json(**good))
    return Exported(out, kept - len(held_out), len(held_out), size, tuple(written), scripted, small, made_pairs)


def _require_pairs(request: ExportRequest, policy: PreferencePolicy | None, *, imported: bool) -> None:
    """Raises UsageError for preference data that cannot be made."""
    if not PREFERENCES.keys() & set(request.formats) or policy is None:
        return
    known = known_groups(policy)
    if strange := [name for name in request.pairs if name not in known]:
        raise UsageError(f"no group `{strange[0]}`", place="--pairs", remedy=f"known are {', '.join(known)}")
    if imported:
        cause = "preference data is made of sessions that were played, not of what people said"
        raise UsageError(cause, place="--format", remedy="leave out dpo and kto")


def _preferences(
    journal: Journal, policy: ExportPolicy, request: ExportRequest, folder: Path, held_out: frozenset[str]
) -> PreferenceFacts | None:
    """Writes the preference data that was asked for; None: none was."""
    wanted = [name for name in PREFERENCES if name in request.formats]
    if not wanted or policy.preferences is None:
        return None
    found = preferences(
        journal,
        policy.preferences,
        policy.notation.layout,
        PreferenceRequest(request.pairs, request.balance, request.actions),
    )
    rows: dict[str, Sequence[Pair | Judgement]] = {"dpo": found.pairs, "kto": found.judgements}
    for name in wanted:
        split = ((row.session in held_out, row) for row in rows[name])
        write_rows(folder, policy.notation.names, PREFERENCES[name], split)
    return found.facts


def check(out: Path, formats: Sequence[str], names: Names) -> None:
    """Raises UsageError if an export to `out` would be refused, for a file there that no export has written."""
    staging.check(out, lambda name: _named(name, formats, names), _known(out, names))


def _named(name: str, formats: Sequence[str], names: Names) -> bool:
    return name in (names.progress, names.stats, names.card) or owned(name, formats, names)


def _known(out: Path, names: Names) -> files.Ours:
    """What no ledger tells of: the progress file, and the exports of versions that kept none."""

    def known(path: Path) -> bool:
        if path.name == names.progress:
            return stats.is_progress(path)
        if path.parent != out or path.name == names.llama_factory or (out / files.LEDGER).exists():
            return False
        known = _object(out / names.stats)
        data = known.get("files") if known.get("complete") is True else None
        if not isinstance(data, dict) or not {"run", "documents", "marginals"} <= known.keys():
            return False
        return path.name not in data or data[path.name] == {"bytes": path.stat().st_size, "sha256": files.digest(path)}

    return known


def _object(path: Path) -> dict[str, object]:
    """What a JSON file holds; empty for whatever is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _sessions(
    journal: Journal, cutter: ConsentFilter | None, bad: frozenset[str]
) -> Iterator[tuple[AnySession, list[Event]]]:
    """The kept sessions, or what may be exported of them, without those that a person marked bad; lines as edited.

    Control tokens that somebody typed are broken: a trainer would read the end of a turn in them.
    """
    for row in journal.sessions("kept"):
        if row.session.id in bad:
            continue
        events = [_without_control_tokens(event) for event in journal.edited(row.session.id)]
        if cutter is None:
            yield row.session, events
        else:
            yield from cutter.parts(row.recorded, events)


def refuse_scripted(name: str) -> UsageError:
    """A run of that name is scripted, and nobody said that it may be exported all the same."""
    return UsageError(
        "the lines of this run are scripted, not written by a model",
        place=name,
        remedy="use a model, or say --allow-scripted to export it for a dry run",
    )


def _without_control_tokens(event: Event) -> Event:
    if not isinstance(event, Said | Acted) or control_tokens.find(event.text) is None:
        return event
    return event.model_copy(update={"text": control_tokens.neutralise(event.text)})


def _cutter(journal: Journal, quota: QuotaPolicy, request: ExportRequest) -> ConsentFilter | None:
    """What leaves out the lines of those who did not agree; None: everybody did."""
    answers, only = asked(journal), request.only_nicks
    if not (request.allow_imported or request.opted_in or only):
        raise UsageError(
            f"real people wrote these lines; {len(answers.yes)} of {len(answers.people)} agreed in the channel",
            place=journal.run.name,
            remedy="--opted-in takes their lines, --only-nicks those of whom you asked, --allow-imported everybody's",
        )
    asked_for = {nick.lower() for nick in only}
    if asked_for and not asked_for & answers.people:
        raise UsageError(
            f"nobody in the run is called {', '.join(sorted(only)[:3])}",
            place="--only-nicks",
            remedy="write nicks of the channel, or the path of a file with one a line",
        )
    named = asked_for | (answers.yes if request.opted_in else set())
    since = {nick: at for nick, at in answers.since.items() if nick not in asked_for}
    consent = Consent(None if request.allow_imported else frozenset(named), answers.no, since)
    return None if consent.whole else ConsentFilter(consent, answers.people, quota.lengths["short"].messages)


def _files(folder: Path, names: Names) -> Iterator[tuple[str, FileFacts]]:
    """Size and digest of the data files, so that a copy can be checked; conversations repeat what these hold."""
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(names.conversation)):
        yield path.name, FileFacts(path.stat().st_size, files.digest(path))


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
