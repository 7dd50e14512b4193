"""`user list`: the people who may sign in, and those who might once."""

from __future__ import annotations

import argparse

from ui.commands.common import open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """List the people with their roles."""
    for user in open_store(options).users():
        removed = user.removed is not None
        words = f"{user.name}  {user.role}" + (f"  removed {user.removed:%Y-%m-%d}" if removed else "")
        tell(options, {"user": user.name, "role": user.role, "removed": removed}, words)
