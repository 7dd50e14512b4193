"""`annotations agreement`: how well people agree, from their second looks."""

from __future__ import annotations

import argparse

from ui.agreement_words import pairs, report_json, report_words
from ui.commands.common import open_store, tell

WORDS = "How well people agree: kappa and IoU per pair and type, and where they do not."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of which draw."""
    parser.add_argument("--draw", help="Only the second looks of this draw.")


def run(options: argparse.Namespace) -> None:
    """Tell how well people agree."""
    with open_store(options) as store:
        found = pairs(store, options.draw)
        tell(options, {"pairs": report_json(found)}, report_words(found))
