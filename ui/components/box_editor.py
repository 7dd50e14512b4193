"""The annotation workbench as a component: picture with boxes, type picker, note, history. See `static/box_editor.js`.

Two channels, so that an answer never overwrites newer edits: the value goes up (the whole document, with the events
`draft`, `save` and `open`), the property `reply` comes down. What comes up is checked by `received`: sizes, finite
fractions, ids instead of paths.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import gradio as gr
from pydantic import BaseModel, Field

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from ui.annotate_presenter import Work
from ui.components.base import static

SCRIPTS = (
    "names",
    "pixels",
    "model",
    "view",
    "others",
    "canvas",
    "picker",
    "history",
    "review",
    "panel",
    "frame",
    "status",
    "wire",
    "keys",
)
MOST_DEFECTS = 2000
MOST_PICTURES = 1000  # of a case
LONGEST_NOTE = 2000
# Gradio knows a component's events by their names in quotes.
MOUNT = 'm3adBoxEditor(element, props, trigger, watch); // sends "draft", "save", "open"'

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class SentDefect(BaseModel):
    """One defect as the browser sends it; the box in fractions of the case's picture of this number, None: unknown."""

    type: str = Field(max_length=240)
    box: tuple[Fraction, Fraction, Fraction, Fraction] | None
    picture: int = Field(0, ge=0, le=MOST_PICTURES)


class SentWork(BaseModel):
    """One request as the browser sends it; see `Work`."""

    serial: int
    case_id: int
    based_on: int = Field(ge=0)
    rev: int
    dirty: bool
    anomalous: bool | None
    defects: list[SentDefect] = Field(max_length=MOST_DEFECTS)
    note: str = Field(max_length=LONGEST_NOTE)
    inspection_id: int | None
    queue: str = Field(max_length=40)
    step: int = Field(ge=-1, le=1)
    target: int | None


def received(payload: Any) -> Work:
    """The presenter's record of what a browser sent.

    Raises:
        ValueError: anything that our own script would not send (pydantic's ValidationError).
    """
    sent = SentWork.model_validate(payload)
    defects = tuple(Defect(d.type, Box(*d.box), d.picture) if d.box else Defect(d.type) for d in sent.defects)
    return Work(
        serial=sent.serial,
        case_id=sent.case_id,
        based_on=sent.based_on,
        rev=sent.rev,
        dirty=sent.dirty,
        verdict=None if sent.anomalous is None else Verdict(sent.anomalous, defects),
        note=sent.note,
        inspection_id=sent.inspection_id,
        queue=sent.queue,
        step=sent.step,
        target=sent.target,
    )


def script(types: Sequence[dict[str, Any]]) -> str:
    """All of the editor's JavaScript with its constants, as the body that runs at each mount.

    Args:
        types: rows of the type picker, see `ui.annotate_presenter.type_rows`.

    The constants are no properties of the component: an update of `reply` before the first mount (from another tab)
    would leave `reply` as the only property (Gradio 6.31).
    """
    parts = [static(f"box_editor_{name}.js") for name in SCRIPTS]
    constants = json.dumps({"types": list(types), "style": static("box_editor.css")})
    mount = f"mountBoxEditor({{ element, props, trigger, watch, ...{constants} }});"
    return "\n".join([*parts, static("box_editor.js"), mount])


def head(types: Sequence[dict[str, Any]]) -> str:
    """What the page's <head> needs for the workbench: the script, as a function that MOUNT calls.

    Gradio 6.31 searches the text that a component runs at its mount for each name that the component does not have, a
    hundred times with every answer: 25 ms of processor time in a script of this length. So MOUNT is short.
    """
    body = script(types).replace("</", "<\\/")
    return f"<script>window.m3adBoxEditor = function (element, props, trigger, watch) {{\n{body}\n}};</script>"


def box_editor(**options: Any) -> gr.HTML:
    """The workbench; show a case with `gr.update(reply=...)`, hear of it by its events `draft`, `save` and `open`.

    The page needs `head` for it.
    """
    return gr.HTML(
        None,
        html_template='<div class="be-root"></div>',
        js_on_load=MOUNT,
        apply_default_css=False,
        reply=None,
        **options,
    )
