"""The Train view of the Retrain tab: corrections become a snapshot, a snapshot becomes a run, a run becomes a model."""

from __future__ import annotations

import gradio as gr

from db.schema import Role
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, told
from ui.retrain_examples import wire_examples
from ui.retrain_form import build_form
from ui.retrain_lineage import build_lineage
from ui.retrain_ready import build_ready, shown
from ui.retrain_service import Retraining
from ui.retrain_snapshot import build_snapshot
from ui.retrain_start import wire_start
from ui.retrain_texts import wire_texts
from ui.retrain_watch import Watch, build_watch
from ui.shell import Shell
from ui.writing import Writings

FOOTER = "A run belongs to its machine, not to the page: closing the page or the app does not stop it."


def build(context: Context, shell: Shell) -> Watch:
    """Build the view; all behaviour is in `ui.retrain_service` and `ui.retrain_presenter`."""
    service = Retraining(context.store, context.workspace, context.settings.ray)
    with gr.Row(elem_classes="m3-work m3-work-retrain"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            ready = build_ready(context.store, shell)
            snapshot = build_snapshot(service, shell)
            snapshot.change(told(lambda: shown(context.store), Role.VIEWER), None, ready, **READS)
            form = build_form(snapshot, service.device_names())
        with gr.Column(elem_classes="m3-panel m3-watch"):
            started = gr.State(None)
            begun = wire_start(context, service, shell, form, started)
            writings = Writings(context.store)
            wire_examples(context, shell, service, writings, form.examples, form.weighed, form.seeing)
            wire_texts(context, shell, writings, form.texts, form.weighed)
            watch = build_watch(context, service, shell, begun, started)
            build_lineage(context.store, watch.run)
    footer("retrain", (), FOOTER)
    return watch
