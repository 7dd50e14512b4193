"""`reflection`: what reflection did over a set of inspected cases; the numbers of the Reflect tab."""

from __future__ import annotations

import argparse

from m3ad.metrics.effect import Aspect
from ui.commands.common import make_settings, open_store, tell
from ui.reflect_presenter import ALL, Asked, report_json
from ui.reflect_words import report_words


def add_options(parser: argparse.ArgumentParser) -> None:
    """Over which cases, in what, beside which other model."""
    parser.add_argument("--cases", default=ALL, help="all, snapshot-NUMBER (its frozen cases) or filter-NUMBER.")
    parser.add_argument("--aspect", choices=[each.value for each in Aspect], default=Aspect.PRESENCE.value)
    parser.add_argument("--beside", help="Another model, on the cases that both inspected.")


def run(options: argparse.Namespace) -> None:
    """Tell what reflection did to the decisions of a model (--model) over annotated cases."""
    asked = Asked(make_settings(options).model, options.cases, Aspect(options.aspect), options.beside)
    with open_store(options) as store:
        report = report_json(store, asked)
        tell(options, report, report_words(report))
