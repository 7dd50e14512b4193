"""A set of judged cases in parts: slice by slice, and by the problems of the answers. No gradio, no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from db.judged import Judged
from m3ad.metrics.effect import Aspect, Effect, Way, effect
from m3ad.metrics.slices import Facet, in_order, slices_of
from m3ad.trace_problems import SENTENCES

PROBLEM = "problem:"  # before a problem's code: the name of the group of its cases


def names_of(one: Judged, facet: Facet) -> tuple[str, ...]:
    """The slices that a case belongs to."""
    case = one.case
    return slices_of(
        facet,
        one.truth,
        scenario=case.scenario,
        category=case.category,
        width=case.width,
        height=case.height,
        looks=one.looks,
    )


def narrowed(found: Sequence[Judged], facet: Facet, name: str) -> list[Judged]:
    """The cases of one slice; all of them for the slice "", which is none."""
    return [one for one in found if not name or name in names_of(one, facet)]


def slice_rows(found: Sequence[Judged], aspect: Aspect, facet: Facet) -> list[dict[str, Any]]:
    """What reflection did in each slice: counts, and balanced accuracy before and after, with the interval between."""
    parts: dict[str, list[Judged]] = {}
    for one in found:
        for name in names_of(one, facet):
            parts.setdefault(name, []).append(one)
    return [_slice(name, parts[name], aspect) for name in in_order(facet, set(parts))]


def _slice(name: str, cases: Sequence[Judged], aspect: Aspect) -> dict[str, Any]:
    done = effect(((one.case.case_id, one.pair) for one in cases), aspect)
    return {
        "name": name,
        "count": len(cases),
        "reflected": done.reflected,
        "fixed": len(done.ways[Way.FIXED]),
        "broke": len(done.ways[Way.BROKE]),
        "before": done.difference.before,
        "after": done.difference.after,
        "says": _interval_words(done),
    }


def _interval_words(done: Effect) -> str:
    found = done.difference
    if found.interval is None or found.before is None or found.after is None:
        return ""
    low, high = found.interval
    return f"{found.after - found.before:+.3f}, 95 % {low:+.3f} to {high:+.3f}"


def problem_groups(found: Sequence[Judged]) -> list[dict[str, Any]]:
    """The problems of a set's answers, the most frequent first: in how many cases, and in which."""
    ids: dict[str, list[int]] = {}
    for one in found:
        for code in dict.fromkeys(problem.code for problem in one.inspection.problems):
            ids.setdefault(code, []).append(one.case.case_id)
    counted = Counter({code: len(cases) for code, cases in ids.items()})
    return [
        {"way": PROBLEM + code, "count": count, "means": _in_general(code), "ids": ids[code]}
        for code, count in counted.most_common()
    ]


def _in_general(code: str) -> str:
    """What a problem says of any case: its sentence without the words of one case."""
    sentence = SENTENCES.get(code, code)
    return sentence.replace(" ({what})", "").replace(": {what}", "").replace("{what}", "…")
