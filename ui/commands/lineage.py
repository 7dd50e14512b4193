"""`lineage`: where a case's annotations went, what a model is made of, what a run did to its corrected cases."""

from __future__ import annotations

import argparse

from db.corrected import corrected, tally
from db.store import Store
from ui.commands.common import make_settings, open_store, tell
from ui.lineage_words import (
    ancestor_json,
    ancestor_lines,
    case_facts,
    corrected_summary,
    corrected_words,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of what; without any of these of a model."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--case", type=int, metavar="N", help="The revisions of this case, with the runs they entered.")
    which.add_argument("--run", metavar="RUN", help="The corrected cases of this run, and what became of them.")


def run(options: argparse.Namespace) -> None:
    """Tell what a model (--model) is made of, where a case's annotations went, or what a run did to its cases."""
    store = open_store(options)
    if options.case is not None:
        tell_case(options, store)
    elif options.run is not None:
        tell_run(options, store)
    else:
        for one in store.lineage.of_model(make_settings(options).model):
            tell(options, ancestor_json(one), "\n  ".join(ancestor_lines(one)))


def tell_case(options: argparse.Namespace, store: Store) -> None:
    """A line for each revision, and where it went below."""
    facts = case_facts(store, options.case)
    if not facts:
        tell(options, {"case": options.case, "revisions": 0}, f"Nobody has annotated case {options.case} yet.")
    for one in facts:
        first = f"case {one['case']} {one['name']} r{one['revision']} by {one['author']} on {one['created'][:10]}"
        tell(options, one, "\n  ".join([first, *(one["words"] or ["in no snapshot"])]))


def tell_run(options: argparse.Namespace, store: Store) -> None:
    """What became of the corrected cases in numbers, then each of them."""
    cases = corrected(store, options.run)
    counts = {str(word): number for word, number in tally(cases).items()}
    tell(options, {"run": options.run, "corrected": len(cases), **counts}, corrected_summary(cases))
    for one in cases:
        words = corrected_words(one)
        data = {"case": one.case_id, "revision": one.revision, "author": one.author, "new": one.new}
        data["became"] = str(one.became())
        tell(options, data, f"  case {one.case_id:<6} {one.name}: {words}")
