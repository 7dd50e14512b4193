"""What a model will be told, known before it is loaded: its system prompt, and the version of its whole prompt."""

from __future__ import annotations

from m3ad.monitor.folders import Card, read_card
from m3ad.monitor.names import Source, dialect_of, resolve
from m3ad.prompts import SYSTEM, prompt_version


def system_of(source: Source, card: Card | None) -> str | None:
    """The system prompt: what its monitor.json says, else the paper's; None for the question alone."""
    return card.system if card else None if source.bare else SYSTEM


def prompt_of(source: str) -> str:
    """`Monitor.prompt` of a model whose weights are here or can be downloaded. Raises ModelUnavailable."""
    from m3ad.monitor.local_load import local_folder

    found = resolve(source)
    folder = local_folder(found)
    dialect = dialect_of(found, folder)
    return dialect.prompt if dialect else prompt_version(system_of(found, read_card(folder)))
