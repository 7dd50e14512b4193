"""The Annotate tab: the workbench for cases and the desk for examples, wired to the store.

What happens is in `ui.annotate_presenter` and `ui.check_presenter`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.taxonomy import default_taxonomy
from ui.access import who_asks
from ui.annotate_presenter import ASK_ROW, keep, move, open_case, save, type_rows
from ui.check_presenter import answer
from ui.components import example_parts
from ui.components.box_editor import box_editor, received
from ui.components.box_editor import head as box_editor_head
from ui.components.example_parts import example_desk
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, told
from ui.keys import Key
from ui.shell import Shell, at

KEYS = (
    Key("A", "accept the model's verdict and go on", hint="accept"),
    Key("X", "adopt the model's box, or all of them", hint="adopt"),
    Key("N", "new box", hint="new box"),
    Key("C", "corner here, and again for the other one", hint=""),
    Key("V", "copy the boxes of the case before", hint=""),
    Key("↑ ↓ ← →", "move the box by 1 pixel, with Shift by 10", hint="nudge"),
    Key("Alt ↑ ↓ ← →", "move its right and lower side", hint=""),
    Key("Ctrl ↑ ↓ ← →", "move its left and upper side", hint=""),
    Key("T", "type of the box: search; two letters find each", hint="type"),
    Key("Shift A … Z", "search the types by this letter", hint=""),
    Key("2 … 9", "a recent type", hint=""),
    Key("1 / 0", "anomalous / normal", hint=""),
    Key("Enter", "save and next", hint=""),
    Key("Ctrl S", "save", hint=""),
    Key("Ctrl Z", "undo; with Shift redo", hint="undo"),
    Key("Tab [ ]", "next or previous box or suggestion", hint=""),
    Key("Del", "delete the box", hint=""),
    Key("Shift drag", "draw inside another box", hint=""),
    Key("+ −", "zoom (or the wheel, or two fingers)", hint=""),
    Key("F / O / Z", "fit the picture / pixel for pixel / zoom to the box", hint=""),
    Key("Space drag", "move the picture (or the middle button)", hint=""),
    Key("H", "hide the boxes while held", hint=""),
    Key("D / B", "darker / brighter", hint=""),
    Key("J / K", "less / more contrast", hint=""),
    Key("G", "grid", hint=""),
    Key("R", "the picture as it is: no grid, no changed light", hint=""),
    Key("W", "further pictures of the case beside it, or not", hint=""),
    Key("M", "write a note; Esc leaves it", hint=""),
    Key("L", "what the last revision changed, then those before; Esc ends", hint=""),
    Key("Q", "unknown, ask: a question to the reviewer", hint=""),
    Key("Y", "approve the revision and go on", hint=""),
    Key("U", "send the revision back, with a reason and a place", hint=""),
    Key(", .", "previous and next case (or Page Up, Page Down)", hint=""),
)


CHECK_KEYS = (
    Key("a", "approve the texts and see the next", "#examples .m3-approve", "approve"),
    Key(".", "next example, this one left as it is", "#examples .m3-next", "next"),
    Key(",", "previous example", "#examples .m3-back", ""),
    Key("e", "edit the think text; Esc leaves it", "#examples .m3-think-text", "edit"),
    Key("r", "edit the reflection", "#examples .m3-reflection-text", ""),
    Key("Ctrl S", "save the edits", hint="save"),
    Key("b", "send back, with a reason", "#examples .m3-send-back", "send back"),
    Key("u", "look at the last one again", "#examples .m3-last", ""),
    Key("f", "fit the picture", "#examples .m3-fit", ""),
    Key("2", "boxes of the initial decision on or off", "#examples .m3-legend-initial", ""),
    Key("3", "ground truth on or off", "#examples .m3-legend-truth", ""),
)


def head() -> str:
    """What the tab needs in the page's <head>."""
    return box_editor_head([*type_rows(default_taxonomy()), ASK_ROW])


def build(context: Context, shell: Shell) -> None:
    """Build the tab: two views, of which one is in front."""
    shell.view.render()
    with gr.Column(elem_id="annotate-views"):
        with gr.Column(elem_classes="m3-view m3-view-cases"):
            build_workbench(context, shell)
        with gr.Column(elem_classes="m3-view m3-view-examples"):
            build_check(context)


def build_check(context: Context) -> None:
    """The check of examples."""
    desk = example_desk(elem_id="examples")
    footer(CHECK_KEYS, "Runs learn from approved examples only, unless they are asked otherwise.")

    def handle(sent: Any, request: gr.Request) -> Any:
        return gr.update(reply=answer(context.store, example_parts.received(sent), context.user(request)))

    desk.submit(told(handle, Role.REVIEWER), desk, desk, trigger_mode="multiple", **READS)


def build_workbench(context: Context, shell: Shell) -> None:
    """The annotation of cases."""
    editor = box_editor(elem_id="annotate", elem_classes="m3-annotate")
    footer(KEYS)

    def annotates(request: gr.Request) -> bool:
        return who_asks(request).role.covers(Role.ANNOTATOR)  # others turn pages: they claim nothing, leave no drafts

    def enter(case_id: int | None, model: str | None, queue: str, request: gr.Request) -> Any:
        if case_id is None:
            return gr.skip()
        reply = open_case(context.store, case_id, context.user(request), model, queue, claims=annotates(request))
        # The time makes every answer a new one: Gradio does not deliver a property that looks the same as before.
        return gr.update(reply={**reply, "sent": time.time_ns()})

    def draft(sent: Any, request: gr.Request) -> Any:
        return gr.update(reply=keep(context.store, received(sent), context.user(request)))

    def go(act: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
        def handler(sent: Any, model: str | None, request: gr.Request) -> Any:
            work = received(sent)
            reply = act(context.store, work, context.user(request), model)
            if reply["kind"] != "case":
                return gr.update(reply=reply), gr.skip(), gr.skip(), gr.skip()
            case_id = reply["sheet"]["case_id"]
            return gr.update(reply=reply), case_id, work.queue, at("annotate", case_id, work.queue)

        return handler

    def turn(sent: Any, model: str | None, request: gr.Request) -> Any:
        return go(partial(move, keeps=annotates(request)))(sent, model, request)

    shown = [editor, shell.case, shell.queue, shell.address]
    for event in (shell.tab("annotate").select, shell.arrived.then):
        event(told(enter, Role.VIEWER), [shell.case, shell.model, shell.queue], editor, **READS)
    # The editor sends one request at a time, each with the whole document, and repeats only one that hangs: drop none.
    editor.draft(told(draft, Role.ANNOTATOR), editor, editor, trigger_mode="multiple", **READS)
    editor.open(told(turn, Role.VIEWER), [editor, shell.model], shown, trigger_mode="multiple", **READS)
    editor.save(told(go(save), Role.ANNOTATOR), [editor, shell.model], shown, trigger_mode="multiple", **READS)
