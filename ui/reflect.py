"""The Reflect tab: what reflection did over a set of cases, and one of them beside it.

What is shown of the set is worked out in `ui.reflect_presenter`, which asks no model; the case is shown by `ui.lens`.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from db.schema import Role
from m3ad.metrics.effect import Aspect
from m3ad.metrics.slices import Facet
from ui.access import LARGEST_ID
from ui.components.form_parts import choice
from ui.components.frame import footer
from ui.components.inspect_parts import effect_view
from ui.context import Context
from ui.events import READS, told
from ui.keys import Command
from ui.lens import KEYS as LENS_KEYS
from ui.lens import build_lens, lens_value
from ui.reflect_presenter import ALL, Asked, choices, models, page_value
from ui.shell import Shell, at

KEYS = (
    Command("following", ("j", "ArrowDown"), "next case", "#reflect-effect .m3-next", "next", held=True),
    Command("former", ("k", "ArrowUp"), "previous case", "#reflect-effect .m3-previous", "previous", held=True),
    Command("find", ("/",), "find in these cases", "#reflect-effect .m3-search", "find"),
    *LENS_KEYS,
)
FOOTER = "On the left, stored inspections; on the right, the model is asked."
NOBODY = "no other model"


def build(context: Context, shell: Shell) -> None:
    """Build the tab and wire it."""
    with gr.Row(elem_classes="m3-work m3-work-reflect"):
        with gr.Column(elem_classes="m3-panel m3-reflect-set"):
            with gr.Row(elem_classes="m3-choices"):
                model = choice([], None, "Model", "reflect-model")
                cases = choice([("all annotated cases", ALL)], ALL, "Cases", "reflect-cases")
            with gr.Row(elem_classes="m3-choices"):
                aspect = choice([each.value for each in Aspect], Aspect.PRESENCE.value, "Aspect", "reflect-aspect")
                beside = choice([(NOBODY, "")], "", "Beside", "reflect-beside")
            effect = effect_view("reflect-effect")
        with gr.Column(elem_classes="m3-panel m3-lens"):
            lens = build_lens(shell)
    footer("reflect", KEYS, FOOTER)

    asked = [model, cases, aspect, beside]

    def show(model: str, cases: str, aspect: str, beside: str, sent: Any, request: gr.Request) -> dict[str, Any]:
        facet, name = part_of(sent)
        wanted = Asked(model, cases, Aspect(aspect), beside or None, facet, name)
        return page_value(context.store, wanted, context.user(request))

    def enter(
        case_id: int | None, model: str, cases: str, aspect: str, beside: str, sent: Any, request: gr.Request
    ) -> list[Any]:
        names, sets = models(context), choices(context.store)
        model = model or context.monitors.default
        cases = cases if cases in {name for _, name in sets} else ALL
        return [
            gr.update(choices=names, value=model),
            gr.update(choices=sets, value=cases),
            gr.update(choices=[(NOBODY, ""), *names]),
            {**show(model, cases, aspect, beside, sent, request), "selected": case_id},
            lens_value(case_id, model),
        ]

    def choose(sent: Any, model: str) -> list[Any]:
        case_id = sent.get("case") if isinstance(sent, dict) else None
        if not isinstance(case_id, int) or not 0 < case_id <= LARGEST_ID:
            return [gr.skip()] * 3
        return [lens_value(case_id, model), case_id, at("reflect", case_id)]

    entered = [model, cases, beside, effect, lens]
    # Not with every page that opens (`shell.arrived`): the whole set is read.
    shell.tab("reflect").select(told(enter, Role.VIEWER), [shell.case, *asked, effect], entered, **READS)
    for ask in (*(field.input for field in asked), effect.submit):
        ask(told(show, Role.VIEWER), [*asked, effect], effect, trigger_mode="always_last", **READS)
    # The case stays, and its answer is that of the model which the numbers are about.
    model.input(told(lens_value, Role.VIEWER), [shell.case, model], lens, trigger_mode="always_last", **READS)
    effect.select(
        told(choose, Role.VIEWER),
        [effect, model],
        [lens, shell.case, shell.address],
        trigger_mode="always_last",
        **READS,
    )


def part_of(sent: Any) -> tuple[Facet, str]:
    """The slice that the page looks at, by what its script sent last or what it was given."""
    sent = sent if isinstance(sent, dict) else {}
    part = sent["asked"] if isinstance(sent.get("asked"), dict) else sent
    name, facet = part.get("slice"), part.get("facet")
    known = facet if facet in set(Facet) else Facet.SCENARIO
    return Facet(known), name if isinstance(name, str) else ""
