"""The parts of the Data tab for whoever shares out the work: saved filters, assignments, progress."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.filters import Status
from db.schema import Role
from m3ad.records import Outcome, Scenario
from ui.access import alone
from ui.annotate_queue import REASONS
from ui.components.form_parts import heading, table
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.shell import Shell
from ui.work_service import filter_from, filter_rows, progress_rows, require_person

ANY = ("any", "")
FIELDS = (
    "scenario",
    "category",
    "type",
    "status",
    "verdict",
    "reason",
    "model",
    "outcome",
    "low",
    "high",
    "reasoning",
    "text",
)


def build_progress(context: Context, shell: Shell) -> None:
    """Build the tables of who did how much, and what is left of each data set."""
    heading("Progress")
    columns = [("Data set", "auto"), ("Done", "70px"), ("To do", "70px"), ("Left", "110px")]
    sets = table(columns, [], elem_id="progress-datasets")
    columns = [("Person", "auto"), ("Today", "70px"), ("In all", "70px"), ("An hour", "110px")]
    people = table(columns, [], elem_id="progress-people")
    shell.tab("data").select(told(lambda: progress_rows(context.store), Role.VIEWER), None, [people, sets], **READS)


def build_filters(context: Context, shell: Shell) -> None:
    """Build the list of saved filters, and the form of a new one."""
    heading("Saved filters")
    kept = table([("Filter, and its link", "auto"), ("Cases", "70px")], [], elem_id="filters")
    with gr.Column(visible=False, elem_classes=["m3-plain", REVIEWS]) as sharing:
        with gr.Row(elem_classes="m3-line"):
            chosen = gr.Dropdown([], label="Filter", min_width=90, elem_id="filter-chosen")
            person = gr.Textbox(label="Person", placeholder="nobody", min_width=70, elem_id="filter-person")
        with gr.Row(elem_classes="m3-line"):
            assign = gr.Button("Assign its cases", elem_id="assign-filter", min_width=80)
            remove = gr.Button("Remove", elem_id="remove-filter", min_width=60)
    with gr.Accordion("New filter", open=False, elem_id="new-filter"):
        name = gr.Textbox(label="Name", elem_id="filter-name")
        fields = _lay_out_fields()
        save = gr.Button("Save filter", variant="primary", elem_id="save-filter")

    def show(request: gr.Request) -> tuple[Any, ...]:
        saved = [(one.name, one.id) for one in context.store.filters.all()]
        return filter_rows(context.store, context.user(request)), gr.Dropdown(saved), gr.Column(visible=bool(saved))

    def add(request: gr.Request, name: str, *values: Any) -> tuple[Any, ...]:
        wanted = filter_from(dict(zip(FIELDS, values, strict=True)))
        context.store.filters.add(name, wanted, actor=context.user(request))
        return show(request)

    def drop(filter_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        if filter_id is not None:
            context.store.filters.remove(filter_id, actor=context.user(request))
        return show(request)

    def share_out(filter_id: int | None, person: str, request: gr.Request) -> tuple[Any, ...]:
        actor = context.user(request)
        if filter_id is not None:
            wanted = context.store.filters.get(filter_id).filter
            named = person.strip()
            if named and not alone(context.settings):
                require_person(context.store, named)
            count = context.store.queue.assign(wanted, named or None, actor=actor)
            cases = f"{count:,} cases are" if count != 1 else "1 case is"
            gr.Info(f"{cases} assigned to {'that person' if named else 'nobody'} now.")
        return show(request)

    shown = [kept, chosen, sharing]
    save.click(told(add, Role.ANNOTATOR), [name, *fields], shown, **SPEAKS)
    remove.click(told(drop, Role.REVIEWER), chosen, shown, **SPEAKS)
    assign.click(told(share_out, Role.REVIEWER), [chosen, person], shown, **SPEAKS)
    shell.tab("data").select(told(show, Role.VIEWER), None, shown, **READS)


def _lay_out_fields() -> list[gr.components.Component]:
    """The fields, in the order of FIELDS."""
    with gr.Row(elem_classes="m3-line"):
        scenario = gr.Dropdown([ANY, *(one.value for one in Scenario)], value="", label="Scenario", min_width=80)
        category = gr.Textbox(label="Category", min_width=80)
    with gr.Row(elem_classes="m3-line"):
        defect = gr.Textbox(label="Type", min_width=80, elem_id="filter-type")
        status = gr.Dropdown([ANY, *(one.value for one in Status)], value="", label="Status", min_width=80)
    with gr.Row(elem_classes="m3-line"):
        verdict = gr.Dropdown([ANY, "anomalous", "normal"], value="", label="Annotated as", min_width=80)
        reasons = [(words, str(reason)) for reason, (words, _) in REASONS.items()]
        reason = gr.Dropdown([ANY, *reasons], value="", label="Reason to look", min_width=80, elem_id="filter-reason")
    with gr.Row(elem_classes="m3-line"):
        model = gr.Textbox(label="Model", min_width=80)
        outcome = gr.Dropdown([ANY, *(one.value for one in Outcome)], value="", label="Reflection", min_width=80)
    with gr.Row(elem_classes="m3-line"):
        # No `gr.Number`: the browser makes 0 of a field that nobody filled in.
        low = gr.Textbox(label="P(anomalous) from", placeholder="any", min_width=60, elem_id="filter-low")
        high = gr.Textbox(label="to", placeholder="any", min_width=60, elem_id="filter-high")
    reasoning = gr.Textbox(label="Words in the reasoning", elem_id="filter-reasoning")
    text = gr.Textbox(label="Found in data set, category or name")
    return [scenario, category, defect, status, verdict, reason, model, outcome, low, high, reasoning, text]
