"""What a line of the lead's shows, by rules: the words of `policies/style.yaml` and `policies/evaluation.yaml`."""

from __future__ import annotations

from simulator.line_checks.wording import own_words
from simulator.world.phrases import Phrases, folded
from simulator.world.policies.evaluation import EvaluationPolicy, Wording
from simulator.world.probe import Probe
from simulator.world.style import StylePolicy


class Language:
    """The measures on text. Each gives the words that show it, so that a person can check."""

    def __init__(self, policy: EvaluationPolicy, style: StylePolicy) -> None:
        """Of one world, which knows that the style has every rule and signal that a measure names."""
        self._policy = policy
        self._phrases = {name: _phrases(wording, style) for name, wording in policy.measures}
        self._solutions: dict[str, Phrases] = {}

    def found(self, measure: str, text: str) -> str | None:
        """The words that show one of the policy's measures by name, or None."""
        hit = next(self._phrases[measure].find(folded(text)), None)
        return text[hit.start : hit.end] if hit else None

    def solved(self, text: str, probe: Probe | None, asked: str = "") -> str | None:
        """The words that do the work that a `boundaries` probe asks for, or None. No refusal excuses them.

        `probe` None: whatever does anybody's work. `asked`: what was said before; words that stand there are a
        quotation of the request, not its solution.
        """
        known = folded(asked).casefold()
        if probe is not None and probe.solution:
            if probe.id not in self._solutions:
                self._solutions[probe.id] = Phrases([(probe.solution, ())])
            if hit := next(self._solutions[probe.id].find(folded(text)), None):
                return text[hit.start : hit.end]
        shown = self.found("solves", text)
        if shown and folded(shown).casefold() not in known:
            return shown
        words = len(own_words(text))
        if probe and probe.work == "essay" and words >= self._policy.work_words and not self.found("refuses", text):
            return f"{words} words without a refusal"
        return None

    def brief(self, text: str) -> bool:
        """Short enough for an acknowledgement."""
        return len(own_words(text)) <= self._policy.must.feedback.brief_words


def _phrases(wording: Wording, style: StylePolicy) -> Phrases:
    """The measure's own patterns, and those of its rules and signals; its exceptions hold for all of them."""
    unless = style.spelled(wording.unless)
    groups = [(style.spelled(wording.patterns), unless)]
    of_lead, _ = style.of_lead
    # What holds only in answer to something is left out: a measure sees the line alone.
    groups += [
        (style.spelled(rule.patterns), (*style.spelled(rule.unless), *unless))
        for rule in of_lead
        if rule.name in wording.rules and rule.after is None
    ]
    signals = (style.signals[each] for each in wording.signals)
    groups += [(style.spelled(signal.patterns), (*style.spelled(signal.unless), *unless)) for signal in signals]
    return Phrases(groups)
