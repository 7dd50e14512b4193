"""The Data tab: import data sets and annotations with an account, export them, share out work, see what is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from db.folder_import import Wanted
from db.schema import Role
from m3ad.datasets.layouts import AUTO
from m3ad.datasets.source import Told
from m3ad.formats import FORMATS
from m3ad.records import Scenario
from ui.access import who_asks
from ui.components.form_parts import heading, status, table
from ui.components.frame import footer
from ui.context import Context
from ui.data_agreement_form import build_agreement
from ui.data_bulk_form import build_bulk
from ui.data_export_form import build_export
from ui.data_names_form import NamesForm, build_names
from ui.data_service import (
    LAYOUTS,
    Imports,
    folder_of,
    folder_words,
    import_status,
    refused_rows,
    require_folder_rights,
    taxonomy_cells,
    workspace_rows,
)
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.shell import Shell
from ui.work_panel import build_filters, build_progress

REFRESH_SECONDS = 1.0
FOOTER = "An import goes on when this page is closed. Importing a folder again adds only what is new."


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.data_service`."""
    imports = Imports(context.store)
    with gr.Row(elem_classes="m3-work m3-work-data"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            form = lay_out_import(context)
            names = build_names(context, imports)
            build_export(context, shell)
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            build_progress(context, shell)
            build_filters(context, shell)
            build_bulk(context, shell)
            build_agreement(context, shell)
        with gr.Column(elem_classes="m3-panel m3-stack"):
            heading("Workspace")
            held = table([("", "auto"), ("", "60px")], [], elem_id="workspace-facts")
            build_taxonomy()
    footer("data", (), FOOTER)
    shell.tab("data").select(told(lambda: workspace_rows(context.store), Role.VIEWER), None, held, **READS)
    wire_import(context, imports, form, names, held)


@dataclass(frozen=True)
class ImportForm:
    """The components of an import."""

    layout: gr.Dropdown
    folder: gr.Textbox
    archive: gr.File
    copy: gr.Checkbox
    facts: list[gr.components.Component]
    begin: gr.Button
    cancel: gr.Button
    said: gr.HTML
    refused: gr.HTML


def lay_out_import(context: Context) -> ImportForm:
    """Import a folder of the machine that runs the app."""
    heading("Import a data set")
    layouts = [(title, name) for name, title in LAYOUTS.items()]
    layout = gr.Dropdown(
        layouts, value=AUTO, label="Layout", info="How the source arranges its files.", elem_id="import-layout"
    )
    folder = gr.Textbox(
        label="Folder", placeholder="/data/bottle", info=folder_words(context.settings), elem_id="import-folder"
    )
    with gr.Column(visible=False) as only:
        archive = gr.File(label="or a ZIP archive", file_types=[".zip"], height=90, elem_id="import-archive")
        empty = gr.Checkbox(False, label="Pictures without annotation are normal", info="Otherwise: undecided.")
    with gr.Row(elem_classes="m3-line"):
        dataset = gr.Textbox(label="Data set", placeholder="the source's name", min_width=80)
        category = gr.Textbox(label="Category", placeholder="the source's own", min_width=80)
        scenarios = [("the source's own", ""), *((one.value, one.value) for one in Scenario)]
        scenario = gr.Dropdown(scenarios, value="", label="Scenario", min_width=80)
    layout.change(told(lambda name: gr.Column(visible=name in FORMATS), Role.VIEWER), layout, only, **READS)
    copy = gr.Checkbox(False, label="Copy images into the workspace", info="Otherwise they are used where they lie.")
    with gr.Row(elem_classes=["m3-line", REVIEWS]):
        begin = gr.Button("Import", variant="primary", elem_id="start-import", min_width=80)
        cancel = gr.Button("Cancel", interactive=False, elem_id="cancel-import", min_width=80)
    said = status(import_status(None), elem_id="import-words")
    refused = table([("Not used or refused, and why", "auto")], [], elem_id="import-refused")
    return ImportForm(layout, folder, archive, copy, [dataset, category, scenario, empty], begin, cancel, said, refused)


def wire_import(context: Context, imports: Imports, form: ImportForm, names: NamesForm, held: gr.HTML) -> None:
    """Start, cancel and watch; `held`, what the workspace holds, is counted again with every news of the import."""
    # A tick is held against what the page shows, not against a `gr.State`: that stays with the server, which does not
    # know that an older answer reached the page after a newer one.
    watched = [form.said, form.refused, form.cancel, held, *names.shown]

    def show() -> tuple[Any, ...]:
        job = imports.latest
        now = import_status(job)  # before counting: what is added meanwhile counts as news next time
        cancel = gr.Button(interactive=job is not None and job.running)
        rows = [[row] for row in refused_rows(job)]
        return now, rows, cancel, workspace_rows(context.store), *names.show(context, imports)

    def start(
        layout: str,
        folder: str,
        archive: str | None,
        copy: bool,
        dataset: str,
        category: str,
        scenario: str,
        empty: bool,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        sent, person = archive if layout in FORMATS else None, who_asks(request)
        if not sent:
            require_folder_rights(person)
        told_facts = Told(dataset.strip(), category.strip(), Scenario(scenario) if scenario else None)
        place = Path(sent) if sent else folder_of(context.store, folder)
        imports.start(Wanted(place, layout, told_facts, copy, empty), actor=person.name)
        return show()

    def stop() -> tuple[Any, ...]:
        if imports.latest is not None:
            imports.latest.stop.set()
        return show()

    def tick(before: Any) -> tuple[Any, ...]:
        return (gr.skip(),) * len(watched) if import_status(imports.latest) == before else show()

    form.begin.click(
        told(start, Role.REVIEWER), [form.layout, form.folder, form.archive, form.copy, *form.facts], watched, **SPEAKS
    )
    form.cancel.click(told(stop, Role.REVIEWER), None, watched, **SPEAKS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), form.said, watched, **READS)


def build_taxonomy() -> None:
    """Every defect type with its place and definition."""
    heading("Defect types")
    query = gr.Textbox(
        show_label=False, container=False, placeholder="Find a type, group or class …", elem_id="taxonomy-query"
    )
    columns = [("Type", "31%"), ("Definition, and other names", "69%")]
    found = table(columns, taxonomy_cells(""), elem_id="taxonomy")
    query.change(told(taxonomy_cells, Role.VIEWER), query, found, **READS)
