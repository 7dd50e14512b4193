"""`import`: a data set folder becomes cases."""

from __future__ import annotations

import argparse
from pathlib import Path

from m3ad.datasets import IMPORTERS
from ui.commands.common import open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which folder, and in which layout."""
    parser.add_argument("layout", choices=sorted(IMPORTERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copy", action="store_true", help="Copy the images into the workspace.")


def run(options: argparse.Namespace) -> None:
    """Import a data set folder and give the account of it."""
    found = IMPORTERS[options.layout](options.folder)
    account = open_store(options).import_cases(found, copy=options.copy)
    words = [account.sentence()]
    words += [f"  {one.file}: {one.why}" for one in account.refused]
    tell(options, account.to_json(), "\n".join(words))
