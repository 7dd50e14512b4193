"""The part of the Data tab that writes annotations for other programs: choose, watch, download, see what was lost."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.filters import Status
from db.schema import Role
from m3ad.formats import FORMATS
from ui.components.form_parts import heading, status, table
from ui.context import Context
from ui.data_export import export_address, export_filter, export_status, lost_rows
from ui.events import ANNOTATES, READS, SPEAKS, told
from ui.shell import Shell

REFRESH_SECONDS = 1.0
ANY = ("any", "")


def build_export(context: Context, shell: Shell) -> None:
    """Build the form; all behaviour is in `ui.data_export`."""
    heading("Export annotations")
    choices = [(one.title, name) for name, one in FORMATS.items()]
    format = gr.Dropdown(choices, value="coco", label="Format", elem_id="export-format")
    with gr.Row(elem_classes="m3-line"):
        dataset = gr.Dropdown([ANY], value="", label="Data set", min_width=100, elem_id="export-dataset")
        state = gr.Dropdown([ANY, *(one.value for one in Status)], value="", label="Status", min_width=100)
    text = gr.Textbox(label="Found in data set, category or name", elem_id="export-text")
    copy = gr.Checkbox(True, label="With the pictures")
    with gr.Row(elem_classes="m3-line"):
        begin = gr.Button("Export", variant="primary", elem_id="start-export", min_width=80, elem_classes=ANNOTATES)
        cancel = gr.Button("Cancel", interactive=False, elem_id="cancel-export", min_width=80, elem_classes=ANNOTATES)
        fetch = gr.Button("Download", interactive=False, elem_id="download-export", min_width=80)
    said = status(export_status(None), elem_id="export-words")
    lost = table([("Not carried by the format", "auto"), ("", "48px")], [], elem_id="export-lost")
    watched = [said, lost, cancel, fetch]

    def show(request: gr.Request) -> tuple[Any, ...]:
        job = context.exports.latest(context.user(request))
        now, address = export_status(job), export_address(job)
        cancel = gr.Button(interactive=job is not None and job.running)
        return now, lost_rows(job), cancel, gr.Button(link=address, interactive=address is not None)

    def start(format: str, dataset: str, state: str, text: str, copy: bool, request: gr.Request) -> tuple[Any, ...]:
        context.exports.start(format, export_filter(text, dataset, state), copy=copy, actor=context.user(request))
        return show(request)

    def stop(request: gr.Request) -> tuple[Any, ...]:
        if (job := context.exports.latest(context.user(request))) is not None:
            job.stop.set()
        return show(request)

    def tick(before: Any, request: gr.Request) -> tuple[Any, ...]:
        job = context.exports.latest(context.user(request))
        return (gr.skip(),) * len(watched) if export_status(job) == before else show(request)

    def names() -> gr.Dropdown:
        return gr.Dropdown([ANY, *context.store.facets().datasets])

    begin.click(told(start, Role.ANNOTATOR), [format, dataset, state, text, copy], watched, **SPEAKS)
    cancel.click(told(stop, Role.ANNOTATOR), None, watched, **SPEAKS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), said, watched, **READS)
    shell.tab("data").select(told(names, Role.VIEWER), None, dataset, **READS)
