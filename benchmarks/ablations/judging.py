"""What a model answers to the fresh parts, by its own choice and made to reflect, and what is counted of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from m3ad.images import open_image
from m3ad.metrics import detection, location_hard_f1, outcome, type_hard_f1
from m3ad.monitor.names import resolve
from m3ad.records import Mode, Outcome, Verdict
from m3ad.trace import read
from training.demo_answers import inspect
from training.modes import LabelledCase
from training.start import read_start

BATCH = 32
LONGEST = 200  # tokens; the small model needs about 100


def answer(model: Path, cases: Sequence[LabelledCase], file: Path) -> list[dict[str, Any]]:
    """One row a part: case, scenario, truth, the texts `own` and `forced`, `doubt` (P(<reflection>)); kept in `file`.

    `own` is what the page shows: greedy, with a reflection from the model's threshold on. Where it reflects that is the
    forced answer, elsewhere the greedy one, which is written in batches (rounding may differ from one by one).
    """
    from m3ad.monitor.local import LocalMonitor

    if file.exists():
        return [json.loads(line) for line in file.read_text().splitlines()]
    monitor = LocalMonitor.open(
        resolve(str(model)), name="ablation", device="auto", quantization=None, max_new_tokens=LONGEST
    )
    threshold = read_start(str(model)).card.reflect_threshold
    greedy: list[str] = []
    for start in range(0, len(cases), BATCH):
        greedy += monitor.answer_batch([open_image(case.image) for case in cases[start : start + BATCH]])
    rows = []
    for case, text in zip(cases, greedy, strict=True):
        forced = inspect(monitor, case, Mode.REFLECTIVE)
        if forced.doubt is not None and forced.doubt >= threshold:
            text = forced.text
        elif read(text).reflected:
            text = inspect(monitor, case).text
        rows.append(
            {"case": case.case, "scenario": case.scenario.value, "truth": case.truth.to_json(), "own": text,
             "forced": forced.text, "doubt": forced.doubt}
        )  # fmt: skip
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
