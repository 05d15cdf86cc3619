"""The whole of `em evaluate`: subjects are asked, or found in what was kept, and judged side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from simulator.corpus.file_names import Names
from simulator.corpus.reading import Text, documents
from simulator.document import HeaderLayout, parse_document
from simulator.errors import UsageError
from simulator.evaluate import answer_judge, corpus_subject
from simulator.evaluate.collect import Material, observe_subject
from simulator.evaluate.results_cache import ResultsCache
from simulator.evaluate.scorecard import Kind, Scorecard, compiled
from simulator.evaluate.subject import Observations, Subject
from simulator.llm.model import Model
from simulator.world.policies.evaluation import SuiteName
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What an evaluation is asked for."""

    suite: SuiteName
    seed: int
    data: Path
    """What was seen is kept below it."""
    corpus: Path | None = None
    """A folder that `em export` wrote, whose validation documents the subjects read, or a file, of which they read
    all."""
    chat: Path | None = None
    """Documents of a real channel, for what a model has lost of ordinary talk."""
    judge: Model | None = None
    """Is asked about every answer; not one that wrote the lead's lines of the corpus."""


def evaluate(
    subjects: Sequence[tuple[Kind, Subject]],
    world: World,
    request: EvaluationRequest,
    say: Callable[[str], None] = lambda _: None,
) -> Scorecard:
    """The scorecard of some subjects, and of a corpus beside them. What was seen is kept below the request's `data`.

    Raises what the subjects raise, UsageError for a corpus that cannot be read or a judge that wrote it. Subjects are
    closed, whatever is raised.
    """
    corpus, judge = request.corpus, request.judge
    with ExitStack() as closing:
        for _, subject in subjects:
            closing.callback(subject.close)
        every, held_out = _documents(corpus, world, judge)
        material = _material(world, request.suite, request.seed, held_out, request.chat)
        kept = ResultsCache(request.data)
        seen = [(kind, _seen(subject, material, kept, say)) for kind, subject in subjects]
    if corpus:
        remarks = world.gaps.remarks
        found = corpus_subject.seen(
            every, corpus.name, world.lead.nick, world.layout, world.evaluation.moments, remarks
        )
        seen.append(("reference", found))
    card = compiled(seen, material, world, request.suite)
    if judge is not None:
        say(f"{judge.name} judges")
        card = _judged(card, judge, material)
    for result in card.results:
        if result.kind != "reference":
            kept.conclude(result)
    return card


def _documents(corpus: Path | None, world: World, judge: Model | None) -> tuple[list[Text], list[Text]]:
    """All documents of the corpus and those held out; none without one. Raises UsageError for a judge that wrote it."""
    every, held_out = _corpus(corpus, world) if corpus else ([], [])
    if judge is not None:
        _impartial(judge.name, every)
    return every, held_out


def _material(world: World, suite: SuiteName, seed: int, held_out: Sequence[Text], chat: Path | None) -> Material:
    """What every subject is asked."""
    size = world.evaluation.suites[suite]
    talk = _corpus(chat, world)[0] if chat else []
    return Material(
        lead=world.lead.nick,
        layout=world.layout,
        suite=world.probes,
        policy=world.evaluation,
        size=size,
        seed=seed,
        prompts=world.prompts,
        documents=_spread(held_out, size.documents, world.layout),
        chat=_spread(talk, size.documents, world.layout),
    )


def _seen(subject: Subject, material: Material, kept: ResultsCache, say: Callable[[str], None]) -> Observations:
    """What a subject did, under its name: found in what was kept, or asked for now and kept."""
    found = kept.find(subject.digest, material)
    if found is None:
        found = observe_subject(subject, material, lambda what: say(f"{subject.name}: {what}"))
        kept.put(found, subject.digest, material)
    else:
        say(f"{subject.name}: seen before")
    return found.model_copy(update={"subject": subject.name})


def _spread(held_out: Sequence[Text], most: int, layout: HeaderLayout) -> tuple[tuple[str, str], ...]:
    """Id and text of so many documents, the levels in turn as far as they go round."""
    by_level: dict[str, list[tuple[str, str]]] = {level: [] for level in layout.levels}
    for text in held_out:
        if header := parse_document(text.text, layout).header:
            by_level[header.engagement].append((text.id, text.text))
    rounds = zip_longest(*by_level.values())
    return tuple(each for row in rounds for each in row if each is not None)[:most]


def _judged(card: Scorecard, judge: Model, material: Material) -> Scorecard:
    """The scorecard with what the judge thinks among what is only reported."""
    found = asyncio.run(answer_judge.opinions(judge, material, [result.examples for result in card.results]))
    results = [
        result.model_copy(update={"nice": (*result.nice, *checks)})
        for result, checks in zip(card.results, found, strict=True)
    ]
    return card.model_copy(update={"results": tuple(results)})


def _impartial(judge: str, documents: Sequence[Text]) -> None:
    """Raises UsageError for a judge who taught the lead: it would praise its own manner."""
    teachers = {text.about.get("lead_model") for text in documents}
    if judge in teachers:
        raise UsageError(f"{judge} wrote the lead's lines in the corpus", place="--judge", remedy="name another model")


def _corpus(path: Path, world: World) -> tuple[list[Text], list[Text]]:
    """All documents, and those that were held out of training."""
    most, names = world.style.numbers.max_document_bytes, Names.of(world.names.output)
    if path.is_file():
        every = [item for item in documents([path], most) if isinstance(item, Text)]
        return every, every
    training, validation = (path / names.split(held_out, ".jsonl") for held_out in (False, True))
    files = [file for file in (training, validation) if file.is_file()]
    if not files:
        raise UsageError(
            f"holds no {training.name}", place=str(path), remedy="name a folder that `em export` wrote, or a file"
        )
    held_out = [item for item in documents([files[-1]], most) if isinstance(item, Text)]
    every = [item for item in documents(files, most) if isinstance(item, Text)]
    return every, held_out
