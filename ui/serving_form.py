"""The part of the Judge view that loads a run's adapter on the server, and unloads it.

Behaviour is in `training.serving`, words are in `ui.serving`.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import Conflict
from training.serving import serve, unserve
from ui.components.form_parts import heading, table
from ui.context import Context
from ui.events import REVIEWS, SPEAKS, told
from ui.serving import served_words, serving_rows

BUSY = [["under way", "The server loads it and answers a question with it and without it."]]


@dataclass(frozen=True)
class ServingForm:
    """The components of the part."""

    rows: gr.HTML
    serve: gr.Button
    unserve: gr.Button


def lay_out() -> ServingForm:
    """What the servers have, and two buttons."""
    heading("On a server")
    rows = table([("", "26%"), ("", "74%")], [], elem_id="serving-rows")
    with gr.Row(elem_classes=["m3-line", REVIEWS]):
        put = gr.Button("Serve", interactive=False, elem_id="serving-serve", min_width=80)
        off = gr.Button("Unload", interactive=False, elem_id="serving-unload", min_width=80)
    return ServingForm(rows, put, off)


def wire(context: Context, form: ServingForm, model: gr.Dropdown, *asked: Any) -> None:
    """Serve, unload; the servers are asked when another model is chosen, and after the events `asked`.

    Only the server that the app was started with is used: no address comes from the page.
    """
    address, folders = context.settings.server, context.settings.server_folder
    filled = [form.rows, form.serve, form.unserve]

    def look(model: str | None) -> list[Any]:
        served = bool(model and context.store.servings.present(model))
        rows = serving_rows(context.store, model, address)
        return [rows, gr.Button(interactive=bool(model and address)), gr.Button(interactive=served)]

    def busy() -> list[Any]:
        return [BUSY, gr.Button(interactive=False), gr.Button(interactive=False)]

    def load(model: str | None, request: gr.Request) -> None:
        if model is None:
            raise Conflict("There is no model to serve: a run has to finish first.")
        made = serve(context.store, model, address, folders, actor=context.user(request))
        gr.Info(html.escape(served_words(made)))

    def unload(model: str | None, request: gr.Request) -> None:
        gr.Info(html.escape(" ".join(unserve(context.store, model or "", actor=context.user(request)))))

    for button, change in ((form.serve, load), (form.unserve, unload)):
        done = button.click(told(busy, Role.REVIEWER), None, filled, **SPEAKS)
        done = done.then(told(change, Role.REVIEWER), model, None, **SPEAKS)
        done.then(told(look, Role.VIEWER), model, filled, **SPEAKS)
    for event in (model.change, *asked):
        event(told(look, Role.VIEWER), model, filled, **SPEAKS)
