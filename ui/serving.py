"""What page and terminal say of models on a server, as plain values. Knows no Gradio."""

from __future__ import annotations

from typing import Any

from db.store import Store
from m3ad.monitor.adapters import START
from training.serving import Served, standings


def served_words(served: Served) -> str:
    """What serving a model came to, in sentences."""
    seen = served.smoke
    differs = "" if seen.difference is None else f" (log-probabilities differ by {seen.difference:.2g})"
    words = (
        f"{served.model.name} can be chosen: its server calls it {served.name} and answers otherwise with it than with "
        f"the base model alone{differs}."
    )
    return " ".join([words, *served.remarks])


def serving_rows(store: Store, model: str | None, address: str | None) -> list[list[Any]]:
    """[state, sentence] of each server that a model was loaded on; what to do where there is none. Asks the servers."""
    if model is None:
        return [["", "A run that has finished brings a model."]]
    found = standings(store, model)
    if found:
        return [[one.presence.value, [one.serving.served, one.words]] for one in found]
    if address:
        return [["not loaded", f"Serve it, and {address} answers for it beside its base model."]]
    return [["no server", f"Start vLLM so: {START}; then this app with --server http://HOST:8000/v1."]]
