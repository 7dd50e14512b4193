"""The Annotate tab: the workbench component, wired to the store. What happens is in `ui.annotate_presenter`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from m3ad.taxonomy import default_taxonomy
from ui.annotate_presenter import QUEUES, keep, move, open_case, save, type_rows
from ui.components.box_editor import box_editor, received
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, told
from ui.keys import Key
from ui.shell import Shell, at

KEYS = (
    Key("N", "new box", hint="new box"),
    Key("↑ ↓ ← →", "move the box by 1 pixel, with Shift by 10", hint="nudge"),
    Key("Alt ↑ ↓ ← →", "resize the box", hint=""),
    Key("T", "type of the box: search", hint="type"),
    Key("2 … 9", "a recent type", hint=""),
    Key("X", "adopt the model's box, or all of them", hint="adopt"),
    Key("A", "accept the model's verdict and go on", hint=""),
    Key("1 / 0", "anomalous / normal", hint=""),
    Key("Enter", "save and next", hint=""),
    Key("Ctrl S", "save", hint=""),
    Key("Ctrl Z", "undo; with Shift redo", hint="undo"),
    Key("Tab [ ]", "next or previous box", hint=""),
    Key("Del", "delete the box", hint=""),
    Key("Shift drag", "draw inside another box", hint=""),
    Key("+ −", "zoom (or the wheel, or two fingers)", hint=""),
    Key("F / O / Z", "fit the picture / pixel for pixel / zoom to the box", hint=""),
    Key("Space drag", "move the picture (or the middle button)", hint=""),
    Key("H", "hide the boxes while held", hint=""),
    Key("M", "write a note; Esc leaves it", hint=""),
    Key(", .", "previous and next case (or Page Up, Page Down)", hint=""),
)


def build(context: Context, shell: Shell) -> None:
    """Build the tab."""
    editor = box_editor(
        type_rows(default_taxonomy()),
        [(name, words) for name, (words, _) in QUEUES.items()],
        elem_id="annotate",
        elem_classes="m3-annotate",
    )
    footer(KEYS)

    def enter(case_id: int | None, model: str | None, sent: Any, request: gr.Request) -> Any:
        if case_id is None:
            return gr.skip()
        reply = open_case(context.store, case_id, context.user(request), model, received(sent).queue if sent else "all")
        # The time makes every answer a new one: Gradio does not deliver a property that looks the same as before.
        return gr.update(reply={**reply, "sent": time.time_ns()})

    def draft(sent: Any, request: gr.Request) -> Any:
        return gr.update(reply=keep(context.store, received(sent), context.user(request)))

    def go(act: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
        def handler(sent: Any, model: str | None, request: gr.Request) -> Any:
            reply = act(context.store, received(sent), context.user(request), model)
            if reply["kind"] != "case":
                return gr.update(reply=reply), gr.skip(), gr.skip()
            case_id = reply["sheet"]["case_id"]
            return gr.update(reply=reply), case_id, at("annotate", case_id)

        return handler

    shown = [editor, shell.case, shell.address]
    for event in (shell.tab("annotate").select, shell.arrived.then):
        event(told(enter), [shell.case, shell.model, editor], editor, **READS)
    # The editor sends one request at a time, each with the whole document, and repeats only one that hangs: drop none.
    editor.draft(draft, editor, editor, trigger_mode="multiple", **READS)
    editor.open(go(move), [editor, shell.model], shown, trigger_mode="multiple", **READS)
    editor.save(go(save), [editor, shell.model], shown, trigger_mode="multiple", **READS)
