"""What the Inspect tab shows, worked out from records: plain values for the components, no gradio, no store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from m3ad.contradictions import all_problems
from m3ad.metrics.reflection import outcome
from m3ad.records import Case, Inspection, Mode, Outcome, Probability, Trace, Verdict
from m3ad.spans import spans
from m3ad.taxonomy import Taxonomy
from m3ad.trace import split_stream
from ui.inspections import Job
from ui.pictures import picture_url

Pieces = list[list[str]]  # [text, kind] with kind "", "existence", "type", "location", possibly followed by " revised"

DEMO_NOTE = "Demonstration model for drawn parts: not for real ones."
OUTCOME_WORDS = {
    Outcome.FIXED: ("reflection fixed it", "good"),
    Outcome.BROKE: ("reflection broke it", "bad"),
    Outcome.KEPT_RIGHT: ("right, kept by reflection", "good"),
    Outcome.KEPT_WRONG: ("wrong, kept by reflection", "bad"),
}
_DECISION = re.compile(r"(?:yes|no)\W*", re.IGNORECASE)


def viewer_value(case: Case | None, truth: Verdict | None, trace: Trace | None) -> dict[str, Any]:
    """The value of `Viewer`: the primary picture and every box known about it, in fractions."""
    if case is None:
        return {"notice": "No case yet. Drop an image on the left, or import a data set in the Data tab."}
    found = [
        *boxes(truth, "truth", ""),
        *boxes(trace.initial if trace and trace.reflected else None, "initial", "initial: "),
        *boxes(trace.verdict if trace else None, "predicted", ""),
    ]
    return {**picture_value(case), "boxes": found}


def picture_value(case: Case) -> dict[str, Any]:
    """The part of `Viewer`'s value that is the primary picture."""
    picture = case.primary
    return {
        "case": case.id,
        "name": case.name,
        "url": picture_url(picture.id),
        "width": picture.width,
        "height": picture.height,
    }


def boxes(verdict: Verdict | None, kind: str, prefix: str) -> Iterator[dict[str, Any]]:
    """A verdict's boxes on the primary picture as `Viewer` draws them, in fractions.

    kind: "truth", "initial" or "predicted".
    """
    for defect in verdict.defects if verdict else ():
        if defect.box is not None and not defect.picture:
            yield {"kind": kind, "label": prefix + defect.type, "box": list(defect.box.clipped().as_tuple())}


def stored_value(
    inspection: Inspection | None,
    truth: Verdict | None,
    taxonomy: Taxonomy,
    *,
    demonstration: bool,
    threshold: float | None = None,
) -> dict[str, Any]:
    """The value of `TraceView` for a stored inspection, or for none; `threshold`: the doubt its model reflects from."""
    note = DEMO_NOTE if demonstration else ""
    if inspection is None:
        return {"state": "empty", "says": "Not inspected yet", "note": note}
    trace = inspection.trace
    return {
        "state": "done",
        "verdict": verdict_card(trace, truth, taxonomy),
        "probability": probability_bar(inspection.probability, reflected=trace.reflected),
        "doubt": doubt_words(inspection, threshold),
        "note": note,
        "think": think_pieces(trace, taxonomy),
        "reflection": pieces(trace.reflection or "", taxonomy),
        "answer": answer_pieces(split_stream(trace.text).answer),
        "problems": [problem.text for problem in all_problems(trace)],
    }


def running_value(job: Job, ahead: int, taxonomy: Taxonomy, *, demonstration: bool) -> dict[str, Any]:
    """The value of `TraceView` while a model is at work; the text so far in its lanes."""
    parts = split_stream(job.text)
    says = {
        "waiting": f"Waiting: {ahead} before this one" if ahead else f"Loading {job.model}",
        "loading": f"Loading {job.model}",
        "writing": "Reflection forced: once more" if job.forced else _writing(parts.reflection, parts.answer),
    }
    return {
        "state": job.stage,
        "says": f"{says.get(job.stage, 'Reading the answer')}…",
        "note": DEMO_NOTE if demonstration else "",
        "think": pieces(parts.think, taxonomy),
        "reflection": pieces(parts.reflection, taxonomy),
        "answer": answer_pieces(parts.answer),
    }


def _writing(reflection: str, answer: str) -> str:
    return "Answering" if answer else "Reflecting" if reflection else "Thinking"


def failed_value(sentence: str) -> dict[str, Any]:
    """The value of `TraceView` when the model could not inspect: why, and what to do."""
    return {"state": "failed", "verdict": {"word": "Could not inspect", "tone": "odd", "sentence": sentence}}


def verdict_card(trace: Trace, truth: Verdict | None, taxonomy: Taxonomy) -> dict[str, Any]:
    """The decision first: its word, the type with its path and definition, and what the reflection did to it."""
    word, tone = verdict_word(trace.verdict)
    card: dict[str, Any] = {"word": word, "tone": tone, "types": type_lines(trace.verdict, taxonomy)}
    if trace.verdict is None:
        card["sentence"] = "The model's answer cannot be read, so it says nothing about the part. Look at it yourself."
    elif not trace.verdict.anomalous:
        card["sentence"] = "No defect found."
    if truth is not None:
        card["outcome"], card["outcome_tone"] = judgement(truth, trace)
    return card


def verdict_word(verdict: Verdict | None) -> tuple[str, str]:
    """The verdict in a word, and its tone: bad, good or odd."""
    if verdict is None:
        return "Unreadable", "odd"
    return ("Anomalous", "bad") if verdict.anomalous else ("Normal", "good")


def judgement(truth: Verdict, trace: Trace) -> tuple[str, str]:
    """What to say where the truth is known: the reflection's outcome, or whether the answer is right; with its tone."""
    found = outcome(truth, trace)
    if found is not None:
        return OUTCOME_WORDS[found]
    if trace.verdict is None:
        return "unreadable", "bad"
    if trace.verdict.anomalous == truth.anomalous:
        return "decision right", "good"
    return ("escape: missed a defect", "bad") if truth.anomalous else ("overkill: false alarm", "bad")


def type_lines(verdict: Verdict | None, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """One line per type: Class › Group › type with its definition; unknown types stand alone and say so."""
    counted = Counter(defect.type for defect in verdict.defects) if verdict else Counter[str]()
    lines = []
    for name, times in counted.items():
        node = taxonomy.find(name)
        path = [node.classname.removesuffix(" Anomaly"), node.group] if node else []
        definition = node.definition if node else "This type is not in the taxonomy."
        lines.append({"path": path, "name": node.name if node else name, "definition": definition, "times": times})
    return lines


def probability_bar(probability: Probability, *, reflected: bool) -> dict[str, Any]:
    """P(anomalous) before and after reflection as numbers and words."""
    before, after = probability.initial, probability.final
    if before is None and after is None:
        return {"before": None, "after": None, "before_says": "This model gives no probabilities."}
    if not reflected:
        return {"before": None, "after": after, "before_says": "P(anomalous)", "after_says": _number(after)}
    return {
        "before": before,
        "after": after,
        "before_says": f"before reflection {_number(before)}",
        "after_says": f"after {_number(after)}",
    }


def doubt_words(inspection: Inspection, threshold: float | None) -> list[str]:
    """How much the model doubts its first look, and from where it reflects by itself; empty where nobody knows."""
    if inspection.doubt is None:
        return []
    words = [f"Doubt {_percent(inspection.doubt)}"]
    if threshold is not None and inspection.mode is Mode.AUTO:  # in the other modes it was told whether to reflect
        words.append(f"reflects from {_percent(threshold)}")
    return words


def _percent(share: float) -> str:
    value = 100 * share
    return f"{value:.1f}".removesuffix(".0") + " %" if value < 10 else f"{value:.0f} %"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def pieces(text: str, taxonomy: Taxonomy) -> Pieces:
    """Prose in pieces with their colours: existence, type, location."""
    return [[piece, kind] for piece, kind in spans(text, taxonomy)]


def think_pieces(trace: Trace, taxonomy: Taxonomy) -> Pieces:
    """The reasoning; where the reflection revised its decision, the words of existence are marked as revised."""
    found = pieces(trace.think, taxonomy)
    revised = trace.initial and trace.verdict and trace.reflected and trace.initial.anomalous != trace.verdict.anomalous
    if not revised:
        return found
    return [[text, f"{kind} revised" if kind == "existence" else kind] for text, kind in found]


def answer_pieces(answer: str) -> Pieces:
    """The answer's fields in their colours, "bent · (0.520,0.198) (0.632,0.370) · yes"; also while it is written."""
    found: Pieces = []
    for field in filter(None, answer.split(" · ")):
        found += [*([[" · ", ""]] if found else []), [field, _field_kind(field)]]
    return found


def _field_kind(field: str) -> str:
    if _DECISION.fullmatch(field.strip()):
        return "existence"
    return "location" if field.lstrip().startswith(("(", "[", "{")) else "type"


def footer_words(inspection: Inspection | None, case: Case | None) -> str:
    """The footer's left side: "Inspected in 1.9 s · 142 tokens · seed 7"."""
    if case is None:
        return "No cases yet"
    if inspection is None:
        return f"{case.name} · {case.dataset} · {case.primary.width} × {case.primary.height} px"
    return f"Inspected in {inspection.seconds:.1f} s · {inspection.tokens} tokens · seed {inspection.seed}"


def device_words(device: str | None, seconds: float | None) -> str:
    """The header's device chip: "CPU · 1.9 s a part"; empty while no model is loaded."""
    if device is None:
        return ""
    return device if seconds is None else f"{device} · {seconds:.1f} s a part"
