"""The part of the Data tab that changes many cases at once: preview, do it, take it back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.bulk import bulks, change, preview, undo
from db.schema import BulkKind, Role
from m3ad.errors import Conflict
from ui.access import LARGEST_ID
from ui.bulk_words import bulk_rows, done_words, example_rows, preview_words
from ui.components.form_parts import table
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.shell import Shell

KINDS = [("Type of defect", BulkKind.RETYPE.value), ("Category of cases", BulkKind.CATEGORY.value)]


def build_bulk(context: Context, shell: Shell) -> None:
    """Build the form; what it does is in `db.bulk`."""
    store = context.store
    with gr.Accordion("Change many cases at once", open=False, elem_id="bulk"):
        kind = gr.Dropdown(KINDS, value=BulkKind.RETYPE.value, label="What", elem_id="bulk-kind")
        with gr.Row(elem_classes="m3-line"):
            old = gr.Textbox(label="is", min_width=80, elem_id="bulk-old")
            new = gr.Textbox(label="becomes", min_width=80, elem_id="bulk-new")
        with gr.Row(elem_classes="m3-line"):
            look = gr.Button("Preview", elem_id="bulk-preview", min_width=80)
            begin = gr.Button(
                "Change",
                variant="primary",
                interactive=False,
                elem_id="bulk-change",
                min_width=80,
                elem_classes=REVIEWS,
            )
        said = gr.Textbox(
            show_label=False, container=False, interactive=False, lines=2, visible=False, elem_id="bulk-words"
        )
        examples = table([("The first cases", "auto")], [], elem_id="bulk-examples")
        made = table([("No.", "36px"), ("Change", "auto"), ("Cases", "52px")], [], elem_id="bulk-made")
        with gr.Row(elem_classes="m3-line"):
            number = gr.Textbox(label="Number", placeholder="of a change", min_width=80, elem_id="bulk-number")
            back = gr.Button("Take it back", elem_id="bulk-undo", min_width=80, elem_classes=REVIEWS)
    asked = [kind, old, new]
    shown = [said, examples, made, begin]

    def answer(words: str, rows: list[Any], ready: bool) -> tuple[Any, ...]:
        return gr.Textbox(words, visible=True), rows, bulk_rows(bulks(store)), gr.Button(interactive=ready)

    def show(kind: str, old: str, new: str) -> tuple[Any, ...]:
        found = preview(store, BulkKind(kind), old.strip(), new.strip())
        words = preview_words(BulkKind(kind), old.strip(), new.strip(), found)
        return answer(words, example_rows(store, found), found.cases > 0)

    def do_it(kind: str, old: str, new: str, request: gr.Request) -> tuple[Any, ...]:
        done = change(store, BulkKind(kind), old.strip(), new.strip(), author=context.user(request))
        return answer(done_words(done), [], False)

    def take_back(number: str, request: gr.Request) -> tuple[Any, ...]:
        if not number.strip().isdecimal() or int(number) > LARGEST_ID:
            raise Conflict("Give the number of the change that is to be taken back: it stands in the list.")
        return answer(done_words(undo(store, int(number), author=context.user(request))), [], False)

    look.click(told(show, Role.VIEWER), asked, shown, **SPEAKS)
    begin.click(told(do_it, Role.REVIEWER), asked, shown, **SPEAKS)
    back.click(told(take_back, Role.REVIEWER), number, shown, **SPEAKS)
    for field in asked:
        field.input(
            told(lambda: gr.Button(interactive=False), Role.VIEWER), None, begin, **READS
        )  # what was previewed is what is done
    shell.tab("data").select(told(lambda: bulk_rows(bulks(store)), Role.VIEWER), None, made, **READS)
