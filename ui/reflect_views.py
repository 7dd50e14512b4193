"""The two views of the Reflect tab: what reflection did, and how far a model can be trusted."""

from __future__ import annotations

import gradio as gr

from ui import reflect, trust
from ui.components.example_parts import view_switch
from ui.context import Context
from ui.shell import Shell

VIEWS = [
    ("reflection", "Reflection", "What reflection did, case by case"),
    (trust.VIEW, "Trust", "How far the model can be believed, and what its thresholds cost"),
]


def build(context: Context, shell: Shell) -> None:
    """Build the tab: the switch, and both views."""
    switch = view_switch("reflect", VIEWS)
    with gr.Column(elem_id="reflect-views"):
        with gr.Column(elem_classes="m3-view m3-view-reflection"):
            reflect.build(context, shell)
        with gr.Column(elem_classes="m3-view m3-view-trust"):
            trust.build(context, shell, switch)
