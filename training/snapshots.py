"""From a snapshot of the store to the examples of a run: the annotations of its training split, and what the start
model answered to these cases, which decides what is easy and what is hard.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.splits import TRAIN
from db.store import Store
from training.config import RawsSettings, Settings
from training.examples import Example, LabelledCase, build_examples


def labelled_cases(store: Store, snapshot_id: int, start_model: str) -> Iterator[LabelledCase]:
    """The snapshot's cases of the split "train" with the annotations it froze and the start model's latest answers.

    What the snapshot keeps back ("frozen") is left out: no training may see it.
    """
    answered = store.latest_inspections(start_model)
    for row in store.snapshot_rows(snapshot_id):
        if row.split == TRAIN:
            inspection = answered.get(row.case.id)
            yield LabelledCase(
                case=str(row.case.id),
                image=row.case.primary.path.resolve(),
                category=row.case.category,
                scenario=row.case.scenario,
                truth=row.annotation.verdict,
                base=inspection.trace if inspection else None,
            )


def unanswered_cases(store: Store, snapshot_id: int, start_model: str) -> list[int]:
    """The ids of the training cases that the start model has not inspected yet: nobody knows if they are hard."""
    answered = store.latest_inspections(start_model)
    rows = [row for row in store.snapshot_rows(snapshot_id) if row.split == TRAIN]
    return [row.case.id for row in rows if row.case.id not in answered]


def snapshot_examples(store: Store, snapshot_id: int, start_model: str, settings: Settings) -> list[Example]:
    """The rows of data.jsonl for a run; RCRL uses their truth alone, so its completions follow the default shares."""
    cases = labelled_cases(store, snapshot_id, start_model)
    if not isinstance(settings, RawsSettings):
        return build_examples(cases, settings.seed)
    return build_examples(
        cases, settings.seed, easy_reflective=settings.easy_reflective, hard_reflective=settings.hard_reflective
    )
