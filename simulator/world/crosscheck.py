"""What files of a world say about each other: a name in one that another has to know.

A part that is missing or could not be read is None, empty or in `unread`, and has a fault of its own; what depends on
it is not checked, so that one wrong file does not draw a hundred faults after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from simulator.world.persona import LEAD_WORDS, Persona, Role
from simulator.world.phrases import fault_of
from simulator.world.policies.evaluation import EvaluationPolicy
from simulator.world.policies.gaps import GapPolicy
from simulator.world.policies.names import NamesPolicy
from simulator.world.policy import EngagementPolicy, QuotaPolicy, TurnPolicy
from simulator.world.probe import Suite
from simulator.world.scenario import LEAD, PLACEHOLDER, Scenario, Topic
from simulator.world.style import StylePolicy
from simulator.world.yaml_file import Fault

ENGLISH = "en"
At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """As much of a world as could be read."""

    personas: Mapping[str, Persona]
    scenarios: Mapping[str, Scenario]
    topics: Mapping[str, tuple[Topic, ...]]
    probes: Suite | None
    names: NamesPolicy | None
    engagement: EngagementPolicy | None
    turns: TurnPolicy | None
    style: StylePolicy | None
    quota: QuotaPolicy | None
    evaluation: EvaluationPolicy | None
    gaps: GapPolicy | None
    files: Mapping[str, str] = field(default_factory=dict)
    """Of personas by nick; what is left out stands where its name says."""
    worded: Mapping[str, str] = field(default_factory=dict)
    """File that holds words to its language."""
    borrowed: tuple[str, ...] = ()
    """Prompt templates that are the shipped ones."""
    unread: frozenset[str] = frozenset()
    """Files that could not be read."""

    def unread_in(self, folder: str) -> set[str]:
        """The names, in lower case, that unread files of a folder would have given."""
        return {PurePath(file).stem.lower() for file in self.unread if file.startswith(f"{folder}/")}


def faults(parts: Parts) -> Iterator[Fault]:
    """Everything that does not fit together."""
    yield from language(parts)
    yield from _levels(parts)
    yield from _channels(parts)
    yield from _personas(parts)
    yield from _ties_and_interests(parts)
    yield from _topics(parts)
    yield from _bring_up(parts)
    for name, scenario in parts.scenarios.items():
        yield from _scenario(parts, scenario, f"scenarios/{scenario.pattern}/{name}.yaml", ())
    yield from _stubs(parts)
    yield from _evaluation(parts)


def _unknown(
    file: str, at: At, names: Iterable[str], known: Iterable[str], *, called: str | None = None
) -> Iterator[Fault]:
    among = sorted(known)
    for name in names:
        if name not in among:
            what = called or ".".join(map(str, at))
            yield Fault(file, f"{what}: no `{name}`", f"known are {', '.join(among)}", (*at, name))


def language(parts: Parts) -> Iterator[Fault]:
    """Everything that holds words is in the language of the world, and nothing is left to rules of another one."""
    if parts.names is None:
        return
    wanted = parts.names.language
    for file, language in parts.worded.items():
        if language != wanted:
            cause = f"language: its words are in `{language}`, and policies/names.yaml says `{wanted}`"
            remedy = f"write it in `{wanted}` and say `language: {wanted}` there, or take it from a world in `{wanted}`"
            yield Fault(file, cause, remedy, ("language",))
    if wanted == ENGLISH:
        return
    if parts.style is not None:
        for key, lists in (("nouns", parts.style.nouns), ("verbs", parts.style.verbs)):
            if lists:
                cause = f"{key}: word forms are made in English only"
                yield Fault("policies/style.yaml", cause, "write all forms under `words`", (key,))
    for nick, persona in parts.personas.items():
        if persona.facts is not None:
            file = parts.files.get(nick, f"personas/{nick.lower()}.yaml")
            yield Fault(file, "facts: lines are held to them in English only", "leave them out", ("facts",))
    for template in parts.borrowed:
        file = f"policies/prompts/{template}.j2"
        yield Fault(file, f"is missing, and the shipped one is not in `{wanted}`", f"write it in `{wanted}`")


def _levels(parts: Parts) -> Iterator[Fault]:
    """Every level that a file names is one that engagement.yaml gives a band, and quotas name them all."""
    if parts.engagement is None:
        return
    levels = parts.engagement.levels
    if parts.quota is not None:
        file = "policies/quota.yaml"
        yield from _unknown(file, ("engagement",), parts.quota.engagement, levels)
        for level in levels:
            if level not in parts.quota.engagement:
                yield Fault(file, f"engagement: missing {level}", "give it a share, 0 or more", ("engagement",))
        for channel, lean in parts.quota.lean.items():
            yield from _unknown(file, ("lean", channel), lean, levels)
    for name, scenario in parts.scenarios.items():
        yield from _unknown(f"scenarios/{scenario.pattern}/{name}.yaml", ("levels",), scenario.levels, levels)
    for measure, probes in parts.probes.files.items() if parts.probes is not None else ():
        for number, probe in enumerate(probes.probes):
            at = ("probes", number, "levels")
            yield from _unknown(f"scenarios/probes/{measure}.yaml", at, probe.levels, levels, called="levels")


def _channels(parts: Parts) -> Iterator[Fault]:
    """The channels that have a role are those that sessions are played in."""
    if parts.names is None or parts.quota is None:
        return
    for role, channel in parts.names.channels.items():
        if channel not in parts.quota.channels:
            cause = f"channels.{role}: policies/quota.yaml has no channel `{channel}`"
            yield Fault("policies/names.yaml", cause, "give it a share there, 0 or more", ("channels", role))
    for channel, lean in parts.quota.lean.items():
        if channel not in parts.quota.channels and lean:
            yield Fault("policies/quota.yaml", f"lean: no channel `{channel}`", "name one of `channels`", ("lean",))


def _personas(parts: Parts) -> Iterator[Fault]:
    if parts.unread_in("personas") or not parts.personas:
        return
    leads = [nick for nick, p in parts.personas.items() if p.role is Role.LEAD]
    if len(leads) != 1:
        named = f" ({', '.join(leads)})" if leads else ""
        yield Fault("personas", f"{len(leads)} cards have role: lead{named}", "give exactly one card that role")
    if parts.turns is None:
        return
    fewest = max(fewest for fewest, _ in parts.turns.cast.people.values())
    if len(parts.personas) - 1 < fewest:
        remedy = f"policies/turns.yaml wants {fewest} in a session: write more cards or lower cast.people"
        yield Fault("personas", f"{len(parts.personas) - 1} people besides the lead", remedy)


def _ties_and_interests(parts: Parts) -> Iterator[Fault]:
    unread = parts.unread_in("personas")
    for nick, persona in parts.personas.items():
        file = parts.files.get(nick, f"personas/{nick.lower()}.yaml")
        for number, tie in enumerate(persona.ties):
            if tie.to not in parts.personas and tie.to.lower() not in unread:
                yield Fault(
                    file, f"ties: nobody is called `{tie.to}`", "name a nick with a card", ("ties", number, "to")
                )
        for group in persona.interests:
            if parts.quota is not None and group not in parts.quota.topics:
                known = ", ".join(parts.quota.topics)
                yield Fault(file, f"interests: no topic group `{group}`", f"groups are {known}", ("interests", group))


def _topics(parts: Parts) -> Iterator[Fault]:
    if parts.quota is None or not parts.topics:
        return
    unread = parts.unread_in("scenarios/topics")
    for group in parts.quota.topics:
        if group not in parts.topics and group not in unread:
            yield Fault(f"scenarios/topics/{group}.yaml", "the quota wants this group", "write it")
    for group in parts.topics:
        if group not in parts.quota.topics:
            cause = "policies/quota.yaml has no such group"
            yield Fault(f"scenarios/topics/{group}.yaml", cause, "add it there", ("group",))


def _bring_up(parts: Parts) -> Iterator[Fault]:
    if parts.turns is None:
        return
    for part, policy in (("bring_up", parts.turns.bring_up), ("later_topics", parts.turns.later_topics)):
        for key, texts in (("note", policy.note), ("opening", policy.opening)):
            for number, text in enumerate(texts):
                for name in PLACEHOLDER.findall(text):
                    if name not in ("topic", "angle"):
                        cause, remedy = f"{part}: no `{name}`", "known are {topic} and {angle}"
                        yield Fault("policies/turns.yaml", cause, remedy, (part, key, number))


def _scenario(parts: Parts, scenario: Scenario, file: str, inside: At, *, channels: bool = True) -> Iterator[Fault]:
    """`inside`: where the script stands in the file. `channels`: whether those that it names have to be there."""
    before = "".join(f"{part}." for part in inside)
    if parts.quota is not None:
        for key, names, known in (
            ("pattern", (scenario.pattern,), parts.quota.patterns),
            ("channels", scenario.channels if channels else (), parts.quota.channels),
            ("topics", scenario.topics, parts.quota.topics),
        ):
            yield from _unknown(file, (*inside, key), names, known)
    if parts.style is not None:
        for number, expect in enumerate(scenario.expect):
            signals = (expect.signal,) if expect.signal else ()
            at = (*inside, "expect", number, "signal")
            yield from _unknown(file, at, signals, parts.style.named(), called=f"{before}expect.signal")
    yield from _slots(parts, scenario, file, inside)
    filled = {LEAD, *LEAD_WORDS, "topic", "angle", *scenario.slots, *scenario.fill}
    for where, text in _texts(scenario):
        found = PLACEHOLDER.findall(text)
        yield from _unknown(file, (*inside, *where), found, filled, called=f"{before}placeholder")


def _slots(parts: Parts, scenario: Scenario, file: str, inside: At) -> Iterator[Fault]:
    """Parts that nobody can play, and tags that no card has."""
    before = "".join(f"{part}." for part in inside)
    people = [p for p in parts.personas.values() if p.role is not Role.LEAD]
    if not people or parts.unread_in("personas"):
        return
    known = {tag for person in people for tag in person.does}
    for name, slot in scenario.slots.items():
        for key, tags in (("needs", slot.needs), ("unless", slot.unless)):
            at = (*inside, "slots", name, key)
            yield from _unknown(file, at, tags, known, called=f"{before}slots.{name}.{key}")
    for name, variants in scenario.fill.items():
        for number, variant in enumerate(variants):
            for slot_name, tags in variant.needs.items():
                at = (*inside, "fill", name, number, "needs", slot_name)
                yield from _unknown(file, at, tags, known, called=f"{before}fill.{name}.needs")
    # Parts are given out by how few can play them: the n-th is sure to find somebody if n people can.
    parts_by_people = {
        name: sum(map(slot.suits, people)) for name, slot in scenario.slots.items() if not set(slot.needs) - known
    }
    for taken, name in enumerate(sorted(parts_by_people, key=parts_by_people.__getitem__)):
        there = parts_by_people[name]
        if there <= taken or scenario.slots[name].role is Role.LEAD:
            cause, remedy = f"{before}slots.{name}: nobody can fill it", f"{there} cards have that role and do that"
            yield Fault(file, cause, remedy, (*inside, "slots", name))


def _texts(scenario: Scenario) -> Iterator[tuple[At, str]]:
    """Everything of a script in which placeholders may stand."""
    yield ("premise",), scenario.premise
    for place, beat in enumerate(scenario.beats):
        for key, texts in (("note", beat.note), ("opening", beat.opening)):
            for number, text in enumerate(texts):
                yield ("beats", place, key, number), text
    for name, variants in scenario.fill.items():
        for number, variant in enumerate(variants):
            yield ("fill", name, number), variant.text


def _stubs(parts: Parts) -> Iterator[Fault]:
    """The scripts that `em gaps --patch` fills in; channels that the world lacks are left out of them by then."""
    for name, stub in parts.gaps.stubs.items() if parts.gaps is not None else ():
        yield from _scenario(parts, stub, "policies/gaps.yaml", ("stubs", name), channels=False)


def _evaluation(parts: Parts) -> Iterator[Fault]:
    if parts.evaluation is None:
        return
    file = "policies/evaluation.yaml"
    if parts.style is not None:
        rules, signals = {rule.name for rule in parts.style.rules}, set(parts.style.signals)
        for name, wording in parts.evaluation.measures:
            for key, used, known in (("rules", wording.rules, rules), ("signals", wording.signals, signals)):
                for missing in (each for each in used if each not in known):
                    cause = f"measures.{name}: policies/style.yaml has no `{missing}`"
                    yield Fault(file, cause, f"known are {', '.join(sorted(known))}", ("measures", name, key))
            for key, patterns in (("patterns", wording.patterns), ("unless", wording.unless)):
                for pattern in patterns:
                    if found := _unsearchable(pattern, parts.style):
                        cause = f"measures.{name}: pattern `{pattern}`: {found}"
                        yield Fault(file, cause, "see the head of policies/style.yaml", ("measures", name, key))
    if parts.probes is not None:
        asked = {probe.id for measure in parts.evaluation.judge.questions for probe in parts.probes.of(measure)}
        for number, row in enumerate(parts.evaluation.judge.labelled):
            if row.probe not in asked:
                cause = f"judge.labelled: no probe `{row.probe}` has a question"
                at = ("judge", "labelled", number, "probe")
                yield Fault(file, cause, "name one of a must-have with a question", at)


def _unsearchable(pattern: str, style: StylePolicy) -> str | None:
    """What is wrong with a pattern that may name words of the style, or None."""
    try:
        return fault_of(style.spelled((pattern,))[0])
    except ValueError as error:
        return str(error)
