"""`model served`: which models were loaded on servers, and whether the servers still have them."""

from __future__ import annotations

import argparse

from training.serving import standings
from ui.commands.common import open_store, tell

WORDS = "List the models that were loaded on a server, as the server has them now."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """Ask every server that has one."""
    with open_store(options) as store:
        for one in standings(store):
            data = {"model": one.serving.model, "served": one.serving.served, "state": one.presence.value}
            tell(options, data, f"{one.serving.served}: {one.words}")
