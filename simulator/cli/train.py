"""em train"""

from __future__ import annotations

import importlib.util
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from simulator.cli import options
from simulator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.train.callbacks import TrainingProgress
    from simulator.train.preference_data import Method
    from simulator.train.training import TrainingJob, TrainingRequest
    from simulator.world.policies.training import Settings
    from simulator.world.world import World

INTERRUPTED = 130


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path), required=False)
@click.option("--base", metavar="DIR", help="Base model: a folder, or `embedded`. Default: the settings' base_model.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Default: policies/training.yaml.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change one setting; may be repeated.")
@click.option("--objective", metavar="NAME", help="Tokens that the loss counts: all, lead, lead+turns, mixture.")
@click.option(
    "--method",
    type=click.Choice(["sft", "dpo", "kto"]),
    default="sft",
    show_default=True,
    help="Learn documents, or preference data (`em export --format jsonl,dpo,kto`).",
)
@click.option("--from", "begun", metavar="NAME|DIR", help="The adapter to go on from; KTO needs one.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: data/adapters/CORPUS-OBJECTIVE.")
@click.option("--resume", is_flag=True, help="Continue from the newest complete checkpoint.")
@click.option("--plan", "only_plan", is_flag=True, help="Show data, steps, memory and time of the training, and stop.")
@click.option("--memory", "only_memory", is_flag=True, help="Show a table of the memory that the base takes, and stop.")
@click.option(
    "--export-axolotl",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write config and data for axolotl instead of training.",
)
@click.option("--allow-scripted", is_flag=True, help="Train on lines that no model wrote, for a dry run.")
@click.option("--skip-rejected", is_flag=True, help="Leave rejected documents out instead of stopping.")
@click.option("--allow-multiple-epochs", is_flag=True, help="Allow more than one epoch (risk of memorisation).")
@options.data_option
@options.world_option
def train(
    corpus: Path | None,
    base: str | None,
    config: Path | None,
    changes: tuple[str, ...],
    objective: str | None,
    method: str,
    begun: str | None,
    out: Path | None,
    resume: bool,
    only_plan: bool,
    only_memory: bool,
    export_axolotl: Path | None,
    allow_scripted: bool,
    skip_rejected: bool,
    allow_multiple_epochs: bool,
    data: Path,
    world_dir: Path | None,
) -> None:
    """Train the lead's LoRA on CORPUS, a folder of `em export` or a .jsonl file.

    The corpus is checked and the schedule shown before a model is loaded. The folder then holds the adapter with the
    best validation loss and its card; the curves are in metrics.jsonl and tensorboard/. Several GPUs: `accelerate
    launch -m simulator train ...`.
    """
    needed = ("peft",) if method == "sft" else ("peft", "trl")
    if any(importlib.util.find_spec(package) is None for package in needed):
        raise UsageError("training needs packages that are not installed", remedy="`pip install emsim[train]`")
    # Threads that wait for each other by spinning make a shared machine four times slower (measured); torch's read this
    # when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from simulator.train import adapter_registry, training
    from simulator.train import settings as training_settings

    quiet = not training.first_process()
    world = options.loaded(world_dir, quiet=quiet or only_memory)
    given = {"base_model": base, "objective": objective}
    if method != "sft":
        changes = (*_preference_settings(world), *changes)
    if config is None:
        settings = training_settings.override_settings(world.training, changes, **given)
    else:
        settings = training_settings.read_settings(config, changes, **given)
    if only_memory:
        _memory(settings, data)
        return
    if corpus is None:
        raise click.UsageError("Missing argument 'CORPUS'.")
    wanted: Method | None = "dpo" if method == "dpo" else "kto" if method == "kto" else None
    start = adapter_registry.find_adapter(begun, data / training.ADAPTERS) if begun is not None else None
    request = training.TrainingRequest(corpus, settings, data, allow_scripted, skip_rejected, wanted, start)
    if export_axolotl is not None:
        if start is not None:
            raise click.UsageError("--from is for training here, not for --export-axolotl")
        _export(request, export_axolotl, world)
        return
    if settings.num_epochs > 1 and not allow_multiple_epochs:
        raise UsageError(
            f"num_epochs is {settings.num_epochs}: the brief trains one; with more, it memorises the corpus",
            place=str(config or "policies/training.yaml"),
            remedy="say --allow-multiple-epochs, or --set num_epochs=1",
        )
    job = training.prepare_training(request, world)
    target = out or data / training.ADAPTERS / request.name
    if not quiet:
        _plan(job, target, err=not only_plan)
    if only_plan:
        return
    from simulator.train.run import train_adapter  # loads torch

    done = train_adapter(
        job,
        target,
        resume=resume,
        tell=lambda progress: _tell(progress, world.engagement.levels),
        say=lambda line: click.echo(f"em: {line}", err=True),
        again=_again(target, launched=job.processes > 1),
    )
    if quiet:
        return
    if done.interrupted:
        click.echo(
            f"em: interrupted after step {done.steps} of {job.plan.steps}{', saved' if done.steps else ''};"
            " continue with --resume",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED)
    if done.header_lost:
        click.echo(
            "em: stopped: P(lead next) rises less than it did from the lowest level to the highest: the header lost its"
            " hold",
            err=True,
        )
    if done.stopped_early:
        click.echo("em: stopped: validation did not get better any more", err=True)
    loss = "no validation" if done.loss is None else f"validation loss {done.loss:.4f}"
    click.echo(
        f"{done.folder}: the adapter is checkpoint {done.best} of {done.steps}, {loss};"
        f" {done.tokens_per_second:.0f} tokens/s, {_time(done.seconds)}"
    )


def _preference_settings(world: World) -> tuple[str, ...]:
    """Changes to the settings, for `--set`; what the user changes comes after them."""
    numbers = world.preferences.training
    return (
        f"learning_rate={numbers.learning_rate:.10f}",
        f"gradient_accumulation_steps={numbers.pairs_per_step}",
        "micro_batch_size=1",
        "packing=false",
    )


def _again(target: Path, *, launched: bool) -> str:
    """The command that goes on with this training: what was typed, with the folder named and --resume."""
    context = click.get_current_context()
    words = [*(("accelerate", "launch", "-m", "simulator") if launched else ("em",)), "train"]
    for parameter in context.command.params:
        typed = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if not typed or parameter.name in ("out", "resume"):
            continue
        value = context.params[parameter.name]
        for each in value if isinstance(value, tuple) else (value,):
            words += parameter.opts[:1] if isinstance(parameter, click.Option) else ()
            words += () if each is True else (str(each),)
    return shlex.join([*words, "--out", str(target), "--resume"])


def _export(request: TrainingRequest, out: Path, world: World) -> None:
    from simulator.cli.adapters import vllm_rank
    from simulator.train import axolotl
    from simulator.train.dataset import read_corpus

    settings = request.settings
    corpus = read_corpus(request.documents, world)
    begin = axolotl.beginning(settings.base_model)
    if begin is None:
        click.echo("em: the base is not here: add its BOS to the segments yourself if it wants one", err=True)
    config = axolotl.export(corpus, settings, out, begin=begin or "")
    click.echo(
        f"axolotl preprocess {config} && axolotl train {config}\n"
        f"vllm serve {settings.base_model} --enable-lora --max-lora-rank {vllm_rank(settings.lora_r)}"
        f" --lora-modules lead={out / axolotl.ADAPTER}"
    )


def _tell(progress: TrainingProgress, levels: Sequence[str]) -> None:
    from simulator.train.callbacks import Paced, Stepped

    if isinstance(progress, Stepped):
        if progress.step % max(1, progress.steps // 50) == 0 or progress.step == progress.steps:
            click.echo(
                f"step {progress.step}/{progress.steps}  loss {progress.loss:.4f}  {progress.tokens_per_second:.0f}"
                f" tokens/s  {_time(progress.seconds_left)} left",
                err=True,
            )
        return
    if isinstance(progress, Paced):
        click.echo(
            f"step {progress.step}/{progress.steps}  sequence {progress.sequence} of {progress.sequences}"
            f"  {progress.tokens_per_second:.1f} tokens/s",
            err=True,
        )
        return
    measures = progress.measures
    kinds = "  ".join(f"{name[5:]} {value:.3f}" for name, value in measures.items() if name.startswith("loss_"))
    click.echo(
        f"validation at {progress.step}: loss {measures['loss']:.4f}{' (best)' if progress.best else ''}  {kinds}",
        err=True,
    )
    if "swap_rise" in measures:
        swap = " / ".join(f"{measures[f'swap_{level}']:.3f}" for level in levels)
        skill = "  ".join(f"{name} {measures[name]:.3f}" for name in ("balanced_accuracy", "auc") if name in measures)
        click.echo(
            f"  P(lead next) under {' / '.join(levels)}, same texts: {swap}"
            f"  rise {measures['swap_rise']:+.3f}  {skill}".rstrip(),
            err=True,
        )


def _plan(job: TrainingJob, out: Path, *, err: bool) -> None:
    """The plan as a table; on stdout where it is what was asked for."""
    from simulator.tui import lines

    console = lines.console(err=err)
    rows = list(_rows(job, out))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        console.print(f"{name:{width}}  {value}")
    estimate = job.estimate
    for warning in (*job.notes, *job.corpus.warnings):
        console.print(f"note: {warning}", style="yellow")
    if job.corpus.scripted:
        console.print("note: scripted documents: a dry run, not for use", style="yellow")
    if not job.validation:
        console.print("note: no validation documents: the last checkpoint is taken", style="yellow")
    if estimate.few_steps:
        console.print(
            f"note: only {estimate.steps} optimizer steps, and a low learning rate needs hundreds;"
            f" {estimate.more_steps(job.settings)}",
            style="yellow",
        )
    from simulator.train import training_estimate

    if estimate.memory.total > training_estimate.USABLE_SHARE * (room := training_estimate.available_memory()):
        advice = training_estimate.suggest_settings(
            training_estimate.Shape.of(job.config), job.settings, estimate.longest_sequence, room
        )
        console.print(f"note: this will hardly fit {room / training_estimate.GIB:.0f} GiB; {advice}", style="yellow")


def _rows(job: TrainingJob, out: Path) -> Any:
    from simulator.train.training_estimate import GIB

    found, settings = job.estimate, job.settings
    yield "base", f"{settings.base_model}, {found.parameters / 1e6:,.0f} M parameters"
    begun = f", from {job.start}" if job.start is not None else ""
    yield "adapter", f"{out}, rank {settings.lora_r}, {found.adapter_parameters / 1e6:.1f} M parameters{begun}"
    left = [f"{job.skipped} too long"] if job.skipped else []
    left += [f"{count} {rule}" for rule, count in job.corpus.rejected.most_common()]
    dropped = f"; left out: {', '.join(left)}" if left else ""
    yield "documents", f"{len(job.training):,} for training, {len(job.validation):,} for validation{dropped}"
    if (rows := job.preference) is not None:
        few = f"; left out: {rows.skipped} too long" if rows.skipped else ""
        yield f"{rows.method} rows", f"{found.documents:,} for training, {found.held_out:,} held out{few}"
    yield "tokens", f"{found.tokens:,} an epoch, {settings.num_epochs} epoch{'s' * (settings.num_epochs > 1)}"
    for name, kind in found.kinds.items():
        share = kind.tokens / found.tokens
        yield f"  {name}", f"{kind.tokens:,} ({share:.0%}), each weighs {kind.weight:g}"
    learnt = f"objective {settings.objective}" if rows is None else f"method {rows.method}"
    yield (
        "in the loss",
        f"{found.in_loss:,} tokens ({found.in_loss / found.tokens:.0%}), {learnt}",
    )
    if rows is not None:
        yield "steps", f"{found.steps:,} of {found.documents_per_step:.1f} rows, up to {found.longest:,} tokens each"
    else:
        yield (
            "steps",
            f"{found.steps:,} of {found.documents_per_step:.1f} documents; without packing {found.unpacked_steps:,}",
        )
        yield (
            "sequences",
            (
                f"{found.sequences_per_step} a step, up to {found.longest_sequence:,} of {settings.sequence_len:,}"
                f" tokens; padding 0 % (a padded batch would waste {found.padding:.0%})"
            ),
        )
    memory = found.memory
    yield (
        "memory",
        (
            f"{memory.total / GIB:.1f} GiB: weights {memory.weights / GIB:.1f}, adapter {memory.adapter / GIB:.1f},"
            f" activations {memory.activations / GIB:.1f}, logits {memory.logits / GIB:.1f}"
        ),
    )
    yield "time", f"about {_time(found.seconds)} ({found.tokens_per_second:,.0f} tokens/s)"


def _memory(settings: Settings, data: Path) -> None:
    from simulator.train import base_model, training_estimate
    from simulator.train.training_estimate import GIB, Shape
    from simulator.tui import lines

    config = base_model.read_config(settings.base_model, base_model.located(settings.base_model, data))
    shape = Shape.of(config)
    most = config.get("max_position_embeddings", 8192)
    lengths = [length for length in (512, 1024, 2048, 4096, 8192) if length <= most]
    console = lines.console()
    console.print(
        f"{settings.base_model}: {shape.parameters / 1e9:.2f} B parameters, adapter"
        f" {shape.adapter_parameters(settings) / 1e6:.0f} M at rank {settings.lora_r}, gradient checkpointing"
        f" {'on' if settings.gradient_checkpointing else 'off'}; GiB at one sequence of so many tokens"
    )
    console.print(f"{'base':6}{'tokens':>8}{'weights':>9}{'adapter':>9}{'activations':>13}{'logits':>8}{'total':>8}")
    for (way, length), each in training_estimate.memory_table(config, settings, lengths).items():
        parts = (each.weights, each.adapter, each.activations, each.logits, each.total)
        cells = [f"{part / GIB:{width}.1f}" for part, width in zip(parts, (9, 9, 13, 8, 8), strict=True)]
        console.print(f"{way:6}{length:8}{''.join(cells)}")


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{seconds / 3600:.1f} h"
