"""`annotations import`: what was annotated in another program becomes cases, or revisions of cases that are there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from db.annotation_cases import Into
from db.annotation_files import import_place
from m3ad.errors import ImportHalted
from m3ad.formats import FORMATS
from m3ad.records import Scenario
from ui.commands.common import interruptible, make_settings, open_store, tell

WORDS = "Take in annotations of another program: a folder, a file or a ZIP archive."
EVERY = 2.0  # seconds between two lines of progress


def add_options(parser: argparse.ArgumentParser) -> None:
    """The format, the place, and what cases are that the store has not."""
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("place", metavar="FROM", help="Of this machine, or s3://bucket/folder below a --remote.")
    parser.add_argument("--dataset", help="Data set of new cases; the name of FROM otherwise.")
    parser.add_argument("--category", help="Category of new cases; the data set's name otherwise.")
    words = "Scenario of new cases."
    parser.add_argument("--scenario", choices=[one.value for one in Scenario], default="workpiece", help=words)
    parser.add_argument("--copy", action="store_true", help="Copy the images into the workspace.")
    words = "Pictures of which the file says nothing were looked at and are normal."
    parser.add_argument("--empty-is-normal", action="store_true", help=words)


def run(options: argparse.Namespace) -> None:
    """Take in annotations of another program and give the account of it."""
    shown = time.monotonic()

    def progress(done: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= EVERY:
            shown = time.monotonic()
            print(f"{done} so far …", file=sys.stderr, flush=True)

    with open_store(options) as store, interruptible() as cancelled:
        place = store.places.given(options.place)
        account = import_place(store, place, _into(options, place), progress, cancelled)
        cut = cancelled()
    lines = [account.sentence()]
    lines += [f"  not used: {count} {words}" for words, count in account.unused.items()]
    lines += [f"  {one.file}: {one.why}" for one in (*account.clashes, *account.refused)]
    tell(options, account.to_json(), "\n".join(lines))
    if cut:
        raise ImportHalted("The import was interrupted: what is told above was taken in. Start it again to go on.")


def _into(options: argparse.Namespace, place: Path) -> Into:
    dataset = options.dataset or place.resolve().stem
    return Into(
        options.format,
        dataset,
        Scenario(options.scenario),
        options.category or dataset,
        make_settings(options).user,
        options.copy,
        options.empty_is_normal,
    )
