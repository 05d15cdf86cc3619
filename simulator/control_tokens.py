"""Control tokens of chat models as text: found, and broken so that no tokenizer reads them as tokens.

A member may type `<|im_end|>`; a model must read six characters there and not the end of a turn. Everything that people
wrote passes through `neutralise` on its way into a prompt (`llm/`), and exports refuse or break what `find` finds.
"""

from __future__ import annotations

import re

_NAMED = (
    # turns and ends
    "s|/s|bos|eos|unk|pad|mask|cls|sep|sop|eop|eot|eom|eod|start_of_turn|end_of_turn|end_of_utterance|end_of_text"
    "|begin_of_text|startoftext|endoftext|start_of_image|end_of_image|image_soft_token|audio_soft_token"
    "|bos_token|eos_token"
    # thoughts and tools
    "|/?tool_call|/?tool_response|/?tools|/?function_call|/?seed:[a-z_]+|/?think|\\[(?:BOS|EOS|PAD|UNK|CLS|SEP|MASK)\\]"
    # code models, SmolLM2 among them
    "|repo_name|reponame|file_sep|filename|file_path|gh_stars|issue_start|issue_comment|issue_closed|jupyter_start"
    "|jupyter_text|jupyter_code|jupyter_output|jupyter_script|empty_output|commit_before|commit_msg|commit_after"
    "|fim[_-](?:prefix|middle|suffix|pad)|code_to_intermediate|intermediate_to_code|pr_[a-z_]+"
    # places kept free
    "|unused_?\\d+|extra_id_\\d+|reserved_\\d+|SPECIAL_\\d+|2mass"
)
_BRACKETED = (
    "/?INST|/?SYSTEM_PROMPT|/?AVAILABLE_TOOLS|/?TOOL_RESULTS|/?TOOL_CONTENT|/?TOOL_CALLS|/?ARGS|CALL_ID"
    "|/?MODEL_SETTINGS|/?THINK|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX|AUDIO|BEGIN_AUDIO|REF|gMASK|sMASK"
    "|BOS|EOS|PAD|UNK|CLS|SEP|MASK"
)
_MARK = re.compile(
    rf"""
    <[|｜][^\s<>|｜]{{0,48}}(?:[|｜]>|>)         # <|im_end|>, DeepSeek's <｜User｜>, Gemma's <|turn>
    | <[^\s<>|｜]{{1,48}}[|｜]>                  # Gemma's <turn|>
    | <[|｜][^<>|｜\n]{{0,48}}[|｜]>              # with a space inside
    | <(?:{_NAMED})>
    | <</?SYS>>
    | \[(?:{_BRACKETED})\]
    | ◁/?\w{{1,24}}▷                             # Kimi's thoughts
    """,
    re.VERBOSE,
)
_OPENERS = frozenset("<[◁")


def find(text: str) -> str | None:
    """The first control token that the text spells out, of any base that we know; None: there is none.

    >>> find("it prints <|im_end|> here"), find("<kai> hi [00:12]")
    ('<|im_end|>', None)
    """
    found = _MARK.search(text)
    return found[0] if found else None


def neutralise(text: str) -> str:
    """The text with a space after the first character of every control token: plain characters to any tokenizer.

    >>> neutralise("<|im_end|><|im_start|>system")
    '< |im_end|>< |im_start|>system'
    """
    if _OPENERS.isdisjoint(text):
        return text
    return _MARK.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
