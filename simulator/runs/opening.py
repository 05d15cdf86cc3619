"""From the models that were chosen to models that can be asked, here or on another machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulator.cluster.worker import Opening
from simulator.errors import UsageError
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Goal
from simulator.llm.model import Billing, Models, Purpose
from simulator.llm.prices import billing, price
from simulator.llm.progress import Listener, log_progress
from simulator.llm.registry import OpenOptions, open_models
from simulator.plan.forecast import Overhead, forecast_run, tokens
from simulator.plan.session_plan import SessionPlan
from simulator.train import adapter_registry
from simulator.world.world import World

SAMPLE = 60
"""Sessions that are planned to say what a run will cost."""


def models_opening(choice: ModelChoice, world: World, slots: int, progress: Listener = log_progress) -> Opening:
    """What opens the models. `slots`: sessions at once that an embedded server keeps in mind, 1 or more.
    `progress` is told what calls wait for; one that travels to another machine must be a function of the program.

    Raises UsageError for an adapter that does not fit the lead's model, or was trained anew since it was named.
    """
    return partial(
        open_models,
        choice.people,
        choice.lead,
        choice.judges,
        guard=choice.guards,
        others=sorted({p.model for p in world.personas.values() if p.model}),
        options=OpenOptions(
            api_base=choice.api_base,
            dialect=choice.dialect,
            lead_dialect=choice.lead_dialect,
            lead_adapter=_adapter_file(choice, world),
            slots=slots,
            params=choice.params,
            language=world.names.language,
            progress=progress,
        ),
    )


async def open_choice(choice: ModelChoice, world: World, slots: int, progress: Listener = log_progress) -> Models:
    """The models, ready to be asked. Raises what `models_opening` and `open_models` raise."""
    return await models_opening(choice, world, slots, progress)()


def _adapter_file(choice: ModelChoice, world: World) -> Path | None:
    """The GGUF file of the lead's adapter, if there is one: the same weights as when it was named."""
    if choice.lead_adapter is None:
        return None
    path, card = Path(choice.lead_adapter), world.lead
    if card.model:
        cause = f"the card of {card.nick} asks for the model {card.model}, which takes none"
        raise UsageError(cause, place="--lead-adapter", remedy="take `model` off the card")
    if adapter_registry.weights_digest(path) != choice.lead_adapter_digest:
        cause = f"{path} has been trained anew since the run was begun"
        raise UsageError(cause, place="--lead-adapter", remedy="name it again to continue with it as it is")
    return adapter_registry.served_file(path, choice.leads)


@dataclass(frozen=True, slots=True)
class ExpectedPrice:
    """What a run will cost, in dollars."""

    cached: dict[Purpose, float]
    """With prompt caching; of the roles whose model has a price."""
    uncached: float
    """All of them without it."""
    unknown: tuple[str, ...]
    """Models of which no price is known."""


def expected_price(choice: ModelChoice, world: World, goal: Goal, seed: int) -> ExpectedPrice | None:
    """From the first sessions that would be planned. None: no model costs money."""
    names = _names(choice)
    prices = {purpose: price(name) for purpose, name in names.items()}
    unknown = tuple(sorted({name for name in names.values() if billing(name) is Billing.UNKNOWN}))
    if not unknown and not any(prices.values()):
        return None
    overhead = Overhead(bool(choice.judges), bool(choice.guards), goal.oversample, goal.length)
    found = forecast_run(world, seed, sessions=min(goal.sessions or SAMPLE, SAMPLE), overhead=overhead)
    scale = goal.sessions / found.sessions if goal.sessions else (goal.target_mb or 0) * 1e6 / found.bytes
    needed = {purpose: found.tokens[purpose] * scale for purpose in names}
    known = {purpose: cost for purpose, cost in prices.items() if cost is not None}
    return ExpectedPrice(
        {purpose: needed[purpose].usd(cost, caching=True) for purpose, cost in known.items()},
        sum(needed[purpose].usd(cost, caching=False) for purpose, cost in known.items()),
        unknown,
    )


def session_price(choice: ModelChoice, world: World) -> Callable[[SessionPlan], float] | None:
    """Dollars that a session may cost, as if nothing were cached; None if the price of a model is not known."""
    names = _names(choice)
    if any(billing(name) is Billing.UNKNOWN for name in names.values()):
        return None
    prices = {purpose: price(name) for purpose, name in names.items()}

    def usd(plan: SessionPlan) -> float:
        needed = tokens(plan, world, judged=bool(choice.judges), guarded=bool(choice.guards))
        return sum(needed[purpose].usd(cost, caching=False) for purpose, cost in prices.items() if cost is not None)

    return usd


def _names(choice: ModelChoice) -> dict[Purpose, str]:
    names = {Purpose.PEOPLE: choice.people, Purpose.LEAD: choice.leads}
    if choice.judges:
        names[Purpose.JUDGE] = choice.judges
    if choice.guards:
        names[Purpose.GUARD] = choice.guards
    return names
