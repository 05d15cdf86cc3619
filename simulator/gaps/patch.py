"""A proposal for the next run as one YAML file: each key is a file of the world, each value its new content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from simulator.gaps.feedback_terms import FeedbackLine
from simulator.gaps.measures import Measure
from simulator.gaps.sources import QuotePseudonyms, printing
from simulator.gaps.topics import Missing
from simulator.intervals import Figure
from simulator.world.policies.gaps import TOPIC, GapPolicy
from simulator.world.policy import QuotaPolicy
from simulator.world.scenario import Scenario
from simulator.world.world import World
from simulator.world.yaml_text import block, scalar

PARTS = 1000
"""Weights are moved in thousandths."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The weights of one axis before and after, and why."""

    name: str
    """Field of the quota."""
    before: Mapping[str, float]
    after: Mapping[str, float]
    """The same keys in the same order; adds up to 1."""
    reasons: Mapping[str, tuple[str, ...]]
    """Of the weights that are raised."""

    @property
    def moved(self) -> bool:
        """Some weight is another than before."""
        return self.before != self.after


def moved(
    name: str,
    weights: Mapping[str, float],
    reasons: Mapping[str, Sequence[str]],
    *,
    step: float,
    least: float,
    fixed: frozenset[str] = frozenset(),
) -> Axis:
    """The weights with those that have a reason raised by `step` in all, shared among them, and the others lowered.

    What is raised is taken from the weights that have no reason and are not `fixed`, in proportion to what each has
    above `least`; no weight changes by more than `step`. Nothing moves where nothing can be taken, or where all would
    rise.

    >>> dict(moved("x", {"a": 0.5, "b": 0.5}, {"a": ["n"]}, step=0.05, least=0.01).after)
    {'a': 0.55, 'b': 0.45}
    """
    why = {key: tuple(reasons[key]) for key in weights if reasons.get(key) and key not in fixed}
    floor = round(least * PARTS)
    parts = _thousandths(weights)
    spare = {key: max(0, parts[key] - floor) for key in weights if key not in why and key not in fixed}
    amount = min(round(step * PARTS), sum(spare.values()), sum(PARTS - parts[key] for key in why))
    if not why or amount <= 0:
        return Axis(name, dict(weights), dict(weights), why)
    taken = _dealt(amount, spare)
    given = _dealt(amount, dict.fromkeys(why, 1))
    after = {key: (parts[key] + given.get(key, 0) - taken.get(key, 0)) / PARTS for key in weights}
    return Axis(name, dict(weights), after, why)


def _thousandths(weights: Mapping[str, float]) -> dict[str, int]:
    """Whole parts that add up to PARTS: the largest remainders get what rounding down left over."""
    parts = {key: int(weight * PARTS + 1e-6) for key, weight in weights.items()}
    by_rest = sorted(weights, key=lambda key: (parts[key] - weights[key] * PARTS, key))
    for key in by_rest[: PARTS - sum(parts.values())]:
        parts[key] += 1
    return parts


def _dealt(amount: int, shares: Mapping[str, int]) -> dict[str, int]:
    """`amount` in whole parts, in proportion to the shares, none above its own where they can hold it all."""
    whole = sum(shares.values())
    dealt = {key: amount * share // whole for key, share in shares.items()}
    by_rest = sorted(shares, key=lambda key: (-(amount * shares[key] % whole), key))
    for key in by_rest[: amount - sum(dealt.values())]:
        dealt[key] += 1
    return dealt


QUOTA = "policies/quota.yaml"


@dataclass(frozen=True, slots=True)
class ProposedScript:
    """A script, with what it is an answer to."""

    path: str
    """In the world."""
    card: Mapping[str, Any]
    """As in a file of `scenarios/`."""
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """What is proposed."""

    axes: tuple[Axis, ...]
    stubs: tuple[ProposedScript, ...]
    quota: Mapping[str, Any]
    """The whole of the new `policies/quota.yaml`; valid."""

    @property
    def empty(self) -> bool:
        """Nothing is proposed."""
        return not self.stubs and not any(axis.moved for axis in self.axes)


def proposed(
    rows: Sequence[Measure],
    complaints: Sequence[FeedbackLine],
    topics: Sequence[Missing],
    policy: GapPolicy,
    world: World,
    masks: QuotePseudonyms,
) -> Patch:
    """Weights toward what is lacking, and a script for each gap, kind of complaint and missing topic.

    Raises ContentError for a stub of `policies/gaps.yaml` that does not fit the world.
    """
    axes = _axes(rows, topics, policy, world.quota)
    quota = world.quota.model_dump(mode="json")
    for axis in axes:
        quota[axis.name] = dict(axis.after)
    taken = set(world.scenarios)
    stubs = [
        *_answers(rows, complaints, policy, world, masks, taken),
        *(_topic(topic, policy, world, masks, taken) for topic in topics),
    ]
    scripts = [Scenario.model_validate({"name": PurePath(stub.path).stem, **stub.card}) for stub in stubs]
    # A world with all of it checks itself, so that what is proposed is never refused by `em world`.
    replace(
        world,
        quota=QuotaPolicy.model_validate(quota),
        scenarios={**world.scenarios, **{script.name: script for script in scripts}},
    )
    return Patch(tuple(axes), tuple(stubs), quota)


def _axes(rows: Sequence[Measure], topics: Sequence[Missing], policy: GapPolicy, quota: QuotaPolicy) -> list[Axis]:
    levels: dict[str, list[str]] = {}
    patterns: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    for row in rows:
        if not row.gap:
            continue
        if row.band is not None:
            levels.setdefault(row.name.removeprefix("share-"), []).append(describe_gap(row))
        elif pattern := policy.answer(row.name):
            patterns.setdefault(pattern, []).append(describe_gap(row))
    for topic in topics:
        if topic.group is not None:
            because = f"people bring {topic.title} ({figure(topic.here)} of their messages)"
            groups.setdefault(topic.group, []).append(because)
    step, least = policy.step, policy.least
    engagement = dict(quota.engagement)
    return [
        moved("engagement", engagement, levels, step=step, least=least),
        moved("patterns", quota.patterns, patterns, step=step, least=least),
        # A confined group shares its weight with its channel, and stays as it is.
        moved("topics", quota.topics, groups, step=step, least=least, fixed=frozenset(quota.confined)),
    ]


def _answers(
    rows: Sequence[Measure],
    complaints: Sequence[FeedbackLine],
    policy: GapPolicy,
    world: World,
    masks: QuotePseudonyms,
    taken: set[str],
) -> Iterator[ProposedScript]:
    gaps = {row.name: row for row in rows if row.gap}
    drawn = {row.name for row in rows if row.here and row.here.value > (row.there.value if row.there else 0)}
    for name, stub in policy.stubs.items():
        lines = [remark for remark in complaints if remark.kind == name]
        if name == TOPIC or (name not in gaps and (len(lines) < policy.cluster or name not in drawn)):
            continue
        why = [describe_gap(gaps[name])] if name in gaps else []
        why += [f"{len(lines)} complaints of this kind"] if lines else []
        for remark in lines[: policy.evidence]:
            where = printing(f"{remark.talk.source}, {remark.talk.id}")
            why += [f"{where}, {remark.cause}: {masks.line(remark.talk, remark.cause)}"]
            why += [f"{where}, {remark.index}: {masks.line(remark.talk, remark.index)}"]
        yield _stub(f"gap-{name}", stub.written, why, world, taken)


def _topic(topic: Missing, policy: GapPolicy, world: World, masks: QuotePseudonyms, taken: set[str]) -> ProposedScript:
    words = [word for term in topic.terms for word in re.findall(r"[a-z0-9]+", term.text)]
    subject = " or ".join(term.text for term in topic.terms[:3])
    stub = policy.stubs[TOPIC].written
    card = {**stub, "fill": {**stub.get("fill", {}), "subject": [subject[:1200]]}}
    if topic.group is not None:
        card["topics"] = [topic.group]
        if (channel := world.quota.confined.get(topic.group)) is not None:
            card["channels"] = [channel]
    why = [
        f"people bring {topic.title}: {figure(topic.here)} of their messages in {topic.sessions} sessions,"
        f" the corpus has {figure(topic.there)}",
        "to fill in: say under `fill` what these words are about, one subject a line",
    ]
    if topic.group is None:
        why.append("to fill in: `topics`, the groups that it suits; no subject of the world shares a word with it")
    why += [f"{printing(f'{t.source}, {t.id}')}, {place}: {masks.line(t, place)}" for t, place in topic.lines]
    return _stub("-".join(["gap", "topic", *dict.fromkeys(words)])[:40].rstrip("-"), card, why, world, taken)


def _stub(name: str, card: Mapping[str, Any], why: Iterable[str], world: World, taken: set[str]) -> ProposedScript:
    """With a name that no script has. Channels and groups that the world does not have are left out of it."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    taken.add(free)
    channels = [channel for channel in card["channels"] if channel in world.quota.channels]
    card = {**card, "channels": channels or list(world.quota.channels)}
    return ProposedScript(f"scenarios/{card['pattern']}/{free}.yaml", card, tuple(why))


def describe_gap(row: Measure) -> str:
    """A row in one line."""
    against = f"the band is {row.band.least:.0%} to {row.band.most:.0%}" if row.band else f"corpus {figure(row.there)}"
    return f"{row.title}: {figure(row.here, row.unit)}, {row.finding}; {against}"


def figure(found: Figure | None, unit: str = "share") -> str:
    """Value, interval, observations.

    >>> figure(Figure(0.5, 0.25, 0.75, 8))
    '50.0 % (25.0 to 75.0, n 8)'
    """
    if found is None:
        return "nothing"
    factor, sign = (100, " %") if unit == "share" else (1, "")
    return f"{found.value * factor:.1f}{sign} ({found.low * factor:.1f} to {found.high * factor:.1f}, n {found.n})"


def as_yaml(patch: Patch, title: str) -> str:
    """The file. What people typed stands in comments only, and can end none of them."""
    out = [
        f"# {printing(title)}",
        "# Each key is a file of the world and its value the whole content of that file.",
        "",
    ]
    if any(axis.moved for axis in patch.axes):
        out.append(f"{QUOTA}:")
        reasons = {axis.name: axis for axis in patch.axes}
        for field, value in patch.quota.items():
            axis = reasons.get(field)
            if axis is None or not axis.moved:
                out += block({field: value}, "  ")
                continue
            out.append(f"  {field}:")
            for key, weight in axis.after.items():
                change = weight - axis.before[key]
                why = "; ".join(axis.reasons.get(key, ("to make room",)))
                note = f"  # {change:+.3f}: {printing(why)}" if abs(change) > 1e-9 else ""
                out.append(f"    {scalar(key)}: {weight:g}{note}")
    for stub in patch.stubs:
        out += ["", f"{stub.path}:", *(f"  # {printing(comment)}" for comment in stub.comments)]
        out += block(stub.card, "  ")
    if patch.empty:
        out.append("{}  # nothing to change")
    return "\n".join(out) + "\n"
