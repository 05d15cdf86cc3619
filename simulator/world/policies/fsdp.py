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
    fsdp_auto_wrap_policy: Literal["TRANSFORMER_BASED_WRAP", "SIZE_BASED_WRAP", "NO_WRAP"]
    fsdp_transformer_layer_cls_to_wrap: str | None = None
    """Class names with commas between them; None: as the model itself names its blocks."""
    fsdp_min_num_params: Count | None = None
    """Of a block, with SIZE_BASED_WRAP."""
    fsdp_reshard_after_forward: bool | Literal["FULL_SHARD", "SHARD_GRAD_OP", "HYBRID_SHARD", "NO_SHARD"] = True
    """True and False with version 2; the names with version 1."""
    fsdp_sharding_strategy: Literal["FULL_SHARD", "SHARD_GRAD_OP", "HYBRID_SHARD", "NO_SHARD"] | None = None
    """With version 1."""
    fsdp_backward_prefetch: Literal["BACKWARD_PRE", "BACKWARD_POST", "NO_PREFETCH"] | None = None
    fsdp_forward_prefetch: bool | None = None
    fsdp_use_orig_params: bool | None = None
    fsdp_sync_module_states: bool | None = None
    fsdp_offload_params: bool = False
    fsdp_cpu_ram_efficient_loading: bool = True
    fsdp_state_dict_type: Literal["FULL_STATE_DICT", "SHARDED_STATE_DICT", "LOCAL_STATE_DICT"]
    fsdp_activation_checkpointing: bool = False
    """Off where `gradient_checkpointing` of `policies/training.yaml` is on: both would do it twice."""
    fsdp_activation_checkpointing_offload: bool | None = None


class FsdpConfig(StrictModel):
    """A configuration of `accelerate launch` for one machine."""

    compute_environment: Literal["LOCAL_MACHINE"]
    distributed_type: Literal["FSDP"]
    mixed_precision: Literal["no", "fp16", "bf16"]
    num_machines: Literal[1]
    machine_rank: Literal[0] = 0
    num_processes: Count
    """The number of GPUs."""
    gpu_ids: str | None = None
    """`all`, or numbers with commas between them; None: all."""
    main_process_ip: str | None = None
    main_process_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    rdzv_backend: str = "static"
    same_network: bool = True
    main_training_function: str = "main"
    enable_cpu_affinity: bool = False
    use_cpu: bool = False
    debug: bool = False
    fsdp_config: Sharding
