"""The components of examples: the sheet of random ones. Their scripts say what values hold."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.components.base import part


def example_sheet(**options: Any) -> gr.HTML:
    """A sheet over the page with some examples. Value: `RandomExamples.draw`; triggers `submit` for others."""
    return part("example_sheet.js", '<dialog class="m3-sheet"></dialog>', None, elem_classes="m3-floating", **options)
