"""A small run against a provider that keeps failing, and everything that is on record of it afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from simulator.corpus import stats
from simulator.errors import ProviderError
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.llm.retry import FailureKind
from simulator.runs.admission import RunLimits
from simulator.runs.run import Run
from tests.faults.servers import FAULTS, SHARE, Telling, faulty
from tests.llm.clients import straight, translated
from tests.worlds import card, shipped

MOST_RESUMES = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What server and door counted, and what `em status --json` says."""

    fault: str
    requests: int
    served: int
    """Wrong answers."""
    asked: int
    """Calls that the sessions made."""
    answered: int
    """Calls that came back with a text."""
    pauses: tuple[float, ...]
    """Seconds that the door wanted to wait, and did not."""
    stops: int
    """How often the run gave up and was resumed."""
    status: dict
    seconds: float

    def row(self) -> dict[str, object]:
        """As a line of the fault table."""
        kind = FAULTS[self.fault][1]
        refused = self.status["retries"]
        return {
            "requests": self.requests,
            "faults": self.served,
            "counted_as": str(kind),
            "on_record": (self.status["failures"] if isinstance(kind, FailureKind) else refused).get(kind, 0),
            "sent_again": len(self.pauses),
            "given_up": self.asked - self.answered,
            "resumed": self.stops,
            "calls": self.status["cost"]["total"]["calls"],
            "lines_refused": sum(refused.values()),
            "kept": self.status["kept"],
            "rejected": self.status["rejected"],
            "rejected_by": self.status["rejections"],
            "wall_s": round(self.seconds, 2),
        }


def against(
    fault: str,
    folder: Path,
    *,
    direct: bool = True,
    sessions: int = 1,
    share: float = SHARE,
    most_resumes: int = MOST_RESUMES,
) -> Outcome:
    """Plays a run to its goal, through the hosted door over HTTP, and resumes it whenever it gives up.

    `direct`: as OpenAI's protocol is sent to an address that speaks it; else as litellm translates it. Raises
    ProviderError when the run gave up more often than `most_resumes`.
    """
    return asyncio.run(_against(fault, folder, direct, sessions, share, most_resumes))


async def _against(fault: str, folder: Path, direct: bool, sessions: int, share: float, most_resumes: int) -> Outcome:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    began, stops = time.perf_counter(), 0
    async with faulty(fault, share=share) as server:
        door = (straight if direct else translated)([server.base], name="openai/it")
        door.sleep = sleep
        model = Telling(door, server)
        Journal.create(folder, card(sessions=sessions, length="short")).close()
        while True:
            with Journal.open(folder) as journal:
                try:
                    await Run(journal, shipped(), Models(model, model), RunLimits(4)).go()
                except ProviderError:
                    stops += 1
                    if stops > most_resumes:
                        raise
                    continue
                status = stats.status(journal, shipped().quota).to_json()
                break
        await model.aclose()
    wall = time.perf_counter() - began
    asked, answered = model.calls["asked"], model.calls["answered"]
    return Outcome(fault, server.asked, server.served, asked, answered, tuple(pauses), stops, status, wall)
