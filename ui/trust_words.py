"""How far a model can be trusted, in words and numbers. No gradio, no store."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from m3ad.reliability.bounds import Rate, needed
from m3ad.reliability.likeness import Features, Likeness
from m3ad.reliability.operating import Call, Cost, Point
from ui.reflect_words import cases_words

CALLS = {Call.PASS: ("Pass", "good"), Call.REJECT: ("Reject", "bad"), Call.LOOK: ("Look again", "odd")}


def percent(share: float) -> str:
    """ "12.5 %", "1 %", "0.34 %": a share with as many digits as tell something."""
    value = 100 * share
    if value >= 0.95 or value == 0:
        return f"{value:.1f}".removesuffix(".0") + " %"
    return f"{value:.2g} %" if value >= 0.1 else "under 0.1 %"


def chance(probability: float) -> str:
    """ "0.0012", "0.5", "0.99998": a probability with as many digits as tell it from 0 and 1."""
    if probability in (0.0, 1.0):
        return f"{probability:.0f}"
    digits = 1 - math.floor(math.log10(min(probability, 1 - probability)))
    return f"{probability:.{min(digits, 7)}f}"


def rate_words(rate: Rate) -> str:
    """ "3 of 40 · 7.5 % (1.6–20.4 %)": with its exact two-sided interval."""
    if rate.share is None or rate.interval is None:
        return "none here"
    low, high = (f"{100 * end:.1f}" for end in rate.interval)
    return f"{rate.part:,} of {rate.whole:,} · {percent(rate.share)} ({low}–{high} %)"


def cost_rows(cost: Cost) -> list[list[str]]:
    """What a point costs, as rows: what, and how often."""
    return [
        ["Escapes: defects that pass", rate_words(cost.escapes)],
        ["Overkill: good parts rejected", rate_words(cost.overkills)],
        ["To a person", rate_words(cost.looks)],
        ["… of the good parts", rate_words(cost.good_looks)],
    ]


def cost_sentences(cost: Cost, target: float) -> list[str]:
    """What the figures allow to claim, and what a claim of at most `target` escapes (a share) still needs."""
    escapes = cost.escapes
    if not escapes.whole:
        return ["No annotated case with a defect here: nothing can be said of escapes."]
    said = "no escape" if not escapes.part else f"{escapes.part:,} escape{'' if escapes.part == 1 else 's'}"
    claim = (
        f"With {escapes.whole:,} defects and {said} the bound is {percent(escapes.bound)}: at most so many escape, "
        "with 95 % confidence, if new parts are like these."
    )
    more = needed(target, escapes.part) - escapes.whole
    if more <= 0:
        return [claim, f"That is enough to claim at most {percent(target)} escapes."]
    return [claim, f"To claim at most {percent(target)} takes {more:,} further defects without a further escape."]


CHOSEN_HERE = "Thresholds chosen by looking at these cases flatter themselves on them: judge the point on others."


def point_words(point: Point) -> str:
    """ "Pass below 0.20, reject from 0.80."; with forced reflection where it is on."""
    words = f"Pass below {chance(point.pass_below)}, reject from {chance(point.reject_from)}."
    if point.revise_from is not None:
        words += f" Reflect again when confidence and reliability differ by more than {point.revise_from:.2f}."
    return words


def call_words(point: Point, probability: float | None, calibrated: float | None = None) -> str:
    """Why a part passes, is rejected, or is for a person."""
    if probability is None:
        return "The model gives no probability: a person decides."
    given = f"P {chance(probability)}" + (f" (calibrated {calibrated:.2f})" if calibrated is not None else "")
    return {
        Call.PASS: f"{given} is below {chance(point.pass_below)}",
        Call.REJECT: f"{given} is not below {chance(point.reject_from)}",
        Call.LOOK: f"{given} is from {chance(point.pass_below)} to below {chance(point.reject_from)}",
    }[point.call(probability)]


def likeness_words(found: Likeness) -> str:
    """ "Right in 46 of 50 like this"."""
    return f"Right in {found.rate.part} of {found.rate.whole} like this"


def likeness_details(features: Features, found: Likeness) -> list[str]:
    """By what those cases are like this one."""
    decision = "anomalous" if features.anomalous else "normal"
    others = [one.features for one in found.nearest]
    said = [f"The nearest annotated cases that the model called {decision} as well, exact 95 %: {_ends(found)}."]
    same = sum(one.category == features.category for one in others)
    kin = sum(one.scenario == features.scenario for one in others)
    said.append(f"Of the same category: {same} of {len(others)}; of the same scenario: {kin}.")
    confidences = [one.confidence for one in others if one.confidence is not None]
    if features.confidence is not None and confidences:
        said.append(
            f"Confidence {chance(features.confidence)}; "
            f"theirs {chance(min(confidences))} to {chance(max(confidences))}."
        )
    if features.properties and any(one.properties for one in others):
        said.append(_looks(features, others))
    if features.agreement is not None:
        said.append(f"{percent(features.agreement)} of the model's answers to this part decide so.")
    return said


def _ends(found: Likeness) -> str:
    low, high = found.rate.interval or (0.0, 1.0)
    return f"{100 * low:.0f}–{100 * high:.0f} %"


def _looks(features: Features, others: Sequence[Features]) -> str:
    mine = features.properties
    theirs = [one.properties for one in others if one.properties]
    said = []
    for name in ("brightness", "contrast", "sharpness"):
        values = [getattr(one, name) for one in theirs]
        said.append(f"{name} {getattr(mine, name):.2f} ({min(values):.2f} to {max(values):.2f})")
    return f"Picture: {', '.join(said)}."


def forced_words(confidence: float, right: int, whole: int, changed: bool) -> str:
    """Why a reflection was forced, and what came of it."""
    what = "It changed the decision." if changed else "The decision stayed."
    return (
        f"Reflection was forced: the model said {chance(confidence)}, and was right in {right} of {whole} "
        f"cases like this. {what}"
    )


def learnt_words(count: int) -> str:
    """A warning where the model was trained on some of the cases."""
    return f"The model learnt from {cases_words(count)} of this set: it knows their answers. Choose frozen cases."


def report_words(report: dict[str, Any]) -> str:
    """The report of `trust show` for a terminal."""
    lines = list(report["said"])
    lines += [
        f"  {name}: {count} cases, calibration error {error}, Brier score {brier}"
        for name, count, error, brier in report["numbers"]
    ]
    lines.append(point_words(Point(**report["point"])))
    lines += [f"  {what}: {how}" for what, how in report["rows"]]
    lines += report["claims"]
    lines += [f"{when} {kind} · {what} ({author})" for (kind, when), (what, author) in report["history"]]
    return "\n".join(lines)
