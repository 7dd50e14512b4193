"""What the tabs share: which case and which model are chosen, the tabs themselves, the address bar, the header's chips.

How a tab plugs in: its module has `build(context, shell) -> None`, called inside its own `gr.Tab`.

* Entering: `shell.tab("annotate").select(handler, [shell.case, ...], ...)` fires on a click, on a programmatic change
  and at page load (first tab: also before the deep link was read, `shell.case` is None then: return `gr.skip()`).
* Deep link: `shell.arrived.then(handler, [shell.case], ...)` runs after `?tab=annotate&case=12` was read, on load and
  on the browser's back and forward, whichever tab is in front (`shell.address` says). It is for a tab that has another
  case to show then; entering it is told by `select`. `shell.case` is a case that exists, or None in an empty store.
* Opening another tab on a case: outputs `[shell.tabs, shell.case]`, return `(open_tab("annotate"), case_id)`; the other
  tab's `select` follows and finds the case in `shell.case`.
* `shell.queue` is the queue of Annotate that the link named, or that was chosen there last.
* Changing the case within a tab: outputs `[shell.case, shell.address]`, return `(case_id, at("annotate", case_id))`.
* The header's chips: output `shell.header`, return `ui.components.frame.chips(...)`.

`gr.State.change` does not fire for `shell.case` after unqueued events (tried with Gradio 6.31): use the events above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr


@dataclass(frozen=True)
class Shell:
    """The shared components; made once by `ui.build.build_page`.

    Attributes:
        page: the `gr.Blocks`, for its `unload` event.
        tabs: the `gr.Tabs`; return `open_tab(name)` to it.
        case: id of the chosen case (int) or None.
        model: name of the chosen model.
        queue: which cases Annotate goes through; see `ui.annotate_queue`.
        address: writes `?tab=…&case=…` into the address bar; return `at(tab, case)` to it.
        header: product name and chips; return `chips(...)` to it.
        view: which view of the Annotate tab is in front; return `show_view(...)` to it. That tab renders it.
        arrived: the event that read the deep link; chain with `.then`.
    """

    page: gr.Blocks
    tabs: gr.Tabs
    case: gr.State
    model: gr.State
    queue: gr.State
    address: gr.HTML
    header: gr.HTML
    view: gr.HTML
    arrived: Any
    _tabs: dict[str, gr.Tab] = field(default_factory=dict)

    def add(self, name: str, tab: gr.Tab) -> None:
        """Register a tab under its id, before its `build` runs."""
        self._tabs[name] = tab

    def tab(self, name: str) -> gr.Tab:
        """The `gr.Tab` with this id, for its `select` event."""
        return self._tabs[name]

    @property
    def all_tabs(self) -> Mapping[str, gr.Tab]:
        """Every registered tab by id."""
        return self._tabs


def open_tab(name: str) -> dict[str, Any]:
    """The update for `shell.tabs` that brings the tab `name` to the front."""
    return gr.update(selected=name)


def at(tab: str, case_id: int | None, queue: str | None = None) -> dict[str, Any]:
    """The value for `shell.address`: where the person is now; a queue that is not said stays as it is there."""
    return {"tab": tab, "case": case_id, "queue": queue}
