"""`annotations undo`: a change of many annotations is taken back as one."""

from __future__ import annotations

import argparse

from db.bulk import undo
from ui.bulk_words import done_words
from ui.commands.common import make_settings, open_store, tell

WORDS = "Take back a change of many annotations, by its number."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which one."""
    parser.add_argument("number", type=int)


def run(options: argparse.Namespace) -> None:
    """Take a bulk change back; cases that somebody changed since are left alone and listed."""
    with open_store(options) as store:
        done = undo(store, options.number, author=make_settings(options).user)
    tell(options, {"bulk": done.bulk.id, "cases": done.bulk.cases, "left": list(done.left)}, done_words(done))
