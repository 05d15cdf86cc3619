"""Thoughts are taken off the answer, in every notation that models write them in."""

from __future__ import annotations

import pytest

from simulator.line_checks.reply import clean
from simulator.llm.reasoning import separate

LINE = "hello there, nice weather."
THOUGHT = "Okay, kai wants a casual line. Keep it short."

ANSWERED = {
    "think": f"<think>{THOUGHT}</think>{LINE}",
    "think over lines": f"<think>\n{THOUGHT}\n\nYes.\n</think>\n\n{LINE}",
    "closing tag only, since the template opens": f"{THOUGHT}\n</think>\n\n{LINE}",
    "closing tag first, since thinking is off": f"</think>\n\n{LINE}",
    "an empty thought": f"<think>\n\n</think>\n\n{LINE}",
    "capitals": f"<THINK>{THOUGHT}</THINK> {LINE}",
    "spaces in the tag": f"< think >{THOUGHT}</ think >{LINE}",
    "escaped": f"&lt;think&gt;{THOUGHT}&lt;/think&gt;{LINE}",
    "thinking": f"<thinking>{THOUGHT}</thinking>\n{LINE}",
    "thought": f"<thought>\n{THOUGHT}\n</thought>\n{LINE}",
    "thoughts": f"<thoughts>{THOUGHT}</thoughts>{LINE}",
    "reasoning": f"<reasoning>{THOUGHT}</reasoning>\n\n{LINE}",
    "reasoning, closing tag only": f"{THOUGHT}</reasoning>\n{LINE}",
    "reflection": f"<reflection>{THOUGHT}</reflection>{LINE}",
    "seed": f"<seed:think>{THOUGHT}</seed:think>{LINE}",
    "seed, closing tag only": f"{THOUGHT}</seed:think>{LINE}",
    "magistral": f"[THINK]{THOUGHT}[/THINK]{LINE}",
    "magistral, closing tag only": f"{THOUGHT}[/THINK]{LINE}",
    "kimi": f"◁think▷{THOUGHT}◁/think▷{LINE}",
    "kimi, closing tag only": f"{THOUGHT}◁/think▷{LINE}",
    "gemma": f"<|channel>thought\n{THOUGHT}\n<channel|>{LINE}<turn|>",
    "gemma, an empty thought": f"<|channel>thought\n<channel|>{LINE}",
    "gemma, closing mark only": f"{THOUGHT}\n<channel|>{LINE}",
    "harmony": (
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{LINE}<|return|>"
    ),
    "harmony, the answer alone": f"<|channel|>final<|message|>{LINE}<|end|>",
    "harmony with a commentary": (
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>commentary<|message|>hm<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{LINE}"
    ),
    "harmony without its tokens": f"analysisThe user wants a line. Keep it short.assistantfinal{LINE}",
    "harmony without its tokens, with spaces": f"analysisWe need a line.assistant final{LINE}",
    "harmony with a commentary, without tokens": f"analysisWe need it.assistantcommentaryHm.assistantfinal{LINE}",
    "command a": f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>{LINE}<|END_RESPONSE|>",
    "apertus": f"<|inner_prefix|>{THOUGHT}<|inner_suffix|>{LINE}",
    "openthinker": (
        f"<|begin_of_thought|>\n{THOUGHT}\n<|end_of_thought|>\n\n<|begin_of_solution|>\n{LINE}\n<|end_of_solution|>"
    ),
    "granite": f"Here is my thought process: {THOUGHT} Here is my response: {LINE}",
    "an answer in tags": f"<think>{THOUGHT}</think><answer>{LINE}</answer>",
    "a response in tags": f"<think>{THOUGHT}</think>\n<response>\n{LINE}\n</response>",
    "nested": f"<think>one <think>two</think> three</think>{LINE}",
    "twice": f"<think>one</think><think>two</think>{LINE}",
    "after the answer": f"{LINE}<think>{THOUGHT}",
    "harmony with a constraint": (
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final"
        f" <|constrain|>json<|message|>{LINE}"
    ),
    "a fold": (
        f'<details type="reasoning" done="true">\n<summary>Thought for 3 s</summary>\n> {THOUGHT}\n</details>\n{LINE}'
    ),
    "a fold by its summary": f"<details><summary>Thinking</summary>\n{THOUGHT}\n</details>\n\n{LINE}",
    "glm": f"<think>{THOUGHT}</think>\n<|begin_of_box|>{LINE}<|end_of_box|>",
    "full width": f"＜think＞{THOUGHT}＜/think＞{LINE}",
    "a fence": f"```thinking\n{THOUGHT}\n```\n{LINE}",
    "headings": f"**Thinking**\n{THOUGHT}\n\n**Answer**\n{LINE}",
    "labels": f"Thought: {THOUGHT}\nAnswer: {LINE}",
    "other labels": f"Reasoning: {THOUGHT}\nFinal Answer: {LINE}",
    "solar": f"<|think|>{THOUGHT}<|end|><|begin|>assistant<|content|>{LINE}",
    "pipes": f"<|reasoning|>{THOUGHT}<|/reasoning|>{LINE}",
    "claude": f"<antThinking>{THOUGHT}</antThinking>{LINE}",
    "a namespace": f"<mm:think>{THOUGHT}</mm:think>{LINE}",
    "longcat": f"<longcat_think>{THOUGHT}</longcat_think>{LINE}",
    "hunyuan": f"<think:opensource>{THOUGHT}</think:opensource>{LINE}",
    "medgemma": f"<unused94>thought\n{THOUGHT}<unused95>{LINE}",
    "square brackets": f"[thinking]{THOUGHT}[/thinking]{LINE}",
    "an attribute": f'<think time="3">{THOUGHT}</think>{LINE}',
    "qwen, thoughts without a mark": f"Thinking Process:\n\n1.  **Analyze:** {THOUGHT}\n</think>\n\n{LINE}",
}
CUT = {
    "a process without an end": "Thinking Process:\n\n1.  **Analyze the Request:**\n    *   x",
    "half a fold": '<details type="reasoning">\n> The user',
    "half a tag": "<think",
    "think": f"<think>{THOUGHT}",
    "magistral": f"[THINK]{THOUGHT}",
    "kimi": f"◁think▷{THOUGHT}",
    "seed": f"<seed:think>{THOUGHT}",
    "gemma": f"<|channel>thought\n{THOUGHT}",
    "gemma without its tokens": f"thought\n{THOUGHT}",
    "harmony": f"<|channel|>analysis<|message|>{THOUGHT}",
    "harmony without its tokens": "analysisThe user wants the next line of kai. They say it should be",
    "granite": f"Here is my thought process: {THOUGHT}",
    "a thought and nothing more": f"<think>{THOUGHT}</think>\n",
}
PLAIN = (
    LINE,
    " hello there",
    "analysis paralysis again",
    "assistants are final bosses",
    "I thought <3 was enough",
    "the final answer is 42",
    "in html you write <b>bold</b> and <em>that</em>",
    "[think] about it",
    "a < b and b > c",
    "thought so",
)


@pytest.mark.parametrize("case", ANSWERED)
def test_the_answer_is_taken(case: str) -> None:
    found = separate(ANSWERED[case])
    assert (found.answer, found.reasoned) == (LINE, True)
    assert clean(ANSWERED[case], "kai") == LINE


@pytest.mark.parametrize("case", CUT)
def test_a_thought_that_never_ends_is_no_line(case: str) -> None:
    found = separate(CUT[case])
    assert (found.answer, found.reasoned) == ("", True)
    assert clean(CUT[case], "kai") == ""


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_type_stays(text: str) -> None:
    assert separate(text).answer == text
    assert not separate(text).reasoned
