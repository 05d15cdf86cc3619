"""The dataset card: what a folder of documents is, for the people and the programs that read it."""

from __future__ import annotations

import fnmatch
import json
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

from simulator.corpus.facts import CostRow, ExportFacts
from simulator.corpus.file_names import Names, Notation
from simulator.corpus.formats import FORMATS
from simulator.corpus.quality import Quality, rows, with_interval
from simulator.document import HeaderLayout

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(
    facts: ExportFacts,
    lead: str,
    formats: Sequence[str],
    validation: Collection[int],
    quality: Quality | None,
    notation: Notation,
) -> str:
    """README.md with a front matter that `datasets.load_dataset(folder)` reads without a network.

    `validation`: numbers of the conversations that are held out. `quality` None: nothing is said of it.
    """
    run, names, layout = facts.run, notation.names, notation.layout
    title = f"{lead}: channel sessions of run {run.name}"
    files: Mapping[str, Mapping[str, object]] = _configs(facts, formats, names) or {
        "txt": _conversations(facts, names, validation)
    }
    parts = [_front(facts, title, files, notation.language), f"# {title}\n"]
    if facts.scripted:
        parts.append(
            "> **Scripted: not for training.** No language model wrote these lines, or not all of them:\n"
            "> a program put them together to try the machinery out.\n"
        )
    if facts.imported:
        parts.append(
            "> **Imported: real people wrote these lines** in a channel, and this was made from its log. It is\n"
            "> training data only as far as they agreed to that.\n"
        )
    parts += [
        _about(facts, lead, layout),
        _made(facts),
        _composition(facts),
        _lead_share(facts, lead),
        _refused(facts),
        *([] if quality is None else [_quality(quality)]),
        _files(facts, lead, formats, names),
        _limits(facts, lead),
    ]
    return "\n".join(parts)


def _front(facts: ExportFacts, title: str, configs: Mapping[str, Mapping[str, object]], language: str) -> str:
    total = facts.documents.total
    size = next((name for limit, name in _SIZES if total < limit), "n>1M")
    origin = "imported" if facts.imported else "synthetic"
    tags = [origin, "irc", "chat", *(["scripted"] if facts.scripted else [])]
    rows = ["license: other", f"language: [{language}]", f"pretty_name: {json.dumps(title, ensure_ascii=False)}"]
    rows += ["task_categories: [text-generation]", f"size_categories: [{json.dumps(size)}]"]
    rows += [f"tags: [{', '.join(tags)}]"]
    rows.append("configs:")
    for number, (name, splits) in enumerate(configs.items()):
        rows.append(f"- config_name: {'default' if number == 0 else name}")
        rows.append("  data_files:")
        for split, file in splits.items():
            rows += [f"  - split: {split}", f"    path: {json.dumps(file)}"]
        if name == "txt":
            rows.append("  sample_by: document")
    return "---\n" + "\n".join(rows) + "\n---\n"


def _configs(facts: ExportFacts, formats: Iterable[str], names: Names) -> dict[str, dict[str, str]]:
    """Format to split to file (or pattern of files), for the files that were written; the first becomes the default.

    `datasets` reads all configs of a folder in one way, so parquet is named only where it stands alone.
    """
    formats = set(formats) - {"txt"}
    if formats != {"parquet"}:
        formats -= {"parquet"}
    configs = {}
    for name in sorted(formats, key=list(FORMATS).index):
        if written := _written(facts, name, names):
            configs[name] = written
    return configs


def _conversations(facts: ExportFacts, names: Names, validation: Collection[int]) -> dict[str, list[str]]:
    """Split to the names of its conversations, where there are any: no pattern tells them apart."""
    held_out = frozenset(validation)
    splits: dict[str, list[str]] = {"train": [], "validation": []}
    for number in range(1, facts.documents.total + 1):
        splits["validation" if number in held_out else "train"].append(names.conversation_file(number))
    return {split: files for split, files in splits.items() if files}


def _written(facts: ExportFacts, format: str, names: Names) -> dict[str, str]:
    """Split to what its files are called, where there are any."""
    splits = {"train": FORMATS[format].pattern(False, names), "validation": FORMATS[format].pattern(True, names)}
    return {split: pattern for split, pattern in splits.items() if fnmatch.filter(facts.files, pattern)}


def _about(facts: ExportFacts, lead: str, layout: HeaderLayout) -> str:
    documents, size = facts.documents, facts.bytes / 1e6
    held_out = "drawn by session, evenly over engagement, length and pattern"
    levels = f"{', '.join(layout.levels[:-1])} or {layout.levels[-1]}"
    header = textwrap.indent(layout.header(levels, "#channel").text, "    ")
    return f"""Whole sessions of an IRC channel in which {lead}, an AI and a member like any other, takes part.
Each document is a header and a transcript, one line a message:

{header}    <nick> message

The engagement says how large {lead}'s share of the messages is.

{size:.3g} MB of text: {documents.training} documents for training, {documents.validation} for validation
({held_out}).
"""


def _made(facts: ExportFacts) -> str:
    run = facts.run
    models = run.models
    rows = {
        "run": run.name,
        "seed": run.seed,
        "world (digest of the content)": run.world,
        "program": f"emsim {run.version}",
        "lines of the people": models.people,
        "lines of the lead": models.lead,
        "guard of the lead's lines": models.guard or "none",
        "judge": models.judge or "none",
        "/me lines": "included" if facts.actions else "left out",
        "cost": _dollars(facts.outcomes.cost["total"]),
        **{f"cost, {purpose}": _dollars(row) for purpose, row in facts.outcomes.cost.items() if purpose != "total"},
        "licence": f"of the text: {_terms(facts)}; of program, people and scripts as shipped: MIT",
    }
    if facts.imported:
        origin = "\nConversations of a real channel, cut from its log where it fell silent. No filter was applied.\n"
    elif run.by_hand:
        origin = (
            "\nEvery line was written by hand, on sheets that a simulator planned: who is there, who speaks when, and\n"
            "how many messages are the lead's. Sessions that broke a rule were not recorded.\n"
        )
    else:
        origin = (
            "\nA simulator played the sessions: one agent for each person and one for the lead, whose share of the\n"
            "messages is fixed before a session begins. Sessions that broke a rule were not exported.\n"
        )
    return "## How it was made\n\n" + _table(("", ""), rows.items()) + origin


def _terms(facts: ExportFacts) -> str:
    return "as its writers say" if facts.run.by_hand else "the terms of the models above"


def _dollars(total: CostRow) -> str:
    dollars = total.dollars
    if isinstance(dollars, float | int):
        return f"{dollars:.2f} USD"
    at_least = total.dollars_at_least
    return f"{dollars or 'no calls'}" + (f", at least {at_least:.2f} USD" if at_least is not None else "")


def _composition(facts: ExportFacts) -> str:
    rows = [
        (axis, value, entry.count, _percent(entry.share), _percent(entry.target), entry.standing)
        for axis, values in facts.marginals.items()
        for value, entry in values.items()
    ]
    return "## What is in it\n\n" + _table(("axis", "value", "sessions", "share", "target", "standing"), rows)


def _lead_share(facts: ExportFacts, lead: str) -> str:
    rows = [
        (
            level,
            f"{_percent(row.band[0])} to {_percent(row.band[1])}",
            f"{row.in_band} of {row.sessions}",
            *(_percent(share) for share in (row.mean, row.least, row.most)),
            row.standing,
        )
        for level, row in facts.lead_share.items()
    ]
    head = ("level", "band", "sessions in band", "mean", "least", "most", "standing")
    return f"{lead}'s share of the messages:\n\n" + _table(head, rows)


def _refused(facts: ExportFacts) -> str:
    by_hand = f"A person left out {facts.marked_bad} sessions.\n\n" if facts.marked_bad else ""
    if not facts.outcomes.rejections:
        return by_hand + "No session was rejected.\n"
    return (
        by_hand
        + "Sessions rejected, by rule (one may break several):\n\n"
        + _table(("rule", "sessions"), facts.outcomes.rejections.items())
    )


def _quality(quality: Quality) -> str:
    """The figures that a reviewer of a data set asks for; the same as `em stats NAME --quality`."""
    measured = _table(("measure", "value", "95 % interval", "n"), rows(quality))
    note = f"\nText measures are means over blocks of {quality.text.words:,} words.\n"
    return "## How good it is\n\n" + measured + note + _against_people(quality)


def _against_people(quality: Quality) -> str:
    found = quality.machine
    if not found.rules:
        return ""
    few = "" if found.enough else " These are few: the intervals are wide."
    head = f"\nFilters, guard and judge against people, who judged {found.judged} sessions.{few}\n\n"
    columns = ("rule", "of", "right when against", "finds of what people reject")
    shown = ((each.rule, each.kind, with_interval(each.precision), with_interval(each.recall)) for each in found.rules)
    return head + _table(columns, shown)


def _files(facts: ExportFacts, lead: str, formats: Sequence[str], names: Names) -> str:
    explained = {
        "jsonl": "`text` and flat metadata, one JSON document a line",
        "parquet": "the same columns as tables",
        "chatml": f"`messages` with roles, for trainers of chat models; {lead}'s lines are the assistant's",
        "sharegpt": "the same as `conversations`",
        "dpo": "`prompt`, `chosen`, `rejected`: raw text for DPO with TRL or Axolotl",
        "kto": "`prompt`, `completion`, `label`: raw text for KTO",
    }
    rows = [(f"`{file}`", explained[name]) for name in formats for file in _written(facts, name, names).values()]
    if "txt" in formats:
        rows.append((f"`{names.conversation}*.txt`", "the sessions one by one, those for validation among them"))
    if "chatml" in formats or "sharegpt" in formats:
        rows.append((f"`{names.llama_factory}`", "what LLaMA-Factory has to know of the shapes with roles"))
    rows.append((f"`{names.stats}`", "all numbers; written last, `complete` is true if the set is whole"))
    rows.append((f"`{names.progress}`", "how far the run was"))
    parts = ["## Files\n\n" + _table(("file", "content"), rows)]
    if (made := facts.preferences) is not None:
        parts.append(
            f"Preference data: {made.pairs} pairs; a prompt is the document up to the line and the nick. Left out:"
            f" {made.alike} that are too alike, {made.unbalanced} to balance lengths. Mean words: {made.chosen_words}"
            f" chosen, {made.rejected_words} rejected; the chosen line is the longer one in"
            f" {_percent(made.chosen_longer)}. A line ends in a newline and in no end-of-text token, since the channel"
            " goes on after it.\n"
        )
    if "chatml" in formats or "sharegpt" in formats:
        parts.append(
            f"In the shapes with roles the header is the system message, {lead}'s lines are assistant turns without\n"
            "the nick, and everything between them is one user turn. They end with the last of these lines and do not\n"
            f"show when {lead} stays silent: to train the share that the header stands for, use `text`.\n"
        )
    if "jsonl" in formats:
        file = names.split(False, ".jsonl")
        parts.append(
            f"""    datasets.load_dataset("json", data_files="{file}")   # or load_dataset(this folder)

In an Axolotl configuration:

    datasets:
      - path: {file}
        ds_type: json
        type: completion
        field: text
"""
        )
    return "\n".join(parts)


def _limits(facts: ExportFacts, lead: str) -> str:
    if facts.imported:
        return """## Limits

Said in a real channel by people who may be known by what they said, whatever was taken out. Do not publish it.
"""
    if facts.run.by_hand:
        return f"""## Limits

Invented: the people are no real ones and nothing here was said in a real channel. It shows how {lead} behaves, it is
not a source of facts, and it has the habits of those who wrote it.
"""
    return f"""## Limits

Synthetic: the people are invented and nothing here was said in a real channel. It shows how {lead} behaves, it is
not a source of facts, and it has the habits of the models that wrote it. Their terms apply to the text: settle the
licence before sharing it.
{_small(facts)}"""


def _small(facts: ExportFacts) -> str:
    """How much of it a very small model wrote, or nothing."""
    if not facts.very_small_model:
        return ""
    documents = facts.documents.total
    return f"""
**{facts.very_small_model} of {documents} sessions read as a very small model writes** (hardly anything but function
words, or the same words again and again). They were kept for want of a better model: do not train on them.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.3g} %"
