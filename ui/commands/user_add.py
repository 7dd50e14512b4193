"""`user add`: a person who may log in."""

from __future__ import annotations

import argparse
import getpass
import os

from db.schema import Role
from ui.commands.common import open_store, tell

PASSWORD_VARIABLE = "M3AD_PASSWORD"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who, and what they may do."""
    parser.add_argument("name")
    parser.add_argument("--role", choices=[role.value for role in Role], default=Role.ANNOTATOR.value)


def run(options: argparse.Namespace) -> None:
    """Add a person who may log in."""
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password for {options.name}: ")
    open_store(options).add_user(options.name, password, Role(options.role))
    tell(options, {"user": options.name, "role": options.role}, f"{options.role} {options.name} may log in now")
