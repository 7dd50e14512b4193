"""The components of the Inspect tab: list of cases, picture with boxes, trace. Their scripts say what values hold."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.components.base import part


def case_list(value: dict[str, Any]) -> gr.HTML:
    """Searchable list. Value: {"model", "selected", "version"}; a new version reloads it. Triggers `select`."""
    return part("case_list.js", '<div class="m3-cases"></div>', value, elem_id="inspect-cases")


def viewer() -> gr.HTML:
    """A picture with boxes, zoom and pan. Value: `ui.inspect_presenter.viewer_value`."""
    return part("viewer.js", '<div class="m3-stage"></div>', {}, elem_id="inspect-viewer")


def trace_view() -> gr.HTML:
    """Verdict card and the lanes of the trace. Value: `ui.inspect_presenter.stored_value` or `running_value`."""
    return part("trace_view.js", '<div class="m3-trace"></div>', {}, elem_id="inspect-trace")
