"""`annotations draw`: a share of the annotated cases is to be annotated again by others, blind."""

from __future__ import annotations

import argparse

from db.filters import CaseFilter
from m3ad.records import Scenario
from ui.commands.common import make_settings, open_store, tell

WORDS = "Draw cases for a second, blind annotation by somebody else."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Its name, the shares and which cases."""
    parser.add_argument("name")
    parser.add_argument("--share", type=float, default=0.1, help="Of the cases that a person annotated, 0 to 1.")
    parser.add_argument("--known", type=float, default=0.0, help="Of the approved ones, mixed in as known answers.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenario", choices=[scenario.value for scenario in Scenario])
    for name in ("category", "dataset", "text"):
        parser.add_argument(f"--{name}")


def run(options: argparse.Namespace) -> None:
    """Draw cases for second looks; they wait in Annotate under "second looks, blind"."""
    wanted = CaseFilter(
        scenario=Scenario(options.scenario) if options.scenario else None,
        category=options.category,
        dataset=options.dataset,
        text=options.text or "",
    )
    actor = make_settings(options).user
    with open_store(options) as store:
        second, known = store.second_looks.draw(
            options.name, wanted, share=options.share, known=options.known, seed=options.seed, actor=actor
        )
    words = f"{options.name}: {second} cases for a second look, {known} known answers among them"
    tell(options, {"draw": options.name, "second": second, "known": known}, words)
