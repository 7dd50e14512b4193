"""`queue add`: a run that never started, or that failed, is given to the queue (again)."""

from __future__ import annotations

import argparse

from training.run_queue import put_back
from ui.commands.common import make_settings, open_store, tell

WORDS = "Queue a run that never started or that failed; it goes on from its last checkpoint."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run")


def run(options: argparse.Namespace) -> None:
    """Queue it; it starts at once when its device is free."""
    with open_store(options) as store:
        put_back(store, options.run, actor=make_settings(options).user)
        waits = any(one.run == options.run for one in store.run_queue.waiting())
        words = "waits for its device" if waits else "started"
        tell(options, {"run": options.run, "waits": waits}, f"run {options.run} {words}")
