"""Retrain, above all: is there enough to retrain? What is new since the last run, and what the data cannot support."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.readiness import Readiness, readiness
from db.schema import Role
from db.store import Store
from training.readiness import details, headline, warnings
from ui.components.form_parts import heading, status, table
from ui.events import READS, told
from ui.shell import Shell

COUNTED = [("", "56%"), ("new", "18%"), ("earlier runs", "26%")]


def build_ready(store: Store, shell: Shell) -> list[Any]:
    """Lay it out and fill it when the tab is entered; returns the components that `shown` fills."""
    heading("Enough to retrain?")
    said = status({"title": "", "words": "", "tone": "quiet", "share": None, "message": ""}, elem_id="ready")
    against = table([("", "100%")], [], elem_id="ready-warnings")
    with gr.Accordion("What is new", open=False, elem_id="ready-counts"):
        counts = table(COUNTED, [], elem_id="ready-table")
    parts = [said, against, counts]
    shell.tab("retrain").select(told(lambda: shown(store), Role.VIEWER), None, parts, **READS)
    return parts


def shown(store: Store) -> list[Any]:
    """The values of state, warnings and counts."""
    found = readiness(store)
    against = warnings(found)
    tone = "quiet" if not found.new.total else "odd" if against else "good"
    state = {"title": headline(found), "words": "", "tone": tone, "share": None, "message": details(found)}
    return [state, [[sentence] for sentence in against], count_rows(found)]


def count_rows(found: Readiness) -> list[list[str]]:
    """A row for each scenario and each type, new ones and those of earlier runs; types by name after scenarios."""
    rows = []
    for kind in ("scenarios", "types"):
        new, older = getattr(found.new, kind), getattr(found.older, kind)
        rows += [[name, str(new[name]), str(older[name])] for name in sorted(new | older)]
    return rows
