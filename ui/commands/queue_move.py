"""`queue move`: a run that waits goes before others or behind them."""

from __future__ import annotations

import argparse

from db.run_queue import Move
from ui.commands.common import make_settings, open_store, tell

WORDS = "Change the order of those that wait."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run, and where it goes."""
    parser.add_argument("run")
    parser.add_argument("to", choices=[move.value for move in Move])


def run(options: argparse.Namespace) -> None:
    """Move it among the runs that wait for the same device."""
    with open_store(options) as store:
        store.run_queue.move(options.run, Move(options.to), actor=make_settings(options).user)
        tell(options, {"run": options.run, "to": options.to}, f"run {options.run} moved: {options.to}")
