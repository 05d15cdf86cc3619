"""A subject on this machine: a base in a folder of safetensors, alone or with an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.document import parse_document, render_document
from simulator.errors import UsageError
from simulator.evaluate.subject import Ask, Sampling
from simulator.llm import cpu_threads
from simulator.train import adapter, adapter_lookup, base_model, lora

if TYPE_CHECKING:
    from simulator.train.encoding import Encoder


class Loaded:
    """The base of several subjects, read from disk when the first is asked something, and its adapters."""

    def __init__(self, folder: Path, lead_nick: str) -> None:
        """`folder`: config, safetensors, tokenizer. Raises what `weights.config` raises."""
        self.folder, self.lead = folder, lead_nick
        self.digest = adapter.fingerprint(folder)
        self._model: Any = None
        self._encoder: Encoder | None = None
        self._known: set[str] = set()

    @property
    def encoder(self) -> Encoder:
        """The base's encoder, with the lead's nick. Raises what `base_model.tokenizer` raises."""
        if self._encoder is None:
            from simulator.train.encoding import Encoder

            self._encoder = Encoder(base_model.tokenizer(self.folder), self.lead)
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
            lora.check_base(path, adapter.read(path), base.folder)
            self.digest += "-" + adapter_lookup.digest(path)

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
                lines = parse_document(text).lines
                found.append(tuple(p for p, line in zip(ps, lines, strict=True) if not line.action))
        return found

    def surprises(self, texts: Sequence[str]) -> list[tuple[float, int]] | None:
        """For each document, the sum of nats that people's words cost, and how many tokens they are."""
        import torch

        from simulator.train.token_classes import TokenClass

        found = []
        with ExitStack() as stack, torch.inference_mode():
            model = self._base.model(stack, self._path)
            for text in texts:
                encoded = self._base.encoder.encode(text)
                ids = torch.tensor([encoded.ids], device=model.device)
                told = [place for place, kind in enumerate(encoded.classes) if kind is TokenClass.PEOPLE]
                before = torch.tensor(told, device=model.device) - 1
                logits = model(input_ids=ids, use_cache=False, logits_to_keep=before).logits[0].float()
                nats = torch.nn.functional.cross_entropy(logits, ids[0, before + 1], reduction="sum")
                found.append((float(nats), len(told)))
        return found

    def close(self) -> None:
        """Forgets the weights of the base, for every subject on it; who asks again reads them again."""
        self._base.close()

    def _written(self, asks: Sequence[Ask], after: tuple[int, ...], lines: int, sampling: Sampling) -> list[str]:
        from simulator.evaluate.writing import Begun, Writer

        encoder = self._base.encoder
        begun = [
            Begun((*encoder.encode(render_document(ask.header, ask.lines)).ids[:-1], *after), ask.seed) for ask in asks
        ]
        with ExitStack() as stack:
            return Writer(self._base.model(stack, self._path), encoder.tokenizer).write(begun, lines, sampling)
