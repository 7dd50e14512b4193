"""What the Trust view shows, without gradio: diagram, numbers, calibrator, and what an operating point costs.

The numbers are those of `m3ad.reliability` and `m3ad.metrics.calibration`, on what `db.judged` finds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from db.events import now
from db.judged import Judged
from db.store import Store
from db.trust import ChosenPoint, FittedCalibrator
from m3ad.errors import BadImage, Conflict, NotFound
from m3ad.images import open_image
from m3ad.metrics.calibration import Calibration, Said, calibration
from m3ad.reliability.bounds import Rate
from m3ad.reliability.calibrators import LEAST, Kind, cross_validated, fit, logit
from m3ad.reliability.operating import Point, Seen, cost, propose
from m3ad.reliability.properties import measure
from ui.reflect_presenter import ALL, cases_of
from ui.reflect_words import calibrations, cases_words
from ui.trust_words import CHOSEN_HERE, cost_rows, cost_sentences, learnt_words, percent, point_words

TARGET = 0.01  # the share of escapes that a claim is reckoned for unless another is asked for
END = 14  # log-odds are drawn from -14 to 14: models are sure, and P itself would be two bars


@dataclass(frozen=True, slots=True)
class Looked:
    """A set of judged cases, read once: moving a threshold reads nothing again.

    Attributes:
        cases: the name of the set.
        seen: truth and final P(anomalous) of each case, in order.
    """

    model: str
    cases: str
    seen: tuple[Seen, ...]


def look(store: Store, model: str, cases: str = ALL, user: str = "") -> tuple[Looked, dict[str, Any]]:
    """The set, and the part of the page that does not depend on the thresholds; NotFound for an unknown set."""
    found = cases_of(store, model, cases, user)
    seen = tuple((one.truth.anomalous, one.inspection.probability.final) for one in found)
    before, after = calibrations(found)
    calibrated, how = _calibrated(store, model, found)
    learnt = store.trust.learnt(model, (one.case.case_id for one in found))
    lines = {"before reflection": before, "after reflection": after} | ({how: calibrated} if calibrated else {})
    said = [f"{cases_words(len(found))} that are annotated and that {model} inspected."] if found else [_empty(model)]
    return Looked(model, cases, seen), {
        "lines": [{"name": name, "bins": [asdict(one) for one in line.bins]} for name, line in lines.items()],
        "numbers": [_numbers(name, line) for name, line in lines.items()],
        "said": [*said, *([learnt_words(len(learnt))] if learnt else [])],
        "history": history(store, model),
    }


def _empty(model: str) -> str:
    return f"{model} has inspected no annotated case of this set. Inspect some, or choose another set or model."


def _numbers(name: str, line: Calibration) -> list[str]:
    if line.brier is None:
        return [name, "0", "–", "–"]
    return [name, f"{line.count:,}", f"{line.error:.3f}", f"{line.brier:.3f}"]


def _said(found: Sequence[Judged]) -> list[Said]:
    """Truth and final P(anomalous) of those that have one."""
    return [(one.truth.anomalous, p) for one in found if (p := one.inspection.probability.final) is not None]


def _calibrated(store: Store, model: str, found: Sequence[Judged]) -> tuple[Calibration | None, str]:
    """The calibrator in use on these cases: as it is where it saw none of them, else cross-validated here."""
    kept, said = next(iter(store.trust.calibrators(model)), None), _said(found)
    if kept is None or not said:
        return None, ""
    if not set(kept.case_ids) & {one.case.case_id for one in found}:
        return calibration((truth, kept.calibrator(p)) for truth, p in said), "calibrated on others"
    try:
        return calibration(cross_validated(_kind(kept), said)), "calibrated, cross-validated"
    except Conflict:  # too few cases of the set to divide
        return None, ""


def _kind(kept: FittedCalibrator) -> Kind:
    return Kind(kept.calibrator.to_json()["kind"])


def start(store: Store, looked: Looked) -> Point:
    """The point to begin with: the one in use, else a proposed one."""
    return store.trust.point(looked.model) or rounded(propose(looked.seen))


def rounded(point: Point) -> Point:
    """The same in hundredths of log-odds, outward, so that more parts are looked at and the numbers can be read."""
    low, high = math.floor(100 * logit(point.pass_below)) / 100, math.ceil(100 * logit(point.reject_from)) / 100
    return Point(_chance(low), _chance(high), point.revise_from)


def _chance(log_odds: float) -> float:
    if abs(log_odds) >= logit(1.0):
        return float(log_odds > 0)
    return float(f"{1 / (1 + math.exp(-log_odds)):.7f}")


def costs(looked: Looked, point: Point, target: float = TARGET) -> dict[str, Any]:
    """What the point costs on the set: rows for a table, sentences, and what is drawn."""
    found = cost(looked.seen, point)
    return {
        "rows": cost_rows(found),
        "said": [*cost_sentences(found, target), CHOSEN_HERE],
        "bars": {"bars": bars(looked.seen), "point": [point.pass_below, point.reject_from]},
    }


def bars(seen: Sequence[Seen]) -> dict[str, list[int]]:
    """How many good parts, and how many with a defect, have log-odds in each step of one from -END to END."""
    found = {"good": [0] * 2 * END, "defect": [0] * 2 * END}
    for anomalous, probability in seen:
        if probability is not None:
            found["defect" if anomalous else "good"][min(int(logit(probability) + END), 2 * END - 1)] += 1
    return found


def use(store: Store, looked: Looked, point: Point, user: str) -> str:
    """The point becomes the model's; says so. Conflict when there is no case to judge it on."""
    if not looked.seen:
        raise Conflict(_empty(looked.model))
    store.trust.use_point(looked.model, point, looked.cases, cost(looked.seen, point), actor=user)
    return f"{looked.model}: {point_words(point)}"


def fit_calibrator(store: Store, kind: Kind, model: str, cases: str, user: str) -> FittedCalibrator:
    """Fit a calibrator on a set without its frozen cases, cross-validate it, and keep it.

    Raises:
        Conflict: too few cases, or too many of them frozen.
    """
    frozen = store.trust.frozen()
    found = [
        one
        for one in cases_of(store, model, cases, user)
        if one.inspection.probability.final is not None and one.case.case_id not in frozen
    ]
    said = _said(found)
    anomalous = sum(truth for truth, _ in said)
    if min(anomalous, len(said) - anomalous) < LEAST:
        raise Conflict(
            f"Without the cases that a snapshot froze for tests, this set has {len(said) - anomalous} normal and "
            f"{anomalous} anomalous cases; a calibrator needs {LEAST} of either. Annotate and inspect more."
        )
    before, after = calibration(said), calibration(cross_validated(kind, said))
    assert before.brier is not None
    assert before.error is not None
    assert after.brier is not None
    assert after.error is not None
    ids = tuple(one.case.case_id for one in found)
    brier, error = (before.brier, after.brier), (before.error, after.error)
    fitted = FittedCalibrator(model, fit(kind, said), cases, ids, brier, error, user, now())
    store.trust.keep_calibrator(fitted)
    return fitted


def calibrator_words(one: FittedCalibrator) -> str:
    """ "isotonic on 58 cases: Brier score 0.210 → 0.180, calibration error 0.150 → 0.040 (cross-validated)"."""
    return (
        f"{_kind(one).value} on {cases_words(len(one.case_ids))}: Brier score {one.brier[0]:.3f} → {one.brier[1]:.3f}, "
        f"calibration error {one.error[0]:.3f} → {one.error[1]:.3f} (cross-validated)"
    )


def history(store: Store, model: str) -> list[list[list[str]]]:
    """Points and calibrators of the model, newest first: when and who, what."""
    points, calibrators = store.trust.points(model), store.trust.calibrators(model)
    entries = [
        *((one.created, one.author, "Point", f"{point_words(one.point)} {_then(one)}") for one in points),
        *((one.created, one.author, "Calibrator", calibrator_words(one)) for one in calibrators),
    ]
    return [
        [[kind, f"{created:%Y-%m-%d %H:%M}"], [what, author]]
        for created, author, kind, what in sorted(entries, reverse=True)
    ]


def _then(chosen: ChosenPoint) -> str:
    escapes = chosen.cost.escapes
    return f"Then {escapes.part} of {escapes.whole} defects escaped: at most {percent(escapes.bound)}."


def measure_pictures(store: Store, model: str, most: int = 100) -> None:
    """Measure pictures that the model inspected before pictures were measured; those that are gone stay out."""
    for picture_id in store.evidence.unmeasured(model, most):
        with suppress(NotFound, BadImage):
            picture = store.picture(picture_id)
            store.evidence.keep(picture.sha256, measure(open_image(picture.path)))


def report_json(store: Store, model: str, cases: str, point: Point | None, target: float) -> dict[str, Any]:
    """The numbers of the view for other programs."""
    looked, page = look(store, model, cases)
    point = point or start(store, looked)
    found = cost(looked.seen, point)
    rates = {name: _rate_json(getattr(found, name)) for name in ("escapes", "overkills", "looks", "good_looks")}
    return {
        "model": model,
        "cases": cases,
        "said": page["said"],
        "calibration": page["lines"],
        "numbers": page["numbers"],
        "point": asdict(point),
        "cost": rates,
        "rows": cost_rows(found),
        "claims": cost_sentences(found, target),
        "history": page["history"],
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    return asdict(rate) | {"share": rate.share, "interval": rate.interval, "bound": rate.bound}
