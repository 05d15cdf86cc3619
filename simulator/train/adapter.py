"""An adapter: PEFT's own two files, and a card that says what they were made from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from simulator import __version__, files
from simulator.errors import ContentError
from simulator.world.strict import StrictModel
from simulator.world.yaml_file import explain, validate

if TYPE_CHECKING:
    import torch

CARD = "card.json"
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
FILES = (WEIGHTS, CONFIG, CARD)
"""What an adapter's folder holds; the card is written last, so that it stands only beside a whole adapter."""

VERSIONED = ("torch", "transformers", "peft")
SAMPLE = 1 << 16
"""Bytes that a fingerprint reads at each of its places in a file of weights."""
PLACES = 16

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"


class Base(StrictModel):
    """The model that an adapter is for. Another one with the same digest is the same model."""

    name: str
    """As the user called it: `embedded`, or a folder."""
    architecture: str
    """transformers' name, such as LlamaForCausalLM."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """See `fingerprint`."""
    layers: Annotated[int, Field(ge=1)]
    heads: Annotated[int, Field(ge=1)]
    """Of the queries, a layer."""
    key_value_heads: Annotated[int, Field(ge=1)]


class AdapterCard(StrictModel):
    """What an adapter was made from, and how it did. Written beside the weights when training ends."""

    model_config = ConfigDict(str_strip_whitespace=False)

    name: Annotated[str, Field(pattern=NAME)]
    made: str
    """ISO 8601, UTC."""
    corpus: str
    """Digest of the training documents."""
    documents: Annotated[int, Field(ge=1)]
    """Documents that were trained on; those held out for validation are not among them."""
    world: str
    """Digest of the content that the documents were made from; several worlds: joined by commas; `unknown`."""
    base: Base
    objective: str
    """The preset of the loss: all, lead, lead+turns, or the weights of a mixture as it was written."""
    settings: dict[str, Any]
    """All of the training's settings, as they were in force."""
    steps: Annotated[int, Field(ge=0)]
    """Optimizer steps up to the checkpoint that was chosen."""
    train_loss: float | None
    """Nats a weighted token, mean over the last logged steps; None: nothing was logged."""
    validation_loss: float | None
    """Nats a weighted token at the chosen checkpoint, the best of all; None: there were no validation documents."""
    calibration: dict[str, float] = {}
    """Next-speaker calibration at the chosen checkpoint, by name; empty: not measured."""
    versions: dict[str, str]
    """Of this program, and of torch, transformers and peft."""
    commit: str
    """Of the code, 40 hex digits, `+changes` after it if the tree was not clean; `unknown` outside a checkout."""


def write(folder: Path, card: AdapterCard) -> None:
    """Puts the card beside the weights, whole or not at all. Raises StorageError."""
    files.write(folder / CARD, card.model_dump_json(indent=2).encode() + b"\n", _is_card)


def read(folder: Path) -> AdapterCard:
    """The card of the adapter in a folder. Raises ContentError in one line for whatever is wrong with either."""
    remedy = "name the folder of a finished adapter, or train it again"
    for name in FILES:
        if not (folder / name).is_file():
            raise ContentError(f"{name} is missing", place=str(folder), remedy=remedy)
    try:
        data = json.loads((folder / CARD).read_bytes())
        return AdapterCard.model_validate(data)
    except ValidationError as error:
        raise ContentError(explain(error), place=str(folder / CARD), remedy=remedy) from None
    except (ValueError, OSError) as error:
        raise ContentError(f"not a card: {_first(error)}", place=str(folder / CARD), remedy=remedy) from None


def read_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in the adapter's weights, from the header alone. Raises ContentError.

    A safetensors file is eight bytes with the header's length, the header as JSON, and the data; so a file that was cut
    is seen without reading it (https://github.com/huggingface/safetensors, "Format").
    """
    path = folder / WEIGHTS
    remedy = "train it again, or take the adapter from a copy"
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            size = path.stat().st_size
            header = json.loads(file.read(length)) if 0 < length <= size - 8 else None
        tensors = {name: about for name, about in header.items() if name != "__metadata__"} if header else {}
        whole = 8 + length + max(about["data_offsets"][1] for about in tensors.values()) if tensors else -1
        if size == whole:
            return {name: tuple(about["shape"]) for name, about in tensors.items()}
    except OSError as error:
        raise ContentError(_first(error), place=str(path), remedy=remedy) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ContentError("not a whole safetensors file", place=str(path), remedy=remedy)


def file_digest(path: Path) -> str:
    """16 hex digits of a file's content (BLAKE2b)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def fingerprint(base: Path) -> str:
    """16 hex digits that tell one base model from another: its config, and its weights' names, shapes and samples.

    Of every safetensors file: the header and SAMPLE bytes at PLACES places evenly through it, so that 47 GB take under
    a second. What transformers notes about itself in the config is left out. Raises ContentError.
    """
    config = architecture_config(base)
    files = sorted(base.glob("*.safetensors"))
    if not files:
        raise ContentError("no .safetensors file", place=str(base), remedy="only safetensors are loaded: convert it")
    kept = {key: value for key, value in config.items() if key not in ("transformers_version", "_name_or_path")}
    digest = hashlib.blake2b(json.dumps(kept, sort_keys=True).encode(), digest_size=8)
    try:
        for path in files:
            size = path.stat().st_size
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                digest.update(file.read(min(length, size)))
                for place in range(PLACES):
                    file.seek(size * place // PLACES)
                    digest.update(file.read(SAMPLE))
    except OSError as error:
        raise ContentError(_first(error), place=str(base), remedy="make the weights readable") from None
    return digest.hexdigest()


def describe_base(name: str, folder: Path) -> Base:
    """What the card says of a base in a folder of config and safetensors. Raises ContentError."""
    config = architecture_config(folder)
    data = {
        "name": name,
        "architecture": (config.get("architectures") or ["unknown"])[0],
        "digest": fingerprint(folder),
        "layers": config.get("num_hidden_layers"),
        "heads": config.get("num_attention_heads"),
        "key_value_heads": config.get("num_key_value_heads", config.get("num_attention_heads")),
    }
    return validate(Base, data, str(folder / "config.json"))


def architecture_config(folder: Path) -> dict[str, Any]:
    """A base's config.json. Raises ContentError."""
    return json_object(folder / "config.json", remedy="give the folder of a model: config.json, safetensors, tokenizer")


def json_object(path: Path, *, remedy: str) -> dict[str, Any]:
    """The object in a JSON file. Raises ContentError in one line for whatever else is there."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise ContentError(error.strerror or str(error), place=str(path), remedy=remedy) from None
    except ValueError as error:
        raise ContentError(f"not JSON: {_first(error)}", place=str(path), remedy=remedy) from None
    if not isinstance(data, dict):
        raise ContentError("not a JSON object", place=str(path), remedy=remedy)
    return data


def package_versions() -> dict[str, str]:
    """Of this program and of the packages that make weights, without importing them."""
    return {"emsim": __version__, **{name: importlib.metadata.version(name) for name in VERSIONED}}


def source_commit() -> str:
    """The code's commit, `unknown` where it is not a git checkout."""
    here = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != here:  # installed inside somebody else's checkout
            return "unknown"
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _is_card(path: Path) -> bool:
    try:
        AdapterCard.model_validate_json(path.read_bytes())
    except ValidationError:
        return False
    return True


def _first(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__


_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<which>[AB])\.weight")
_UNSUPPORTED = {
    "use_rslora": "rank-stabilised scaling",
    "use_dora": "DoRA",
    "rank_pattern": "ranks by layer",
    "alpha_pattern": "alphas by layer",
    "modules_to_save": "whole modules beside the matrices",
    "fan_in_fan_out": "transposed weights",
    "lora_bias": "biases",
}
"""Fields of PEFT's config that change what the two matrices mean, and what they stand for."""


@dataclass(frozen=True, slots=True)
class Lora:
    """A plain LoRA: to the output x W^T of a linear layer it adds (alpha / r) · x A^T B^T (arXiv:2106.09685)."""

    rank: int
    alpha: float
    matrices: dict[str, tuple[torch.Tensor, torch.Tensor]]
    """By the module's name in the base: A of shape (r, in) and B of shape (out, r), float32."""


def read_matrices(folder: Path) -> Lora:
    """The matrices in a folder. Raises ContentError for what is damaged or is not a plain LoRA."""
    place = str(folder / CONFIG)
    config = json_object(folder / CONFIG, remedy="train it again")
    if config.get("peft_type") != "LORA":
        kind = config.get("peft_type") or "no adapter that PEFT knows"
        raise ContentError(f"not a LoRA ({kind})", place=place, remedy="train it with `em train`")
    for field, meaning in _UNSUPPORTED.items():
        if config.get(field):
            raise ContentError(f"{field}: {meaning} cannot be carried over", place=place, remedy="train a plain LoRA")
    if config.get("bias", "none") != "none":
        raise ContentError("bias: trained biases cannot be carried over", place=place, remedy="train a plain LoRA")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        raise ContentError("r or lora_alpha is missing", place=place, remedy="train it again")
    return Lora(rank, float(alpha), _matrices(folder, rank))


def _matrices(folder: Path, rank: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    read_shapes(folder)
    import torch
    from safetensors.torch import load_file

    path = folder / WEIGHTS
    halves: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(path).items():
        found = _KEY.fullmatch(name)
        if not found or tensor.ndim != 2 or tensor.shape["AB".index(found["which"])] != rank:
            shape = "x".join(map(str, tensor.shape))
            raise ContentError(
                f"{name} ({shape}) is not a LoRA of rank {rank}", place=str(path), remedy="train it again"
            )
        if not torch.isfinite(tensor).all():
            raise ContentError(f"{name} holds NaN or infinity", place=str(path), remedy="take an earlier checkpoint")
        halves.setdefault(found["module"], {})[found["which"]] = tensor.float()
    for module, pair in halves.items():
        if len(pair) != 2:
            raise ContentError(f"{module} has one matrix of two", place=str(path), remedy="train it again")
    return {module: (pair["A"], pair["B"]) for module, pair in sorted(halves.items())}


def check_base(folder: Path, card: AdapterCard, base: Path) -> None:
    """Raises ContentError unless the base in a folder is the one that the adapter was trained on."""
    found = describe_base(card.base.name, base)
    if found == card.base:
        return
    differ = [
        f"{field} {getattr(found, field)}, not {getattr(card.base, field)}"
        for field in ("architecture", "layers", "heads", "key_value_heads", "digest")
        if getattr(found, field) != getattr(card.base, field)
    ]
    raise ContentError(
        f"the adapter {card.name} is for another base ({card.base.name}); {base} has {differ[0]}",
        place=str(folder),
        remedy="name its own base, or train it again on this one",
    )
