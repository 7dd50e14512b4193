"""The Retrain tab: corrections become a snapshot, a snapshot becomes a run, a run becomes a model."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from m3ad.errors import NotFound
from m3ad.records import Stage
from training.config import PRESETS
from ui import retrain_presenter as present
from ui.components.form_parts import heading, run_notes, status
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, SPEAKS, told
from ui.retrain_examples import ExamplesForm, lay_out_examples, wire_examples
from ui.retrain_mixing import MIXING, SEEING
from ui.retrain_service import EVERY, Retraining, RunView
from ui.retrain_texts import TextsForm, lay_out_texts, wire_texts
from ui.shell import Shell, open_tab
from ui.writing import Writings

REFRESH_SECONDS = 2.0
# What people change most; the other settings wait in an accordion.
FIRST = ("method", "learning_rate", "batch", "accumulation", "epochs", "max_steps")
STAGE_NAMES = {Stage.RAWS: "RAWS · supervised", Stage.RCRL: "RCRL · rewards (GRPO)"}
FOOTER = "A run belongs to this machine, not to the page: closing the page or the app does not stop it."
# In the browser, before anything is sent: the second click of a double click meets a button that is off.
STARTING = "() => ({ __type__: 'update', interactive: false, value: 'Starting …' })"


@dataclass(frozen=True)
class SettingsForm:
    """The components of one stage's settings, in the order of `setting_fields`."""

    stage: Stage
    box: gr.Column
    fields: list[Any]

    def values(self, given: Sequence[Any]) -> dict[str, Any]:
        """The components' values by setting name."""
        return dict(zip((field.name for field in present.setting_fields(self.stage)), given, strict=True))

    def field(self, name: str) -> Any:
        """The component of one setting."""
        return self.values(self.fields)[name]


@dataclass(frozen=True)
class RunForm:
    """The form of a new run."""

    snapshot: gr.Dropdown
    stage: gr.Radio
    model: gr.Dropdown
    preset: gr.Dropdown
    hint: gr.Textbox
    examples: ExamplesForm
    texts: TextsForm
    stages: list[SettingsForm]
    command: gr.Textbox
    begin: gr.Button

    @property
    def settings(self) -> list[Any]:
        """Every setting of both stages."""
        return [field for form in self.stages for field in form.fields]

    @property
    def asked(self) -> list[Any]:
        """What the command is made of."""
        return [self.stage, *(form.field("processes") for form in self.stages)]

    @property
    def weighed(self) -> list[Any]:
        """What the examples of a RAWS run depend on."""
        return [self.stage, self.snapshot, self.model, *(self.stages[0].field(name) for name in MIXING)]

    @property
    def seeing(self) -> list[Any]:
        """What the pictures and texts of a RAWS run depend on, beside that."""
        return [self.stages[0].field(name) for name in SEEING]

    def chosen(self, stage: str, values: Sequence[Any]) -> tuple[SettingsForm, Sequence[Any]]:
        """The form of a stage and its part of the values of `settings`."""
        first, second = self.stages
        split = len(first.fields)
        return (first, values[:split]) if first.stage == stage else (second, values[split:])


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.retrain_service` and `ui.retrain_presenter`."""
    service = Retraining(context.store, context.workspace)
    with gr.Row(elem_classes="m3-work m3-work-retrain"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            snapshot = build_snapshot(service, shell)
            form = build_form(snapshot)
        with gr.Column(elem_classes="m3-panel m3-watch"):
            started = gr.State(None)
            begun = wire_start(context, service, shell, form, started)
            writings = Writings(context.store)
            wire_examples(context, shell, service, writings, form.examples, form.weighed, form.seeing)
            wire_texts(context, shell, writings, form.texts, form.weighed)
            build_watch(service, shell, begun, started)
    footer((), FOOTER)


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
        with gr.Row(elem_classes="m3-line"):
            count = gr.Textbox(show_label=False, container=False, interactive=False, elem_id="snapshot-count")
            take = gr.Button("Take snapshot", size="sm", elem_id="take-snapshot", min_width=110)
    filters = [scenario, category, dataset]
    for one in filters:
        one.input(told(service.count_words), filters, count, **READS)

    def take_it(name: str | None, *chosen: str) -> Any:
        taken = service.take_snapshot(name, *chosen)
        if taken.account is not None:
            gr.Info(html.escape(taken.account.sentences()))  # categories are people's text, and messages are HTML
        choices = gr.Dropdown(service.snapshot_choices(), value=taken.id)
        return choices, service.proposed_name(""), gr.Accordion(open=False)

    take.click(told(take_it), [name, *filters], [snapshot, name, new], **SPEAKS)

    def refresh(current: int | None, name: str | None, *chosen: str) -> tuple[Any, ...]:
        choices = service.snapshot_choices()
        value = current if current in [key for _, key in choices] else (choices[0][1] if choices else None)
        facets = [gr.update(choices=[EVERY, *names]) for names in service.facet_names()]
        new = gr.skip() if choices else gr.Accordion(open=True)
        words = service.count_words(*chosen)
        return (gr.Dropdown(choices, value=value), service.proposed_name(name), *facets, words, new)

    for event in (shell.tab("retrain").select, shell.arrived.then):
        event(told(refresh), [snapshot, name, *filters], [snapshot, name, *filters, count, new], **READS)
    return snapshot


def build_form(snapshot: gr.Dropdown) -> RunForm:
    """Stage, start model, settings; the command and the Start button stay in sight below them."""
    heading("Run")
    stages = [(name, str(key)) for key, name in STAGE_NAMES.items()]
    stage = gr.Radio(stages, value=str(Stage.RAWS), show_label=False, container=False, elem_id="run-stage")
    with gr.Row(elem_classes="m3-two"):
        model = gr.Dropdown([], label="Start model", min_width=60, elem_id="start-model")
        preset = gr.Dropdown(sorted(PRESETS), value="cpu demo", label="Preset", min_width=60)
    hint = gr.Textbox(show_label=False, container=False, interactive=False, lines=2, elem_id="start-hint")
    examples, texts = lay_out_examples(), lay_out_texts()
    # One setting stands where its effect is counted, not among the others.
    placed = {Stage.RAWS: {"unchecked": examples.unchecked}, Stage.RCRL: {}}
    forms = [build_settings(key, placed[key], visible=key is Stage.RAWS) for key in STAGE_NAMES]
    with gr.Column(elem_classes="m3-form-end"):
        command = gr.Textbox(
            label="Command", lines=2, max_lines=2, interactive=False, buttons=["copy"], elem_id="run-command"
        )
        begin = gr.Button("Start run", variant="primary", interactive=False, elem_id="start-run")
    return RunForm(snapshot, stage, model, preset, hint, examples, texts, forms, command, begin)


def build_settings(stage: Stage, placed: dict[str, Any], *, visible: bool) -> SettingsForm:
    """One stage's settings from their declaration: the usual ones first, the rest folded away; some are `placed`."""
    declared = {field.name: field for field in present.setting_fields(stage)}
    values = present.field_values(PRESETS["cpu demo"][stage])
    made = dict(placed)
    with gr.Column(visible=visible, elem_classes="m3-settings") as box:
        with gr.Row(elem_classes="m3-two"):
            for name in FIRST:
                made[name] = setting_input(declared[name], values[name])
        with gr.Accordion("All settings", open=False), gr.Row(elem_classes="m3-two"):
            for name, field in declared.items():
                if name not in made:
                    made[name] = setting_input(field, values[name])
    return SettingsForm(stage, box, [made[name] for name in declared])


def setting_input(field: present.SettingField, value: Any) -> Any:
    """The component that fits a setting; its help stands under its label."""
    common = {"label": field.label, "value": value, "info": field.help, "interactive": True, "min_width": 60}
    if field.kind == "choice":
        return gr.Dropdown(list(field.choices), **common)
    if field.kind == "bool":
        return gr.Checkbox(**common)
    return gr.Number(precision=0 if field.kind == "int" else None, **common)


def wire_start(context: Context, service: Retraining, shell: Shell, form: RunForm, started: gr.State) -> Any:
    """Make the form work; returns the event that starts a run."""

    def fill(preset: str) -> list[Any]:
        filled = {one.stage: present.field_values(PRESETS[preset][one.stage]) for one in form.stages}
        return [filled[one.stage][field.name] for one in form.stages for field in present.setting_fields(one.stage)]

    form.preset.input(fill, form.preset, form.settings, **READS)

    def planned(stage: str, raws: float | None, rcrl: float | None) -> str:
        processes = raws if stage == Stage.RAWS else rcrl
        return service.planned_command(Stage(stage), max(1, int(processes or 1)))

    def show(model: str, names: list[str], *asked: Any) -> list[Any]:
        stage = Stage(asked[0])
        shown = [gr.Column(visible=one.stage is stage) for one in form.stages]
        return [gr.Dropdown(names, value=model), service.start_hint(stage, model), planned(*asked), *shown]

    def enter(model: str | None, *asked: Any) -> list[Any]:
        names = context.monitors.names()
        kept = model if model in names else service.proposed_start(Stage(asked[0]), names, None)
        return show(kept, names, *asked)

    def turn(model: str | None, *asked: Any) -> list[Any]:
        names = context.monitors.names()
        return show(service.proposed_start(Stage(asked[0]), names, model), names, *asked)

    entered = [form.model, form.hint, form.command, *(one.box for one in form.stages)]
    for event in (shell.tab("retrain").select, shell.arrived.then):
        event(told(enter), [form.model, *form.asked], entered, **READS)
    form.stage.input(told(turn), [form.model, *form.asked], entered, **READS)
    form.model.input(lambda s, m: service.start_hint(Stage(s), m), [form.stage, form.model], form.hint, **READS)
    for one in form.stages:
        one.field("processes").change(told(planned), form.asked, form.command, **READS)

    def ready(snapshot_id: int | None) -> Any:
        return gr.Button("Start run", interactive=snapshot_id is not None)

    form.snapshot.change(ready, form.snapshot, form.begin, **READS)

    def start(stage: str, model: str, snapshot_id: int | None, *values: Any) -> str:
        chosen, given = form.chosen(stage, values)
        settings = present.settings_from_fields(chosen.stage, chosen.values(given))
        if snapshot_id is None:
            raise NotFound("There is no snapshot yet: take one of the annotated cases first.")
        run = service.start(chosen.stage, model, snapshot_id, settings)
        gr.Info(f"Run {run} started. It goes on when this page is closed.")
        return run

    form.begin.click(None, None, form.begin, js=STARTING, queue=False, api_visibility="private")
    given = [form.stage, form.model, form.snapshot, *form.settings]
    begun = form.begin.click(told(start), given, started, trigger_mode="once", **SPEAKS)
    begun.then(ready, form.snapshot, form.begin, **READS)
    begun.then(told(planned), form.asked, form.command, **READS)
    return begun


@dataclass(frozen=True)
class Watch:
    """The components of the run under watch."""

    run: gr.Dropdown
    stop: gr.Button
    discard: gr.Button
    use: gr.Button
    sure: gr.Button
    keep: gr.Button
    status: gr.HTML
    plot: gr.Plot
    notes: gr.HTML
    seen: gr.State

    @property
    def outputs(self) -> list[Any]:
        """What `shown` fills."""
        return [self.run, self.status, self.plot, self.notes, self.stop, self.discard, self.use, self.seen]


def lay_out_watch() -> Watch:
    """Run and buttons, status, curves, notes; the buttons of a confirmation take the place of the others."""
    with gr.Row(elem_classes="m3-line m3-watch-top"):
        run = gr.Dropdown([], label="Run", show_label=False, container=False, elem_id="run", min_width=200)
        stop = gr.Button("Stop and keep", interactive=False, elem_id="stop-run", min_width=110)
        discard = gr.Button("Discard", interactive=False, variant="stop", elem_id="discard-run", min_width=80)
        sure = gr.Button("Discard it", visible=False, variant="stop", elem_id="discard-sure", min_width=200)
        keep = gr.Button("Keep it", visible=False, elem_id="discard-not", min_width=80)
        use = gr.Button(
            "Inspect with this model", interactive=False, variant="primary", elem_id="use-model", min_width=170
        )
    said = status(present.NO_RUN, elem_id="run-state")
    plot = gr.Plot(show_label=False, container=False, elem_id="run-curves", buttons=[])
    notes = run_notes({"samples": None, "log": "", "command": ""}, elem_id="run-notes")
    return Watch(run, stop, discard, use, sure, keep, said, plot, notes, gr.State(None))


def build_watch(service: Retraining, shell: Shell, begun: Any, started: gr.State) -> None:
    """One run under watch: state, progress, curves, samples, log; stop and keep, discard, inspect with it."""
    watch = lay_out_watch()

    def shown(view: RunView, run: Any) -> tuple[Any, ...]:
        buttons = (view.can_stop, view.can_discard, view.model is not None)
        return (
            run,
            view.status,
            view.figure,
            view.notes,
            *(gr.Button(interactive=on) for on in buttons),
            view.version,
        )

    def choose(wanted: str | None) -> tuple[Any, ...]:
        service.register_models()
        choices = service.run_choices()
        name = wanted if wanted in [name for _, name in choices] else service.default_run()
        return shown(service.view(name), gr.Dropdown(choices, value=name))

    def tick(name: str | None, before: Any) -> tuple[Any, ...]:
        if service.version(name) == before:
            return (gr.skip(),) * len(watch.outputs)
        first, *rest = choose(name)
        choices = service.run_choices()
        # What a person chose while this tick was under way must stay chosen: the list changes, the choice does not.
        kept = name in [one for _, one in choices]
        return (gr.update(choices=choices) if kept else first, *rest)

    for event in (shell.tab("retrain").select, shell.arrived.then, watch.run.input):
        event(told(choose), watch.run, watch.outputs, **READS)
    begun.success(told(choose), started, watch.outputs, **READS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick), [watch.run, watch.seen], watch.outputs, **READS)

    def stopped(name: str) -> tuple[Any, ...]:
        gr.Info("The run saves its model at the end of this step.")
        service.stop(name)
        return choose(name)

    watch.stop.click(told(stopped), watch.run, watch.outputs, **SPEAKS)

    def inspect_with(name: str) -> tuple[Any, ...]:
        model = service.view(name).model
        if model is None:
            raise NotFound(f"Run {name} has no model yet: wait until it has finished.")
        return model, open_tab("inspect")

    watch.use.click(told(inspect_with), watch.run, [shell.model, shell.tabs], **SPEAKS)
    wire_discard(service, watch, choose)


def wire_discard(service: Retraining, watch: Watch, choose: Any) -> None:
    """Discard asks first, in place of the buttons, and names the run it asked about."""
    doomed = gr.State(None)
    buttons = [watch.stop, watch.discard, watch.use, watch.sure, watch.keep]

    def swap(asking: bool, name: str | None = None) -> list[Any]:
        sure = gr.Button(f"Discard {name} and its files" if name else "Discard it", visible=asking)
        return [*(gr.Button(visible=not asking) for _ in range(3)), sure, gr.Button(visible=asking)]

    watch.discard.click(lambda name: [name, *swap(True, name)], watch.run, [doomed, *buttons], **READS)

    def calm() -> list[Any]:
        return [None, *swap(False)]

    watch.keep.click(calm, None, [doomed, *buttons], **READS)
    watch.run.input(calm, None, [doomed, *buttons], **READS)

    def discarded(name: str | None) -> tuple[Any, ...]:
        if name is None:
            raise NotFound("No run is marked for discarding: choose one and press Discard.")
        service.discard(name)
        gr.Info(f"Run {name} was stopped and its files were removed. Annotations and snapshot are untouched.")
        return choose(None)

    gone = watch.sure.click(told(discarded), doomed, watch.outputs, **SPEAKS)
    gone.then(calm, None, [doomed, *buttons], **READS)
