"""Retrain, first: choose a snapshot, or take a new one of the annotated cases that match."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from db.schema import Role
from ui import retrain_presenter as present
from ui.components.form_parts import heading
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.retrain_service import EVERY, Retraining
from ui.shell import Shell


def build_snapshot(service: Retraining, shell: Shell) -> gr.Dropdown:
    """Choose a snapshot, or take a new one of the annotated cases that match."""
    heading("Data")
    snapshot = gr.Dropdown(
        [], label="Snapshot", info="A frozen list of cases and their annotations.", elem_id="run-snapshot"
    )
    with gr.Accordion("Take a new snapshot", open=False, elem_id="new-snapshot") as new:
        name = gr.Textbox(label="Name", placeholder="corrections-1", max_length=60, elem_id="snapshot-name")
        with gr.Row(elem_classes="m3-three"):
            scenario = gr.Dropdown([EVERY], value=EVERY, label="Scenario", min_width=60)
            category = gr.Dropdown([EVERY], value=EVERY, label="Category", min_width=60)
            dataset = gr.Dropdown([EVERY], value=EVERY, label="Data set", min_width=60)
        approved = gr.Checkbox(False, label="Approved only", info="Whose newest revision a reviewer approved.")
        older = gr.Dropdown(
            list(present.OLDER),
            value=present.ALL_OLDER,
            label="Cases of earlier runs",
            info="How much of the training part they may be; some of them against forgetting.",
            elem_id="snapshot-older",
        )
        with gr.Row(elem_classes="m3-line"):
            count = gr.Textbox(show_label=False, container=False, interactive=False, elem_id="snapshot-count")
            take = gr.Button("Take snapshot", size="sm", elem_id="take-snapshot", min_width=110, elem_classes=REVIEWS)
    filters = [scenario, category, dataset, approved]
    for one in filters:
        one.input(told(service.count_words, Role.VIEWER), filters, count, **READS)

    def take_it(name: str | None, *chosen: Any) -> Any:
        taken = service.take_snapshot(name, *chosen)
        if taken.account is not None:
            gr.Info(html.escape(taken.account.sentences()))  # categories are people's text, and messages are HTML
        choices = gr.Dropdown(service.snapshot_choices(), value=taken.id)
        return choices, service.proposed_name(""), gr.Accordion(open=False)

    take.click(told(take_it, Role.REVIEWER), [name, *filters, older], [snapshot, name, new], **SPEAKS)

    def refresh(current: int | None, name: str | None, *chosen: Any) -> tuple[Any, ...]:
        choices = service.snapshot_choices()
        value = current if current in [key for _, key in choices] else (choices[0][1] if choices else None)
        facets = [gr.update(choices=[EVERY, *names]) for names in service.facet_names()]
        new = gr.skip() if choices else gr.Accordion(open=True)
        words = service.count_words(*chosen)
        return (gr.Dropdown(choices, value=value), service.proposed_name(name), *facets, words, new)

    shell.tab("retrain").select(
        told(refresh, Role.VIEWER), [snapshot, name, *filters], [snapshot, name, *filters[:3], count, new], **READS
    )
    return snapshot
