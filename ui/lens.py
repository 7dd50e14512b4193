"""The lens beside the set in Reflect: one case, what the model wrote about it, and what it writes otherwise.

Behaviour is behind `ui.lens_routes`; here it is placed, and it leads to other tabs.
"""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from db.schema import Role
from ui.components.example_parts import show_view
from ui.components.lens_parts import lens_view
from ui.events import READS, told
from ui.keys import Command
from ui.shell import Shell, open_tab

VIEW = "reflect-lens"
KEYS = (
    Command("edit", ("e",), "edit the chosen sentence", f"#{VIEW} .m3-lens-edit", "edit"),
    Command("go", ("g",), "edit, or continue from the edit", f"#{VIEW} .m3-lens-go"),
    Command("cut", ("x",), "cut the chosen sentence", f"#{VIEW} .m3-lens-cut"),
    Command("force", ("r",), "force or forbid reflection", f"#{VIEW} .m3-lens-force"),
    Command("sample", ("s",), "sample eight answers", f"#{VIEW} .m3-lens-sample"),
    Command("mattered", ("m",), "what in the picture mattered", f"#{VIEW} .m3-lens-matter"),
    Command("region", ("d",), "draw a region on the picture", f"#{VIEW} .m3-lens-draw"),
    Command("tokens", ("t",), "tokens and what else could stand there", f"#{VIEW} .m3-lens-spell"),
    Command("stop", ("Escape",), "stop the model", f"#{VIEW} .m3-lens-stop", fixed=True),
    Command("lower", ("n",), "next branch", f"#{VIEW} .m3-lens-next", held=True),
    Command("upper", ("b",), "previous branch", f"#{VIEW} .m3-lens-previous", held=True),
    Command("correct", ("c",), "correct in Annotate", f"#{VIEW} .m3-lens-correct", "correct"),
    Command("inspect", ("i",), "see it in Inspect", f"#{VIEW} .m3-lens-inspect", "inspect"),
    Command("fit", ("f",), "fit the picture", f"#{VIEW} .m3-fit"),
    Command("predicted", ("1",), "predicted boxes on or off", f"#{VIEW} .m3-legend-predicted"),
    Command("initial", ("2",), "initial boxes on or off", f"#{VIEW} .m3-legend-initial"),
    Command("truth", ("3",), "ground truth on or off", f"#{VIEW} .m3-legend-truth"),
)


def build_lens(shell: Shell) -> gr.HTML:
    """Place and wire the lens; show a case by returning `lens_value` to it."""
    view = lens_view(VIEW)

    def leave(sent: Any) -> tuple[Any, ...]:
        tab = sent.get("open") if isinstance(sent, dict) else None
        if tab not in ("inspect", "annotate"):
            return gr.skip(), gr.skip()
        return open_tab(tab), show_view("cases")

    view.submit(told(leave, Role.VIEWER), view, [shell.tabs, shell.view], **READS)
    return view


def lens_value(case_id: int | None, model: str) -> dict[str, Any]:
    """The value that makes the lens show a case; every one is new, and late ones are known by `turn`."""
    return {"case": case_id, "model": model, "turn": time.time_ns() // 1_000_000}
