"""`bench list`: the evaluations that there are, and how far they came."""

from __future__ import annotations

import argparse
from typing import Any

from m3ad.bench.records import Evaluation
from ui.commands.common import open_store, tell

WORDS = "List the evaluations."


def add_options(_parser: argparse.ArgumentParser) -> None:
    """None beside the settings."""


def run(options: argparse.Namespace) -> None:
    """One line each, newest first."""
    with open_store(options) as store:
        for one in store.evaluations.all():
            tell(
                options,
                listed(one),
                f"{one.id}: {one.model} ({one.mode.value}) on {one.set.name}, {one.state.value} {one.problem}".rstrip(),
            )


def listed(one: Evaluation) -> dict[str, Any]:
    """An evaluation as JSON types."""
    return {
        "evaluation": one.id,
        "model": one.model,
        "set": one.set.name,
        "hash": one.set.hash,
        "cases": one.set.size,
        "mode": one.mode.value,
        "prompt": one.prompt,
        "metric_version": one.metric_version,
        "state": one.state.value,
        "problem": one.problem,
        "changed": one.changed.isoformat(),
    }
