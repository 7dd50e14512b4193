"""The part of the Data tab about a source's own names of defects: what they mean, and mapping one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from ui.components.form_parts import table
from ui.context import Context
from ui.data_service import Imports
from ui.events import SPEAKS, told
from ui.names_words import map_name, name_choices, name_rows, type_choices


@dataclass(frozen=True)
class NamesForm:
    """The components of the part; `shown` are those that follow an import."""

    name: gr.Dropdown
    rows: gr.HTML

    @property
    def shown(self) -> list[gr.components.Component]:
        """What `show` gives values for."""
        return [self.name, self.rows]

    def show(self, context: Context, imports: Imports) -> tuple[Any, ...]:
        """The names of the latest import."""
        job = imports.latest
        return gr.Dropdown(choices=name_choices(job), value=None), name_rows(context.store, job)


def build_names(context: Context, imports: Imports) -> NamesForm:
    """Build the part; what it does is in `ui.names_words`."""
    with gr.Accordion("Names of defects in the source", open=False, elem_id="names"):
        rows = table([("Name", "45%"), ("Means", "55%")], [], elem_id="names-met")
        with gr.Row(elem_classes="m3-line"):
            name = gr.Dropdown([], value=None, label="Name", min_width=80, elem_id="names-name")
            type_ = gr.Dropdown(type_choices(), value=None, label="means", min_width=80, elem_id="names-type")
        everywhere = gr.Checkbox(False, label="In every category of this layout", elem_id="names-everywhere")
        begin = gr.Button("Map", elem_id="names-map", min_width=80)
        said = gr.Textbox(
            show_label=False, container=False, interactive=False, lines=2, visible=False, elem_id="names-words"
        )

    def map_it(number: str | None, type_: str | None, everywhere: bool, request: gr.Request) -> tuple[Any, ...]:
        job = imports.latest
        words = map_name(context.store, job, number or "", type_ or "", everywhere, context.user(request))
        return gr.Textbox(words, visible=True), name_rows(context.store, job)

    begin.click(told(map_it, Role.ADMIN), [name, type_, everywhere], [said, rows], **SPEAKS)
    return NamesForm(name, rows)
