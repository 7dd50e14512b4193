"""`model unserve`: a run's adapter is unloaded from the servers that have it."""

from __future__ import annotations

import argparse

from training.serving import unserve
from ui.commands.common import make_settings, open_store, tell

WORDS = "Unload a run's adapter from the servers that it was loaded on."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model."""
    parser.add_argument("name", help="The model, e.g. demo/raws-1, or one served model of it.")


def run(options: argparse.Namespace) -> None:
    """Unload it."""
    with open_store(options) as store:
        told = unserve(store, options.name, actor=make_settings(options).user)
        tell(options, {"model": options.name, "told": told}, "\n".join(told))
