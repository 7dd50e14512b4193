"""Retrain, before the start: what examples a run would learn from, some of them to look at, and letting the start model
answer first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.records import Stage
from ui import retrain_presenter as present
from ui.answering import Answering
from ui.components.example_parts import example_sheet
from ui.components.form_parts import shown_if
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.random_examples import RandomExamples
from ui.retrain_mixing import MIXING, SEEING, settings_of
from ui.retrain_service import Retraining
from ui.shell import Shell
from ui.writing import Writings

REFRESH_SECONDS = 1.0
# In the browser, before anything is sent: the sheet opens at once, and examples come into it.
OPENING = "() => ({ opened: Date.now() })"


@dataclass(frozen=True)
class ExamplesForm:
    """The components of the examples: their counts, a look at some of them, and the buttons of a round of answers."""

    unchecked: gr.Checkbox
    words: gr.Textbox
    look: gr.Button
    answer: gr.Button
    stop: gr.Button
    sheet: gr.HTML

    @property
    def parts(self) -> list[Any]:
        """What `wire_examples` fills."""
        return [self.words, self.look, self.answer, self.stop, self.unchecked]


def lay_out_examples() -> ExamplesForm:
    """One line of counts; a button only where it can do something."""
    sheet = example_sheet(elem_id="random-examples")
    words = gr.Textbox(show_label=False, container=False, interactive=False, lines=3, elem_id="example-mix")
    with gr.Row(elem_classes="m3-line"):
        look = gr.Button(
            "Random examples", visible=shown_if(False), size="sm", elem_id="look-at-examples", min_width=120
        )
        answer = gr.Button(
            "Let it answer", visible=shown_if(False), size="sm", elem_id="let-answer", elem_classes=REVIEWS
        )
        stop = gr.Button(
            "Stop answering", visible=shown_if(False), size="sm", elem_id="stop-answering", elem_classes=REVIEWS
        )
    unchecked = gr.Checkbox(label="Also examples nobody has checked", visible=shown_if(False), elem_id="unchecked")
    return ExamplesForm(unchecked, words, look, answer, stop, sheet)


def wire_examples(
    context: Context,
    shell: Shell,
    service: Retraining,
    writings: Writings,
    form: ExamplesForm,
    chosen: Sequence[Any],
    seeing: Sequence[Any],
) -> None:
    """Keep the counts true, and show examples when asked.

    Args:
        chosen: the components of stage, snapshot, start model and the settings of MIXING, in this order.
        seeing: those of SEEING.
    """
    answering = Answering(context.store, context.inspections)
    # How far the round was by the answer that the page holds. In the page, not in a gr.State: two answers may reach the
    # page in another order than they left the server, and the server would believe that it holds the newer one.
    seen = gr.Textbox("", visible="hidden", container=False)

    def state() -> str:
        last, texts = answering.latest, writings.latest
        answers = () if last is None else (last.model, last.done, last.running, last.stop.is_set())
        return repr((*answers, id(texts), texts is None or not texts.running))

    def weigh(stage: str, snapshot_id: int | None, model: str | None, *mixing: float | None) -> list[Any]:
        settings = settings_of(MIXING, mixing)
        if stage != Stage.RAWS or snapshot_id is None or model is None or settings is None:
            return [
                gr.Textbox("", visible=shown_if(False)),
                *(gr.update(visible=shown_if(False)) for _ in form.parts[1:]),
            ]
        last = answering.latest
        if last is not None and last.running:
            words = present.answering_words(last.model, last.done, last.total, last.stop.is_set())
            return [
                gr.Textbox(words, visible=True),
                *(gr.update(visible=shown_if(on)) for on in (True, False, True, True)),
            ]
        found = service.weigh(snapshot_id, model, settings)
        mine = last is not None and (last.model, last.snapshot_id) == (model, snapshot_id)
        failed = [*last.failed, *([last.error] if last.error else [])] if last is not None and mine else []
        label = f"Let {model} answer {found.unanswered} case{'' if found.unanswered == 1 else 's'} first"
        return [
            gr.Textbox(present.mix_words(found.mix, model, failed, found.source), visible=True),
            gr.update(visible=True),
            gr.update(value=label, visible=shown_if(bool(found.unanswered))),
            gr.update(visible=shown_if(False)),
            gr.update(visible=shown_if(bool(found.source.stored))),
        ]

    # How far it was goes with every answer: one that comes late is then put right by the next tick.
    def told_so_far(*asked: Any) -> list[Any]:
        now = state()
        return [now, *weigh(*asked)]

    def tick(before: str, *asked: Any) -> list[Any]:
        return [gr.skip()] * 6 if state() == before else told_so_far(*asked)

    def begin(request: gr.Request, stage: str, snapshot_id: int, model: str, *mixing: float | None) -> list[Any]:
        answering.start(snapshot_id, model, context.user(request))
        return told_so_far(stage, snapshot_id, model, *mixing)

    def end(*asked: Any) -> list[Any]:
        if answering.latest is not None:
            answering.latest.stop.set()
        return told_so_far(*asked)

    outputs = [seen, *form.parts]
    entering = shell.tab("retrain").select  # the texts may have been checked meanwhile
    for event in (*(one.change for one in chosen), entering):
        event(told(told_so_far, Role.VIEWER), chosen, outputs, **READS)
    form.answer.click(told(begin, Role.REVIEWER), chosen, outputs, **SPEAKS)
    form.stop.click(told(end, Role.REVIEWER), chosen, outputs, **SPEAKS)
    wire_look(RandomExamples(context.store), form, [*chosen[1:], *seeing])
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), [seen, *chosen], outputs, **READS)


def wire_look(examples: RandomExamples, form: ExamplesForm, asked: Sequence[Any]) -> None:
    """Show a handful of examples over the page, and others on request."""
    before = gr.State(())  # the cases of the last handful

    def draw(before: Sequence[str], snapshot_id: int, model: str, *values: float | None) -> tuple[Any, Any]:
        settings = settings_of((*MIXING, *SEEING), values)
        if settings is None:
            return {"says": "A setting is empty: close this and give it a value."}, before
        drawn = examples.draw(snapshot_id, model, settings, before)
        return drawn, tuple(row["case"] for row in drawn.get("rows", ()))

    form.look.click(None, None, form.sheet, js=OPENING, queue=False, api_visibility="private")
    for event in (form.look.click, form.sheet.submit):
        event(told(draw, Role.VIEWER), [before, *asked], [form.sheet, before], **SPEAKS)
