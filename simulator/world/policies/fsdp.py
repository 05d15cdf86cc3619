"""Several GPUs of one machine: `policies/fsdp.yaml`, which `accelerate launch --config_file` reads.

The names and values are accelerate's. What this program has no word about, such as more than one machine, may be put
into a file elsewhere; here a misspelt key would be passed over by nobody until a training on four GPUs is slow.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.world.strict import StrictModel

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
