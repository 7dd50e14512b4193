"""A run's events as one training: what an attempt wrote after the checkpoint that the next one began at is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def history(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events in order, without log lines and samples of steps that were done again from a checkpoint.

    A killed run has written about steps whose weights were lost; when it goes on these steps are trained, and written
    about, once more.
    """
    kept: list[Mapping[str, Any]] = []
    for event in events:
        if event.get("kind") == "start":
            kept = [one for one in kept if not _done_again(one, event["step"])]
        kept.append(event)
    return kept


def _done_again(event: Mapping[str, Any], start: int) -> bool:
    if event.get("kind") == "log":
        return bool(event["step"] > start)
    if event.get("kind") == "sample":  # an answer that was drawn is numbered by the step before it
        return bool(event["step"] > start or (event["step"] == start and not event.get("followed")))
    return False
