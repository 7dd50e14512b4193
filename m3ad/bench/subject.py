"""One evaluation with its judgement and all that a reader has to be told before believing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from m3ad.bench.judgement import Judgement
from m3ad.bench.records import METRIC_VERSION, Evaluation, EvaluationState, differences

MOST_NAMED = 10  # cases without an answer that are named one by one


@dataclass(frozen=True, slots=True)
class Subject:
    """One model in a report.

    Attributes:
        refused: name of each case without an answer, and why.
        trained_on: cases of the set that the model has learnt from.
    """

    evaluation: Evaluation
    judgement: Judgement
    refused: tuple[tuple[str, str], ...] = ()
    trained_on: int = 0

    @property
    def name(self) -> str:
        """The model, and how it was asked where that is not its own choice."""
        mode = self.evaluation.mode.value
        return self.evaluation.model if mode == "auto" else f"{self.evaluation.model} ({mode})"

    def warnings(self) -> list[str]:
        """Sentences on what these figures are not."""
        one, whole = self.evaluation, self.judgement.whole.count
        found = []
        waiting = one.set.size - whole - len(self.refused)
        if waiting:
            found.append(
                f"{self.name}: {waiting} of {one.set.size} cases are not answered yet; the figures will change."
            )
        if one.state in (EvaluationState.FAILED, EvaluationState.CANCELLED):
            found.append(f"{self.name} {one.state.value}: {one.problem}")
        if self.refused:
            found.append(f"{self.name}: {len(self.refused)} cases have no answer and are not in the figures:")
            found += [f"{case}: {reason}" for case, reason in self.refused[:MOST_NAMED]]
        if self.trained_on:
            found.append(f"{self.name} has learnt from {self.trained_on} of these cases: it is not judged on new ones.")
        return found

    def identity(self) -> str:
        """What has to agree before two evaluations may be compared."""
        one = self.evaluation
        return (
            f"{self.name}: frozen set {one.set.name} ({one.set.size} cases, hash {one.set.hash[:12]}), "
            f"prompt {one.prompt}, mode {one.mode.value}, metric version {METRIC_VERSION}"
        )


def remarks(subjects: Sequence[Subject]) -> list[str]:
    """What the reader of a report has to be told first: how evaluations differ, and what each one's figures are not."""
    first, *others = subjects
    found = [
        f"{first.name} and {other.name} are no fair comparison. {sentence}"
        for other in others
        for sentence in differences(first.evaluation, other.evaluation)
    ]
    counts = {subject.judgement.whole.count for subject in subjects}
    if len(counts) > 1 and not found:
        found.append("Not every model has answered the same number of cases: their figures are of different cases.")
    return found + [warning for subject in subjects for warning in subject.warnings()]
