"""`trust use`: thresholds become a model's operating point."""

from __future__ import annotations

import argparse
import dataclasses

from ui.commands.common import make_settings, open_store, tell
from ui.commands.trust_show import add_cases, point_of
from ui.trust_presenter import look, start, use

WORDS = "Make thresholds the model's operating point, which Inspect goes by."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which thresholds, and the cases that they are judged on."""
    add_cases(parser)
    parser.add_argument("--pass-below", type=float, help="P(anomalous) below which parts pass; without it a proposal.")
    parser.add_argument("--reject-from", type=float, help="P(anomalous) from which parts are rejected.")
    parser.add_argument(
        "--revise-from", type=float, help="Reflect again when confidence and reliability differ by more (0 to 1)."
    )


def run(options: argparse.Namespace) -> None:
    """The newest point of a model (--model) is in use; the others stay as its history."""
    settings = make_settings(options)
    with open_store(options) as store:
        looked, _ = look(store, settings.model, options.cases)
        point = dataclasses.replace(point_of(options) or start(store, looked), revise_from=options.revise_from)
        said = use(store, looked, point, settings.user)
        tell(options, {"model": settings.model} | dataclasses.asdict(point), said)
