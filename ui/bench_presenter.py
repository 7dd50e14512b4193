"""What the Bench tab shows, as plain values: what can be judged, how far it is, and evaluations side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.store import Store
from m3ad.bench.subject import Subject, remarks
from m3ad.bench.tables import percent, score
from m3ad.errors import Conflict
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1
from training.bench_report import subject
from ui.benching import Round

COLUMNS = [
    ("Model, and set", "auto"), ("Balanced accuracy", "22%"), ("before reflection", "22%"),
    ("Type F1", "17%"), ("Location F1", "17%"),
]  # fmt: skip
NO_SET = "No snapshot keeps cases back from training yet: take one in Retrain."


def sets(store: Store) -> list[tuple[str, int]]:
    """(title, snapshot) of every frozen set, newest first."""
    found = []
    for snapshot in store.snapshots():
        try:
            frozen = store.evaluations.frozen_set(snapshot.id)
        except Conflict:
            continue
        found.append((f"{frozen.name}: {frozen.size} case{'' if frozen.size == 1 else 's'}", snapshot.id))
    return found


def evaluations(store: Store) -> list[tuple[str, int]]:
    """(title, evaluation), newest first."""
    return [
        (f"{one.id}: {one.model} on {one.set.name}, {one.mode.value}, {one.state.value}", one.id)
        for one in store.evaluations.all()
    ]


def round_status(round_: Round | None) -> dict[str, Any]:
    """How far the evaluation under way is, for `ui.components.form_parts.status`."""
    if round_ is None:
        return {"title": "nothing under way", "words": "", "tone": "quiet", "share": None, "message": ""}
    now = round_.progress
    done = now.answered + now.refused if now else 0
    refused = f", {now.refused} without an answer" if now and now.refused else ""
    words = f"{now.answered} of {now.total} answered{refused}" if now else "loading the model"
    over = "finished" if not round_.error else "ended"
    return {
        "title": f"{round_.model} on {round_.set_name}" if round_.running else over,
        "words": words,
        "tone": "busy" if round_.running else "bad" if round_.error else "good",
        "share": done / now.total if now and now.total else 0.0,
        "message": round_.error,
    }


def chosen(store: Store, numbers: Sequence[int]) -> list[Subject]:
    """The evaluations that a page names, judged now. Raises NotFound."""
    return [subject(store, number) for number in dict.fromkeys(numbers)]


def rows(subjects: Sequence[Subject]) -> list[list[Any]]:
    """One row each, for COLUMNS."""
    return [_row(one) for one in subjects]


def said(subjects: Sequence[Subject]) -> list[list[str]]:
    """What has to be known before the figures are believed, a row each."""
    if not subjects:
        return [["Choose evaluations, or let a model answer a frozen set."]]
    return [[sentence] for sentence in [*remarks(subjects), *(one.identity() for one in subjects)]]


def _row(one: Subject) -> list[Any]:
    found = one.judgement.whole.figures
    where = f"{one.judgement.whole.count} of {one.evaluation.set.size} cases of {one.evaluation.set.name}"
    return [
        [one.name, where],
        percent(found["balanced_accuracy"]).shown(),
        percent(found["first_balanced_accuracy"]).shown(),
        score(found[TYPE_F1]).shown(),
        score(found[LOCATION_F1]).shown(),
    ]
