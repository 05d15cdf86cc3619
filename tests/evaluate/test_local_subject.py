"""A tiny random model as a subject: every row is its own, and the base stays the base."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.document import TranscriptLine
from simulator.errors import ContentError, UsageError
from simulator.evaluate.local_subject import Begun, Loaded, Local, Writer
from simulator.evaluate.open_subjects import opened
from simulator.evaluate.subject import Ask, Sampling
from simulator.llm.gguf_file import default_weights
from simulator.train import adapter, adapter_registry, base_model
from tests.layout import LAYOUT
from tests.train import adapters, models
from tests.worlds import shipped

SAMPLING = Sampling(0.9, 0.95, 12)
LEAD = "ada"
ASKS = [Ask(LAYOUT.header("LOW", "#general"), (TranscriptLine("kai", "hello " * size),), size) for size in range(1, 5)]
TEXTS = [
    f"ENGAGEMENT: LOW\nCHANNEL: #general\n<kai> {word}\n* kai waves\n<{LEAD}> hi\n" for word in ("one", "two words")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    return models.save(tmp_path_factory.mktemp("tiny"))


def test_a_row_does_not_depend_on_its_batch(folder: Path) -> None:
    """In full precision; in bf16 the rounding of a batch can tip a draw."""
    words = base_model.tokenizer(folder)
    writer = Writer(base_model.model(folder, "fp32", "none", device="cpu").eval(), words, batch=3)
    begun = [Begun(tuple(words("hello there\n" * (1 + seed % 3)).input_ids), seed) for seed in range(8)]
    together = writer.write(begun, 2, SAMPLING)
    assert together == [writer.write([each], 2, SAMPLING)[0] for each in begun]
    assert len(set(together)) == 8 and writer.write([begun[0]] * 2, 2, SAMPLING) == [together[0]] * 2


def test_sessions_have_the_lines_that_were_wanted(folder: Path) -> None:
    subject = Local("tiny", Loaded(folder, LEAD, LAYOUT))
    texts = subject.sessions(ASKS, 3, SAMPLING)
    assert [text.count("\n") for text in texts] == [3] * len(ASKS) and all(text.endswith("\n") for text in texts)
    short = subject.sessions(ASKS, 3, replace(SAMPLING, line_tokens=2))
    assert [text.count("\n") for text in short] == [3] * len(ASKS)
    assert max(len(row) for text in short for row in text.split("\n")) < max(len(row) for row in texts[0].split("\n"))
    assert all("\n" not in line for line in subject.lines(ASKS, SAMPLING))


def test_it_reads_one_chance_a_message(folder: Path) -> None:
    found = Local("tiny", Loaded(folder, LEAD, LAYOUT)).reads(TEXTS)
    assert [len(each) for each in found] == [2, 2] and all(0 < p < 1 for each in found for p in each)


def test_peoples_words_cost_what_the_model_says(folder: Path) -> None:
    import torch

    subject = Local("tiny", Loaded(folder, LEAD, LAYOUT))
    [(nats, tokens)] = subject.surprises(TEXTS[:1])
    encoded = subject._base.encoder.encode(TEXTS[0])
    with ExitStack() as stack, torch.no_grad():
        logits = subject._base.model(stack, None)(torch.tensor([encoded.ids])).logits[0].float().log_softmax(-1)
    told = [place for place, kind in enumerate(encoded.classes) if kind == "people"]
    wanted = -sum(float(logits[place - 1, encoded.ids[place]]) for place in told)
    assert tokens == len(told) and nats == pytest.approx(wanted, rel=1e-3)


def test_adapters_leave_the_base_alone(folder: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("one.a", "two")):
        adapters.make(tmp_path / "adapters" / name, folder, seed=number)
    found = opened(str(folder), ["one.a", "two"], world=shipped(), data=tmp_path)
    assert [kind for kind, _ in found] == ["base", "adapter", "adapter"]
    base, first, second = (subject for _, subject in found)
    assert len({base.digest, first.digest, second.digest}) == 3
    before = base.reads(TEXTS)
    adapted = [subject.reads(TEXTS) for subject in (first, second)]
    assert base.reads(TEXTS) == before and before not in adapted and adapted[0] != adapted[1]
    assert first.reads(TEXTS) == adapted[0]
    first.close()
    assert base.reads(TEXTS) == before


def test_an_adapter_of_another_base_is_refused(folder: Path, tmp_path: Path) -> None:
    other = models.save(tmp_path / "other", layers=1)
    adapters.make(tmp_path / "adapters" / "one", other)
    with pytest.raises(ContentError, match="another base"):
        opened(str(folder), ["one"], world=shipped(), data=tmp_path)


@pytest.mark.parametrize(
    ("base", "names", "cause"),
    [
        ("scripted", [], "no model writes"),
        ("gguf:nowhere.gguf", [], "No such file"),
        ("openai/gpt-x", ["a"], "no adapter"),
    ],
)
def test_names_that_mean_nothing(tmp_path: Path, base: str, names: list[str], cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        opened(base, names, world=shipped(), data=tmp_path)


@pytest.mark.parametrize(
    ("model", "name", "fits"),
    [("embedded", "embedded", True), (f"gguf:{default_weights()}", "embedded", True), ("embedded", "tiny", False)],
    ids=["name", "file", "another"],
)
def test_the_file_of_the_embedded_model_is_the_embedded_model(
    folder: Path, tmp_path: Path, model: str, name: str, fits: bool
) -> None:
    there = adapters.card("one", folder).base.model_copy(update={"name": name})
    adapters.make(tmp_path / "one", folder)
    path = tmp_path / "one"
    adapter.write(path, adapter.read(path).model_copy(update={"base": there}))
    if fits:
        assert adapter_registry.served_file(path, model) == path / "adapter.gguf"
    else:
        with pytest.raises(UsageError, match="for the base tiny"):
            adapter_registry.served_file(path, model)
