"""`user add`: a person who may sign in."""

from __future__ import annotations

import argparse

from db.schema import Role
from ui.commands.common import make_settings, new_password, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who, and what they may do."""
    parser.add_argument("name")
    parser.add_argument("--role", choices=[role.value for role in Role], default=Role.ANNOTATOR.value)
    parser.add_argument("--no-password", action="store_true", help="For somebody who signs in by single sign-on only.")


def run(options: argparse.Namespace) -> None:
    """Add a person who may sign in."""
    store, actor = open_store(options), make_settings(options).user
    password = None if options.no_password else new_password(options.name)
    store.add_user(options.name, password, Role(options.role), actor=actor)
    tell(options, {"user": options.name, "role": options.role}, f"{options.role} {options.name} may sign in now")
