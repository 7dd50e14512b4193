"""Retrain, before the start: what examples a run would learn from, and letting the start model answer first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from m3ad.records import Stage
from ui import retrain_presenter as present
from ui.answering import Answering
from ui.context import Context
from ui.events import READS, SPEAKS, told
from ui.retrain_service import Retraining

REFRESH_SECONDS = 1.0


@dataclass(frozen=True)
class ExamplesForm:
    """The components of the examples: their counts, and the buttons that begin and end a round of answers."""

    words: gr.Textbox
    answer: gr.Button
    stop: gr.Button

    @property
    def parts(self) -> list[Any]:
        """What `wire_examples` fills."""
        return [self.words, self.answer, self.stop]


def lay_out_examples() -> ExamplesForm:
    """One line of counts; a button only where it can do something."""
    words = gr.Textbox(show_label=False, container=False, interactive=False, lines=2, elem_id="example-mix")
    with gr.Row(elem_classes="m3-line"):
        answer = gr.Button("Let it answer", visible=False, size="sm", elem_id="let-answer")
        stop = gr.Button("Stop answering", visible=False, size="sm", elem_id="stop-answering")
    return ExamplesForm(words, answer, stop)


def wire_examples(context: Context, service: Retraining, form: ExamplesForm, chosen: Sequence[Any]) -> None:
    """Keep the counts true.

    Args:
        chosen: the components of stage, snapshot, start model and the two shares, in this order.
    """
    answering = Answering(context.store, context.inspections)
    seen = gr.State(())  # how far the round was when the page was last told

    def state() -> tuple[Any, ...]:
        last = answering.latest
        return () if last is None else (last.model, last.done, last.over, last.stop.is_set())

    def weigh(
        stage: str, snapshot_id: int | None, model: str | None, easy: float | None, hard: float | None
    ) -> list[Any]:
        if stage != Stage.RAWS or snapshot_id is None or model is None or easy is None or hard is None:
            return [gr.Textbox("", visible=False), gr.Button(visible=False), gr.Button(visible=False)]
        last = answering.latest
        if last is not None and not last.over:
            words = present.answering_words(last.model, last.done, last.total, last.stop.is_set())
            return [gr.Textbox(words, visible=True), gr.Button(visible=False), gr.Button(visible=True)]
        mix = service.mix(snapshot_id, model, easy, hard)
        failed = last.failed if last is not None and (last.model, last.snapshot_id) == (model, snapshot_id) else ()
        label = f"Let {model} answer {mix.unanswered} case{'' if mix.unanswered == 1 else 's'} first"
        return [
            gr.Textbox(present.mix_words(mix, model, failed), visible=True),
            gr.Button(label, visible=bool(mix.unanswered)),
            gr.Button(visible=False),
        ]

    def tick(before: Any, *asked: Any) -> list[Any]:
        now = state()
        return [gr.skip()] * 4 if now == before else [now, *weigh(*asked)]

    def begin(stage: str, snapshot_id: int, model: str, easy: float, hard: float, request: gr.Request) -> list[Any]:
        answering.start(snapshot_id, model, context.user(request))
        return weigh(stage, snapshot_id, model, easy, hard)

    def end(*asked: Any) -> list[Any]:
        if answering.latest is not None:
            answering.latest.stop.set()
        return weigh(*asked)

    for one in chosen:
        one.change(told(weigh), chosen, form.parts, **READS)
    form.answer.click(told(begin), chosen, form.parts, **SPEAKS)
    form.stop.click(told(end), chosen, form.parts, **SPEAKS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick), [seen, *chosen], [seen, *form.parts], **READS)
