"""`queue remove`: a run that waits does so no more; the run itself stays."""

from __future__ import annotations

import argparse

from ui.commands.common import make_settings, open_store, tell

WORDS = "Take a run out of the queue; it stays and can be added again."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run")


def run(options: argparse.Namespace) -> None:
    """Take it out; NotFound when it does not wait."""
    with open_store(options) as store:
        store.run_queue.remove(options.run, actor=make_settings(options).user)
        tell(options, {"run": options.run}, f"run {options.run} waits no more")
