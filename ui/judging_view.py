"""The Judge view of the Retrain tab: a run's model beside its parent, and its promotion by a person.

Behaviour is in `ui.judging` and `training.promotion`, words and values are in `ui.judging_presenter`.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.bench.rules import Rules
from m3ad.errors import Conflict
from m3ad.metrics.effect import Aspect
from training.promotion import promote
from training.serving import unserve_taken_back
from ui import judging_presenter as present
from ui import serving_form
from ui.access import LARGEST_ID
from ui.components.form_parts import choice, heading, status, table
from ui.components.frame import footer
from ui.components.judging_parts import judged_cases
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.serving_form import ServingForm
from ui.shell import Shell, open_tab

REFRESH_SECONDS = 1.0
VIEW = "judge"
Fill = Callable[[str | None, str], list[Any]]
FOOTER = "Nothing promotes itself: a person does, and one click takes it back."


@dataclass(frozen=True)
class Judge:
    """The components of the view."""

    model: gr.Dropdown
    aspect: gr.Dropdown
    start: gr.Button
    cancel: gr.Button
    status: gr.HTML
    checks: gr.HTML
    reason: gr.Textbox
    promote: gr.Button
    take_back: gr.Button
    serving: ServingForm
    history: gr.HTML
    rules: gr.Accordion
    limits: list[gr.Textbox]
    set_by: gr.HTML
    save: gr.Button
    figures: gr.HTML
    cases: gr.HTML
    seen: gr.Textbox

    @property
    def outputs(self) -> list[Any]:
        """What `filler` fills."""
        return [
            *(self.model, self.status, self.figures, self.checks, self.cases, self.history),
            *(self.start, self.cancel, self.promote, self.take_back, self.seen),
        ]

    @property
    def in_force(self) -> list[Any]:
        """What `rules_in_force` fills."""
        return [*self.limits, self.set_by]


def build(context: Context, shell: Shell, switch: gr.HTML) -> Judge:
    """Build the view and wire it; `switch` brings it to the front."""
    view = lay_out()
    footer("judging", (), FOOTER)
    fill = filler(context)
    given = [view.model, view.aspect]

    def enter(front: Any, model: str | None, aspect: str) -> list[Any]:
        if not isinstance(front, dict) or front.get("view") != VIEW:  # behind the other view nothing is read
            return [gr.skip()] * len(view.outputs)
        return fill(model, aspect)

    def tick(model: str | None, aspect: str, before: str) -> list[Any]:
        if not before or (now := version(context, model)) == before:  # never entered, or nothing new
            return [gr.skip()] * len(view.outputs)
        if now.rsplit(" ~ ", 1)[0] == before.rsplit(" ~ ", 1)[0]:  # it has only answered more
            done = gr.skip(), present.look_at_progress(context.store, model, _round(context, model))
            return [*done, *[gr.skip()] * (len(view.outputs) - 3), now]
        first, *rest = fill(model, aspect)
        known = present.models(context.store)
        # What a person chose while this tick was under way must stay chosen: the list changes, the choice does not.
        return [gr.update(choices=known) if model in [name for _, name in known] else first, *rest]

    for event in (shell.tab("retrain").select, switch.select):
        event(told(enter, Role.VIEWER), [switch, *given], view.outputs, **READS)
    for field in given:
        field.input(told(fill, Role.VIEWER), given, view.outputs, **READS)
    gr.Timer(REFRESH_SECONDS).tick(told(tick, Role.VIEWER), [*given, view.seen], view.outputs, **READS)
    wire_trial(context, view, fill)
    wire_promotion(context, view, fill)
    wire_rules(context, view, fill)

    def open_case(sent: Any, model: str) -> list[Any]:
        case_id = sent.get("case") if isinstance(sent, dict) else None
        if not isinstance(case_id, int) or not 0 < case_id <= LARGEST_ID:
            return [gr.skip()] * 3
        return [open_tab("inspect"), case_id, model]

    opened = [shell.tabs, shell.case, shell.model]
    view.cases.select(told(open_case, Role.VIEWER), [view.cases, view.model], opened, **READS)
    return view


def filler(context: Context) -> Fill:
    """A function that fills `Judge.outputs`; a model that is not there gives way to the newest one."""

    def fill(model: str | None, aspect: str) -> list[Any]:
        known = present.models(context.store)
        names = [name for _, name in known]
        model = model if model in names else next(iter(names), None)
        seen = version(context, model)  # before reading: what comes meanwhile counts as news next time
        shown = present.look(context.store, model, _round(context, model), Aspect(aspect))
        return [
            gr.Dropdown(known, value=model),
            shown.status,
            shown.figures,
            shown.checks,
            shown.cases,
            shown.history,
            gr.Button(interactive=model is not None and not shown.running),
            gr.Button(interactive=shown.running),
            gr.Button(interactive=shown.may_promote),
            gr.Button(interactive=shown.in_use),
            seen,
        ]

    return fill


def rules_in_force(context: Context) -> list[Any]:
    """What fills `Judge.in_force`: when the rules are opened and when they were set, never while somebody types."""
    rules = context.store.promotions.rules()
    return [*present.rule_texts(rules.rules), [[present.rules_words(rules)]]]


def version(context: Context, model: str | None) -> str:
    """Changes when anything shown changed; what follows its last "~" with every answer of a trial under way.

    The page holds it, as in `ui.data`: the server does not know in which order answers reached the page.
    """
    store, round_ = context.store, _round(context, model)
    trial = store.trials.get(model) if model else None
    steps = store.promotions.history()
    known = len(present.models(store))
    progress = round_ and (round_.running, round_.step, round_.progress)
    ended = trial and (trial.state, trial.changed)
    running = round_ is not None and round_.running
    return f"{(model, known, ended, running, len(steps), store.promotions.rules().id)!r} ~ {progress!r}"


def wire_trial(context: Context, view: Judge, fill: Fill) -> None:
    """Judge, cancel."""

    def start(model: str | None, aspect: str, request: gr.Request) -> list[Any]:
        if model is None:
            raise Conflict("There is no model to judge: a run has to finish first.")
        context.judging.start(model, context.user(request))
        return fill(model, aspect)

    def stop(model: str | None, aspect: str) -> list[Any]:
        if model is not None and (round_ := _round(context, model)) is not None:
            round_.stop.set()
        return fill(model, aspect)

    given = [view.model, view.aspect]
    view.start.click(told(start, Role.REVIEWER), given, view.outputs, **SPEAKS)
    view.cancel.click(told(stop, Role.REVIEWER), given, view.outputs, **SPEAKS)


def wire_promotion(context: Context, view: Judge, fill: Fill) -> None:
    """Promote with a reason; take back with one click."""

    def put(model: str | None, aspect: str, reason: str | None, request: gr.Request) -> list[Any]:
        if model is None:
            raise Conflict("There is no model to promote.")
        promote(context.store, model, reason or "", actor=context.user(request))
        gr.Info("It is in use: every session that begins now begins with it.")
        return [*fill(model, aspect), ""]

    def back(model: str | None, aspect: str, reason: str | None, request: gr.Request) -> list[Any]:
        user = context.user(request)
        context.store.promotions.take_back(model or "", reason or "", actor=user)
        unloaded = html.escape(unserve_taken_back(context.store, model or "", actor=user))
        gr.Info(f"It was taken back: what was in use before is in use again. {unloaded}".strip())
        return [*fill(model, aspect), ""]

    given, filled = [view.model, view.aspect, view.reason], [*view.outputs, view.reason]
    view.promote.click(told(put, Role.REVIEWER), given, filled, **SPEAKS)
    taken = view.take_back.click(told(back, Role.REVIEWER), given, filled, **SPEAKS)
    serving_form.wire(context, view.serving, view.model, taken.then)


def wire_rules(context: Context, view: Judge, fill: Fill) -> None:
    """Other limits, on record with who set them."""

    def keep(model: str | None, aspect: str, request: gr.Request, *texts: str | None) -> list[Any]:
        wanted = present.rules_from([text or "" for text in texts])
        context.store.promotions.set_rules(wanted, actor=context.user(request))
        return [*fill(model, aspect), *rules_in_force(context)]

    view.rules.expand(told(lambda: rules_in_force(context), Role.VIEWER), None, view.in_force, **READS)
    given = [view.model, view.aspect, *view.limits]
    view.save.click(told(keep, Role.REVIEWER), given, [*view.outputs, *view.in_force], **SPEAKS)


def lay_out() -> Judge:
    """Three columns: the trial and the promotion, the figures, the cases."""
    with gr.Row(elem_classes="m3-work m3-work-judging"):
        with gr.Column(elem_classes="m3-panel m3-form m3-form-body"):
            heading("Judge a run's model")
            model = gr.Dropdown([], label="Model", show_label=False, container=False, elem_id="judge-model")
            with gr.Row(elem_classes=["m3-line", REVIEWS]):
                start = gr.Button("Judge, or go on", variant="primary", elem_id="judge-start", min_width=120)
                cancel = gr.Button("Cancel", interactive=False, elem_id="judge-cancel", min_width=80)
            state = status(present.status_value(None, None, None), elem_id="judge-state")
            heading("Promotion")
            reason = gr.Textbox(
                label="Reason",
                placeholder="Why this model",
                max_length=500,
                elem_id="judge-reason",
                elem_classes=REVIEWS,
            )
            with gr.Row(elem_classes=["m3-line", REVIEWS]):
                put = gr.Button("Promote", interactive=False, variant="primary", elem_id="judge-promote", min_width=80)
                back = gr.Button("Take back", interactive=False, elem_id="judge-back", min_width=80)
            heading("Rules")
            checks = table([("Rule", "62%"), ("", "38%")], [], elem_id="judge-checks")
            with gr.Accordion("Change the rules", open=False, elem_id="judge-rules", elem_classes=REVIEWS) as rules:
                limits = [
                    gr.Textbox(label=one.metadata["label"], max_length=20, elem_id=f"rule-{one.name}")
                    for one in fields(Rules)
                ]
                set_by = table([("", "100%")], [], elem_id="rules-by")
                save = gr.Button("Save the rules", size="sm", elem_id="rules-save")
            heading("History")
            history = table([("", "40%"), ("", "60%")], [], elem_id="judge-history")
            serving = serving_form.lay_out()
        with gr.Column(elem_classes="m3-panel m3-judged-figures"):
            heading("Before and after, with 95 % intervals")
            figures = table(present.COLUMNS, [], elem_id="judge-figures")
        with gr.Column(elem_classes="m3-panel m3-judged-cases"):
            with gr.Row(elem_classes="m3-choices"):
                aspect = choice([each.value for each in Aspect], Aspect.PRESENCE.value, "Right in", "judge-aspect")
            cases = judged_cases({}, elem_id="judge-cases")
    return Judge(
        model, aspect, start, cancel, state, checks, reason, put, back, serving, history, rules, limits, set_by, save,
        figures, cases, gr.Textbox("", visible="hidden", container=False),
    )  # fmt: skip


def _round(context: Context, model: str | None) -> Any:
    return context.judging.under_way(model) if model else None
