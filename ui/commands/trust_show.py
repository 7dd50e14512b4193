"""`trust show`: how far a model can be trusted; the numbers of the Trust view."""

from __future__ import annotations

import argparse

from m3ad.reliability.operating import Point
from ui.commands.common import make_settings, open_store, tell
from ui.reflect_presenter import ALL
from ui.trust_presenter import TARGET, report_json
from ui.trust_words import report_words

WORDS = "Calibration, and what an operating point costs, over annotated cases."


def add_cases(parser: argparse.ArgumentParser) -> None:
    """Over which cases."""
    parser.add_argument("--cases", default=ALL, help="all, snapshot-NUMBER (its frozen cases) or filter-NUMBER.")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which cases, which thresholds, which claim."""
    add_cases(parser)
    parser.add_argument("--pass-below", type=float, help="P(anomalous) below which parts pass; with --reject-from.")
    parser.add_argument("--reject-from", type=float, help="P(anomalous) from which parts are rejected.")
    parser.add_argument("--target", type=float, default=TARGET, help="Share of escapes to be claimed, e.g. 0.01.")


def point_of(options: argparse.Namespace) -> Point | None:
    """The thresholds that were given; None without any. Conflict when they cannot be."""
    given = (options.pass_below, options.reject_from)
    if given == (None, None):
        return None
    low, high = given
    return Point(0.0 if low is None else low, 1.0 if high is None else high)


def run(options: argparse.Namespace) -> None:
    """Tell how far a model (--model) can be trusted; without thresholds at its own point, or a proposed one."""
    with open_store(options) as store:
        report = report_json(store, make_settings(options).model, options.cases, point_of(options), options.target)
        tell(options, report, report_words(report))
