"""Retrain, before the start: the texts of a snapshot's examples are written here, and checked in Annotate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import NotFound
from m3ad.records import Stage
from ui.access import who_asks
from ui.components.example_parts import show_view
from ui.components.form_parts import shown_if
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.retrain_mixing import MIXING, settings_of
from ui.shell import Shell, open_tab
from ui.writing import Writings, require_teacher_rights, teacher_source, writing_words

REFRESH_SECONDS = 1.0
TEMPLATE, TEACHER = "template", "teacher model"


@dataclass(frozen=True)
class TextsForm:
    """The components of writing and checking."""

    box: gr.Accordion
    writer: gr.Radio
    served: gr.Column
    address: gr.Textbox
    name: gr.Textbox
    words: gr.Textbox
    write: gr.Button
    stop: gr.Button
    check: gr.Button


def lay_out_texts() -> TextsForm:
    """Folded away: without it the template writes, on the spot, when a run starts."""
    with gr.Accordion("Write and check the texts", open=False, elem_id="texts", elem_classes=REVIEWS) as box:
        writer = gr.Radio(
            [("template: short sentences, no model", TEMPLATE), ("a teacher model on a server", TEACHER)],
            value=TEMPLATE,
            show_label=False,
            container=False,
            elem_id="texts-writer",
        )
        with gr.Column(visible=False) as served:
            address = gr.Textbox(label="Address", placeholder="http://127.0.0.1:8000/v1", elem_id="teacher-address")
            name = gr.Textbox(label="Model there", placeholder="the only one it has", elem_id="teacher-name")
        words = gr.Textbox(show_label=False, container=False, interactive=False, lines=2, elem_id="texts-words")
        with gr.Row(elem_classes="m3-line"):
            write = gr.Button("Write", size="sm", elem_id="write-texts", min_width=80)
            stop = gr.Button("Stop writing", visible=shown_if(False), size="sm", elem_id="stop-writing", min_width=80)
            check = gr.Button("Check in Annotate", size="sm", elem_id="check-texts", min_width=120)
    return TextsForm(box, writer, served, address, name, words, write, stop, check)


def wire_texts(context: Context, shell: Shell, writings: Writings, form: TextsForm, chosen: Sequence[Any]) -> None:
    """Begin and stop a round of writing, tell how far it is, lead to the check.

    Args:
        chosen: the components of stage, snapshot, start model and the settings of MIXING, in this order.
    """
    seen = gr.Textbox(
        "", visible="hidden", container=False
    )  # how far the round was by what the page holds: see `wire_examples`
    outputs = [seen, form.words, form.write, form.stop]

    def state() -> str:
        last = writings.latest
        return "" if last is None else repr((id(last), last.progress, last.running, last.stop.is_set()))

    # How far it was goes with every answer: one that comes late is then put right by the next tick.
    def tell() -> list[Any]:
        now, last = state(), writings.latest
        if last is None:
            words = "Stored texts can be read, edited and approved. Nothing that a person has seen is written over."
            return [now, words, gr.Button(visible=True), gr.Button(visible=shown_if(False))]
        return [now, writing_words(last), *(gr.Button(visible=shown_if(on)) for on in (not last.running, last.running))]

    def begin(request: gr.Request, *given: Any) -> list[Any]:
        writer, address, name, _, snapshot_id, model, *mixing = given
        settings = settings_of(MIXING, mixing)
        if snapshot_id is None or model is None or settings is None:
            raise NotFound("Choose a snapshot and a start model, and give every setting a value.")
        teacher = None
        if writer == TEACHER:
            require_teacher_rights(who_asks(request))
            teacher = teacher_source(address, name)
        writings.start(snapshot_id, model, settings, teacher)
        return tell()

    def end() -> list[Any]:
        if writings.latest is not None:
            writings.latest.stop.set()
        return tell()

    def tick(before: str) -> list[Any]:
        return [gr.skip()] * 4 if state() == before else tell()

    turn = told(lambda writer: gr.Column(visible=writer == TEACHER), Role.VIEWER)
    fold = told(lambda stage: gr.Accordion(visible=stage == Stage.RAWS), Role.VIEWER)
    check = told(lambda: (open_tab("annotate"), show_view("examples")), Role.VIEWER)
    form.writer.input(turn, form.writer, form.served, **READS)
    chosen[0].change(fold, chosen[0], form.box, **READS)
    form.write.click(told(begin, Role.REVIEWER), [form.writer, form.address, form.name, *chosen], outputs, **SPEAKS)
    form.stop.click(told(end, Role.REVIEWER), None, outputs, **SPEAKS)
    form.check.click(check, None, [shell.tabs, shell.view], **READS)
    shell.tab("retrain").select(told(tell, Role.VIEWER), None, outputs, **READS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), seen, outputs, **READS)
