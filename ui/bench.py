"""The Bench tab: a model answers a frozen set, and evaluations stand side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import Conflict
from m3ad.records import Mode
from ui.bench_figures import figure
from ui.bench_models import build_models
from ui.bench_presenter import COLUMNS, NO_SET, chosen, evaluations, round_status, rows, said, sets
from ui.bench_routes import report_links
from ui.components.form_parts import heading, links, status, table
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.shell import Shell

REFRESH_SECONDS = 1.0
FOOTER = "Closing the page stops nothing: an evaluation goes on, and takes up again where it was cut off."


def build(context: Context, shell: Shell) -> None:
    """Build the tab; behaviour is in `ui.benching` and `ui.bench_presenter`."""
    store, benching = context.store, context.benching
    with gr.Row(elem_classes="m3-work m3-work-retrain"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            heading("Judge a model")
            frozen = gr.Dropdown([], label="Frozen set", info="Cases that no training sees.", elem_id="bench-set")
            model = gr.Dropdown([], label="Model", elem_id="bench-model")
            mode = gr.Dropdown([each.value for each in Mode], value=Mode.AUTO.value, label="Mode", elem_id="bench-mode")
            with gr.Row(elem_classes=["m3-line", REVIEWS]):
                start = gr.Button("Start, or go on", variant="primary", elem_id="bench-start", min_width=120)
                cancel = gr.Button("Cancel", interactive=False, elem_id="bench-cancel", min_width=80)
            state = status(round_status(None), elem_id="bench-state")
            build_models(context, model)
        with gr.Column(elem_classes="m3-panel m3-watch m3-stack m3-bench"):
            heading("Evaluations side by side")
            compared = gr.Dropdown(
                [], multiselect=True, label="Evaluations side by side", container=False, elem_id="bench-compared"
            )
            files = links("The report as", elem_id="bench-files")
            words = table([("To be known", "auto")], [], elem_id="bench-words")
            figures = table(COLUMNS, [], elem_id="bench-figures")
            plot = gr.Plot(show_label=False, container=False, elem_id="bench-plot", buttons=[])
    footer("bench", (), FOOTER)
    shown = [figures, plot, words, files]

    def show(numbers: list[int] | None) -> tuple[Any, ...]:
        found = chosen(store, numbers or [])
        links_to = report_links([one.evaluation.id for one in found])
        words = said(found) if found or sets(store) else [[NO_SET]]
        return rows(found), figure(found) if found else None, words, links_to

    def enter(wanted: int | None, model: str | None, numbers: list[int] | None) -> tuple[Any, ...]:
        known, there, models = sets(store), evaluations(store), context.monitors.names()
        kept = wanted if wanted in [value for _, value in known] else next((value for _, value in known), None)
        numbers = [one for one in numbers or [] if one in [value for _, value in there]]
        numbers = numbers or [value for _, value in there[:1]]
        return (
            gr.Dropdown(known, value=kept),
            gr.Dropdown(models, value=model if model in models else context.monitors.default),
            gr.Dropdown(there, value=numbers),
            *show(numbers),
        )

    def watch() -> tuple[Any, ...]:
        running = benching.latest is not None and benching.latest.running
        return round_status(benching.latest), gr.Button(interactive=running), gr.Dropdown(evaluations(store))

    def begin(wanted: int | None, model: str, mode: str, request: gr.Request) -> tuple[Any, ...]:
        if wanted is None:
            raise Conflict(NO_SET)
        benching.start(wanted, model, Mode(mode), context.user(request))
        return watch()

    def stop() -> tuple[Any, ...]:
        if benching.latest is not None:
            benching.latest.stop.set()
        return watch()

    def tick(before: Any) -> tuple[Any, ...]:
        return (gr.skip(),) * 3 if round_status(benching.latest) == before else watch()

    watched = [state, cancel, compared]
    fields = [frozen, model, compared]
    shell.tab("bench").select(told(enter, Role.VIEWER), fields, [*fields, *shown], **READS)
    compared.input(told(show, Role.VIEWER), compared, shown, **READS)
    start.click(told(begin, Role.REVIEWER), [frozen, model, mode], watched, **SPEAKS)
    cancel.click(told(stop, Role.REVIEWER), None, watched, **SPEAKS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), state, watched, **READS)
