"""`model take-back`: the model in use is taken out of it again."""

from __future__ import annotations

import argparse

from m3ad.errors import Conflict
from training.serving import unserve_taken_back
from ui.commands.common import make_settings, open_store, tell

WORDS = "Take the model in use out of it; the one before it is in use again."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Why, if there is anything to say."""
    parser.add_argument("--reason", default="", help="Why; kept beside your name.")


def run(options: argparse.Namespace) -> None:
    """Take back. Conflict when no promoted model is in use."""
    with open_store(options) as store:
        model = store.promotions.in_use()
        if model is None:
            raise Conflict("No promoted model is in use: there is nothing to take back.")
        actor = make_settings(options).user
        store.promotions.take_back(model, options.reason, actor=actor)
        unloaded = unserve_taken_back(store, model, actor=actor)
        now = store.promotions.in_use()
        words = f"{model} was taken back. In use: {now or 'no promoted model'}. {unloaded}"
        tell(options, {"model": model, "in_use": now, "unloaded": unloaded}, words.strip())
