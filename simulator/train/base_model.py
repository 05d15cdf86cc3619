"""Base models: found, checked, loaded. Only safetensors, never a pickle, never code that came with a model."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator import files
from simulator.errors import StorageError, UsageError
from simulator.llm.gguf_file import default_weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

EMBEDDED = "embedded"
MODEL_TYPES = ("llama", "mistral")
"""What a LoRA of ours can be trained for, merged and converted; with what `MistralForCausalLM` and its like are called
in a config."""
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
SPELLED = "LEVEL: X\nCHANNEL: #channel\n<nick_> a line, {!}\n"
"""What a tokenizer has to give back byte for byte."""


def found(base: str, data: Path) -> Path:
    """The folder of a base: `embedded`, dequantised once under `data`/bases, or the folder that is named.

    Raises UsageError where there is no model that can be trained; nothing heavy is imported for that.
    """
    if base == EMBEDDED:
        return dequantised(data / "bases")
    folder = Path(base)
    config(folder)
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for kind in PICKLED for path in folder.glob(kind))
        cause = f"holds {pickled[0]}, which is a pickle, and no safetensors" if pickled else "holds no .safetensors"
        raise UsageError(cause, place=base, remedy="only safetensors are loaded: convert it with save_pretrained")
    return folder


def located(base: str, data: Path) -> Path:
    """The folder of a base, as `found` finds it; that of `embedded` need not have been made yet."""
    return _dequantised_folder(data / "bases") if base == EMBEDDED else found(base, data)


def read_config(base: str, folder: Path) -> dict[str, Any]:
    """The config of a base that `located` found, without its weights. Raises UsageError."""
    if base != EMBEDDED or (folder / "config.json").is_file():
        return config(folder)
    from transformers import AutoConfig

    _quiet()
    source = default_weights()
    read: dict[str, Any] = AutoConfig.from_pretrained(
        source.parent, gguf_file=source.name, local_files_only=True
    ).to_dict()
    return read


def read_tokenizer(base: str, folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a base that `located` found, without its weights. Raises UsageError."""
    if base != EMBEDDED or (folder / "config.json").is_file():
        return tokenizer(folder)
    _quiet()
    return _embedded_tokenizer(default_weights())


def config(folder: Path) -> dict[str, Any]:
    """The base's config.json, of an architecture that can be trained. Raises UsageError."""
    place, remedy = str(folder), "--base names a folder with config.json, *.safetensors and a tokenizer, or `embedded`"
    if not folder.is_dir():
        raise UsageError("no such folder", place=place, remedy=remedy)
    try:
        read: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
        kind = read["model_type"]
    except FileNotFoundError:
        raise UsageError("holds no config.json", place=place, remedy=remedy) from None
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError("is not a model's config", place=f"{place}/config.json", remedy=remedy) from None
    names = read.get("architectures") or []
    if kind not in MODEL_TYPES or (names and not str(names[0]).endswith("ForCausalLM")):
        raise UsageError(
            f"the architecture {', '.join(map(str, names)) or kind} cannot be trained here",
            place=place,
            remedy=f"known are causal language models of type {' and '.join(MODEL_TYPES)}",
        )
    return read


def tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The base's tokenizer. Raises UsageError if there is none, or if it cannot spell a document."""
    from transformers import AutoTokenizer

    _quiet()
    remedy = "put the tokenizer's files (tokenizer.json, tokenizer_config.json) beside the weights"
    try:
        made = AutoTokenizer.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_fast=True,
            mistral_format=False,  # else mistral-common, if it is here, reads tekken.json in its own way
            fix_mistral_regex=_has_split(folder),
        )
    except Exception as error:  # the library raises whatever its parsers raise
        raise UsageError(f"no readable tokenizer: {first_line(error)}", place=str(folder), remedy=remedy) from None
    spelled = made.decode(
        made.encode(SPELLED, add_special_tokens=False), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    if spelled != SPELLED:
        raise UsageError(
            f"its tokenizer cannot spell the header: it makes {spelled[:60]!r} of it",
            place=str(folder),
            remedy="name a base whose tokenizer is byte-level or has a byte fallback",
        )
    return made


def _has_split(folder: Path) -> bool:
    """Whether tokenizer.json cuts texts by a regular expression first, as tekken does.

    Mistral published several with a wrong one. transformers puts the right one in if it is asked to, for Mistral's
    models alone; a tokenizer of sentencepiece's kind would be spoilt by that.
    """
    try:
        before = json.loads((folder / "tokenizer.json").read_bytes())["pre_tokenizer"]
        return bool(before["type"] == "Sequence" and "Regex" in before["pretokenizers"][0].get("pattern", {}))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def model(folder: Path, precision: str, quantize: str, *, device: str) -> PreTrainedModel:
    """The base in memory, frozen as it was saved. `precision`: bf16 or fp32; `quantize`: none or nf4.

    Raises UsageError for weights that cannot be read or do not fit the config, and where bitsandbytes is missing.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from simulator.train import attention

    _quiet()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    more: dict[str, Any] = {}
    if quantize == "nf4":
        more = {"quantization_config": _nf4(dtype), "device_map": {"": device}}
    try:
        made = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation=attention.register(),
            **more,
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if "out of memory" in str(error):
            raise
        raise UsageError(
            f"its weights cannot be loaded: {first_line(error)}",
            place=str(folder),
            remedy="is every file whole, and made for this config?",
        ) from None
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        raise UsageError(
            f"a .safetensors file is broken: {first_line(error)}", place=str(folder), remedy="copy it again"
        ) from None
    made.config.use_cache = False  # with a cache, documents packed into one sequence would see each other
    return made


def _nf4(dtype: Any) -> Any:
    import importlib.util

    from transformers import BitsAndBytesConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise UsageError(
            "nf4 needs bitsandbytes, which is not installed",
            place="quantize",
            remedy="`pip install emsim[train,qlora]`, or --set quantize=none",
        )
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]  # the library has no types here
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=False,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_quant_storage=dtype,  # so that FSDP can shard it
    )


def dequantised(folder: Path) -> Path:
    """The embedded GGUF as safetensors in a subfolder of `folder`; made once, whole or not at all."""
    source = default_weights()
    target = _dequantised_folder(folder)
    if (target / "config.json").is_file():
        return target
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    _quiet()
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar that nothing switches off
        made = AutoModelForCausalLM.from_pretrained(
            source.parent,
            gguf_file=source.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
            local_files_only=True,
        )
    # Or save_pretrained would ask it to write GGUF blocks. To mypy every attribute of a module is a tensor.
    made.hf_quantizer = None  # type: ignore[assignment]
    if hasattr(made.config, "quantization_config"):
        del made.config.quantization_config
    words = _embedded_tokenizer(source)
    files.folder(folder)
    staged = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=folder))
    try:
        staged.chmod(0o755)
        made.save_pretrained(staged)
        words.save_pretrained(staged)
        staged.rename(target)  # which fails where something has come to stand
    except OSError as error:
        if (target / "config.json").is_file():  # another process was faster
            return target
        raise StorageError(error.strerror or str(error), place=str(folder), remedy="make room") from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return target


def _dequantised_folder(folder: Path) -> Path:
    return folder / default_weights().name.split(".")[0]


def _embedded_tokenizer(source: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in a GGUF file of SmolLM2.

    transformers reads the vocabulary out of the file, but not that this family's tokenizer takes every digit for itself
    (llama.cpp: pre-tokenizer `smollm`); that is put back, so that both give the same tokens.
    """
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    words = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    words.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return words


def _quiet() -> None:
    """No progress bars and no remarks of the library's own: they would also go into pipes."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library has no types here
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # nor here


def first_line(error: BaseException) -> str:
    """What an error says first, at most 200 characters; the name of its class if it says nothing."""
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
