"""Reasoning in a model's text: found, and taken off the answer, in every notation that reasoning models use.

Servers should send a model's thoughts in a field of their own. Many do not: a template that opens `<think>` itself
leaves only the closing tag in the text, a reply that is cut has no closing tag, and a server that drops special tokens
leaves bare words (`analysis…assistantfinal…`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = (
    r"(?:ant|\w{1,12}[_:])?think(?:ing)?(?::\w+)?|thoughts?|reasoning|reflection|analysis|scratchpad"
    r"|inner_?(?:monologue|thoughts?)|chain_of_thought|cot|rationale"
)
_PIPED = "think(?:ing)?|thoughts?|reasoning"
_LESS, _MORE = "(?:<|&lt;|＜)", "(?:>|&gt;|＞)"
_OPEN = (
    rf"{_LESS}\s*(?:{_NAMES})(?:\s+[\w-]+=[^<>]{{0,80}})?\s*(?:{_MORE}|$)|\[THINK\]|◁think▷|<\|START_THINKING\|>"
    rf"|<[|｜]\s*begin_?of_?thought\s*[|｜]>|<\|inner_prefix\|>|<\|channel>\s*(?:thought|thinking|analysis)\b"
    rf"|<[|｜](?:{_PIPED})[|｜]>|<unused94>(?:thought\b)?"
)
_CLOSE = (
    rf"{_LESS}\s*/\s*(?:{_NAMES})\s*{_MORE}|\[/THINK\]|◁/think▷|<[|｜]\s*end_?of_?thought\s*[|｜]>"
    rf"|<\|END_THINKING\|>|<\|inner_suffix\|>|<channel\|>|<[|｜]/(?:{_PIPED})[|｜]>|<unused95>|<\|content\|>"
)
_TAG = re.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", re.IGNORECASE)
_TYPED_CASE = re.compile(r"\[/?think\]|<(?:/\s*)?(?:cot)>")
"""In lower case somebody may have typed these in chat."""
_ANSWER_TAG = re.compile(
    r"</?(?:answer|response|output|final|final_answer|reply)>|<\|(?:START|END)_RESPONSE\|>"
    r"|<[|｜](?:begin|end)_of_(?:solution|box)[|｜]>|<turn\|>|<\|end_of_turn\|>",
    re.IGNORECASE,
)
"""What some models put around the answer that follows their thoughts."""

_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?P<name>analysis|commentary|final)\b[^<]*(?:<\|constrain\|>[^<]*)?(?:<\|message\|>)?",
    re.IGNORECASE,
)
_CHANNEL_END = re.compile(r"<\|(?:end|return|start|channel|call)\|>")
_BARE_FINAL = re.compile(r"(?:assistant\s*)(?:<\|channel\|>)?final(?:<\|message\|>)?(?=\S|\s|$)")
_BARE_THOUGHT = re.compile(
    r"\s*(?:(?:assistant)?(?:analysis|commentary)(?=[A-Z\"'(]|\s+(?:The user|We |User ))|thought\n)"
)
_SPELT_OUT = re.compile(
    r"here(?: is|'s) my thought process:?(?P<thought>.*?)(?:here(?: is|'s) my response:?|$)", re.I | re.S
)
_LABELS = re.compile(
    r"\s*[#*_]{0,3}\s*(?:thoughts?|thinking|reasoning|analysis)\s*[*_]{0,3}\s*(?::[*_]{0,2}|\n).*"
    r"^\s*[#*_]{0,3}\s*(?:final )?(?:answer|response|reply|output|message)\s*[*_]{0,3}\s*(?::[*_]{0,2}|\n)",
    re.I | re.S | re.M,
)
"""Headings over the thoughts and over the answer."""
_PROCESS = re.compile(
    r"\s*(?:here(?:'s| is) (?:a|my|the) )?(?:thinking|thought) process[^\n]{0,60}:[*_]{0,2}\s*(?:\n|$)", re.I
)
"""How some models begin thoughts that nothing marks."""
_ENCLOSED = re.compile(
    r"\[(think(?:ing)?|reasoning)\].*?\[/\1\]|```(?:think(?:ing)?|thoughts?|reasoning)\n.*?(?:```|$)"
    r"|<details(?:[^<>]*\breasoning\b[^<>]*>|[^<>]*>\s*<summary>\s*(?:thinking|thought|reasoning)).*?(?:</details>|$)",
    re.I | re.S,
)
"""Marks that somebody may have typed in chat, unless both of them are there."""


@dataclass(frozen=True, slots=True)
class Separated:
    """A text without the thoughts in it."""

    answer: str
    """What is left; empty where the thoughts never end."""
    reasoned: bool
    """True if there were any."""


def separate(text: str) -> Separated:
    r"""The answer in a model's text, and whether there was reasoning around it; a text without any stays as it is.

    For the text of one message, without the `<nick>` in front: somebody may be called `thought`.

    >>> separate("A casual line, then.\n</think>\n\nhello there").answer
    'hello there'
    >>> separate("analysisThe user wants a line.assistantfinalhello there").answer
    'hello there'
    >>> separate("<think>hm, what would kai").answer
    ''
    """
    for notation in (_harmony, _bare_harmony, _spelt_out, _labelled, _enclosed, _tags, _process):
        answer = notation(text)
        if answer is not None:
            inner = _tags(answer)
            return Separated(_ANSWER_TAG.sub("", answer if inner is None else inner).strip(), True)
    return Separated(text, False)


def _harmony(text: str) -> str | None:
    """The final channel of OpenAI's harmony format; None: the text is not in it."""
    channels = list(_CHANNEL.finditer(text))
    if not channels:
        return None
    final = next((each for each in reversed(channels) if each["name"].lower() == "final"), None)
    if final is None:
        return ""
    return _CHANNEL_END.split(text[final.end() :], maxsplit=1)[0]


def _bare_harmony(text: str) -> str | None:
    """The same without its special tokens, or Gemma's thoughts without theirs."""
    finals = list(_BARE_FINAL.finditer(text))
    if finals and (_BARE_THOUGHT.match(text) or "assistantfinal" in text):
        return text[finals[-1].end() :]
    return "" if _BARE_THOUGHT.match(text) else None


def _spelt_out(text: str) -> str | None:
    """Thoughts in words of their own, as Granite announces them."""
    found = _SPELT_OUT.search(text)
    return text[found.end() :] if found else None


def _labelled(text: str) -> str | None:
    """Thoughts under a heading, and the answer under another one."""
    found = _LABELS.match(text)
    return text[found.end() :] if found else None


def _enclosed(text: str) -> str | None:
    """Thoughts in brackets or in a fence of their own."""
    return _ENCLOSED.sub("", text) if _ENCLOSED.search(text) else None


def _process(text: str) -> str | None:
    """Thoughts that are announced and never end."""
    return "" if _PROCESS.match(text) else None


def _tags(text: str) -> str | None:
    """What stands outside opened and closed thoughts; all that precedes a closing tag without an opening one goes."""
    kept, inside, found, end = "", False, False, 0
    for tag in _TAG.finditer(text):
        if _TYPED_CASE.fullmatch(tag[0]):
            continue
        if tag["open"]:
            if not inside:
                kept += text[end : tag.start()]
            inside = True
        else:
            if not inside:
                kept = ""
            inside = False
        found, end = True, tag.end()
    if not found:
        return None
    return kept if inside else kept + text[end:]
