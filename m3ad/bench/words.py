"""The bench's numbers and what has to be said of them, in words."""

from __future__ import annotations

from m3ad.bench.judgement import Judgement
from m3ad.bench.records import METRIC_VERSION, Evaluation
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1, Figure

NOTHING = "–"  # where there is nothing to measure


def percent(figure: Figure) -> str:
    """Like "80.3 [78.1, 82.2]"."""
    return _number(figure, 100, 1)


def score(figure: Figure) -> str:
    """Like "0.527 [0.480, 0.571]"."""
    return _number(figure, 1, 3)


def _number(figure: Figure, scale: float, digits: int) -> str:
    if figure.value is None or figure.interval is None:
        return NOTHING
    value, low, high = (f"{scale * each:.{digits}f}" for each in (figure.value, *figure.interval))
    return f"{value} [{low}, {high}]"


def title(evaluation: Evaluation) -> str:
    """Which model on which set."""
    mode = "" if evaluation.mode.value == "auto" else f", {evaluation.mode.value}"
    return f"{evaluation.model}{mode} on {evaluation.set.name}"


def identity(evaluation: Evaluation) -> str:
    """What has to agree before two evaluations may be compared."""
    return (
        f"Frozen set {evaluation.set.name}, {evaluation.set.size} cases, hash {evaluation.set.hash[:12]}; "
        f"prompt {evaluation.prompt}, mode {evaluation.mode.value}; metric version {METRIC_VERSION}."
    )


def summary(evaluation: Evaluation, judgement: Judgement) -> str:
    """The figures for a terminal."""
    whole, mean = judgement.whole.figures, judgement.mean
    lines = [
        f"evaluation {evaluation.id}: {title(evaluation)}, {judgement.whole.count} of {evaluation.set.size} cases "
        f"({judgement.whole.anomalous} anomalous)",
        f"  balanced accuracy {percent(whole['balanced_accuracy'])}, before reflection "
        f"{percent(whole['first_balanced_accuracy'])}; accuracy {percent(whole['accuracy'])}",
        f"  type hard-F1 {score(whole[TYPE_F1])}, location hard-F1 {score(whole[LOCATION_F1])}",
        f"  mean of {len(judgement.scenarios)} scenarios: accuracy {percent(mean['accuracy'])}, balanced "
        f"{percent(mean['balanced_accuracy'])}, type {score(mean[TYPE_F1])}, location {score(mean[LOCATION_F1])}",
        f"  {judgement.unreadable} unreadable, {judgement.inconsistent} not in the exact form, "
        f"{judgement.reflected} reflected",
    ]
    if judgement.cost:
        lines.append(f"  {judgement.cost.seconds:.2f} s and {judgement.cost.tokens:.0f} tokens a case")
    return "\n".join(lines)
