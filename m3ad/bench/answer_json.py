"""What came of a case as JSON, for answers that are written on one machine and stored from another. Exact both ways."""

from __future__ import annotations

from typing import Any

from m3ad.bench.answering import Outcome
from m3ad.monitor.base import Answer
from m3ad.records import Probability, Problem, Trace, Verdict


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Plain JSON values; {"reason": …} where there is no answer."""
    if isinstance(outcome, str):
        return {"reason": outcome}
    trace = outcome.trace
    return {
        "text": outcome.text,
        "trace": {
            "text": trace.text,
            "think": trace.think,
            "reflection": trace.reflection,
            "initial": trace.initial.to_json() if trace.initial else None,
            "verdict": trace.verdict.to_json() if trace.verdict else None,
            "problems": [[found.code, found.text] for found in trace.problems],
        },
        "probability": [outcome.probability.initial, outcome.probability.final],
        "seconds": outcome.seconds,
        "tokens": outcome.tokens,
        "cancelled": outcome.cancelled,
        "doubt": outcome.doubt,
        "reading": outcome.reading,
    }


def from_json(data: dict[str, Any]) -> Outcome:
    """The inverse of `to_json`."""
    if "reason" in data:
        return str(data["reason"])
    told = data["trace"]
    trace = Trace(
        told["text"],
        told["think"],
        told["reflection"],
        _verdict(told["initial"]),
        _verdict(told["verdict"]),
        tuple(Problem(code, text) for code, text in told["problems"]),
    )
    return Answer(
        data["text"],
        trace,
        Probability(*data["probability"]),
        data["seconds"],
        data["tokens"],
        data["cancelled"],
        data["doubt"],
        data["reading"],
    )


def _verdict(data: dict[str, Any] | None) -> Verdict | None:
    return None if data is None else Verdict.from_json(data)
