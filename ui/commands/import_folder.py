"""`import`: a data set folder becomes cases."""

from __future__ import annotations

import argparse
import dataclasses

from db.folder_import import Wanted, import_folder
from m3ad.datasets.layouts import AUTO, LAYOUTS
from m3ad.datasets.source import Told
from m3ad.errors import ImportHalted
from m3ad.formats import FORMATS
from m3ad.records import Scenario
from ui.commands.common import interruptible, make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which folder, in which layout, and what its files do not say."""
    parser.add_argument("folder", help="A folder of this machine, or s3://bucket/folder below a --remote.")
    words = "How the source arranges its files; auto finds it out where it is plain."
    parser.add_argument("--layout", choices=(AUTO, *LAYOUTS, *FORMATS), default=AUTO, help=words)
    parser.add_argument("--copy", action="store_true", help="Copy the images into the workspace.")
    words = "Name of the data set; otherwise the source's own, or the folder's."
    parser.add_argument("--dataset", default="", help=words)
    parser.add_argument("--category", default="", help="Category of all its cases; otherwise the source's own.")
    words = "Scenario of all its cases; otherwise as the layout's table says."
    parser.add_argument("--scenario", choices=[one.value for one in Scenario], help=words)


def run(options: argparse.Namespace) -> None:
    """Import a data set folder and give the account of it."""
    scenario = Scenario(options.scenario) if options.scenario else None
    told = Told(options.dataset, options.category, scenario)
    with open_store(options) as store, interruptible() as cancelled:
        wanted = Wanted(store.places.given(options.folder), options.layout, told, options.copy)
        done = import_folder(store, wanted, make_settings(options).user, cancelled=cancelled)
        cut = cancelled()
    names = [dataclasses.asdict(one) for one in done.met]
    words = [f"Layout {done.layout}: {done.account.sentence()}"]
    words += [f"  {one.count} × {one.name} ({one.category}): {one.meaning.type or 'refused'}" for one in done.met]
    words += [f"  {one.file}: {one.why}" for one in done.account.refused]
    tell(options, done.account.to_json() | {"layout": done.layout, "names": names}, "\n".join(words))
    if cut:
        raise ImportHalted("The import was interrupted: what is told above was taken in. Start it again to go on.")
