"""What the Reflect tab shows, without gradio: sets of cases, what reflection did over one, two models side by side.

The numbers are those of `m3ad.metrics.effect` and `m3ad.metrics.paired`, on what `db.judged` finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db.judged import Judged, judged, judged_frozen, models_that_inspected
from db.store import Store
from m3ad.errors import NotFound
from m3ad.metrics.effect import Aspect, Effect, Way, effect, first_look, is_right
from m3ad.metrics.paired import difference
from m3ad.metrics.slices import Facet
from ui.annotate_queue import FILTER, LISTS, filter_of
from ui.context import Context
from ui.inspect_presenter import boxes
from ui.pictures import picture_url
from ui.reflect_slices import narrowed, problem_groups, slice_rows
from ui.reflect_words import (
    calibration_words,
    calibrations,
    cases_words,
    change_words,
    decision,
    sentences,
    share_words,
)

ALL = "all"
SNAPSHOT = "snapshot-"
THUMBNAIL = 96  # pixels of the longer side
MOST = 5000  # rows that a page is sent; the numbers are of all cases
MEANINGS = {
    Way.FIXED: "wrong → right",
    Way.BROKE: "right → wrong",
    Way.KEPT_RIGHT: "no need",
    Way.KEPT_WRONG: "in vain",
    Way.RIGHT_AT_ONCE: "right without reflection",
    Way.WRONG_AT_ONCE: "wrong without reflection",
    Way.NO_FIRST_LOOK: "reflected; the first decision cannot be read",
}
GAINED, LOST = "only the other", "only this one"  # who is right, of two models


@dataclass(frozen=True, slots=True)
class Asked:
    """The question a page asks: what reflection did to `aspect` for `model` over `cases`; `beside` is another model.

    `facet` says how the set is cut into slices, `slice` the one of them that is looked at; "" is the whole set.
    """

    model: str
    cases: str = ALL
    aspect: Aspect = Aspect.PRESENCE
    beside: str | None = None
    facet: Facet = Facet.SCENARIO
    slice: str = ""


def choices(store: Store) -> list[tuple[str, str]]:
    """(title, name) of every set of cases that can be asked about."""
    frozen = [(f"frozen cases of {one.name}", f"{SNAPSHOT}{one.id}") for one in store.snapshots()]
    saved = [(one.name, f"{FILTER}{one.id}") for one in store.filters.all()]
    return [("all annotated cases", ALL), *frozen, *saved]


def models(context: Context) -> list[str]:
    """The models that can be asked about: those that can inspect, and those that have and are gone."""
    names = context.monitors.names()
    return [*names, *(name for name in models_that_inspected(context.store) if name not in names)]


def cases_of(store: Store, model: str, cases: str, user: str = "") -> list[Judged]:
    """The judged cases of a set by its name. Raises NotFound for a name that there is not."""
    if cases.startswith(SNAPSHOT) and cases.removeprefix(SNAPSHOT).isdecimal():
        return judged_frozen(store, model, int(cases.removeprefix(SNAPSHOT)[:15]))
    if cases != ALL and not (cases in LISTS or cases.startswith(FILTER)):
        raise NotFound(f"There is no set of cases called {cases}. Choose one of the list.")
    return judged(store, model, filter_of(store, cases), user=user)


def page_value(store: Store, asked: Asked, user: str = "") -> dict[str, Any]:
    """Everything the left side of the tab shows; see `static/reflect_effect.js`."""
    whole = cases_of(store, asked.model, asked.cases, user)
    found = narrowed(whole, asked.facet, asked.slice)
    done = effect(((one.case.case_id, one.pair) for one in found), asked.aspect)
    ways = {case_id: each.value for each, ids in done.ways.items() for case_id in ids}
    return {
        "asked": {**asdict(asked), "aspect": asked.aspect.value, "facet": asked.facet.value},
        "facets": [each.value for each in Facet],
        "groups": [_group(each, done, len(found)) for each in Way],
        "slices": slice_rows(whole, asked.aspect, asked.facet),
        "problems": problem_groups(found),
        "sentences": [*sentences(done, len(found)), *calibration_words(found)],
        "beside": _beside(store, asked, found, user),
        "rows": [_row(one, ways[one.case.case_id]) for one in found[:MOST]],
        "missing": max(0, len(found) - MOST),
        "empty": "" if found else _why_empty(asked),
    }


def group_of(store: Store, asked: Asked, way: str, user: str = "") -> list[Judged]:
    """The cases of a group by its name on the page: a way, a problem, or who alone is right of two models."""
    found = narrowed(cases_of(store, asked.model, asked.cases, user), asked.facet, asked.slice)
    done = effect(((one.case.case_id, one.pair) for one in found), asked.aspect)
    beside = _beside(store, asked, found, user)
    ids = {each.value: set(each_ids) for each, each_ids in done.ways.items()}
    ids |= {
        group["way"]: set(group["ids"]) for group in (*problem_groups(found), *(beside or {"groups": ()})["groups"])
    }
    return [one for one in found if one.case.case_id in ids.get(way, ())]


def _why_empty(asked: Asked) -> str:
    return f"{asked.model} has inspected no annotated case of this set. Inspect some, or choose another set or model."


def _group(each: Way, done: Effect, whole: int) -> dict[str, Any]:
    count = len(done.ways[each])
    return {
        "way": each.value,
        "count": count,
        "means": MEANINGS[each],
        "share": share_words(count, whole),
    }


def _beside(store: Store, asked: Asked, found: Sequence[Judged], user: str) -> dict[str, Any] | None:
    """The other model on the cases that both inspected; None when none was chosen."""
    if not asked.beside or asked.beside == asked.model:
        return None
    others = {one.case.case_id: one for one in cases_of(store, asked.beside, asked.cases, user)}
    both = [(one, others[one.case.case_id]) for one in found if one.case.case_id in others]
    rights = {
        one.case.case_id: (one.truth.anomalous, _finally_right(asked.aspect, one), _finally_right(asked.aspect, other))
        for one, other in both
    }
    words = change_words(difference(rights.values()))
    return {
        "words": f"{asked.model} beside {asked.beside}, {cases_words(len(both))} of both. {words}".strip(),
        "groups": [
            {"way": name, "count": len(ids), "ids": ids, "means": f"{model} is right, {not_model} is not"}
            for name, first, model, not_model in (
                (LOST, True, asked.model, asked.beside),
                (GAINED, False, asked.beside, asked.model),
            )
            for ids in [[case_id for case_id, (_, mine, theirs) in rights.items() if mine is first and theirs != mine]]
        ],
    }


def _finally_right(aspect: Aspect, one: Judged) -> bool:
    return is_right(aspect, one.truth, one.inspection.trace.verdict)


def _row(one: Judged, done: str) -> dict[str, Any]:
    """A line of the list. Probabilities 0..1 or None; `words` counts those of think and reflection."""
    inspection, trace = one.inspection, one.inspection.trace
    return {
        "id": one.case.case_id,
        "name": one.case.name,
        "scenario": one.case.scenario.value,
        "thumbnail": picture_url(one.case.picture_id, THUMBNAIL),
        "boxes": [*boxes(one.truth, "truth", ""), *boxes(trace.verdict, "predicted", "")],
        "way": done,
        "truth": decision(one.truth),
        "before": decision(first_look(trace)),
        "after": decision(trace.verdict),
        "p": [inspection.probability.initial, inspection.probability.final],
        "words": inspection.words,
        "seconds": round(inspection.seconds, 1),
        "problems": [problem.text for problem in inspection.problems],
    }


def report_json(store: Store, asked: Asked) -> dict[str, Any]:
    """The numbers of the page for other programs: ids by way, balanced accuracies, interval, p, slices, problems."""
    whole = cases_of(store, asked.model, asked.cases)
    found = narrowed(whole, asked.facet, asked.slice)
    done = effect(((one.case.case_id, one.pair) for one in found), asked.aspect)
    before, after = calibrations(found)
    return {
        "model": asked.model,
        "cases": asked.cases,
        "aspect": asked.aspect.value,
        "facet": asked.facet.value,
        "slice": asked.slice,
        "count": len(found),
        "sentences": [*sentences(done, len(found)), *calibration_words(found)] or [_why_empty(asked)],
        "ways": {each.value: list(ids) for each, ids in done.ways.items()},
        "balanced_accuracy": [done.difference.before, done.difference.after],
        "interval": done.difference.interval,
        "p": done.difference.p,
        "overlap": done.overlap,
        "calibration": {"before": asdict(before), "after": asdict(after)},
        "slices": slice_rows(whole, asked.aspect, asked.facet),
        "problems": problem_groups(found),
        "beside": _beside(store, asked, found, ""),
    }
