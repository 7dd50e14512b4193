"""The Data tab: import data sets with an account, see what the workspace holds, look the defect types up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from m3ad.datasets import IMPORTERS
from ui.components.form_parts import heading, status, table
from ui.components.frame import footer
from ui.context import Context
from ui.data_service import (
    Imports,
    import_status,
    refused_rows,
    require_importer,
    taxonomy_cells,
    workspace_rows,
)
from ui.events import READS, SPEAKS, told
from ui.shell import Shell

REFRESH_SECONDS = 1.0
FOOTER = "An import goes on when this page is closed. Importing a folder again adds only what is new."


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.data_service`."""
    imports = Imports(context.store)
    with gr.Row(elem_classes="m3-work m3-work-data"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            form = lay_out_import()
        with gr.Column(elem_classes="m3-panel m3-stack"):
            heading("Workspace")
            held = table([("", "auto"), ("", "60px")], [], elem_id="workspace-facts")
        with gr.Column(elem_classes="m3-panel m3-stack"):
            build_taxonomy()
    footer((), FOOTER)
    for event in (shell.tab("data").select, shell.arrived.then):
        event(told(lambda: workspace_rows(context.store)), None, held, **READS)
    wire_import(context, imports, form, held)


@dataclass(frozen=True)
class ImportForm:
    """The components of an import."""

    layout: gr.Dropdown
    folder: gr.Textbox
    copy: gr.Checkbox
    begin: gr.Button
    cancel: gr.Button
    said: gr.HTML
    refused: gr.HTML


def lay_out_import() -> ImportForm:
    """Import a folder of the machine that runs the app."""
    heading("Import a data set")
    layout = gr.Dropdown(sorted(IMPORTERS), value="mvtec", label="Layout", info="How the source arranges its files.")
    folder = gr.Textbox(
        label="Folder", placeholder="/data/bottle", info="On the machine that runs the app.", elem_id="import-folder"
    )
    copy = gr.Checkbox(False, label="Copy images into the workspace", info="Otherwise they are used where they lie.")
    with gr.Row(elem_classes="m3-line"):
        begin = gr.Button("Import", variant="primary", elem_id="start-import", min_width=80)
        cancel = gr.Button("Cancel", interactive=False, elem_id="cancel-import", min_width=80)
    said = status(import_status(None), elem_id="import-words")
    refused = table([("Refused, and why", "auto")], [], elem_id="import-refused")
    return ImportForm(layout, folder, copy, begin, cancel, said, refused)


def wire_import(context: Context, imports: Imports, form: ImportForm, held: gr.HTML) -> None:
    """Start, cancel and watch; `held`, what the workspace holds, is counted again with every news of the import."""
    seen = gr.State(None)  # goes with what is shown in one answer, so that an answer that comes late is made good
    watched = [form.said, form.refused, form.cancel, seen, held]

    def show() -> tuple[Any, ...]:
        job = imports.latest
        now = import_status(job)  # before counting: what is added meanwhile counts as news next time
        cancel = gr.Button(interactive=job is not None and job.running)
        return now, [[row] for row in refused_rows(job)], cancel, now, workspace_rows(context.store)

    def allowed(request: gr.Request) -> str:
        actor = context.user(request)
        if context.settings.login:
            require_importer(context.store, actor)
        return actor

    def start(layout: str, folder: str, copy: bool, request: gr.Request) -> tuple[Any, ...]:
        imports.start(layout, folder, copy=copy, actor=allowed(request))
        return show()

    def stop(request: gr.Request) -> tuple[Any, ...]:
        allowed(request)
        if imports.latest is not None:
            imports.latest.cancel.set()
        return show()

    def tick(before: Any) -> tuple[Any, ...]:
        return (gr.skip(),) * len(watched) if import_status(imports.latest) == before else show()

    form.begin.click(told(start), [form.layout, form.folder, form.copy], watched, **SPEAKS)
    form.cancel.click(told(stop), None, watched, **SPEAKS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick), seen, watched, **READS)


def build_taxonomy() -> None:
    """Every defect type with its place and definition."""
    heading("Defect types")
    query = gr.Textbox(
        show_label=False, container=False, placeholder="Find a type, group or class …", elem_id="taxonomy-query"
    )
    columns = [("Type", "31%"), ("Definition, and other names", "69%")]
    found = table(columns, taxonomy_cells(""), elem_id="taxonomy")
    query.change(taxonomy_cells, query, found, **READS)
