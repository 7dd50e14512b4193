"""`model add`: a model to compare with, under a name of its own."""

from __future__ import annotations

import argparse

from m3ad.dialects import DIALECTS, OWN
from ui.commands.common import make_settings, open_store, tell
from ui.model_adding import RECOGNISED, add_source


def add_options(parser: argparse.ArgumentParser) -> None:
    """How it is called, where it is, and how it is asked."""
    parser.add_argument("name")
    parser.add_argument("source", help="A folder, a Hugging Face id, or served:URL#model.")
    parser.add_argument(
        "--dialect",
        choices=[OWN, *DIALECTS],
        default=RECOGNISED,
        help="How it is asked and read, where its name or files do not say it (docs/compared-models.md).",
    )


def run(options: argparse.Namespace) -> None:
    """Give a model that is to be compared a name."""
    actor = make_settings(options).user
    model = add_source(open_store(options), options.name, options.source, options.dialect, actor=actor)
    data = {"name": model.name, "source": model.source}
    tell(options, data, f"{model.name} is {model.source}: choose it with --model or on the page.")
