"""The Retrain tab: corrections become a snapshot, a snapshot becomes a run, a run becomes a model."""

from __future__ import annotations

import gradio as gr

from ui.components.frame import footer
from ui.context import Context
from ui.retrain_examples import wire_examples
from ui.retrain_form import build_form
from ui.retrain_service import Retraining
from ui.retrain_snapshot import build_snapshot
from ui.retrain_start import wire_start
from ui.retrain_texts import wire_texts
from ui.retrain_watch import build_watch
from ui.shell import Shell
from ui.writing import Writings

FOOTER = "A run belongs to this machine, not to the page: closing the page or the app does not stop it."


def build(context: Context, shell: Shell) -> None:
    """Build the tab; all behaviour is in `ui.retrain_service` and `ui.retrain_presenter`."""
    service = Retraining(context.store, context.workspace)
    with gr.Row(elem_classes="m3-work m3-work-retrain"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            snapshot = build_snapshot(service, shell)
            form = build_form(snapshot)
        with gr.Column(elem_classes="m3-panel m3-watch"):
            started = gr.State(None)
            begun = wire_start(context, service, shell, form, started)
            writings = Writings(context.store)
            wire_examples(context, shell, service, writings, form.examples, form.weighed, form.seeing)
            wire_texts(context, shell, writings, form.texts, form.weighed)
            build_watch(context, service, shell, begun, started)
    footer("retrain", (), FOOTER)
