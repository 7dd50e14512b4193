"""`annotations retype`: one type of defect becomes another in all newest annotations, or cases change category."""

from __future__ import annotations

import argparse

from db.bulk import change, preview
from db.schema import BulkKind
from ui.bulk_words import done_words, preview_words
from ui.commands.common import make_settings, open_store, tell

WORDS = "Make one type of defect another everywhere, or move cases to another category."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What becomes what."""
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--category", action="store_true", help="OLD and NEW are categories of cases, not types.")
    parser.add_argument("--preview", action="store_true", help="Only say what it would change.")


def run(options: argparse.Namespace) -> None:
    """Change many annotations at once, one revision each."""
    kind = BulkKind.CATEGORY if options.category else BulkKind.RETYPE
    with open_store(options) as store:
        if options.preview:
            found = preview(store, kind, options.old, options.new)
            data = {"cases": found.cases, "defects": found.defects, "examples": list(found.examples)}
            return tell(options, data, preview_words(kind, options.old, options.new, found))
        done = change(store, kind, options.old, options.new, author=make_settings(options).user)
    tell(options, {"bulk": done.bulk.id, "cases": done.bulk.cases, "left": list(done.left)}, done_words(done))
