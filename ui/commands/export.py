"""`export`: a snapshot's examples as a folder for other trainers."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.exports import Form, export_snapshot
from training.snapshots import example_source
from ui.commands.common import find_snapshot, make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which snapshot, where to, and for whom."""
    parser.add_argument("snapshot", help="Name or number.")
    parser.add_argument("folder", type=Path)
    readers = "Who shall read it: this program and `datasets`, or another trainer."
    parser.add_argument("--form", choices=[form.value for form in Form], required=True, help=readers)
    parser.add_argument("--unchecked", action="store_true", help="Stored texts that nobody has approved too.")


def run(options: argparse.Namespace) -> None:
    """Export a snapshot's training examples to a new folder."""
    settings = make_settings(options)
    store = open_store(options)
    snapshot = find_snapshot(store, options.snapshot)
    account = export_snapshot(
        store, snapshot.id, settings.model, Form(options.form), options.folder, unchecked=options.unchecked
    )
    source = example_source(store, snapshot.id, settings.model, unchecked=options.unchecked)
    data, words = {**account.to_json(), "source": source.to_json()}, f"{account.sentence()}\n  {source.sentence()}"
    tell(options, data, words)
