"""The part of the Data tab about agreement: draw cases for second looks, see how well people agree and where not."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.filters import EVERYTHING
from db.schema import Role
from ui.agreement_words import disagreement_rows, pair_rows, pairs
from ui.components.form_parts import table
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.shell import Shell

COLUMNS = [("Who, and types", "auto"), ("Same", "48px"), ("Presence κ", "60px"), ("Types κ", "52px"), ("IoU", "44px")]


def build_agreement(context: Context, shell: Shell) -> None:
    """Build the form; what it does is in `db.second_looks` and `m3ad.agreement`."""
    store = context.store
    with gr.Accordion("Agreement", open=False, elem_id="agreement"):
        with gr.Row(elem_classes="m3-line"):
            name = gr.Textbox(label="Draw", placeholder="name", min_width=80, elem_id="draw-name")
            share = gr.Number(10, minimum=0, maximum=100, label="% of annotated", min_width=80)
            known = gr.Number(0, minimum=0, maximum=100, label="% of approved", min_width=80)
        draw = gr.Button("Draw for a second, blind annotation", elem_id="draw-begin", elem_classes=REVIEWS)
        said = gr.Textbox(
            show_label=False, container=False, interactive=False, lines=2, visible=False, elem_id="draw-words"
        )
        agreed = table(COLUMNS, [], elem_id="agreement-pairs")
        differ = table([("Disagree on", "34%"), ("", "66%")], [], elem_id="agreement-cases")

    def show() -> tuple[Any, ...]:
        found = pairs(store)
        return pair_rows(found), disagreement_rows(store, found)

    def draw_them(name: str, share: float, known: float, request: gr.Request) -> gr.Textbox:
        actor = context.user(request)
        second, answers = store.second_looks.draw(name, EVERYTHING, share=share / 100, known=known / 100, actor=actor)
        words = f"Drawn for a second look: {second}. Known answers (approved, to check people by): {answers}."
        return gr.Textbox(f"{words} They wait in Annotate, in the list “second looks, blind”.", visible=True)

    draw.click(told(draw_them, Role.REVIEWER), [name, share, known], said, **SPEAKS)
    shell.tab("data").select(told(show, Role.VIEWER), None, [agreed, differ], **READS)
