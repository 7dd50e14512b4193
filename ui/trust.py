"""The Trust view of the Reflect tab: how far a model can be believed, and the point by which parts pass.

What is shown is worked out in `ui.trust_presenter`; it reads stored inspections and asks no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.errors import Conflict
from m3ad.reliability.calibrators import Kind
from m3ad.reliability.operating import Point
from ui.components.form_parts import choice, heading, table
from ui.components.frame import footer
from ui.components.trust_parts import bars, diagram
from ui.context import Context
from ui.events import READS, REVIEWS, SPEAKS, told
from ui.keys import Command
from ui.reflect_presenter import ALL, choices, models
from ui.shell import Shell
from ui.trust_presenter import (
    TARGET,
    Looked,
    calibrator_words,
    costs,
    fit_calibrator,
    look,
    measure_pictures,
    start,
    use,
)

KEYS = (Command("use", ("u",), "use this point", "#trust-use", "use"),)
VIEW = "trust"  # its name in the switch
REVISE_WORDS = (
    "A model that may choose and does not reflect is made to, where its confidence differs by more than this from how "
    "often it was right on cases like the one before it. 0: never."
)
FOOTER = "Of stored inspections: nothing is asked of the model here."


@dataclass(frozen=True)
class View:
    """The components of the view."""

    model: gr.Dropdown
    cases: gr.Dropdown
    diagram: gr.HTML
    numbers: gr.HTML
    said: gr.HTML
    fits: dict[Kind, gr.Button]
    bars: gr.HTML
    low: gr.Number
    high: gr.Number
    revise: gr.Number
    target: gr.Number
    cost: gr.HTML
    claims: gr.HTML
    use: gr.Button
    history: gr.HTML
    looked: gr.State

    @property
    def set_outputs(self) -> list[Any]:
        """What depends on the set."""
        return [self.looked, self.diagram, self.numbers, self.said, self.history]

    @property
    def point_outputs(self) -> list[Any]:
        """What depends on the thresholds."""
        return [self.bars, self.cost, self.claims]


def build(context: Context, shell: Shell, switch: gr.HTML) -> None:
    """Build the view and wire it; `switch` brings it to the front."""
    view = lay_out()
    footer("trust", KEYS, FOOTER)
    store = context.store

    def entered(front: Any, model: str, cases: str, request: gr.Request) -> list[Any]:
        if not isinstance(front, dict) or front.get("view") != VIEW:
            return [gr.skip()] * (len(inputs) + len(filled))
        names, sets = models(context), choices(store)
        model = model or context.monitors.default
        cases = cases if cases in {name for _, name in sets} else ALL
        return [
            gr.update(choices=names, value=model),
            gr.update(choices=sets, value=cases),
            *opened(model, cases, request),
        ]

    def opened(model: str, cases: str, request: gr.Request) -> list[Any]:
        measure_pictures(store, model)
        looked, page = look(store, model, cases, context.user(request))
        point = start(store, looked)
        thresholds = [point.pass_below, point.reject_from, point.revise_from or 0]
        return [*of_set(looked, page), *thresholds, *of_point(looked, point, TARGET)]

    inputs = [view.model, view.cases]
    filled = [*view.set_outputs, view.low, view.high, view.revise, *view.point_outputs]
    # Not with every page that opens (`shell.arrived`), nor behind the other view: the whole set is read.
    for event in (shell.tab("reflect").select, switch.select):
        event(told(entered, Role.VIEWER), [switch, *inputs], [*inputs, *filled], **READS)
    for field in inputs:
        field.input(told(opened, Role.VIEWER), inputs, filled, **READS)
    wire_thresholds(view)
    wire_changes(context, view, opened, inputs, filled)


def wire_thresholds(view: View) -> None:
    """What a moved threshold costs; one that meets the other takes it along.

    Otherwise the other one is left alone: a late answer must not take back what was typed there in the meantime.
    """

    def moved(looked: Looked | None, low: float, high: float, target: float) -> list[Any]:
        return of_point(looked, Point(low, high), (target or 0) / 100) if looked else [gr.skip()] * 3

    def low_moved(looked: Looked | None, low: float, high: float, target: float) -> list[Any]:
        return [low if low > high else gr.skip(), *moved(looked, low, max(low, high), target)]

    def high_moved(looked: Looked | None, low: float, high: float, target: float) -> list[Any]:
        return [high if low > high else gr.skip(), *moved(looked, min(low, high), high, target)]

    def drawn(sent: Any, looked: Looked | None, target: float) -> list[Any]:
        if not isinstance(sent, dict) or "point" not in sent:
            return [gr.skip()] * 5
        low, high = (round(float(each), 7) for each in sent["point"])
        return [low, high, *moved(looked, low, high, target)]

    given = [view.looked, view.low, view.high, view.target]
    latest = {"trigger_mode": "always_last"} | READS
    view.low.input(told(low_moved, Role.VIEWER), given, [view.high, *view.point_outputs], **latest)
    view.high.input(told(high_moved, Role.VIEWER), given, [view.low, *view.point_outputs], **latest)
    view.target.input(told(moved, Role.VIEWER), given, view.point_outputs, **latest)
    view.bars.select(
        told(drawn, Role.VIEWER),
        [view.bars, view.looked, view.target],
        [view.low, view.high, *view.point_outputs],
        **latest,
    )


def wire_changes(context: Context, view: View, opened: Any, inputs: list[Any], filled: list[Any]) -> None:
    """Use this point; fit a calibrator."""

    def used(looked: Looked | None, low: float, high: float, revise: float, request: gr.Request) -> list[Any]:
        if looked is None:
            raise Conflict("The page was still reading the cases: nothing was kept. Try again.")
        gr.Info(use(context.store, looked, chosen(low, high, revise), context.user(request)))
        return opened(looked.model, looked.cases, request)

    view.use.click(told(used, Role.REVIEWER), [view.looked, view.low, view.high, view.revise], filled, **SPEAKS)
    for kind, press in view.fits.items():
        press.click(told(fitter(context, kind, opened), Role.REVIEWER), inputs, filled, **SPEAKS)


def fitter(context: Context, kind: Kind, opened: Any) -> Any:
    """A handler that fits a calibrator of this kind and shows it."""

    def fitted(model: str, cases: str, request: gr.Request) -> list[Any]:
        made = fit_calibrator(context.store, kind, model, cases, context.user(request))
        gr.Info(f"Calibrator: {calibrator_words(made)}")
        return opened(model, cases, request)

    return fitted


def lay_out() -> View:
    """Three columns: what the model's probabilities are worth, the operating point, what was chosen before."""
    with gr.Row(elem_classes="m3-work m3-work-trust"):
        with gr.Column(elem_classes="m3-panel"):
            with gr.Row(elem_classes="m3-choices"):
                names = choice([], None, "Model", "trust-model")
                cases = choice([("all annotated cases", ALL)], ALL, "Cases", "trust-cases")
            drawn = diagram({}, elem_id="trust-diagram")
            columns = [("P(anomalous)", "46%"), ("cases", "16%"), ("error", "18%"), ("Brier", "20%")]
            numbers = table(columns, [], elem_id="trust-numbers")
            said = table([("", "100%")], [], elem_id="trust-said")
            with gr.Row(elem_classes=["m3-line", REVIEWS]):
                fits = {
                    kind: gr.Button(f"Fit {kind.value}", elem_id=f"trust-fit-{kind.value}", min_width=80)
                    for kind in Kind
                }
        with gr.Column(elem_classes="m3-panel m3-form"):
            heading("Operating point")
            spread = bars({}, elem_id="trust-bars")
            with gr.Row(elem_classes="m3-three"):
                low = gr.Number(0, minimum=0, maximum=1, label="Pass below P", elem_id="trust-low", min_width=80)
                high = gr.Number(1, minimum=0, maximum=1, label="Reject from P", elem_id="trust-high", min_width=80)
                target = gr.Number(100 * TARGET, label="Claim at most, % escapes", elem_id="trust-target", min_width=80)
            cost = table([("What it costs on these cases", "50%"), ("exact, 95 %", "50%")], [], elem_id="trust-cost")
            claims = table([("", "100%")], [], elem_id="trust-claims")
        with gr.Column(elem_classes="m3-panel m3-form"):
            heading("Use")
            revise = gr.Number(
                0, minimum=0, maximum=1, step=0.05, label="Force reflection", info=REVISE_WORDS, elem_id="trust-revise"
            )
            press = gr.Button(
                "Use this point", variant="primary", elem_id="trust-use", elem_classes=[REVIEWS, "m3-key"]
            )
            heading("History")
            history = table([("", "36%"), ("", "64%")], [], elem_id="trust-history")
    return View(
        names, cases, drawn, numbers, said, fits, spread, low, high, revise, target, cost, claims, press, history,
        gr.State(None),
    )  # fmt: skip


def chosen(low: float, high: float, revise: float) -> Point:
    """The point of the sliders; Conflict when it cannot be one. 0 forces no reflection."""
    return Point(low, high, revise or None)


def of_set(looked: Looked, page: dict[str, Any]) -> list[Any]:
    """The values of `View.set_outputs`."""
    return [looked, {"lines": page["lines"]}, page["numbers"], [[one] for one in page["said"]], page["history"]]


def of_point(looked: Looked, point: Point, target: float) -> list[Any]:
    """The values of `View.point_outputs`."""
    found = costs(looked, point, target)
    return [found["bars"], found["rows"], [[one] for one in found["said"]]]
