"""`reflection`: what reflection did over a set of inspected cases; the numbers of the Reflect tab."""

from __future__ import annotations

import argparse
from pathlib import Path

from m3ad.metrics.effect import Aspect, Way
from m3ad.metrics.slices import Facet
from ui.commands.common import make_settings, open_store, tell
from ui.reflect_export import export_group
from ui.reflect_presenter import ALL, Asked, report_json
from ui.reflect_words import cases_words, report_words


def add_options(parser: argparse.ArgumentParser) -> None:
    """Over which cases, in what, beside which other model."""
    parser.add_argument("--cases", default=ALL, help="all, snapshot-NUMBER (its frozen cases) or filter-NUMBER.")
    parser.add_argument("--aspect", choices=[each.value for each in Aspect], default=Aspect.PRESENCE.value)
    parser.add_argument("--by", choices=[each.value for each in Facet], default=Facet.SCENARIO.value, help="Slices.")
    parser.add_argument("--slice", default="", help="Only this slice, as it is named in the list.")
    parser.add_argument("--beside", help="Another model, on the cases that both inspected.")
    parser.add_argument("--export", type=Path, help="Write the cases of --way to this .csv, .jsonl or .html file.")
    parser.add_argument("--way", default=Way.BROKE.value, help="fixed, broke, kept right, problem:CODE and so on.")


def run(options: argparse.Namespace) -> None:
    """Tell what reflection did to the decisions of a model (--model) over annotated cases."""
    model, facet = make_settings(options).model, Facet(options.by)
    asked = Asked(model, options.cases, Aspect(options.aspect), options.beside, facet, options.slice)
    with open_store(options) as store:
        if options.export:
            count = export_group(store, asked, options.way, options.export)
            tell(options, {"cases": count, "file": str(options.export)}, f"{cases_words(count)} in {options.export}.")
            return
        report = report_json(store, asked)
        tell(options, report, report_words(report))
