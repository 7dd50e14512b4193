"""What reflection did over a set, in words and numbers. No gradio, no store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.judged import Judged
from m3ad.metrics.calibration import Calibration, calibration
from m3ad.metrics.effect import Effect
from m3ad.metrics.paired import Difference, share_interval
from m3ad.records import Verdict


def share_words(part: int, whole: int) -> str:
    """ "6.1 % (4.7–7.8)": a share with its 95 % interval; empty of nothing."""
    interval = share_interval(part, whole)
    if interval is None:
        return ""
    low, high = (f"{100 * end:.1f}" for end in interval)
    return f"{100 * part / whole:.1f} % ({low}–{high})"


def sentences(done: Effect, whole: int) -> list[str]:
    """What reflection did, in words for people."""
    if not whole:
        return []
    said = [f"{cases_words(whole)}, {done.reflected:,} reflected on.", change_words(done.difference)]
    if done.overlap is not None:
        before, after = done.overlap
        said.append(f"Overlap of the boxes (IoU) {before:.2f} → {after:.2f}.")
    return [each for each in said if each]


def change_words(found: Difference) -> str:
    """ "Balanced accuracy 0.894 → 0.941 (+0.047, 95 % +0.021 to +0.074; McNemar p = 0.001)."; empty of nothing."""
    if found.before is None or found.after is None or found.interval is None:
        return ""
    low, high = found.interval
    p = "p < 0.001" if found.p < 0.001 else f"p = {found.p:.3f}"
    return (
        f"Balanced accuracy {found.before:.3f} → {found.after:.3f} "
        f"({found.after - found.before:+.3f}, 95 % {low:+.3f} to {high:+.3f}; McNemar {p})."
    )


def calibrations(found: Sequence[Judged]) -> tuple[Calibration, Calibration]:
    """How far P(anomalous) can be believed at the first look and at the end, over the cases that have it at both.

    Without a reflection the two are one.
    """
    both = []
    for one in found:
        first, final = one.inspection.probability.initial, one.inspection.probability.final
        first = first if one.inspection.trace.reflected else final
        if first is not None and final is not None:
            both.append((one.truth.anomalous, first, final))
    return calibration((kind, p) for kind, p, _ in both), calibration((kind, p) for kind, _, p in both)


def calibration_words(found: Sequence[Judged]) -> list[str]:
    """ "P(anomalous): Brier score 0.21 → 0.18, calibration error 0.19 → 0.15."; nothing of nothing."""
    before, after = calibrations(found)
    if before.brier is None or after.brier is None:
        return []
    return [
        f"P(anomalous): Brier score {before.brier:.2f} → {after.brier:.2f}, "
        f"calibration error {before.error:.2f} → {after.error:.2f}."
    ]


def decision(verdict: Verdict | None) -> str:
    """A verdict's presence in a word."""
    return "unreadable" if verdict is None else "anomalous" if verdict.anomalous else "normal"


def report_words(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    lines = list(report["sentences"])
    lines += [f"  {name}: {len(ids)}" for name, ids in report["ways"].items() if ids]
    for part in report["slices"]:
        lines.append(f"  {report['facet']} {part['name']}: {slice_words(part)}")
    lines += [f"  {group['count']}: {group['means']}" for group in report["problems"]]
    if report["beside"]:
        lines.append(report["beside"]["words"])
        lines += [f"  {group['means']}: {group['count']}" for group in report["beside"]["groups"]]
    return "\n".join(lines)


def slice_words(part: dict[str, Any]) -> str:
    """What reflection did in a slice; see `ui.reflect_slices.slice_rows`."""
    accuracy = "" if part["before"] is None else f", balanced accuracy {part['before']:.3f} → {part['after']:.3f}"
    return f"{cases_words(part['count'])}, fixed {part['fixed']}, broke {part['broke']}{accuracy}"


def cases_words(count: int) -> str:
    return f"{count:,} case{'' if count == 1 else 's'}"
