"""What a model answers to the fresh parts, by its own choice and made to reflect, and what is counted of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from m3ad.metrics import detection, location_hard_f1, outcome, type_hard_f1
from m3ad.records import Mode, Outcome, Verdict
from m3ad.trace import read
from training.demo_answers import inspect_parts, open_model
from training.modes import LabelledCase


def answer(model: Path, cases: Sequence[LabelledCase], file: Path) -> list[dict[str, Any]]:
    """One row a part: case, scenario, truth, the texts `own` and `forced`, `doubt` (P(<reflection>)); kept in `file`.

    `own` is what the page shows: greedy, with a reflection from the model's threshold on.
    """
    if file.exists():
        return [json.loads(line) for line in file.read_text().splitlines()]
    monitor = open_model(model)
    own, forced = inspect_parts(monitor, cases), inspect_parts(monitor, cases, Mode.REFLECTIVE)
    rows = [
        {"case": case.case, "scenario": case.scenario.value, "truth": case.truth.to_json(), "own": one.text,
         "forced": other.text, "doubt": other.doubt}
        for case, one, other in zip(cases, own, forced, strict=True)
    ]  # fmt: skip
    draft = file.with_suffix(".draft")
    draft.write_text("".join(json.dumps(row) + "\n" for row in rows))
    draft.replace(file)
    return rows


def counted(row: dict[str, Any]) -> dict[str, Any]:
    """A row's texts as counts, which add up over parts and seeds; see `counts`."""
    truth = Verdict.from_json(row["truth"])
    kept = {name: row[name] for name in ("case", "scenario", "doubt")}
    return {**kept, "own": counts(truth, row["own"]), "forced": counts(truth, row["forced"])}


def counts(truth: Verdict, text: str) -> dict[str, int]:
    """What the metrics of `m3ad.metrics` count in one answer; zeros are left out."""
    trace = read(text)
    pair = [(truth, trace)]
    final, initial = detection(pair), detection(pair, initial=True)
    kind = "anomalous" if truth.anomalous else "normal"
    types, places, happened = type_hard_f1(pair), location_hard_f1(pair), outcome(truth, trace)
    found = {
        kind: 1,
        f"right_{kind}": int(final.accuracy or 0),
        f"first_right_{kind}": int(initial.accuracy or 0),
        "unreadable": final.unreadable,
        "reflected": int(trace.reflected),
        "fixed": int(happened is Outcome.FIXED),
        "broke": int(happened is Outcome.BROKE),
        **{f"type_{name}": getattr(types, name) for name in ("tp", "fp", "fn")},
        **{f"location_{name}": getattr(places, name) for name in ("tp", "fp", "fn")},
    }
    return {name: number for name, number in found.items() if number}
