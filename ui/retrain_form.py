"""Retrain, the form of a new run: stage, start model, settings, the command and the Start button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from m3ad.records import Stage
from training.config import PRESET_SOURCES, PRESETS
from ui import retrain_presenter as present
from ui.components.form_parts import heading
from ui.events import REVIEWS
from ui.retrain_examples import ExamplesForm, lay_out_examples
from ui.retrain_mixing import MIXING, SEEING
from ui.retrain_texts import TextsForm, lay_out_texts

# What people change most; the other settings wait in an accordion.
# What decides how much memory a run takes.
WEIGHING = (
    "method", "batch", "max_pixels", "max_tokens", "gradient_checkpointing", "lora_rank", "freeze_vision", "device",
    "precision", "processes", "sharding", "generations", "max_new_tokens", "beta",
)  # fmt: skip
ASKED = ("processes", "device")  # what the command depends on
FIRST = ("method", "learning_rate", "batch", "accumulation", "epochs", "max_steps")
STAGE_NAMES = {Stage.RAWS: "RAWS · supervised", Stage.RCRL: "RCRL · rewards (GRPO)"}


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
    source: gr.Textbox
    hint: gr.Textbox
    examples: ExamplesForm
    texts: TextsForm
    stages: list[SettingsForm]
    memory: gr.Textbox
    command: gr.Textbox
    begin: gr.Button
    token: gr.Textbox  # what names this form, made in the browser: the same form, sent again, gives the same run

    @property
    def settings(self) -> list[Any]:
        """Every setting of both stages."""
        return [field for form in self.stages for field in form.fields]

    @property
    def weighing(self) -> list[Any]:
        """What the memory of a run depends on."""
        known = [one.values(one.fields) for one in self.stages]
        return [self.stage, self.model, *(fields[name] for fields in known for name in WEIGHING if name in fields)]

    @property
    def asked(self) -> list[Any]:
        """What the command is made of."""
        return [self.stage, *(form.field(name) for form in self.stages for name in ASKED)]

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


def build_form(snapshot: gr.Dropdown, devices: Sequence[str]) -> RunForm:
    """Stage, start model, settings; the command and the Start button stay in sight below them.

    `devices`: those to choose from.
    """
    heading("Run")
    stages = [(name, str(key)) for key, name in STAGE_NAMES.items()]
    stage = gr.Radio(stages, value=str(Stage.RAWS), show_label=False, container=False, elem_id="run-stage")
    with gr.Row(elem_classes="m3-two"):
        model = gr.Dropdown([], label="Start model", min_width=60, elem_id="start-model")
        preset = gr.Dropdown(sorted(PRESETS), value="cpu demo", label="Preset", min_width=60)
    said = PRESET_SOURCES["cpu demo"]
    source = gr.Textbox(said, show_label=False, container=False, interactive=False, lines=2, elem_id="preset-source")
    hint = gr.Textbox(show_label=False, container=False, interactive=False, lines=2, elem_id="start-hint")
    examples, texts = lay_out_examples(), lay_out_texts()
    # One setting stands where its effect is counted, not among the others.
    placed = {Stage.RAWS: {"unchecked": examples.unchecked}, Stage.RCRL: {}}
    forms = [build_settings(key, placed[key], devices, visible=key is Stage.RAWS) for key in STAGE_NAMES]
    with gr.Column(elem_classes="m3-form-end"):
        memory = gr.Textbox(
            label="Memory", lines=3, max_lines=3, interactive=False, show_label=False, container=False,
            elem_id="run-memory",
        )  # fmt: skip
        command = gr.Textbox(
            label="Command", lines=2, max_lines=2, interactive=False, buttons=["copy"], elem_id="run-command"
        )
        begin = gr.Button("Start run", variant="primary", interactive=False, elem_id="start-run", elem_classes=REVIEWS)
        token = gr.Textbox(visible=False)
    return RunForm(snapshot, stage, model, preset, source, hint, examples, texts, forms, memory, command, begin, token)


def build_settings(stage: Stage, placed: dict[str, Any], devices: Sequence[str], *, visible: bool) -> SettingsForm:
    """One stage's settings from their declaration: the usual ones first, the rest folded away; some are `placed`."""
    declared = {field.name: field for field in present.setting_fields(stage)}
    values = present.field_values(PRESETS["cpu demo"][stage])
    made = dict(placed)
    with gr.Column(visible=visible, elem_classes="m3-settings") as box:
        with gr.Row(elem_classes="m3-two"):
            for name in FIRST:
                made[name] = setting_input(declared[name], values[name], devices)
        with gr.Accordion("All settings", open=False), gr.Row(elem_classes="m3-two"):
            for name, field in declared.items():
                if name not in made:
                    made[name] = setting_input(field, values[name], devices)
    return SettingsForm(stage, box, [made[name] for name in declared])


def setting_input(field: present.SettingField, value: Any, devices: Sequence[str]) -> Any:
    """The component that fits a setting; its help stands under its label."""
    common = {"label": field.label, "value": value, "info": field.help, "interactive": True, "min_width": 60}
    if field.name == "device":  # not every card that there can be, but those that are here
        return gr.Dropdown(list(devices), **common)
    if field.kind == "choice":
        return gr.Dropdown(list(field.choices), **common)
    if field.kind == "bool":
        return gr.Checkbox(**common)
    return gr.Number(precision=0 if field.kind == "int" else None, **common)
