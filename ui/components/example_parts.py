"""The components of examples: the sheet of random ones, and the desk where their texts are checked."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import gradio as gr
from pydantic import BaseModel, Field

from training.captions import Caption
from ui.check_presenter import Check
from ui.components.base import part, static

LONGEST_TEXT = 20_000
LONGEST_NOTE = 2_000
Id = Annotated[int, Field(ge=0, le=2**53 - 1)]


class SentCheck(BaseModel):
    """One request as the browser sends it; see `Check`."""

    serial: int
    command: Literal["open", "approve", "save", "back"]
    example_id: Id
    based_on: Id
    think: str | None = Field(max_length=LONGEST_TEXT)
    reflection: str | None = Field(max_length=LONGEST_TEXT)
    note: str = Field(max_length=LONGEST_NOTE)
    queue: str = Field(max_length=40)
    step: int = Field(ge=-1, le=1)
    target: Id | None


def received(payload: Any) -> Check:
    """The presenter's record of what a browser sent.

    Raises:
        ValueError: anything that our own script would not send (pydantic's ValidationError).
    """
    sent = SentCheck.model_validate(payload)
    return Check(
        serial=sent.serial,
        command=sent.command,
        example_id=sent.example_id,
        based_on=sent.based_on,
        caption=None if sent.think is None else Caption(sent.think, sent.reflection),
        note=sent.note,
        queue=sent.queue,
        step=sent.step,
        target=sent.target,
    )


def example_sheet(**options: Any) -> gr.HTML:
    """A sheet over the page with some examples. Value: `RandomExamples.draw`; triggers `submit` for others."""
    return part("example_sheet.js", '<dialog class="m3-sheet"></dialog>', None, elem_classes="m3-floating", **options)


def example_desk(**options: Any) -> gr.HTML:
    """The desk of the check: picture, texts, buttons. Show with `gr.update(reply=...)`; its value comes with `submit`.

    The picture is drawn by the Inspect tab's script, within this component: text and picture change together.
    """
    viewer = f"const mountViewer = (() => {{\n{static('viewer.js')}\nreturn mount;\n}})();\n"
    scripts = "".join(static(f"example_desk{name}.js") for name in ("_drafts", "_panel", ""))
    mount = "\nmountDesk({ element, props, trigger, watch });"
    return gr.HTML(
        None,
        html_template='<div class="m3-desk"></div>',
        js_on_load=static("dom.js") + viewer + scripts + mount,
        apply_default_css=False,
        reply=None,
        **options,
    )


def view_switch(tab: str, views: list[tuple[str, str, str]], **options: Any) -> gr.HTML:
    """The switch between the views of a tab; each stays as it is while another is in front.

    `views`: name, label and explanation of each. The element `TAB-views` gets the name of the one in front as data.
    Value: {"view": name, "sent": what makes it new}, see `show_view`; up, with `select`: {"view"}, chosen by a person.
    """
    template = '<div class="m3-switch" role="tablist"></div>'
    classes = ["m3-floating", f"m3-switch-{tab}"]
    return part("view_switch.js", template, None, elem_classes=classes, tab=tab, views=views, **options)


def show_view(view: str) -> dict[str, Any]:
    """The value of `view_switch` that brings a view to the front."""
    return {"view": view, "sent": time.time_ns()}
