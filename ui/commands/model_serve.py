"""`model serve`: a run's adapter is loaded on a server, tried, and can be chosen as a served model."""

from __future__ import annotations

import argparse
from typing import Any

from training.serving import serve
from ui.commands.common import make_settings, open_store, tell
from ui.serving import served_words

WORDS = "Load a run's adapter on the vLLM server at --server, beside its base model."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model."""
    parser.add_argument("name", help="The model, e.g. demo/raws-1.")


def run(options: argparse.Namespace) -> None:
    """Load it, ask it and its base the same, and register it."""
    settings = make_settings(options)
    with open_store(options) as store:
        served = serve(store, options.name, settings.server, settings.server_folder, actor=settings.user)
        data: dict[str, Any] = {"model": served.model.name, "name": served.name, "source": served.model.source}
        data |= {"seen": served.smoke.to_json(), "remarks": list(served.remarks)}
        tell(options, data, served_words(served))
