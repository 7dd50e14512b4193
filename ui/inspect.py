"""The Inspect tab: choose a case, watch the model think, reflect and decide, accept or correct.

Behaviour is in `ui.inspect_desk`, words and values are in `ui.inspect_presenter`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.records import Mode
from ui.access import LARGEST_ID
from ui.components.example_parts import show_view
from ui.components.form_parts import choice, shown_if
from ui.components.frame import chips, footer
from ui.components.inspect_parts import case_list, trace_view, viewer
from ui.context import Context
from ui.events import ANNOTATES, READS, SPEAKS, told
from ui.inspect_desk import Desk, Shown, View
from ui.keys import Command
from ui.shell import Shell, at, open_tab

KEYS = (
    Command("former", ("ArrowLeft", "ArrowUp"), "previous case", "#inspect-cases .m3-previous", "case", held=True),
    Command("following", ("ArrowRight", "ArrowDown"), "next case", "#inspect-cases .m3-next", "case", held=True),
    Command("inspect", ("Space",), "inspect", "#inspect-run", "inspect"),
    Command("stop", ("Escape",), "stop the model", "#inspect-stop", fixed=True),
    Command("accept", ("a",), "accept: use as annotation", "#inspect-accept", "accept"),
    Command("correct", ("c",), "correct in Annotate", "#inspect-correct", "correct"),
    Command("find", ("/",), "find a case", "#inspect-cases .m3-search", "find"),
    Command("fit", ("f",), "fit the picture", "#inspect-viewer .m3-fit"),
    Command("predicted", ("1",), "predicted boxes on or off", "#inspect-viewer .m3-legend-predicted"),
    Command("initial", ("2",), "initial boxes on or off", "#inspect-viewer .m3-legend-initial"),
    Command("truth", ("3",), "ground truth on or off", "#inspect-viewer .m3-legend-truth"),
)
MODES = [("auto", Mode.AUTO), ("thinking", Mode.THINKING), ("reflective", Mode.REFLECTIVE)]

Chosen = dict[str, Any] | None  # the case list's value as the browser sends it: not to be trusted


@dataclass(frozen=True)
class Screen:
    """The tab's components."""

    cases: gr.HTML
    viewer: gr.HTML
    trace: gr.HTML
    model: gr.Dropdown
    mode: gr.Dropdown
    run: gr.Button
    stop: gr.Button
    accept: gr.Button
    correct: gr.Button
    footer: gr.HTML
    shown: gr.State

    @property
    def outputs(self) -> list[Any]:
        """What a View fills, in the order of `fill`."""
        return [self.viewer, self.trace, self.footer, self.shown, self.run, self.stop, self.accept, self.correct]


def build(context: Context, shell: Shell) -> None:
    """Build the tab and wire it."""
    screen, desk = lay_out(context), Desk(context)
    follow = follower(shell, screen, desk)
    wire_choosing(context, shell, screen, desk, follow)
    wire_inspecting(context, shell, screen, desk, follow)

    def leave(request: gr.Request) -> None:
        desk.leave(visitor(request))

    shell.page.unload(told(leave, Role.VIEWER))


def lay_out(context: Context) -> Screen:
    """The three columns and the footer."""
    chosen = context.monitors.default
    with gr.Row(elem_classes="m3-work m3-work-inspect"):
        with gr.Column(elem_classes="m3-panel"):
            cases = case_list({"model": chosen, "selected": None, "version": 0})
        with gr.Column(elem_classes="m3-panel"):
            picture = viewer("inspect-viewer")
        with gr.Column(elem_classes="m3-panel m3-side"):
            trace = trace_view("inspect-trace")
            with gr.Row(elem_classes="m3-choices"):
                model = choice([chosen], chosen, "Model", "inspect-model")
                mode = choice(MODES, Mode.AUTO, "Mode", "inspect-mode")
            with gr.Row(elem_classes=["m3-actions", ANNOTATES]):
                run = gr.Button("Inspect", variant="primary", elem_id="inspect-run", min_width=80)
                stop = gr.Button("Stop", variant="stop", visible=shown_if(False), elem_id="inspect-stop", min_width=80)
                accept = gr.Button("Accept", interactive=False, elem_id="inspect-accept", min_width=80)
                correct = gr.Button("Correct", interactive=False, elem_id="inspect-correct", min_width=80)
    return Screen(
        cases, picture, trace, model, mode, run, stop, accept, correct, footer("inspect", KEYS), gr.State(None)
    )


def fill(view: View) -> list[Any]:
    """The updates that show a view: the next step is the one filled button."""
    some = view.shown is not None
    run, accept = ("secondary", "primary") if view.acceptable else ("primary", "secondary")
    return [
        view.viewer,
        view.trace,
        view.footer,
        view.shown,
        gr.update(visible=shown_if(not view.busy), variant=run, interactive=some),
        gr.update(visible=shown_if(view.busy)),
        gr.update(interactive=view.acceptable, variant=accept),
        gr.update(interactive=some and not view.busy),
    ]


def listed(model: str, case_id: int | None, chosen: Chosen) -> dict[str, Any]:
    """The case list's value that makes it load again: every version is new.

    `chosen` is the list's value as it was when the browser asked. Its count of picks goes back with the answer, so that
    a case that was picked in the meantime is not taken back by a late answer.
    """
    return {"model": model, "selected": case_id, "version": time.time_ns(), "pick": (chosen or {}).get("pick", 0)}


def selected(chosen: Chosen) -> int | None:
    """The case that is selected in the browser, where a quick hand is ahead of the server's own state."""
    case_id = chosen.get("selected") if chosen else None
    return case_id if isinstance(case_id, int) and 0 < case_id <= LARGEST_ID else None


def visitor(request: gr.Request) -> str:
    """The open page that asks."""
    return request.session_hash or ""


def follower(shell: Shell, screen: Screen, desk: Desk) -> Callable[[Any], None]:
    """A function that chains the stream of text onto an event that turned to a case."""

    async def follow(model: str, chosen: Chosen, request: gr.Request) -> AsyncIterator[list[Any]]:
        skip, rest = gr.skip(), [gr.skip()] * (len(screen.outputs) - 2)
        yield [skip, skip, *rest, skip, skip]  # a stream without any value would empty its outputs (Gradio 6.31)
        async for now in desk.follow(visitor(request)):
            if isinstance(now, View):
                case_id = now.shown.case_id if now.shown else None
                yield [*fill(now), listed(model, case_id, chosen), chips(*desk.chips(model))]
            else:
                yield [skip, now, *rest, skip, skip]

    def chain(event: Any) -> None:
        event.then(
            told(follow, Role.VIEWER),
            [screen.model, screen.cases],
            [*screen.outputs, screen.cases, shell.header],
            concurrency_limit=None,  # following costs nothing; the worker of `ui.inspections` holds the model
            trigger_mode="multiple",
            **SPEAKS,
        )

    return chain


def wire_choosing(context: Context, shell: Shell, screen: Screen, desk: Desk, follow: Callable[[Any], None]) -> None:
    """Entering the tab, choosing a case or another model."""

    def enter(case_id: int | None, model: str, chosen: Chosen, request: gr.Request) -> list[Any]:
        view = desk.look(visitor(request), case_id, model)
        desk.warm_up(model)
        choices = gr.update(choices=context.monitors.marked(), value=model)
        return [*fill(view), listed(model, case_id, chosen), choices, chips(*desk.chips(model))]

    def enter_again(case_id: int | None, model: str, chosen: Chosen, request: gr.Request) -> Any:
        return gr.skip() if case_id is None else enter(case_id, model, chosen, request)

    entered = [*screen.outputs, screen.cases, screen.model, shell.header]
    place = [shell.case, shell.model, screen.cases]
    follow(shell.arrived.then(told(enter, Role.VIEWER), place, entered, **READS))
    follow(shell.tab("inspect").select(told(enter_again, Role.VIEWER), place, entered, **READS))

    def choose(chosen: Chosen, model: str, request: gr.Request) -> list[Any]:
        case_id = selected(chosen)
        return [*fill(desk.look(visitor(request), case_id, model)), case_id, at("inspect", case_id)]

    turned = [*screen.outputs, shell.case, shell.address]
    given = [screen.cases, screen.model]
    follow(screen.cases.select(told(choose, Role.VIEWER), given, turned, trigger_mode="always_last", **READS))

    def use_model(model: str, chosen: Chosen, request: gr.Request) -> list[Any]:
        return [model, *enter(selected(chosen), model, chosen, request)]

    follow(
        screen.model.input(told(use_model, Role.VIEWER), [screen.model, screen.cases], [shell.model, *entered], **READS)
    )


def wire_inspecting(context: Context, shell: Shell, screen: Screen, desk: Desk, follow: Callable[[Any], None]) -> None:
    """Inspect, stop, accept, correct."""

    def start(chosen: Chosen, model: str, mode: str, request: gr.Request) -> list[Any]:
        case_id = selected(chosen)
        view = desk.inspect(visitor(request), case_id, model, mode, context.user(request))
        return [*fill(view), listed(model, case_id, chosen)]

    asked = [screen.cases, screen.model, screen.mode]
    follow(screen.run.click(told(start, Role.ANNOTATOR), asked, [*screen.outputs, screen.cases], **READS))

    def stop(chosen: Chosen, model: str) -> str:
        return desk.stop(selected(chosen), model)

    screen.stop.click(told(stop, Role.ANNOTATOR), [screen.cases, screen.model], [screen.footer], **READS)

    def accept(shown: Shown | None, chosen: Chosen, model: str, request: gr.Request) -> list[Any]:
        case_id = selected(chosen)
        view = desk.accept(visitor(request), shown, case_id, model, context.user(request))
        return [*fill(view), listed(model, case_id, chosen)]

    given = [screen.shown, screen.cases, screen.model]
    screen.accept.click(told(accept, Role.ANNOTATOR), given, [*screen.outputs, screen.cases], **SPEAKS)

    def correct(chosen: Chosen) -> tuple[Any, ...]:
        return open_tab("annotate"), selected(chosen), show_view("cases")

    screen.correct.click(told(correct, Role.VIEWER), [screen.cases], [shell.tabs, shell.case, shell.view], **READS)
