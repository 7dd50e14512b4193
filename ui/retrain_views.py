"""The two views of the Retrain tab: runs, and what their models are worth."""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import NotFound
from m3ad.metrics.effect import Aspect
from ui import judging_view, retrain
from ui.components.example_parts import show_view, view_switch
from ui.context import Context
from ui.events import SPEAKS, told
from ui.shell import Shell

VIEWS = [
    ("train", "Train", "Snapshots and runs"),
    (judging_view.VIEW, "Judge", "A run's model beside its parent, and its promotion"),
]


def build(context: Context, shell: Shell) -> None:
    """Build the tab: the switch, both views, and the way from a run to the judgement of its model."""
    switch = view_switch("retrain", VIEWS)
    with gr.Column(elem_id="retrain-views"):
        with gr.Column(elem_classes="m3-view m3-view-train"):
            watch = retrain.build(context, shell)
        with gr.Column(elem_classes="m3-view m3-view-judge"):
            judge = judging_view.build(context, shell, switch)

    def judge_run(name: str | None) -> list[Any]:
        model = next((one.name for one in context.store.models() if one.run == name), None)
        if model is None:
            raise NotFound("This run has no model yet: wait until it has finished.")
        return [show_view(judging_view.VIEW), *judging_view.filler(context)(model, Aspect.PRESENCE.value)]

    watch.judge.click(told(judge_run, Role.VIEWER), watch.run, [switch, *judge.outputs], **SPEAKS)
