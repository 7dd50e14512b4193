"""The frame around every tab: header with chips, footer with position and keys, and the address bar's keeper."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from ui.components.base import part
from ui.keys import Command
from ui.own_keys import rows


def header(value: dict[str, str]) -> gr.HTML:
    """Product name and chips over the tab bar, with the person and the way out. Value: see `chips`."""
    return part("header.js", '<header class="m3-header"></header>', value, elem_classes="m3-floating")


def chips(model: str, device: str) -> dict[str, str]:
    """The value of `header`: the model's name, the device with its pace ("CPU · 1.9 s a part")."""
    return {"model": model, "device": device}


def footer(tab: str, commands: Sequence[Command], value: str = "") -> gr.HTML:
    """The line at the bottom of a tab. Value: the text on its left. Its keys work while it is in front.

    `tab`: under which name people change its keys, see `ui.own_keys`.
    """
    template = '<footer class="m3-footer"></footer>'
    return part("footer.js", template, value, elem_classes="m3-floating", tab=tab, commands=rows(commands))


def address() -> gr.HTML:
    """Keeps `?tab=…&case=…` in the address bar. Value: {"tab", "case"}; triggers `submit` on back and forward."""
    return part("address.js", '<div class="m3-address"></div>', {}, elem_classes="m3-floating")
