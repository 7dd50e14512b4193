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
from ui.annotate_keys import CHECK_KEYS, KEYS
from ui.annotate_presenter import ASK_ROW, keep, move, open_case, save, type_rows
from ui.check_presenter import answer
from ui.components import example_parts
from ui.components.box_editor import box_editor, received
from ui.components.box_editor import head as box_editor_head
from ui.components.example_parts import example_desk
from ui.components.frame import footer
from ui.context import Context
from ui.events import READS, told
from ui.shell import Shell, at

VIEWS = [("cases", "Cases", "Boxes and types of the cases"), ("examples", "Examples", "Texts of the examples")]


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
    footer("examples", CHECK_KEYS, "Runs learn from approved examples only, unless they are asked otherwise.")

    def handle(sent: Any, request: gr.Request) -> Any:
        return gr.update(reply=answer(context.store, example_parts.received(sent), context.user(request)))

    desk.submit(told(handle, Role.REVIEWER), desk, desk, trigger_mode="multiple", **READS)


def build_workbench(context: Context, shell: Shell) -> None:
    """The annotation of cases."""
    editor = box_editor(elem_id="annotate", elem_classes="m3-annotate")
    footer("annotate", KEYS)

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

    def go_back(place: Any, case_id: int | None, model: str | None, queue: str, request: gr.Request) -> Any:
        here = isinstance(place, dict) and place.get("tab") == "annotate"
        return enter(case_id, model, queue, request) if here else gr.skip()  # nothing is claimed from another tab

    shown, wanted = [editor, shell.case, shell.queue, shell.address], [shell.case, shell.model, shell.queue]
    shell.tab("annotate").select(told(enter, Role.VIEWER), wanted, editor, **READS)
    shell.arrived.then(told(go_back, Role.VIEWER), [shell.address, *wanted], editor, **READS)
    # The editor sends one request at a time, each with the whole document, and repeats only one that hangs: drop none.
    editor.draft(told(draft, Role.ANNOTATOR), editor, editor, trigger_mode="multiple", **READS)
    editor.open(told(turn, Role.VIEWER), [editor, shell.model], shown, trigger_mode="multiple", **READS)
    editor.save(told(go(save), Role.ANNOTATOR), [editor, shell.model], shown, trigger_mode="multiple", **READS)
