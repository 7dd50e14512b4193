"""Why a person should look at a case: the reasons, in the order in which cases are given out, and when each applies.

A reason that a model's answer gives ends when a person says what is so after that answer: their word stands.
"""

from __future__ import annotations

from enum import StrEnum

THRESHOLD = 0.5  # P(anomalous) at which a model's yes and no are equally likely
UNSURE_WITHIN = 0.3  # [ours] nearer to the threshold than this, a model is unsure: it would err in one of five or more
UNSURE = (THRESHOLD - UNSURE_WITHIN, THRESHOLD + UNSURE_WITHIN)


class Reason(StrEnum):
    """The reasons; of several that apply a case has the first."""

    DISAGREE = "disagree"  # the annotation is older than the answer, or came with the data, and says otherwise
    UNSURE = "unsure"
    REFLECTION = "reflection"  # the model changed its mind about yes and no
    UNREADABLE = "unreadable"
    PROBLEMS = "problems"  # the trace reader has something to say (`m3ad.trace_problems`)
    NEW = "new"  # no annotation yet
    REVIEW = "review"


def is_unsure(probability: float | None) -> bool:
    """Is this final P(anomalous) near the threshold? False where it was not measured."""
    return probability is not None and UNSURE[0] <= probability <= UNSURE[1]


def reason_of(
    *,
    truth: str,
    settled: bool,
    initial: str,
    decision: str,
    reflected: bool,
    unsure: bool,
    problems: bool,
    asked: bool,
) -> str:
    """The first reason that applies, "" for none.

    Args:
        truth: what the latest annotation says, "anomalous", "normal", or "" without one.
        settled: a person annotated the case after the answer.
        asked: the annotation asks a reviewer, and nobody has answered.
        initial, decision: of the answer, "anomalous", "normal" or "unreadable"; "" where there is none.
    """
    if decision and not settled:
        readable = decision != "unreadable"
        changed = reflected and readable and initial in ("anomalous", "normal") and initial != decision
        for applies, reason in (
            (bool(truth) and readable and truth != decision, Reason.DISAGREE),
            (unsure, Reason.UNSURE),
            (changed, Reason.REFLECTION),
            (not readable, Reason.UNREADABLE),
            (problems, Reason.PROBLEMS),
        ):
            if applies:
                return reason
    if not truth:
        return Reason.NEW
    return Reason.REVIEW if asked else ""
