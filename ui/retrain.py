"""The Retrain tab: corrections become a snapshot, a snapshot becomes a run, a run becomes a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from m3ad.errors import NotFound
from m3ad.records import Stage
from training.config import PRESETS
from ui import retrain_presenter as present
from ui.context import Context
from ui.events import READS, SPEAKS, told
from ui.retrain_service import EVERY, Retraining, RunView
from ui.shell import Shell, open_tab

REFRESH_SECONDS = 2.0
# What people change most; the other settings wait in an accordion.
FIRST = ("method", "learning_rate", "batch", "accumulation", "epochs", "max_steps")
STAGE_NAMES = {Stage.RAWS: "RAWS, supervised warm start", Stage.RCRL: "RCRL, reinforcement (GRPO)"}


@dataclass(frozen=True)
class SettingsForm:
    """The components of one stage's settings, in the order of `setting_fields`."""

    stage: Stage
    box: gr.Group
    fields: list[Any]

    def values(self, given: Sequence[Any]) -> dict[str, Any]:
        """The components' values by setting name."""
        return dict(zip((field.name for field in present.setting_fields(self.stage)), given, strict=True))


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.retrain_service` and `ui.retrain_presenter`."""
    service = Retraining(context.store, context.workspace)
    with gr.Row(elem_classes="retrain", equal_height=False):
        with gr.Column(scale=2, min_width=340, elem_classes="panel"):
            snapshot = build_snapshot(service, shell)
            begun, started = build_start(context, service, shell, snapshot)
        with gr.Column(scale=5, elem_classes="panel"):
            build_watch(service, shell, begun, started)


def build_snapshot(service: Retraining, shell: Shell) -> gr.Dropdown:
    """Choose a snapshot, or take a new one of the annotated cases that match."""
    gr.Markdown("### 1 · Data")
    snapshot = gr.Dropdown([], label="Snapshot", info="A frozen list of cases and their annotations.")
    with gr.Accordion("Take a new snapshot", open=False):
        name = gr.Textbox(label="Name", placeholder="corrections-1", max_length=60)
        with gr.Row():
            scenario = gr.Dropdown([EVERY], value=EVERY, label="Scenario", min_width=100)
            category = gr.Dropdown([EVERY], value=EVERY, label="Category", min_width=100)
            dataset = gr.Dropdown([EVERY], value=EVERY, label="Data set", min_width=100)
        count = gr.Markdown("", elem_classes="hint")
        take = gr.Button("Take snapshot", size="sm")
    filters = [scenario, category, dataset]
    for one in filters:
        one.input(told(service.count_words), filters, count, **READS)

    def take_it(name: str, *chosen: str) -> Any:
        taken = service.take_snapshot(name, *chosen)
        return gr.Dropdown(service.snapshot_choices(), value=taken.id)

    take.click(told(take_it), [name, *filters], snapshot, **SPEAKS)

    def refresh(current: int | None) -> tuple[Any, ...]:
        choices = service.snapshot_choices()
        value = current if current in [key for _, key in choices] else (choices[0][1] if choices else None)
        facets = [gr.Dropdown([EVERY, *names]) for names in service.facet_names()]
        return (gr.Dropdown(choices, value=value), *facets, service.count_words(EVERY, EVERY, EVERY))

    for event in (shell.tab("retrain").select, shell.arrived.then):
        event(told(refresh), snapshot, [snapshot, *filters, count], **READS)
    return snapshot


def build_start(context: Context, service: Retraining, shell: Shell, snapshot: gr.Dropdown) -> tuple[Any, gr.State]:
    """The form of a new run, the command it is, and its start; returns the start's event and the started run's name."""
    gr.Markdown("### 2 · Run")
    stage = gr.Radio([(name, str(key)) for key, name in STAGE_NAMES.items()], value=str(Stage.RAWS), show_label=False)
    with gr.Row():
        start_model = gr.Dropdown([], label="Start model", min_width=140)
        preset = gr.Dropdown(sorted(PRESETS), value="cpu demo", label="Preset", min_width=120)
    forms = [build_settings(key, visible=key is Stage.RAWS) for key in STAGE_NAMES]
    everything = [field for form in forms for field in form.fields]
    command = gr.Code(label="Command", language="shell", lines=1, interactive=False)
    begin = gr.Button("Start run", variant="primary", elem_id="start-run")
    started = gr.State(None)

    def show_stage(chosen: str, preset: str) -> list[Any]:
        return [gr.Group(visible=form.stage == chosen) for form in forms] + fill(preset)

    def fill(preset: str) -> list[Any]:
        filled = {form.stage: present.field_values(PRESETS[preset][form.stage]) for form in forms}
        return [filled[form.stage][one.name] for form in forms for one in present.setting_fields(form.stage)]

    stage.change(show_stage, [stage, preset], [*(form.box for form in forms), *everything], **READS)
    preset.change(fill, preset, everything, **READS)

    def start(chosen: str, model: str, snapshot_id: int | None, *values: Any) -> tuple[Any, ...]:
        form = next(form for form in forms if form.stage == chosen)
        offset = 0 if form is forms[0] else len(forms[0].fields)
        settings = present.settings_from_fields(
            form.stage, form.values(values[offset : offset + len(form.fields)])
        )
        if snapshot_id is None:
            raise NotFound("There is no snapshot yet: take one of the annotated cases first.")
        run = service.start(form.stage, model, snapshot_id, settings)
        gr.Info(f"Run {run} started. It goes on when this page is closed.")
        return run, service.command(run)

    begun = begin.click(told(start), [stage, start_model, snapshot, *everything], [started, command], **SPEAKS)

    def models(current: str | None) -> Any:
        names = context.monitors.names()
        return gr.Dropdown(names, value=current if current in names else names[0])

    for event in (shell.tab("retrain").select, shell.arrived.then):
        event(told(models), start_model, start_model, **READS)
    return begun, started


def build_settings(stage: Stage, *, visible: bool) -> SettingsForm:
    """One stage's settings from their declaration: the usual ones first, the rest folded away."""
    declared = {field.name: field for field in present.setting_fields(stage)}
    values = present.field_values(PRESETS["cpu demo"][stage])
    made: dict[str, Any] = {}
    with gr.Group(visible=visible) as box:
        with gr.Row():
            for name in FIRST:
                made[name] = setting_input(declared[name], values[name])
        with gr.Accordion("All settings", open=False):
            for name, field in declared.items():
                if name not in made:
                    made[name] = setting_input(field, values[name])
    return SettingsForm(stage, box, [made[name] for name in declared])


def setting_input(field: present.SettingField, value: Any) -> Any:
    """The component that fits a setting; its help stands under its label."""
    common = {"label": field.label, "value": value, "info": field.help, "interactive": True}
    if field.kind == "choice":
        return gr.Dropdown(list(field.choices), min_width=130, **common)
    if field.kind == "bool":
        return gr.Checkbox(**common)
    return gr.Number(precision=0 if field.kind == "int" else None, min_width=130, **common)


def build_watch(service: Retraining, shell: Shell, begun: Any, started: gr.State) -> None:
    """One run under watch: state, progress, curves, samples, log; stop and keep, discard, inspect with it."""
    gr.Markdown("### 3 · Watch")
    run = gr.Dropdown([], label="Run", show_label=False, container=False, elem_id="run")
    state = gr.Markdown("No run yet. Annotate some cases, take a snapshot, start a RAWS run.", elem_id="run-state")
    plot = gr.Plot(show_label=False, elem_id="run-curves")
    with gr.Row():
        stop = gr.Button("Stop and keep", interactive=False)
        discard = gr.Button("Discard", interactive=False, variant="stop")
        use = gr.Button("Inspect with this model", interactive=False, variant="primary", elem_id="use-model")
    with gr.Tabs():
        with gr.Tab("Sample answers"):
            samples = gr.Dataframe(
                headers=["step", "case", "rewards", "text"],
                datatype="str",
                interactive=False,
                wrap=True,
                show_label=False,
                column_widths=["60px", "90px", "190px", "auto"],
                max_height=230,
            )
        with gr.Tab("Log"):
            log = gr.Textbox(lines=10, max_lines=10, interactive=False, show_label=False, autoscroll=True)
    seen = gr.State(None)
    watched = [state, plot, samples, log, stop, discard, use, seen]

    def show(name: str | None, before: Any, *, again: bool = False) -> Any:
        view = service.view(name)
        if view.version == before and not again:
            return (gr.skip(),) * len(watched)
        return shown(view)

    def shown(view: RunView) -> tuple[Any, ...]:
        return (
            view.words,
            view.figure,
            view.samples,
            view.log,
            gr.Button(interactive=view.can_stop),
            gr.Button(interactive=view.can_discard),
            gr.Button(interactive=view.model is not None),
            view.version,
        )

    def choose(wanted: str | None) -> tuple[Any, ...]:
        choices = service.run_choices()
        names = [name for _, name in choices]
        value = wanted if wanted in names else (names[0] if names else None)
        return (gr.Dropdown(choices, value=value), *shown(service.view(value)))

    for event in (shell.tab("retrain").select, shell.arrived.then):
        event(told(choose), run, [run, *watched], **READS)
    begun.success(told(choose), started, [run, *watched], **READS)
    run.input(told(lambda name: show(name, None, again=True)), run, watched, **READS)
    gr.Timer(REFRESH_SECONDS).tick(told(show), [run, seen], watched, **READS)

    def stopped(name: str) -> tuple[Any, ...]:
        gr.Info("The run saves its model at the end of this step.")
        service.stop(name)
        return show(name, None, again=True)

    def discarded(name: str) -> tuple[Any, ...]:
        service.discard(name)
        gr.Info(f"Run {name} was stopped and its files were removed. Annotations and snapshot are untouched.")
        return choose(None)

    stop.click(told(stopped), run, watched, **SPEAKS)
    discard.click(told(discarded), run, [run, *watched], **SPEAKS)

    def inspect_with(name: str) -> tuple[Any, ...]:
        model = service.view(name).model
        if model is None:
            raise NotFound(f"Run {name} has no model yet: wait until it has finished.")
        return model, open_tab("inspect")

    use.click(told(inspect_with), run, [shell.model, shell.tabs], **SPEAKS)
