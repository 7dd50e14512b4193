"""The Data tab: import data sets with an account, see what the workspace holds, look the defect types up."""

from __future__ import annotations

from typing import Any

import gradio as gr

from m3ad.datasets import IMPORTERS
from ui.context import Context
from ui.data_service import Imports, import_words, refused_rows, taxonomy_rows, workspace_rows
from ui.events import READS, SPEAKS, told
from ui.shell import Shell

REFRESH_SECONDS = 1.0


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.data_service`."""
    imports = Imports(context.store)
    with gr.Row(elem_classes="data", equal_height=False):
        with gr.Column(scale=3, min_width=340, elem_classes="panel"):
            build_import(context, imports)
        with gr.Column(scale=2, min_width=240, elem_classes="panel"):
            gr.Markdown("### Workspace")
            held = gr.Dataframe(
                headers=["what", "how many"], datatype="str", interactive=False, show_label=False, max_height=520
            )
        with gr.Column(scale=4, min_width=360, elem_classes="panel"):
            build_taxonomy()
    for event in (shell.tab("data").select, shell.arrived.then):
        event(told(lambda: workspace_rows(context.store)), None, held, **READS)


def build_import(context: Context, imports: Imports) -> None:
    """Import a folder of the machine that runs the app."""
    gr.Markdown("### Import a data set")
    layout = gr.Dropdown(sorted(IMPORTERS), value="mvtec", label="Layout", info="How the source arranges its files.")
    folder = gr.Textbox(label="Folder", placeholder="/data/bottle", info="On the machine that runs the app.")
    copy = gr.Checkbox(False, label="Copy images into the workspace", info="Otherwise they are used where they lie.")
    with gr.Row():
        begin = gr.Button("Import", variant="primary", elem_id="start-import")
        cancel = gr.Button("Cancel", interactive=False)
    words = gr.Textbox(show_label=False, container=False, interactive=False, elem_id="import-words")
    refused = gr.Dataframe(
        headers=["refused", "why"], datatype="str", interactive=False, wrap=True, show_label=False, max_height=280
    )
    watched = [words, refused, cancel]

    def show() -> tuple[Any, ...]:
        job = imports.latest
        running = job is not None and not job.over.is_set()
        return import_words(job), refused_rows(job), gr.Button(interactive=running)

    def start(layout: str, folder: str, copy: bool, request: gr.Request) -> tuple[Any, ...]:
        imports.start(layout, folder, copy=copy, actor=context.user(request))
        return show()

    def stop() -> tuple[Any, ...]:
        if imports.latest is not None:
            imports.latest.cancel.set()
        return show()

    begin.click(told(start), [layout, folder, copy], watched, **SPEAKS)
    cancel.click(told(stop), None, watched, **SPEAKS)
    shown = gr.State(None)

    def tick(before: Any) -> tuple[Any, ...]:
        now = import_words(imports.latest)
        return (gr.skip(),) * 4 if now == before else (*show(), now)

    gr.Timer(REFRESH_SECONDS).tick(told(tick), shown, [*watched, shown], **READS)


def build_taxonomy() -> None:
    """Every defect type with its place and definition."""
    gr.Markdown("### Defect types")
    query = gr.Textbox(show_label=False, container=False, placeholder="Find a type, group or class …")
    table = gr.Dataframe(
        value=taxonomy_rows(""),
        headers=["class", "group", "type", "definition", "also called"],
        datatype="str",
        interactive=False,
        wrap=True,
        show_label=False,
        max_height=520,
    )
    query.input(taxonomy_rows, query, table, **READS)
