"""`trust fit`: a calibrator of a model's probabilities."""

from __future__ import annotations

import argparse

from m3ad.reliability.calibrators import Kind
from ui.commands.common import make_settings, open_store, tell
from ui.commands.trust_show import add_cases
from ui.trust_presenter import calibrator_words, fit_calibrator

WORDS = "Fit a calibrator of the model's probabilities on annotated cases that no snapshot froze."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which kind, on which cases."""
    parser.add_argument("kind", choices=[each.value for each in Kind])
    add_cases(parser)


def run(options: argparse.Namespace) -> None:
    """Fit it, cross-validate it, keep it: from now on it is the calibrator of the model (--model)."""
    settings = make_settings(options)
    with open_store(options) as store:
        fitted = fit_calibrator(store, Kind(options.kind), settings.model, options.cases, settings.user)
        data = {"model": fitted.model, "calibrator": fitted.calibrator.to_json(), "cases": list(fitted.case_ids)}
        tell(options, data | {"brier": fitted.brier, "error": fitted.error}, calibrator_words(fitted))
