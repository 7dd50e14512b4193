"""Retrain, the lineage of the run under watch: what it is made of, and what became of its corrected cases."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.corrected import corrected
from db.schema import Role
from db.store import Store
from m3ad.lineage import Became
from ui.components.form_parts import table
from ui.events import READS, told
from ui.lineage_words import LISTED, aspect_rows, corrected_rows, corrected_summary, making_lines

ASPECTS = [("right in", "20%"), *((str(word), "16%") for word in Became)]


def build_lineage(store: Store, run: gr.Dropdown) -> None:
    """Folded away; filled when it is opened, and when another run is chosen."""
    with gr.Accordion("Lineage and corrected cases", open=False, elem_id="run-lineage") as box:
        summary = table([("", "100%")], [], elem_id="lineage-summary")
        aspects = table(ASPECTS, [], elem_id="lineage-aspects")
        cases = table([("corrected case", "46%"), ("what the run did to it", "54%")], [], elem_id="lineage-cases")
        facts = table([("", "100%")], [], elem_id="lineage-facts")
    for event in (box.expand, run.change):
        event(told(lambda name: shown(store, name), Role.VIEWER), run, [summary, aspects, cases, facts], **READS)


def shown(store: Store, name: str | None) -> list[Any]:
    """The values of summary, aspects, cases and facts for a run; empty without one."""
    if name is None or all(one.name != name for one in store.runs()):  # discarded meanwhile, in another browser
        return [[["No run is chosen."]], [], [], []]
    found = corrected(store, name)
    rows = corrected_rows(found)
    if len(found) > LISTED:
        rows.append([f"… and {len(found) - LISTED} more: app.py lineage --run {name}", ""])
    facts = [[line] for line in making_lines(store.lineage.of_run(name))]
    return [[[corrected_summary(found)]], aspect_rows(found) if found else [], rows, facts]
