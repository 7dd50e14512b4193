"""An evaluation's figures in a few lines for a terminal."""

from __future__ import annotations

from m3ad.bench.subject import Subject
from m3ad.bench.tables import percent, score
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1


def summary(subject: Subject) -> str:
    """Which model on which set, the figures with intervals, and what has to be known beside them."""
    evaluation, judged = subject.evaluation, subject.judgement
    whole, mean = judged.whole.figures, judged.mean
    lines = [
        f"evaluation {evaluation.id}: {subject.name} on {evaluation.set.name}, {judged.whole.count} of "
        f"{evaluation.set.size} cases ({judged.whole.anomalous} anomalous)",
        f"balanced accuracy {percent(whole['balanced_accuracy']).shown()}, before reflection "
        f"{percent(whole['first_balanced_accuracy']).shown()}; accuracy {percent(whole['accuracy']).shown()}",
        f"type hard-F1 {score(whole[TYPE_F1]).shown()}, location hard-F1 {score(whole[LOCATION_F1]).shown()}",
        f"mean of {len(judged.scenarios)} scenarios: accuracy {percent(mean['accuracy']).shown()}, balanced "
        f"{percent(mean['balanced_accuracy']).shown()}, type {score(mean[TYPE_F1]).shown()}, location "
        f"{score(mean[LOCATION_F1]).shown()}",
        f"{judged.unreadable} unreadable, {judged.inconsistent} not in the exact form, {judged.reflected} reflected",
    ]
    if judged.cost:
        lines.append(f"{judged.cost.seconds:.2f} s and {judged.cost.tokens:.0f} tokens a case")
    return "\n  ".join([*lines, *subject.warnings()])
