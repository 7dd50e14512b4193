"""Retrain, one run under watch: state, curves, notes; stop and keep, discard, inspect with its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import NotFound
from ui import retrain_presenter as present
from ui.components.form_parts import run_notes, run_queue, shown_if, status
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.retrain_curves import HEALTH, LEARNING
from ui.retrain_queue import wire_queue
from ui.retrain_service import Retraining, RunView
from ui.shell import Shell, open_tab

REFRESH_SECONDS = 2.0


@dataclass(frozen=True)
class Watch:
    """The components of the run under watch."""

    run: gr.Dropdown
    stop: gr.Button
    discard: gr.Button
    use: gr.Button
    judge: gr.Button
    sure: gr.Button
    keep: gr.Button
    back: gr.Button
    queue: gr.HTML
    status: gr.HTML
    plot: gr.Plot
    notes: gr.HTML
    seen: gr.Textbox
    part: gr.Radio

    @property
    def outputs(self) -> list[Any]:
        """What `shown` fills."""
        buttons = [self.stop, self.discard, self.use, self.judge, self.back]
        return [self.run, self.status, self.plot, self.notes, *buttons, self.queue, self.seen]


def lay_out_watch() -> Watch:
    """Run and buttons, status, curves, notes; the buttons of a confirmation take the place of the others."""
    with gr.Row(elem_classes="m3-line m3-watch-top"):
        run = gr.Dropdown([], label="Run", show_label=False, container=False, elem_id="run", min_width=200)
        stop = gr.Button("Stop and keep", interactive=False, elem_id="stop-run", min_width=110, elem_classes=REVIEWS)
        discard = gr.Button(
            "Discard", interactive=False, variant="stop", elem_id="discard-run", min_width=80, elem_classes=REVIEWS
        )
        sure = gr.Button("Discard it", visible=shown_if(False), variant="stop", elem_id="discard-sure", min_width=200)
        keep = gr.Button("Keep it", visible=shown_if(False), elem_id="discard-not", min_width=80)
        judge = gr.Button("Judge", interactive=False, elem_id="judge-run", min_width=70)
        use = gr.Button(
            "Inspect with this model", interactive=False, variant="primary", elem_id="use-model", min_width=170
        )
        back = gr.Button("Queue it", visible=shown_if(False), elem_id="queue-run", min_width=80, elem_classes=REVIEWS)
    queue = run_queue([], elem_id="run-queue")
    with gr.Row(elem_classes="m3-line m3-run-line"):
        said = status(present.NO_RUN, elem_id="run-state")
        part = gr.Radio(
            [LEARNING, HEALTH], value=LEARNING, show_label=False, container=False, elem_id="curves-part", min_width=230,
            scale=0,
        )  # fmt: skip
    plot = gr.Plot(show_label=False, container=False, elem_id="run-curves", buttons=[])
    notes = run_notes(present.NO_NOTES, elem_id="run-notes")
    seen = gr.Textbox("", visible="hidden", container=False)  # the version that the page holds: see `wire_examples`
    return Watch(run, stop, discard, use, judge, sure, keep, back, queue, said, plot, notes, seen, part)


def build_watch(context: Context, service: Retraining, shell: Shell, begun: Any, started: gr.State) -> Watch:
    """One run under watch: state, progress, curves, samples, log; stop and keep, go on, discard, inspect with it."""
    watch = lay_out_watch()

    def shown(view: RunView, run: Any) -> tuple[Any, ...]:
        buttons = (view.can_stop, view.can_discard, view.model is not None, view.model is not None)
        return (
            run,
            view.status,
            view.figure,
            view.notes,
            *(gr.Button(interactive=on) for on in buttons),
            gr.Button(view.again, visible=shown_if(bool(view.again))),
            service.queue_rows(),
            repr(view.version),
        )

    def choose(wanted: str | None, part: str) -> tuple[Any, ...]:
        service.register_models()
        choices = service.run_choices()
        name = wanted if wanted in [name for _, name in choices] else service.default_run()
        return shown(service.view(name, part), gr.Dropdown(choices, value=name))

    def tick(name: str | None, part: str, before: str) -> tuple[Any, ...]:
        if repr(service.version(name)) == before:
            return (gr.skip(),) * len(watch.outputs)
        first, *rest = choose(name, part)
        choices = service.run_choices()
        # What a person chose while this tick was under way must stay chosen: the list changes, the choice does not.
        kept = name in [one for _, one in choices]
        return (gr.update(choices=choices) if kept else first, *rest)

    looked = [watch.run, watch.part]
    for event in (shell.tab("retrain").select, watch.run.input, watch.part.input):
        event(told(choose, Role.VIEWER), looked, watch.outputs, **READS)
    begun.success(told(choose, Role.VIEWER), [started, watch.part], watch.outputs, **READS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), [*looked, watch.seen], watch.outputs, **READS)

    def stopped(name: str, part: str) -> tuple[Any, ...]:
        gr.Info("The run saves its model at the end of this step.")
        service.stop(name)
        return choose(name, part)

    watch.stop.click(told(stopped, Role.REVIEWER), looked, watch.outputs, **SPEAKS)

    def inspect_with(name: str) -> tuple[Any, ...]:
        model = service.view(name).model
        if model is None:
            raise NotFound(f"Run {name} has no model yet: wait until it has finished.")
        return model, open_tab("inspect")

    watch.use.click(told(inspect_with, Role.VIEWER), watch.run, [shell.model, shell.tabs], **SPEAKS)
    wire_discard(service, watch, choose)
    wire_queue(context, service, watch.queue, watch.back, looked, watch.outputs, choose)
    return watch


def wire_discard(service: Retraining, watch: Watch, choose: Any) -> None:
    """Discard asks first, in place of the buttons, and names the run it asked about."""
    doomed = gr.State(None)
    buttons = [watch.stop, watch.discard, watch.use, watch.judge, watch.sure, watch.keep]

    def swap(asking: bool, name: str | None = None) -> list[Any]:
        sure = gr.Button(f"Discard {name} and its files" if name else "Discard it", visible=shown_if(asking))
        return [*(gr.Button(visible=shown_if(not asking)) for _ in range(4)), sure, gr.Button(visible=shown_if(asking))]

    ask = told(lambda name: [name, *swap(True, name)], Role.REVIEWER)
    watch.discard.click(ask, watch.run, [doomed, *buttons], **READS)

    def calm() -> list[Any]:
        return [None, *swap(False)]

    watch.keep.click(told(calm, Role.VIEWER), None, [doomed, *buttons], **READS)
    watch.run.input(told(calm, Role.VIEWER), None, [doomed, *buttons], **READS)

    def discarded(name: str | None, part: str) -> tuple[Any, ...]:
        if name is None:
            raise NotFound("No run is marked for discarding: choose one and press Discard.")
        service.discard(name)
        gr.Info(f"Run {name} was stopped and its files were removed. Annotations and snapshot are untouched.")
        return choose(None, part)

    gone = watch.sure.click(told(discarded, Role.REVIEWER), [doomed, watch.part], watch.outputs, **SPEAKS)
    gone.then(told(calm, Role.VIEWER), None, [doomed, *buttons], **READS)
