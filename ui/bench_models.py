"""The part of the Bench tab that adds a model to compare with."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.schema import Role
from ui.context import Context
from ui.events import SPEAKS, told
from ui.model_adding import RECOGNISED, add_source, dialect_choices


def build_models(context: Context, chosen: gr.Dropdown) -> None:
    """Build the part; a model that was added is chosen. Admins only: a source may be any folder or address."""
    with gr.Accordion("Another model", open=False, elem_id="bench-another", elem_classes="m3-reviews"):
        name = gr.Textbox(label="Name", max_lines=1, elem_id="bench-another-name")
        source = gr.Textbox(
            label="Source",
            info="A folder, a Hugging Face id, or served:URL#model.",
            max_lines=1,
            elem_id="bench-another-source",
        )
        dialect = gr.Dropdown(
            dialect_choices(), value=RECOGNISED, label="Asked and read", elem_id="bench-another-dialect"
        )
        add = gr.Button("Add", elem_id="bench-another-add", min_width=80)

    def add_it(name: str | None, source: str | None, dialect: str | None, request: gr.Request) -> tuple[Any, ...]:
        model = add_source(context.store, name or "", source or "", dialect or "", actor=context.user(request))
        return gr.Dropdown(context.monitors.names(), value=model.name), "", ""

    add.click(told(add_it, Role.ADMIN), [name, source, dialect], [chosen, name, source], **SPEAKS)
