"""How a LoRA is trained: `policies/training.yaml`, with the names of the brief where it has one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.world.strict import Share, StrictModel

Positive = Annotated[float, Field(gt=0)]
Whole = Annotated[int, Field(ge=0)]
Some = Annotated[int, Field(ge=1)]


class Settings(StrictModel):
    """Every number of a training. Fields without a default are those of the brief and are required."""

    base_model: Annotated[str, Field(min_length=1)]
    """A folder of config, safetensors and tokenizer, or `embedded`."""
    lora_r: Annotated[int, Field(ge=1, le=1024)]
    """Rank of the LoRA."""
    lora_alpha: Annotated[int, Field(ge=1)]
    """The adapter is added times lora_alpha / lora_r."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)]
    """Dropout on the LoRA's input."""
    learning_rate: Annotated[float, Field(gt=0, le=0.1)]
    """At its highest, after the warm-up."""
    num_epochs: Some
    """Passes over the training documents."""
    weight_decay: Share
    """AdamW's."""
    micro_batch_size: Some
    """Documents of a sequence where nothing is packed."""
    gradient_accumulation_steps: Some
    """Times `micro_batch_size`: the documents of an optimizer step, over all processes together."""
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    """Layers that get a LoRA: `all-linear`, or names."""
    sequence_len: Annotated[int, Field(ge=16)] = 8192
    """Most tokens of a sequence."""
    too_long: Literal["refuse", "cut", "skip"] = "refuse"
    """What becomes of a document of more tokens than that; `cut`: pieces of whole messages, each with the header."""
    packing: bool = True
    """Whether several documents share a sequence, kept apart by the attention mask."""
    objective: Annotated[str, Field(min_length=1)] = "mixture"
    """A preset of `objective.PRESETS`."""
    precision: Literal["bf16", "fp32"] = "bf16"
    """Number format of the base and of the computation."""
    quantize: Literal["none", "nf4"] = "none"
    """Number format in which the base is kept: `nf4` takes a quarter of the memory."""
    gradient_checkpointing: bool = True
    """Recomputes activations instead of keeping them."""
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the steps in which the rate rises from 0."""
    lr_scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    """Course of the learning rate after the warm-up."""
    max_grad_norm: Positive = 1.0
    """Longer gradients are shortened to this."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    """Of the order of the documents, dropout and the LoRA's first values."""
    evaluations: Some = 12
    """In the whole training, besides the one before its first step."""
    checkpoints_kept: Annotated[int, Field(ge=2)] = 4
    """The newest, with the best in place of the oldest; fewer than 2 would leave nothing if one was cut in writing."""
    patience: Whole = 3
    """Evaluations without a new best after which training stops; 0: never."""
    validation_share: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share of the documents that is held back where the corpus has no validation file."""
    validation_documents: Whole = 64
    """Most documents of an evaluation; 0: all."""
    calibration_documents: Whole = 12
    """Documents at most on which the next speaker is predicted at an evaluation, once under each header; 0: none."""

    @property
    def documents_per_step(self) -> int:
        """Documents of one optimizer step on one device."""
        return self.micro_batch_size * self.gradient_accumulation_steps
