"""The lens as a component: one case, its picture, its texts and its branches. See `static/lens.js`."""

from __future__ import annotations

import gradio as gr

from ui.components.base import static

SCRIPTS = ("picture", "prose", "curve", "branches")
# Gradio knows a component's events by their names in quotes.
MOUNT = 'm3adLens(element, props, trigger, watch); // sends "submit"'


def head() -> str:
    """What the page's <head> needs for the lens: its script as a function, for the reason of `box_editor.head`."""
    viewer = f"const mountViewer = (() => {{\n{static('viewer.js')}\nreturn mount;\n}})();"
    parts = [static("dom.js"), viewer, *(static(f"lens_{name}.js") for name in SCRIPTS), static("lens.js")]
    body = "\n".join([*parts, "mountLens({ element, props, trigger, watch });"]).replace("</", "<\\/")
    return (
        f"<style>{static('lens.css')}</style>"
        f"<script>window.m3adLens = function (element, props, trigger, watch) {{\n{body}\n}};</script>"
    )


def lens_view(elem_id: str) -> gr.HTML:
    """The lens. Value: {"case": id or None, "model", "turn"}; triggers `submit` with {"open": a tab}."""
    return gr.HTML(
        {}, html_template='<div class="m3-lens-root"></div>', js_on_load=MOUNT, apply_default_css=False, elem_id=elem_id
    )
