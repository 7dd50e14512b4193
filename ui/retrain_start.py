"""Retrain, the start of a run: what the form proposes as its fields change, and the click on Start run."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import M3ADError, NotFound
from m3ad.records import Stage
from training.config import PRESET_SOURCES, PRESETS
from ui import retrain_presenter as present
from ui.context import Context
from ui.events import READS, SPEAKS, told
from ui.retrain_form import ASKED, RunForm
from ui.retrain_service import Retraining
from ui.shell import Shell

# In the browser, before anything is sent: the second click of a double click meets a button that is off.
STARTING = "() => ({ __type__: 'update', interactive: false, value: 'Starting …' })"
# Without crypto.randomUUID: browsers have it on https and on their own machine only.
NEW_FORM = "() => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join('-')"


def wire_preset(form: RunForm) -> None:
    """A preset fills the settings of both stages and says where its values come from."""

    def fill(preset: str) -> list[Any]:
        filled = {one.stage: present.field_values(PRESETS[preset][one.stage]) for one in form.stages}
        values = [filled[one.stage][field.name] for one in form.stages for field in present.setting_fields(one.stage)]
        return [PRESET_SOURCES[preset], *values]

    form.preset.input(told(fill, Role.VIEWER), form.preset, [form.source, *form.settings], **READS)


def wire_memory(service: Retraining, shell: Shell, form: RunForm) -> None:
    """Say how much memory the run would take, whenever something changes on which that depends."""

    def memory(stage: str, model: str | None, *values: Any) -> str:
        chosen, given = form.chosen(stage, values)
        try:
            settings = present.settings_from_fields(chosen.stage, chosen.values(given))
            return service.memory_words(model, settings) if model else ""
        except M3ADError as error:  # while a value is being typed, and what a start would be refused for
            return str(error)

    changes = [*(one.change for one in form.weighing), shell.tab("retrain").select]
    weighed = [form.stage, form.model, *form.settings]
    gr.on(changes, told(memory, Role.VIEWER), weighed, form.memory, trigger_mode="always_last", **READS)


def planned_command(service: Retraining, stage: str, *asked: Any) -> str:
    """The command of the chosen stage; `asked`: the values of ASKED of both stages."""
    processes, device = asked[: len(ASKED)] if stage == Stage.RAWS else asked[len(ASKED) :]
    return service.planned_command(Stage(stage), max(1, int(processes or 1)), device)


def wire_start(context: Context, service: Retraining, shell: Shell, form: RunForm, started: gr.State) -> Any:
    """Make the form work; returns the event that starts a run."""
    wire_preset(form)
    wire_memory(service, shell, form)

    planned = partial(planned_command, service)

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

    def hint(stage: str, model: str) -> Any:
        return service.start_hint(Stage(stage), model)

    entered = [form.model, form.hint, form.command, *(one.box for one in form.stages)]
    shell.tab("retrain").select(told(enter, Role.VIEWER), [form.model, *form.asked], entered, **READS)
    form.stage.input(told(turn, Role.VIEWER), [form.model, *form.asked], entered, **READS)
    form.model.input(told(hint, Role.VIEWER), [form.stage, form.model], form.hint, **READS)
    for one in form.stages:
        for name in ASKED:
            one.field(name).change(told(planned, Role.VIEWER), form.asked, form.command, **READS)

    def ready(snapshot_id: int | None) -> Any:
        return gr.Button("Start run", interactive=snapshot_id is not None)

    form.snapshot.change(told(ready, Role.VIEWER), form.snapshot, form.begin, **READS)

    def start(stage: str, model: str, snapshot_id: int | None, token: str, request: gr.Request, *values: Any) -> str:
        chosen, given = form.chosen(stage, values)
        settings = present.settings_from_fields(chosen.stage, chosen.values(given))
        if snapshot_id is None:
            raise NotFound("There is no snapshot yet: take one of the annotated cases first.")
        run = service.start(chosen.stage, model, snapshot_id, settings, token, context.user(request))
        if service.waits(run):
            gr.Info(f"Run {run} waits for its device. It starts by itself when its turn comes.")
        else:
            gr.Info(f"Run {run} started. It goes on when this page is closed.")
        return run

    form.begin.click(None, None, form.begin, js=STARTING, queue=False, api_visibility="private")
    given = [form.stage, form.model, form.snapshot, form.token, *form.settings]
    begun = form.begin.click(told(start, Role.REVIEWER), given, started, trigger_mode="once", **SPEAKS)
    for event in (shell.page.load, begun.success):  # a run is there: what is started next is another one
        event(None, None, form.token, js=NEW_FORM, queue=False, api_visibility="private")
    begun.then(told(ready, Role.VIEWER), form.snapshot, form.begin, **READS)
    begun.then(told(planned, Role.VIEWER), form.asked, form.command, **READS)
    return begun
