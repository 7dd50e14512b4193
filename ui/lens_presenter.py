"""What the lens shows: one case, its tree, one text of it in lanes. Plain values for `static/lens*.js`, no gradio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from m3ad.contradictions import all_problems
from m3ad.differences import between, reflected
from m3ad.links import linked, together
from m3ad.occlusion import MEANING, OcclusionMap, cost
from m3ad.picture_changes import seen
from m3ad.prompts import SYSTEM
from m3ad.records import Defect, Trace, Verdict
from m3ad.sentences import sentences
from m3ad.spans import spans
from m3ad.taxonomy import Taxonomy, default_taxonomy
from m3ad.trace import split_stream
from m3ad.turning import turning
from ui.case_history import history_value
from ui.context import Context
from ui.inspect_presenter import DEMO_NOTE, answer_pieces, boxes, judgement, picture_value, verdict_word
from ui.lens_desk import LensDesk
from ui.lens_nodes import ROOT, Node, find, tree
from ui.lens_table import rows
from ui.lens_work import GRID, LensTask

TITLES = {"think": "Think", "reflection": "Reflection"}
WORKING = {
    "branch": "Writing",
    "samples": "Drawing answers",
    "replay": "Asking again",
    "curve": "Measuring P(anomalous)",
    "tokens": "Measuring the tokens",
    "map": "Covering patches",
}


def page_value(context: Context, desk: LensDesk, case_id: int, model: str, key: str = ROOT) -> dict[str, Any]:
    """Everything the lens shows of a case. Raises NotFound for a case or a branch that there is not."""
    case, newest = context.store.case(case_id), context.store.latest_annotation(case_id)
    inspection = context.store.latest_inspection(case_id, model)
    truth = newest.verdict if newest else None
    found = {
        "case": {**picture_value(case), "path": f"{case.scenario.value} · {case.category}"},
        "truth": _decision(truth) if newest else None,
        "history": history_value(context.store, case_id, model),
        "model": model,
        "note": DEMO_NOTE if context.monitors.demonstration(model) else "",
        "work": work_value(desk.task(case_id, model)),
    }
    if inspection is None:
        return {**found, "empty": f"{model} has not inspected this case yet.", "boxes": list(boxes(truth, "truth", ""))}
    nodes = tree(context.store, inspection)
    node = find(nodes, key)
    held = context.monitors.loaded
    return {
        **found,
        "loaded": held is not None and held[0] == model,
        "system": SYSTEM,
        "rows": rows(nodes, truth),
        **shown_value(nodes, node, truth),
        "curve": curve_value(node.written.text, desk.measured(inspection, node, "curve")),
        "tokens": desk.measured(inspection, node, "tokens"),
        "map": map_value(desk.measured(inspection, node, "map"), node),
        "map_means": MEANING,
        "map_cost": cost(GRID, GRID),
    }


def shown_value(nodes: list[Node], node: Node, truth: Verdict | None) -> dict[str, Any]:
    """One text of the tree: its lanes, its boxes, what differs, what is wrong with it."""
    taxonomy = default_taxonomy()
    trace = node.trace
    initial = trace.initial if trace.reflected else None
    placed = [*_placed(initial), *_placed(trace.verdict)]
    return {
        "shown": node.key,
        "url": f"lens/picture/{node.key}" if node.recipe.changes else None,
        "boxes": [*boxes(truth, "truth", ""), *boxes(initial, "initial", "initial: "),
                  *boxes(trace.verdict, "predicted", "")],
        "spoken": [list(one.box.clipped().as_tuple()) for one in placed if one.box],
        "lanes": lanes(node.written.text, placed, taxonomy),
        "answer": answer_pieces(split_stream(node.written.text).answer),
        "verdict": _verdict(trace, truth),
        "p": [node.probability.initial, node.probability.final],
        "reflected": trace.reflected,
        "differences": difference_lines(nodes, node),
        "problems": [problem.text for problem in all_problems(trace)],
        "cost": f"{node.seconds:.1f} s · {node.tokens} tokens",
        "author": node.author,
        "system_used": node.recipe.system,
    }  # fmt: skip


def _placed(verdict: Verdict | None) -> list[Defect]:
    return [one for one in verdict.defects if one.box is not None and not one.picture] if verdict else []


def _decision(verdict: Verdict | None) -> dict[str, str]:
    word, tone = verdict_word(verdict)
    return {"word": word.lower(), "tone": tone}


def _verdict(trace: Trace, truth: Verdict | None) -> dict[str, str]:
    outcome, tone = judgement(truth, trace) if truth else ("", "quiet")
    return {**_decision(trace.verdict), "outcome": outcome, "outcome_tone": tone}


def lanes(text: str, placed: Sequence[Defect], taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Thinking and reflection as sentences; what has neither is one lane as it was written, which nobody can edit.

    A sentence: {"start", "end"} in characters of the text, "pieces" of [text, kind], "boxes" that it speaks of.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for start, end, section in sentences(text):
        found.setdefault(section, []).append(_sentence(text[start:end], start, end, placed, taxonomy))
    if not found and text.strip():
        return [{"name": "answer", "title": "As written", "sentences": [_sentence(text, -1, -1, placed, taxonomy)]}]
    return [{"name": name, "title": TITLES[name], "sentences": found.get(name, [])} for name in TITLES]


def _sentence(text: str, start: int, end: int, placed: Sequence[Defect], taxonomy: Taxonomy) -> dict[str, Any]:
    pieces = spans(text, taxonomy)
    links = [(kind, linked(piece, kind, placed, taxonomy)) for piece, kind in pieces]
    return {
        "start": start,
        "end": end,
        "pieces": [[piece, kind] for piece, kind in pieces],
        "links": [list(found) for _, found in links],
        "boxes": list(together(links)),
    }


def difference_lines(nodes: list[Node], node: Node) -> list[list[str]]:
    """[heading, sentences] of what the reflection changed, and of what parts a branch from its parent."""
    lines = []
    first = reflected(node.trace)
    if first is not None:
        lines.append(["Reflection", _joined(first.words)])
    if node.parent is not None:
        lines.append(["Beside its parent", _joined(between(find(nodes, node.parent).trace, node.trace).words)])
    return lines


def _joined(sentences: Sequence[str]) -> str:
    """The sentences as one line; the same one several times is said once."""
    return " ".join(f"{one[:-1]} ({count} times)." if count > 1 else one for one, count in Counter(sentences).items())


def curve_value(text: str, measured: list[tuple[int, float | None]] | None) -> dict[str, Any] | None:
    """P(anomalous) along the text: {"points": [[offset, p or null]], "reflection": offset or null, "turn": {...}}."""
    if not measured:
        return None
    found = sentences(text)
    places = [place for place, _ in measured]
    second = next((one.start for one in found if one.section == "reflection"), None)
    turn = turning([chance for _, chance in measured])
    return {
        "points": [list(point) for point in measured],
        "begin": places[0],
        "end": places[-1],
        "reflection": second,
        "turn": _turn(text, measured, turn, found) if turn else None,
    }


def _turn(text: str, measured: list[tuple[int, float | None]], turn: tuple[int, bool], found: Any) -> dict[str, Any]:
    number, turned = turn
    place, after = measured[number]
    before = next(chance for _, chance in reversed(measured[:number]) if chance is not None)
    sentence = next((text[one.start : one.end] for one in found if one.end == place), "")
    return {"at": number, "turned": turned, "sentence": sentence, "step": (after or 0.0) - before}


def map_value(found: OcclusionMap | None, node: Node) -> dict[str, Any] | None:
    """The map over the picture: {"before", "change", "odds", "area": fractions it covers}.

    `change` has rows of changes of P(anomalous), `odds` of its log-odds: of a sure model only these tell patches apart.
    """
    if found is None:
        return None
    area = seen(node.recipe.changes).as_tuple()
    return {"before": found.before, "change": found.change, "odds": found.change_of_odds, "area": list(area)}


def work_value(task: LensTask | None) -> dict[str, Any] | None:
    """How the latest question about the case stands; its text in lanes while the model writes."""
    if task is None:
        return None
    taxonomy = default_taxonomy()
    waits = task.running and task.stage == "waiting"
    says = f"Waiting for {task.node.model}" if waits else WORKING[task.what]
    return {
        "id": id(task),
        "what": task.what,
        "running": task.running,
        "says": f"{says}…" if task.running else task.says,
        "error": task.error,
        "done": task.done,
        "whole": task.whole,
        "node": task.node.key,
        "made": list(task.made),
        "map": map_value(task.found, task.node) if task.what == "map" else None,
        "lanes": lanes(task.text, [], taxonomy) if task.running and task.text else None,
        "answer": answer_pieces(split_stream(task.text).answer) if task.running and task.text else [],
    }
