"""`user password`: a new password for a person."""

from __future__ import annotations

import argparse

from ui.commands.common import make_settings, new_password, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who."""
    parser.add_argument("name")


def run(options: argparse.Namespace) -> None:
    """Give a person a new password; they are signed out."""
    store, actor = open_store(options), make_settings(options).user
    store.set_password(options.name, new_password(options.name), actor=actor)
    tell(options, {"user": options.name}, f"{options.name} has a new password now")
