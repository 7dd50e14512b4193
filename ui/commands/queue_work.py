"""`queue work`: what the app does beside the page: start each run when its turn comes, until none waits."""

from __future__ import annotations

import argparse
import time

from training.run_queue import SECONDS, advance
from ui.commands.common import interruptible, open_store, tell

WORDS = "Start each run when its turn comes, until none waits (the app does so too)."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """Work until the queue is empty, or until Ctrl+C; runs under way go on either way."""
    with open_store(options) as store, interruptible() as stopped:
        while not stopped():
            for name in advance(store):
                tell(options, {"run": name, "started": True}, f"run {name} started")
            if not store.run_queue.waiting():
                break
            time.sleep(SECONDS)
