"""Expected errors become an escaped sentence on the page; everything else fails loudly."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator

import gradio as gr
import pytest

from m3ad.errors import Conflict, M3ADError
from ui.events import told


def refuse(text: str) -> None:
    raise Conflict(f"The name {text} is taken. Choose another.")


def test_an_expected_error_is_shown_as_text() -> None:
    with pytest.raises(gr.Error) as shown:
        told(refuse)("<b onclick=x>")
    assert shown.value.message == "The name &lt;b onclick=x&gt; is taken. Choose another."


def test_another_error_passes_unchanged() -> None:
    def bug() -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        told(bug)()


def test_a_stream_is_told_too_and_keeps_what_came_before() -> None:
    async def stream() -> AsyncIterator[int]:
        yield 1
        raise M3ADError("no <more>")

    async def collect(found: list[int]) -> None:
        async for each in told(stream)():
            found.append(each)

    found: list[int] = []
    with pytest.raises(gr.Error, match="no &lt;more&gt;"):
        asyncio.run(collect(found))
    assert found == [1]


def test_the_signature_stays_because_gradio_reads_it() -> None:
    def handler(case_id: int, request: gr.Request) -> None: ...

    assert list(inspect.signature(told(handler)).parameters) == ["case_id", "request"]
