"""`model list`: the models that can inspect."""

from __future__ import annotations

import argparse
from typing import Any

from ui.commands.common import open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """List the models that can inspect, and say which one is in use."""
    with open_store(options) as store:
        in_use = store.promotions.in_use()
        for model in store.models():
            trial = store.trials.get(model.name) if model.run else None
            data: dict[str, Any] = {
                "name": model.name,
                "source": model.source,
                "parent": model.parent,
                "run": model.run,
            }
            data |= {"judged": trial.state.value if trial else None, "in_use": model.name == in_use}
            words = f"{model.name:24} {model.source}" + (f"  from run {model.run}" if model.run else "")
            tell(options, data, words + ("  in use" if model.name == in_use else ""))
