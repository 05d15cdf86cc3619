"""The shipped configuration for several GPUs, read as `accelerate launch` reads it."""

from __future__ import annotations

from pathlib import Path

CONFIG = Path(__file__).parents[2] / "policies" / "fsdp.yaml"


def test_accelerate_takes_the_configuration() -> None:
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    config = load_config_from_file(str(CONFIG))
    assert config.distributed_type.value == "FSDP" and config.mixed_precision == "bf16"
    options = {action.dest for action in launch_command_parser()._actions}
    assert set(config.fsdp_config) <= options, "a key that it does not know is passed over in silence"
