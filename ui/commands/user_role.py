"""`user role`: what a person may do from now on."""

from __future__ import annotations

import argparse

from db.schema import Role
from ui.commands.common import make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who, and the new role."""
    parser.add_argument("name")
    parser.add_argument("role", choices=[role.value for role in Role])


def run(options: argparse.Namespace) -> None:
    """Give a person another role; they are signed out."""
    open_store(options).set_role(options.name, Role(options.role), actor=make_settings(options).user)
    tell(options, {"user": options.name, "role": options.role}, f"{options.name} is {options.role} now")
