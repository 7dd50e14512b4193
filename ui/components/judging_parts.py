"""The component of the Judge view: cases by what became of them, broken ones first."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.components.base import part


def judged_cases(value: dict[str, Any], **options: Any) -> gr.HTML:
    """Lists of cases. Value: `ui.judging_presenter.cases_value`. Triggers `select` with {case}."""
    return part("judged_cases.js", '<div class="m3-judged"></div>', value, **options)
