"""How handlers are wired: who may call them, and expected errors become a sentence on the page; others fail loudly.

Wrap with `told` where the event is wired, not on the function itself: tests call the function and see the real error.
"""

from __future__ import annotations

import functools
import html
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import M3ADError

# Quick handlers that only read. Not queued, so `gr.Info` and `gr.Warning` would never reach the page from them.
READS: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
# Handlers that may talk to the person: queued, so that messages arrive.
SPEAKS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Classes of controls that the page does not offer to those who may not use them (`static/person.js`).
ANNOTATES, REVIEWS = "m3-annotates", "m3-reviews"


def told(handler: Callable[..., Any], needs: Role | None = None) -> Callable[..., Any]:
    """Declare the role that a handler needs, and show an expected error's message to the person.

    The role is asked before the handler runs (`ui.page_access`); a handler without one is for admins.

    Works on plain functions and on async generators (streams); keeps the signature, which Gradio reads to pass
    `gr.Request` and event data. The message is escaped because Gradio renders it as HTML.
    """
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def stream(*args: Any) -> AsyncIterator[Any]:
            try:
                async for update in handler(*args):
                    yield update
            except M3ADError as error:
                raise shown(error) from error

        stream.needs = needs  # type: ignore[attr-defined]
        return stream

    @functools.wraps(handler)
    def call(*args: Any) -> Any:
        try:
            return handler(*args)
        except M3ADError as error:
            raise shown(error) from error

    call.needs = needs  # type: ignore[attr-defined]
    return call


def role_needed(handler: Callable[..., Any]) -> Role | None:
    """What a handler was declared to need."""
    found: Role | None = getattr(handler, "needs", None)
    return found


def shown(error: M3ADError) -> gr.Error:
    """The Gradio error that shows an expected error's sentence, escaped, without a traceback in the log."""
    return gr.Error(html.escape(str(error)), print_exception=False)
