"""Where the parts of a start model lie: weights, processor, adapter, system prompt. Reads JSON files only; no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from m3ad.errors import RunError
from m3ad.monitor.folders import Card, adapter_base, complete, is_adapter, read_card
from m3ad.monitor.hub import hub_folder
from m3ad.monitor.names import Source, resolve
from m3ad.prompts import SYSTEM
from m3ad.records import Stage


@dataclass(frozen=True, slots=True)
class Start:
    """Where the parts of a start model lie, all of them folders on this machine.

    `adapter` is the LoRA adapter on top of `weights`, if any. `card` holds what a trained model inherits: the system
    prompt it is asked with and the threshold above which it reflects.
    """

    source: str
    weights: Path
    processor: Path
    adapter: Path | None
    card: Card

    def monitor_json(self, name: str, stage: Stage) -> dict[str, Any]:
        """monitor.json of a model trained from this one."""
        return asdict(replace(self.card, name=name, stage=stage.value, parent=self.source))


def read_start(source: str, *, weights: bool = True) -> Start:
    """Find a model source's parts; repositories are downloaded if they are not on this machine.

    With `weights=False` the folders may lack the weights: nothing of their size is fetched.

    Raises ModelUnavailable when there is no such model, RunError when it cannot be trained.
    """
    found = resolve(source)
    folder = _folder(found, weights)
    below = resolve(adapter_base(folder)) if is_adapter(folder) else found
    base = _folder(below, weights)
    card = _card(found, folder)
    adapter = folder if is_adapter(folder) else None
    return Start(source, base, _processor(folder, base, below), adapter, card)


def read_system(source: str) -> str | None:
    """The system prompt that a model is asked with, None for the question alone; fetches no weights.

    A served model is no start for a training here, but others train what it serves. Raises ModelUnavailable.
    """
    found = resolve(source)
    if found.kind == "served":
        return None if found.bare else SYSTEM
    if found.kind == "folder":
        return _card(found, Path(found.location)).system
    return _card(found, hub_folder(found.location, found.subfolder, weights=False)).system


def _card(source: Source, folder: Path) -> Card:
    return read_card(folder) or Card(system=None if source.bare else SYSTEM)


def _folder(source: Source, weights: bool) -> Path:
    if source.kind == "served":
        raise RunError("A served model cannot be trained from here: start from a folder or a Hugging Face repository.")
    if source.kind == "folder":
        return Path(source.location)
    return hub_folder(source.location, source.subfolder, weights=weights)


def _processor(folder: Path, weights: Path, source: Source) -> Path:
    for candidate in (folder, weights):
        if complete(candidate, weights=False):
            return candidate
    if source.base:
        return hub_folder(source.base, weights=False)
    raise RunError(
        f"{folder} has no processor (processor_config.json): copy its files from the model it was made from."
    )
