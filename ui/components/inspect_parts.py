"""Components of Inspect and Reflect: cases, picture with boxes, trace, effect. Their scripts say what values hold."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.components.base import part


def case_list(value: dict[str, Any]) -> gr.HTML:
    """Searchable list. Value: {"model", "selected", "version"}; a new version reloads it. Triggers `select`."""
    return part("case_list.js", '<div class="m3-cases"></div>', value, elem_id="inspect-cases")


def viewer(elem_id: str) -> gr.HTML:
    """A picture with boxes, zoom and pan. Value: `ui.inspect_presenter.viewer_value`."""
    return part("viewer.js", '<div class="m3-stage"></div>', {}, elem_id=elem_id)


def trace_view(elem_id: str) -> gr.HTML:
    """Verdict card and the lanes of the trace. Value: `ui.inspect_presenter.stored_value` or `running_value`."""
    return part(
        "trace_view.js", '<div class="m3-trace"></div>', {}, using=("trust_line.js", "history_line.js"), elem_id=elem_id
    )


def effect_view(elem_id: str) -> gr.HTML:
    """What reflection did over a set, and its cases. Value: `ui.reflect_presenter.page_value`. Triggers `select`."""
    return part("reflect_effect.js", '<div class="m3-effect"></div>', {}, elem_id=elem_id)
