"""A subject on this machine: a base in a folder of safetensors, alone or with an adapter.

A model in memory goes on with many logs at once, a token at a time, each with a stream of chance of its own.

Logs are read in batches, padded on the left; a log that several samples begin with is read once. A row leaves the batch
when it has all its lines. What is drawn for a row depends on its seed and on the model, not on the rest of the batch
(up to the rounding of the arithmetic, which batches do change).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator import rng
from simulator.document import HeaderLayout, parse_document, render_document
from simulator.errors import UsageError
from simulator.evaluate.subject import Ask, Sampling
from simulator.llm import cpu_threads
from simulator.train import adapter, adapter_registry, base_model

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from simulator.train.encoding import Encoder


class Loaded:
    """The base of several subjects, read from disk when the first is asked something, and its adapters."""

    def __init__(self, folder: Path, lead_nick: str, layout: HeaderLayout) -> None:
        """`folder`: config, safetensors, tokenizer. Raises what `weights.config` raises."""
        self.folder, self.lead, self.layout = folder, lead_nick, layout
        self.digest = adapter.fingerprint(folder)
        self._model: Any = None
        self._encoder: Encoder | None = None
        self._known: set[str] = set()

    @property
    def encoder(self) -> Encoder:
        """The base's encoder, with the lead's nick. Raises what `base_model.tokenizer` raises."""
        if self._encoder is None:
            from simulator.train.encoding import Encoder

            self._encoder = Encoder(base_model.tokenizer(self.folder), self.lead, self.layout)
        return self._encoder

    def model(self, stack: ExitStack, path: Path | None) -> Any:
        """The model as one subject has it, until the stack is left."""
        import torch

        if self._model is None:
            device = "cuda" if torch.cuda.is_available() else "cpu"
            if device == "cpu":  # threads that wait for a core that another program has make all of them wait
                torch.set_num_threads(cpu_threads.idle())
            base: Any = base_model.model(self.folder, "bf16", "none", device=device)  # `to` is typed wrongly there
            self._model = base.to(device).eval()
        if path is None:
            if self._known:
                stack.enter_context(self._model.disable_adapter())
            return self._model
        name = path.name.replace(".", "-")
        if name not in self._known:
            from peft import PeftModel

            if self._known:
                self._model.load_adapter(path, adapter_name=name)
            else:
                self._model = PeftModel.from_pretrained(self._model, path, adapter_name=name)
            self._model.eval()
            self._known.add(name)
        self._model.set_adapter(name)
        return self._model

    def close(self) -> None:
        """Forgets the weights."""
        self._model = None
        self._known.clear()


class Local:
    """The base as it is, or with one adapter."""

    note = ""

    def __init__(self, name: str, base: Loaded, path: Path | None = None) -> None:
        """`path`: folder of an adapter. Raises ContentError for one that is damaged or was trained on another base."""
        self.name, self._base, self._path = name, base, path
        self.digest = base.digest
        if path is not None:
            if not path.is_dir():
                raise UsageError("is a GGUF adapter", place=str(path), remedy="name the adapter's folder")
            adapter.check_base(path, adapter.read(path), base.folder)
            self.digest += "-" + adapter_registry.weights_digest(path)

    def lines(self, asks: Sequence[Ask], sampling: Sampling) -> list[str]:
        """For each, the text of the lead's next line, given that the lead speaks. Empty: none was written."""
        speaker = self._base.encoder.speaker(self._base.lead)
        return [text.rstrip("\n").strip() for text in self._written(asks, speaker, 1, sampling)]

    def sessions(self, asks: Sequence[Ask], messages: int, sampling: Sampling) -> list[str]:
        """For each, up to `messages` further lines, nicks and all; each ends in a newline."""
        return self._written(asks, (), messages, sampling)

    def reads(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """For each document, P(the lead speaks next), in [0, 1], before each of its messages."""
        from simulator.train.next_speaker import next_speakers

        encoder = self._base.encoder
        nick = encoder.speaker(self._base.lead)
        found = []
        with ExitStack() as stack:
            model = self._base.model(stack, self._path)
            for text in texts:
                ps = next_speakers(model, encoder.encode(text), [nick])[:, 0].tolist()
                lines = parse_document(text, self._base.layout).lines
                found.append(tuple(p for p, line in zip(ps, lines, strict=True) if not line.action))
        return found

    def surprises(self, texts: Sequence[str]) -> list[tuple[float, int]] | None:
        """For each document, the sum of nats that people's words cost, and how many tokens they are."""
        import torch

        from simulator.train.encoding import TokenClass

        found = []
        with ExitStack() as stack, torch.inference_mode():
            model = self._base.model(stack, self._path)
            for text in texts:
                encoded = self._base.encoder.encode(text)
                ids = torch.tensor([encoded.ids], device=model.device)
                people = [place for place, kind in enumerate(encoded.classes) if kind is TokenClass.PEOPLE]
                before = torch.tensor(people, device=model.device) - 1
                logits = model(input_ids=ids, use_cache=False, logits_to_keep=before).logits[0].float()
                nats = torch.nn.functional.cross_entropy(logits, ids[0, before + 1], reduction="sum")
                found.append((float(nats), len(people)))
        return found

    def close(self) -> None:
        """Forgets the weights of the base, for every subject on it; who asks again reads them again."""
        self._base.close()

    def _written(self, asks: Sequence[Ask], after: tuple[int, ...], lines: int, sampling: Sampling) -> list[str]:

        encoder = self._base.encoder
        begun = [
            Begun((*encoder.encode(render_document(ask.header, ask.lines)).ids[:-1], *after), ask.seed) for ask in asks
        ]
        with ExitStack() as stack:
            return Writer(self._base.model(stack, self._path), encoder.tokenizer).write(begun, lines, sampling)


BATCH = 32
"""Rows at once: beyond this a CPU gains nothing."""
LIKELIEST = 1000
"""Tokens that are drawn from at most; `top_p` of the mass hardly ever lies further down."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log as tokens, up to where the model goes on."""

    ids: tuple[int, ...]
    seed: int


@dataclass(slots=True)
class _Row:
    place: int
    draw: Any
    left: int
    """Lines that it still owes."""
    ids: list[int] = field(default_factory=list)
    since: int = 0
    """Tokens since the last newline."""


class Writer:
    """Draws lines from a model."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, batch: int = BATCH) -> None:
        self._model, self._tokenizer, self._batch = model, tokenizer, batch
        pieces = tokenizer.batch_decode([[number] for number in range(len(tokenizer))])
        self._ends = frozenset(number for number, piece in enumerate(pieces) if "\n" in piece)
        self._newline = tokenizer("\n", add_special_tokens=False).input_ids[-1]
        self._special = list(tokenizer.all_special_ids)

    def write(self, begun: Sequence[Begun], lines: int, sampling: Sampling) -> list[str]:
        """For each, the text of so many lines that follow, the last newline included.

        A line that reaches the limit of tokens ends there. Special tokens are never drawn: a log has no end.
        """
        texts = [""] * len(begun)
        order = sorted(range(len(begun)), key=lambda place: (len(begun[place].ids), place))
        for first in range(0, len(order), self._batch):
            rows = [_Row(p, rng.stream(begun[p].seed, "tokens"), lines) for p in order[first : first + self._batch]]
            self._run(rows, [begun[row.place].ids for row in rows], sampling)
            for row in rows:
                texts[row.place] = str(
                    self._tokenizer.decode(row.ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
                )
        return texts

    def _run(self, rows: list[_Row], prefixes: list[tuple[int, ...]], sampling: Sampling) -> None:
        import torch

        with torch.inference_mode():
            logits, cache, mask = self._read(prefixes)
            while rows:
                drawn = self._draw(logits, rows, sampling)
                for row, token in zip(rows, drawn, strict=True):
                    row.ids.append(token)
                    row.since = 0 if token in self._ends else row.since + 1
                    row.left -= token in self._ends
                kept = [place for place, row in enumerate(rows) if row.left > 0]
                if len(kept) < len(rows):
                    rows = [rows[place] for place in kept]
                    if not rows:
                        return
                    chosen = torch.tensor(kept, device=mask.device)
                    cache.batch_select_indices(chosen)
                    mask = mask[chosen]
                mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
                logits = self._model(
                    input_ids=torch.tensor([[row.ids[-1]] for row in rows], device=mask.device),
                    attention_mask=mask,
                    position_ids=mask.sum(1, keepdim=True) - 1,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                ).logits[:, -1]

    def _read(self, prefixes: list[tuple[int, ...]]) -> tuple[Tensor, Any, Tensor]:
        """Logits of the next token, the cache and the mask of each row; equal prefixes are read once."""
        import torch

        different = list(dict.fromkeys(prefixes))
        width = max(map(len, different))
        device = self._model.device
        ids = torch.full((len(different), width), self._newline, device=device)
        mask = torch.zeros((len(different), width), dtype=torch.long, device=device)
        for row, prefix in enumerate(different):
            ids[row, width - len(prefix) :] = torch.tensor(prefix, device=device)
            mask[row, width - len(prefix) :] = 1
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
        )
        each = torch.tensor([different.index(prefix) for prefix in prefixes], device=device)
        out.past_key_values.batch_select_indices(each)
        return out.logits[:, -1][each], out.past_key_values, mask[each]

    def _draw(self, logits: Tensor, rows: list[_Row], sampling: Sampling) -> list[int]:
        """One token a row, from the most likely ones that make up `top_p` (Holtzman et al. 2020, arXiv:1904.09751)."""
        import torch

        logits = logits.float() / sampling.temperature
        logits[:, self._special] = -torch.inf
        chances, tokens = logits.softmax(-1).topk(min(LIKELIEST, logits.shape[-1]))
        sums = chances.cumsum(-1)
        drawn = []
        for place, row in enumerate(rows):
            if row.since >= sampling.line_tokens:
                drawn.append(self._newline)
                continue
            within = int((sums[place] < sampling.top_p).sum()) + 1
            within = min(within, sums.shape[1])
            aim = row.draw.random() * float(sums[place, within - 1])
            index = int(torch.searchsorted(sums[place, :within].contiguous(), aim))
            drawn.append(int(tokens[place, min(index, within - 1)]))
        return drawn
