"""`model promote`: a judged model becomes the one in use."""

from __future__ import annotations

import argparse

from training.promotion import promote
from ui.commands.common import make_settings, open_store, tell

WORDS = "Put a judged model into use, unless a rule blocks it."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, and why."""
    parser.add_argument("name", help="The model, e.g. demo/raws-1.")
    parser.add_argument("--reason", required=True, help="Why; kept beside your name.")


def run(options: argparse.Namespace) -> None:
    """Promote."""
    with open_store(options) as store:
        step = promote(store, options.name, options.reason, actor=make_settings(options).user)
        data = {"model": step.model, "step": step.step.value, "author": step.author, "reason": step.reason}
        tell(options, data, f"{step.model} is in use: new sessions begin with it.")
