"""From a snapshot of the store to the examples of a run: the annotations of its training split, and what the start
model answered to these cases, which decides what is easy and what is hard.

RAWS learns from the stored examples that a person has approved. Where none is stored for the snapshot and the start
model - nobody uses the manual check - they are made on the spot in the template writer's words, one for every case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from db.example_rows import TO_CHECK, ExampleFilter
from db.splits import TRAIN
from db.store import Store
from m3ad.records import CaptionState
from training.captions import Caption
from training.config import RawsSettings, Settings
from training.examples import Example, build_examples, make_example
from training.modes import LabelledCase, Plan


@dataclass(frozen=True, slots=True)
class ExampleSource:
    """Where the examples of a RAWS run come from, in numbers of training cases of the snapshot.

    Attributes:
        cases: all of them.
        approved: with a stored example that a person approved.
        unchecked: with one that is written or edited, but not approved.
        sent_back: with one that waits to be written again.
        with_unchecked: whether the run was asked to learn from the unchecked ones too.
        further: how many boxes are on other pictures of their cases than the primary one; only their types are learnt.
    """

    cases: int
    approved: int
    unchecked: int
    sent_back: int
    with_unchecked: bool
    further: int = 0

    @property
    def stored(self) -> int:
        """How many cases have a stored example; with none the template writer makes them all on the spot."""
        return self.approved + self.unchecked + self.sent_back

    def to_json(self) -> dict[str, Any]:
        """The numbers as JSON values, and `stored`."""
        return asdict(self) | {"stored": self.stored}

    def sentence(self) -> str:
        """The account for a person."""
        if not self.stored:
            return (
                f"Texts: {self.cases} by the template writer, made on the spot. None is stored for this snapshot and "
                f"start model, so nobody has checked them.{self.places()}"
            )
        left = [(self.sent_back, "sent back"), (self.cases - self.stored, "of cases that have none yet")]
        if not self.with_unchecked:
            left.insert(0, (self.unchecked, "not approved yet"))
        words = ", ".join(f"{count} {what}" for count, what in left if count)
        unchecked = f" and {self.unchecked} that nobody has approved" if self.with_unchecked else ""
        left_out = f" Left out: {words}." if words else ""
        return f"Texts: {self.approved} approved{unchecked}.{left_out}{self.places()}"

    def places(self) -> str:
        """What is left out of the places, as a sentence after others; empty when nothing is."""
        if not self.further:
            return ""
        boxes = f"{self.further} box{'' if self.further == 1 else 'es'}"
        return f" Left out: the places of {boxes} on further pictures; the model sees the primary picture alone."


def example_source(store: Store, snapshot_id: int, start_model: str, *, unchecked: bool = False) -> ExampleSource:
    """What a RAWS run of this snapshot and start model would learn from; `unchecked` as in its settings."""
    counts = store.examples.counts(ExampleFilter(model=start_model, snapshot=snapshot_id))
    rows = [row for row in store.snapshot_rows(snapshot_id) if row.split == TRAIN]
    return ExampleSource(
        cases=len(rows),
        approved=counts[CaptionState.APPROVED],
        unchecked=sum(counts[state] for state in TO_CHECK),
        sent_back=counts[CaptionState.SENT_BACK],
        with_unchecked=unchecked,
        further=sum(row.annotation.verdict.further for row in rows),
    )


def labelled_cases(store: Store, snapshot_id: int, start_model: str) -> Iterator[LabelledCase]:
    """The snapshot's cases of the split "train" with the annotations it froze and the start model's latest answers.

    What the snapshot keeps back ("frozen") is left out: no training may see it. So are the places of boxes on further
    pictures, of which the model sees nothing.
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
                truth=row.annotation.verdict.on_primary(),
                base=inspection.trace if inspection else None,
            )


def unanswered_cases(store: Store, snapshot_id: int, start_model: str) -> list[int]:
    """The ids of the training cases that the start model has not inspected yet: nobody knows if they are hard."""
    answered = store.latest_inspections(start_model)
    rows = [row for row in store.snapshot_rows(snapshot_id) if row.split == TRAIN]
    return [row.case.id for row in rows if row.case.id not in answered]


def snapshot_examples(store: Store, snapshot_id: int, start_model: str, settings: Settings) -> list[Example]:
    """The rows of data.jsonl for a run; `example_source` tells where those of RAWS come from.

    RCRL uses their truth alone, so all cases take part and completions are the template's with the default shares.
    """
    cases = labelled_cases(store, snapshot_id, start_model)
    if not isinstance(settings, RawsSettings):
        return build_examples(cases, settings.seed)
    if example_source(store, snapshot_id, start_model).stored:
        return _stored(store, snapshot_id, start_model, cases, settings.unchecked)
    return build_examples(
        cases, settings.seed, easy_reflective=settings.easy_reflective, hard_reflective=settings.hard_reflective
    )


def _stored(
    store: Store, snapshot_id: int, start_model: str, cases: Iterator[LabelledCase], unchecked: bool
) -> list[Example]:
    states = (CaptionState.APPROVED, *(TO_CHECK if unchecked else ()))
    wanted = ExampleFilter(states=states, model=start_model, snapshot=snapshot_id)
    found = {str(one.case_id): one for one in store.examples.find(wanted)}
    return [
        make_example(Plan(case, one.difficulty, one.initial), Caption(one.caption.think, one.caption.reflection))
        for case in cases
        if (one := found.get(case.case))
    ]
