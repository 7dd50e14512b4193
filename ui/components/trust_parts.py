"""Components of the Trust view: two small drawings by our own scripts, which say what values hold."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.components.base import part


def diagram(value: dict[str, Any], **options: Any) -> gr.HTML:
    """The reliability diagram. Value: {"lines"}, see `ui.trust_presenter.look`."""
    return part("trust_diagram.js", '<div class="m3-diagram"></div>', value, **options)


def bars(value: dict[str, Any], **options: Any) -> gr.HTML:
    """P(anomalous) of good parts and of those with a defect, and two thresholds. Value: {"bars", "point"}."""
    return part("trust_bars.js", '<div class="m3-bars"></div>', value, **options)
