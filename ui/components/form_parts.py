"""Parts of the working tabs: headings, choices, a state with its bar, small tables, a run's notes."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr

from ui.components.base import part


def heading(words: str) -> gr.HTML:
    """A section's name in the small caps of every tab. `words` are our own, never a person's or a model's."""
    return gr.HTML(f'<h4 class="m3-h">{words}</h4>', apply_default_css=False)


def choice(choices: list[Any], value: str | None, label: str, elem_id: str) -> gr.Dropdown:
    """A small dropdown whose label only screen readers see."""
    return gr.Dropdown(choices, value=value, label=label, container=False, min_width=80, elem_id=elem_id)


def shown_if(on: bool) -> bool | Literal["hidden"]:
    """The `visible` of a component that comes and goes: hidden, it stays in the page.

    With False, Gradio (6.31) takes it out of the page, and while it puts it in again it drops the word that it shall
    go: the Stop of something that was soon over would stay for good.
    """
    return True if on else "hidden"


def status(value: dict[str, Any], **options: Any) -> gr.HTML:
    """A coloured dot, a title, words, a bar and a sentence, always of the same height.

    Value: {"title", "words", "tone": "quiet"|"busy"|"good"|"odd"|"bad", "share": 0..1 or None for no bar, "message"}.
    """
    return part("status.js", '<div class="m3-status" role="status"></div>', value, **options)


def table(columns: list[tuple[str, str]], rows: list[list[Any]], **options: Any) -> gr.HTML:
    """A small table that scrolls inside itself. `columns`: (heading, CSS width); all headings empty: no head.

    Value: rows of cells; a cell is a text, [text, small text under it] or [text, small text, "?tab=…" where it leads].
    """
    given = [{"name": name, "width": width} for name, width in columns]
    return part("table.js", '<div class="m3-table" tabindex="0"></div>', rows, columns=given, **options)


def run_notes(value: dict[str, Any], **options: Any) -> gr.HTML:
    """Sample answers and the log of a run side by side, each scrolling inside itself.

    Value: {"samples": the latest, rows of (step, case, rewards, text), or None when the stage writes none,
    "followed": {name of a case: its rows over the steps}, "log", "command", "settings": rows of (name, value)}.
    """
    return part("run_notes.js", '<div class="m3-notes"></div>', value, **options)


def run_queue(value: list[dict[str, Any]], **options: Any) -> gr.HTML:
    """The runs that have a device, then those that wait, each with the buttons that move it; nothing where none is.

    Value: rows of {"name", "devices", "words", "tone"} and, for one that waits, "place": 1, 2, …. A button pressed
    makes the value {"name", "change": "first"|"up"|"down"|"remove"} and triggers `submit`; a name makes it {"name"} and
    triggers `select`.
    """
    return part("run_queue.js", '<div class="m3-queue" role="list"></div>', value, **options)


def links(words: str, **options: Any) -> gr.HTML:
    """Files of our own routes that can be fetched, after some words. Value: [[words, address], ...]."""
    return part("links.js", '<div class="m3-links"></div>', [], words=words, **options)
