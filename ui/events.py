"""How handlers are wired: expected errors become a sentence on the page, everything else fails loudly.

Wrap with `told` where the event is wired, not on the function itself: tests call the function and see the real error.
"""

from __future__ import annotations

import functools
import html
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from m3ad.errors import M3ADError

# Quick handlers that only read. Not queued, so `gr.Info` and `gr.Warning` would never reach the page from them.
READS: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
# Handlers that may talk to the person: queued, so that messages arrive.
SPEAKS: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def told(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Show an expected error's message to the person; let every other error fail loudly.

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

        return stream

    @functools.wraps(handler)
    def call(*args: Any) -> Any:
        try:
            return handler(*args)
        except M3ADError as error:
            raise shown(error) from error

    return call


def shown(error: M3ADError) -> gr.Error:
    """The Gradio error that shows an expected error's sentence, escaped, without a traceback in the log."""
    return gr.Error(html.escape(str(error)), print_exception=False)
