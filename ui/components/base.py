"""The common ground of our `gr.HTML` components: a constant template, one script file, JSON values, text shown as text.

A component's script defines `mount(parts)` with `parts = {element, props, trigger, watch}`; it runs once per mount.
Values are drawn with `textContent` only: a template with a value in it would execute the value (Gradio evaluates it as
JavaScript).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent.parent / "static"


@cache
def static(name: str) -> str:
    """The text of a file in `ui/static`."""
    return (STATIC / name).read_text(encoding="utf-8")


def part(script: str, template: str, value: Any = None, *, using: tuple[str, ...] = (), **options: Any) -> gr.HTML:
    """A component drawn by `ui/static/<script>` into the constant HTML `template`; its value is any JSON.

    `using`: further scripts of `ui/static` whose functions it calls. `options` that `gr.HTML` does not know reach the
    script as `props`. A function, not a subclass of `gr.HTML`: Gradio writes a stub file (.pyi) beside every file that
    has one.
    """
    body = "".join(map(static, ("dom.js", *using, script))) + "\nmount({ element, props, trigger, watch });"
    return gr.HTML(value, html_template=template, js_on_load=body, apply_default_css=False, **options)
