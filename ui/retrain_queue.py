"""Retrain, the queue of runs: which run has a device, which wait, and the buttons that change their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import NotFound
from ui.context import Context
from ui.events import READS, SPEAKS, told
from ui.retrain_service import Retraining

LONGEST_NAME = 64


def wire_queue(
    context: Context,
    service: Retraining,
    queue: gr.HTML,
    back: gr.Button,
    looked: Sequence[Any],
    outputs: Sequence[Any],
    choose: Callable[[str | None, str], tuple[Any, ...]],
) -> None:
    """A name in the queue brings its run under watch, its buttons move it; `back` gives the watched run to the queue.

    Args:
        looked: the components of the run and of the part of its curves under watch.
        choose: what fills `outputs` for these.
    """

    def look(sent: Any, part: str) -> tuple[Any, ...]:
        return choose(asked(sent)[0], part)

    def change(sent: Any, name: str | None, part: str, request: gr.Request) -> tuple[Any, ...]:
        moved, how = asked(sent)
        try:
            service.change_queue(moved, how, context.user(request))
        except NotFound as error:  # its turn has come meanwhile: the list says so
            gr.Info(str(error))
        return choose(name, part)

    def put_back(name: str, part: str, request: gr.Request) -> tuple[Any, ...]:
        service.change_queue(name, "add", context.user(request))
        gr.Info(f"Run {name} goes on from its last whole checkpoint, or from the start when it has none.")
        return choose(name, part)

    queue.select(told(look, Role.VIEWER), [queue, looked[1]], outputs, trigger_mode="always_last", **READS)
    queue.submit(told(change, Role.REVIEWER), [queue, *looked], outputs, trigger_mode="multiple", **SPEAKS)
    back.click(told(put_back, Role.REVIEWER), looked, outputs, **SPEAKS)


def asked(sent: Any) -> tuple[str, str]:
    """(name of the run, what shall become of it) as the queue's part sends it; NotFound for anything else."""
    given = sent if isinstance(sent, dict) else {}
    name, how = given.get("name"), given.get("change", "")
    if not isinstance(name, str) or not isinstance(how, str) or len(name) > LONGEST_NAME:
        raise NotFound("The queue was asked for something that is no run: reload the page.")
    return name, how
