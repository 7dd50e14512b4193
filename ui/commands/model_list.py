"""`model list`: the models that can inspect."""

from __future__ import annotations

import argparse

from ui.commands.common import open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """List the models that can inspect."""
    for model in open_store(options).models():
        data = {"name": model.name, "source": model.source, "parent": model.parent, "run": model.run}
        tell(options, data, f"{model.name:24} {model.source}" + (f"  from run {model.run}" if model.run else ""))
