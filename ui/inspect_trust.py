"""How far one answer can be trusted: pass, reject or look again, and how often the model was right on cases like it."""

from __future__ import annotations

from typing import Any

from db.filters import CaseFilter
from db.store import Store
from m3ad.records import Inspection, Mode
from m3ad.reliability.likeness import Features, Likeness, diverges
from ui.trust_words import CALLS, call_words, forced_words, likeness_details, likeness_words

FORCED = "reflection.forced"  # in the log: what a forced reflection was forced by


def trust_value(store: Store, inspection: Inspection) -> dict[str, Any]:
    """The value of the trace's line of trust; empty texts where there is nothing to say."""
    point = store.trust.point(inspection.model)
    probability = inspection.probability.final
    call, tone = CALLS[point.call(probability)] if point else ("", "quiet")
    features, found = store.evidence.alike(inspection) or (None, None)
    said = (likeness_words(found), likeness_details(features, found)) if features and found else ("", [])
    return {
        "call": call,
        "tone": tone,
        "why": call_words(point, probability, calibrated(store, inspection)) if point else "",
        "like": said[0],
        "details": said[1],
        "cases": _cases(store, inspection.model, found) if found else [],
        "forced": _forced(store, inspection),
    }


def calibrated(store: Store, inspection: Inspection) -> float | None:
    """P(anomalous) as the model's calibrator has it; None without one."""
    kept = next(iter(store.trust.calibrators(inspection.model)), None)
    probability = inspection.probability.final
    return None if kept is None or probability is None else kept.calibrator(probability)


def _cases(store: Store, model: str, found: Likeness) -> list[dict[str, Any]]:
    wanted = CaseFilter(ids=tuple(one.case_id for one in found.nearest))
    names = {row.case_id: row.name for row in store.case_rows(wanted, model)}
    return [{"id": one.case_id, "name": names[one.case_id], "right": one.right} for one in found.nearest]


def reason_to_revise(store: Store, inspection: Inspection) -> tuple[Features, Likeness] | None:
    """Why a model that did not reflect shall: its confidence and its reliability differ by more than its point allows.

    None where it shall not: in general, and where too little is known.
    """
    point = store.trust.point(inspection.model)
    if point is None or point.revise_from is None or inspection.mode is not Mode.AUTO or inspection.trace.reflected:
        return None
    features, found = store.evidence.alike(inspection) or (None, None)
    if features is None or found is None or not diverges(features, found, point.revise_from):
        return None
    return features, found


def log_forced(store: Store, before: Inspection, after: Inspection, why: tuple[Features, Likeness], actor: str) -> None:
    """Keep why a reflection was forced, so that whoever looks at the case is told."""
    features, found = why
    was, now = before.trace.verdict, after.trace.verdict
    store.log(
        FORCED,
        actor,
        case_id=after.case_id,
        inspection=after.id,
        instead_of=before.id,
        confidence=features.confidence,
        right=found.rate.part,
        of=found.rate.whole,
        changed=(was and was.anomalous) != (now and now.anomalous),
    )


def _forced(store: Store, inspection: Inspection) -> str:
    if inspection.mode is not Mode.REFLECTIVE:
        return ""
    for event in store.events(case_id=inspection.case_id, event=FORCED):
        data = event.data
        if data["inspection"] == inspection.id:
            return forced_words(data["confidence"], data["right"], data["of"], data["changed"])
    return ""
