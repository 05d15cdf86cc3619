"""How a LoRA is trained: `policies/training.yaml`, with the names of the brief where it has one.

Several GPUs of one machine: `policies/fsdp.yaml`, which `accelerate launch --config_file` reads.

The names and values are accelerate's. What this program has no word about, such as more than one machine, may be put
into a file elsewhere; here a misspelt key would be passed over by nobody until a training on four GPUs is slow.
"""

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


Count = Annotated[int, Field(ge=1)]


class Sharding(StrictModel):
    """How the weights are spread."""

    fsdp_version: Literal[1, 2] = 2
    """Version of PyTorch's FSDP."""
    fsdp_auto_wrap_policy: Literal["TRANSFORMER_BASED_WRAP", "SIZE_BASED_WRAP", "NO_WRAP"]
    """What is sharded as one unit."""
    fsdp_transformer_layer_cls_to_wrap: str | None = None
    """Class names with commas between them; None: as the model itself names its blocks."""
    fsdp_min_num_params: Count | None = None
    """Of a block, with SIZE_BASED_WRAP."""
    fsdp_reshard_after_forward: bool | Literal["FULL_SHARD", "SHARD_GRAD_OP", "HYBRID_SHARD", "NO_SHARD"] = True
    """True and False with version 2; the names with version 1."""
    fsdp_sharding_strategy: Literal["FULL_SHARD", "SHARD_GRAD_OP", "HYBRID_SHARD", "NO_SHARD"] | None = None
    """With version 1."""
    fsdp_backward_prefetch: Literal["BACKWARD_PRE", "BACKWARD_POST", "NO_PREFETCH"] | None = None
    """When the next unit's weights are fetched in the backward pass."""
    fsdp_forward_prefetch: bool | None = None
    """Whether the next unit's weights are fetched early in the forward pass."""
    fsdp_use_orig_params: bool | None = None
    """FSDP 1: whether parameters keep their shapes, which a LoRA needs."""
    fsdp_sync_module_states: bool | None = None
    """FSDP 1: whether the first process sends its weights to the others."""
    fsdp_offload_params: bool = False
    """Whether parameters wait in main memory."""
    fsdp_cpu_ram_efficient_loading: bool = True
    """Whether only the first process reads the weights."""
    fsdp_state_dict_type: Literal["FULL_STATE_DICT", "SHARDED_STATE_DICT", "LOCAL_STATE_DICT"]
    """How checkpoints are gathered."""
    fsdp_activation_checkpointing: bool = False
    """Off where `gradient_checkpointing` of `policies/training.yaml` is on: both would do it twice."""
    fsdp_activation_checkpointing_offload: bool | None = None
    """Whether kept activations wait in main memory."""


class FsdpConfig(StrictModel):
    """A configuration of `accelerate launch` for one machine."""

    compute_environment: Literal["LOCAL_MACHINE"]
    """As accelerate calls it."""
    distributed_type: Literal["FSDP"]
    """As accelerate calls it."""
    mixed_precision: Literal["no", "fp16", "bf16"]
    """Number format of the computation."""
    num_machines: Literal[1]
    """One: several are not supported."""
    machine_rank: Literal[0] = 0
    """Of the one machine."""
    num_processes: Count
    """The number of GPUs."""
    gpu_ids: str | None = None
    """`all`, or numbers with commas between them; None: all."""
    main_process_ip: str | None = None
    """Address of the first process; None: this machine."""
    main_process_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Its port; None: accelerate's."""
    rdzv_backend: str = "static"
    """How the processes find each other."""
    same_network: bool = True
    """Whether the machines share a network."""
    main_training_function: str = "main"
    """Used by notebooks only."""
    enable_cpu_affinity: bool = False
    """Whether each process is bound to the cores next to its GPU."""
    use_cpu: bool = False
    """Whether to train without GPUs."""
    debug: bool = False
    """Whether accelerate checks every collective operation."""
    fsdp_config: Sharding
    """How the model is sharded."""
