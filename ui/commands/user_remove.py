"""`user remove`: a person may not sign in any more."""

from __future__ import annotations

import argparse

from ui.commands.common import make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who."""
    parser.add_argument("name")


def run(options: argparse.Namespace) -> None:
    """Let a person sign in no more; what they did keeps their name."""
    open_store(options).remove_user(options.name, actor=make_settings(options).user)
    tell(options, {"user": options.name, "removed": True}, f"{options.name} may not sign in any more")
