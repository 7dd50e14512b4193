"""`queue list`: which run has a device, and which wait, in their order."""

from __future__ import annotations

import argparse

from ui.commands.common import open_store, tell

WORDS = "Which run has a device, and which wait."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """Print a line for each busy device, then one for each run that waits."""
    with open_store(options) as store:
        for device, name in store.run_queue.busy().items():
            tell(options, {"run": name, "device": device}, f"{device}: run {name}")
        for place, one in enumerate(store.run_queue.waiting(), start=1):
            devices = ", ".join(one.devices)
            data = {"run": one.run, "place": place, "devices": list(one.devices), "author": one.author}
            tell(options, data, f"{place}. run {one.run}, for {devices}, by {one.author}")
