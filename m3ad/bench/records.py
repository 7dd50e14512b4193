"""What is judged: a set of cases and an evaluation of one model on it; and when two may stand side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from m3ad.records import Mode

# Raised whenever a metric changes what it measures: judgements of different versions are not compared. The taxonomy's
# similarities belong to it.
METRIC_VERSION = 1


class EvaluationState(StrEnum):
    """Where an evaluation stands."""

    OPEN = "open"  # under way, or cut off: starting it again goes on
    FINISHED = "finished"  # every case was tried
    CANCELLED = "cancelled"  # by a person; starting it again goes on
    FAILED = "failed"  # by an error that concerns all cases; starting it again goes on


class Part(StrEnum):
    """Which cases of a snapshot a model is judged on."""

    FROZEN = "frozen"  # kept back from training: what the model makes of parts it never saw
    CORRECTED = "corrected"  # trained on, and a person corrected them: whether the lesson was learnt


@dataclass(frozen=True, slots=True)
class CaseSet:
    """A part of a snapshot's cases. `hash` covers pictures and truths: the same data have the same hash anywhere."""

    snapshot_id: int
    name: str
    hash: str
    size: int
    part: Part = Part.FROZEN


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model's answers to a set of cases.

    Attributes:
        prompt: the version of what the model is told and shown; see `m3ad.prompts.prompt_version`.
        metric_version: the one that was current when it began; it is always judged by the present one.
        problem: the sentence of the error that ended it, or empty.
        changed: when the last answer came, or it ended.
        weights: the fingerprint of the model's files when it answered; empty where it is not known.
    """

    id: int
    set: CaseSet
    model: str
    mode: Mode
    prompt: str
    metric_version: int
    state: EvaluationState
    problem: str
    author: str
    created: datetime
    changed: datetime
    weights: str = ""


def differences(one: Evaluation, other: Evaluation) -> list[str]:
    """Sentences on what keeps two evaluations from being compared; none when only the model differs."""
    found = []
    if one.set.hash != other.set.hash:
        found.append(
            f"Their sets differ: {one.set.name} ({one.set.hash[:12]}) and {other.set.name} "
            f"({other.set.hash[:12]}). Figures of different cases say nothing about which model is better."
        )
    if one.prompt != other.prompt:
        found.append(
            f"Their prompts differ: version {one.prompt} and version {other.prompt}. Part of a difference may come "
            "from what the models were told."
        )
    if one.model == other.model and one.weights != other.weights:
        found.append(f"The files of {one.model} changed between them: they are of two models under one name.")
    if one.mode != other.mode:
        found.append(f"Their modes differ: {one.mode.value} and {other.mode.value}.")
    if one.metric_version != other.metric_version:
        found.append(
            f"They were begun under different metric versions, {one.metric_version} and {other.metric_version}; what "
            "is shown here is judged by the present one, and is not what an earlier report of the other said."
        )
    return found
