"""`annotations export`: the newest annotations of a filter's cases, for another program."""

from __future__ import annotations

import argparse
from pathlib import Path

from db.annotation_export import export_annotations
from db.filters import CaseFilter, Status
from m3ad.formats import FORMATS
from m3ad.records import Scenario
from ui.commands.common import interruptible, make_settings, open_store, tell

WORDS = "Write annotations for another program, as a folder or a ZIP archive."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The format, the place, and which cases."""
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("place", type=Path, metavar="TO", help="A new folder, or a new file that ends in .zip.")
    parser.add_argument("--scenario", choices=[one.value for one in Scenario])
    parser.add_argument("--status", choices=[one.value for one in Status])
    for name in ("category", "dataset", "text"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--without-pictures", action="store_true", help="Leave the picture files out.")


def run(options: argparse.Namespace) -> None:
    """Write annotations for another program and say what its format cannot carry."""
    wanted = CaseFilter(
        scenario=Scenario(options.scenario) if options.scenario else None,
        category=options.category,
        dataset=options.dataset,
        text=options.text or "",
        status=Status(options.status) if options.status else None,
    )
    copy, user = not options.without_pictures, make_settings(options).user
    with open_store(options) as store, interruptible() as cancelled:
        account = export_annotations(
            store, options.format, options.place, wanted, copy=copy, user=user, cancelled=cancelled
        )
    tell(options, account.to_json(), "\n".join(account.sentences()))
