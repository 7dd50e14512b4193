"""The examples of a snapshot, written into the store by a caption writer (M3-AD-FT, step 3); to be checked there.

A case is written when it has no example for this snapshot's annotation and start model, when a person sent its texts
back, or when they are the template's, nobody has looked at them, and now a teacher writes. So what was cut off goes on
by starting it again, and nothing that a person has seen is written over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from db.example_rows import ExampleFilter, NewExample, StoredExample
from db.splits import TRAIN
from db.store import Store
from m3ad.errors import CaseRefused, RunError
from m3ad.monitor.base import never
from m3ad.records import CaptionState, Mode
from training.captioning import Ended, Progress, write_captions
from training.captions import Caption
from training.config import RawsSettings
from training.examples import CaptionWriter
from training.modes import LabelledCase, Plan, plan_modes
from training.snapshots import labelled_cases

TEMPLATE = "template"  # the name under which `training.examples.template` writes


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be written.

    Attributes:
        plans: of the cases to write, those to be written again included.
        stored: by case, the example that is there already and is to be written again.
        annotations: by case, the annotation that the snapshot froze.
        present: how many cases have an example that stays as it is.
        unanswered: how many cases the start model has not answered: nobody knows yet if they shall reflect.
    """

    plans: tuple[Plan, ...]
    stored: dict[str, StoredExample]
    annotations: dict[str, int]
    present: int
    unanswered: int


def caption_snapshot(
    store: Store,
    work: Work,
    start_model: str,
    write: CaptionWriter,
    writer: str,
    *,
    seed: int = 0,
    at_once: int = 4,
    tell: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = never,
) -> Ended:
    """Write what is to be written, each example stored as soon as it is there.

    Args:
        work: what `plan_captions` found just before.
        write, writer: the caption writer and its name: `training.examples.template` and TEMPLATE, or a
            `training.teacher.Teacher` and its `name`.
        seed, at_once, tell, cancelled: see `write_captions`.
    """

    def write_fresh(case: LabelledCase, *given: object) -> Caption:
        latest = store.latest_annotation(int(case.case))
        if latest is not None and latest.id != work.annotations[case.case]:
            raise CaseRefused(
                f"The case has annotation {latest.revision} by now, newer than the snapshot's: take a new snapshot."
            )
        return write(case, *given)  # type: ignore[arg-type]

    def keep(plan: Plan, caption: Caption) -> None:
        there = work.stored.get(plan.case.case)
        if there is not None:
            store.examples.rewrite(
                there.id, caption.think, caption.reflection, author=writer, based_on=there.caption.revision
            )
            return
        annotation = work.annotations[plan.case.case]
        new = NewExample(annotation, start_model, plan.mode, plan.difficulty, plan.initial)
        store.examples.add(new, caption.think, caption.reflection, author=writer)

    return write_captions(write_fresh, work.plans, seed, keep, at_once=at_once, tell=tell, cancelled=cancelled)


def plan_captions(
    store: Store, snapshot_id: int, start_model: str, writer: str, settings: RawsSettings | None = None
) -> Work:
    """What a captioning by `writer` would write; modes by the seed and shares of `settings`, those stored stay.

    Raises RunError for settings that cannot be, NotFound for an unknown snapshot.
    """
    settings = settings or RawsSettings()
    if problems := settings.check():
        raise RunError(" ".join(problems))
    cases = {case.case: case for case in labelled_cases(store, snapshot_id, start_model)}
    found = store.examples.find(ExampleFilter(model=start_model, snapshot=snapshot_id))
    stored = {str(one.case_id): one for one in found}
    again = {case: one for case, one in stored.items() if _write_again(one, writer)}
    plans = plan_modes(
        (case for case in cases.values() if case.base is not None or case.case in stored),
        settings.seed,
        easy_reflective=settings.easy_reflective,
        hard_reflective=settings.hard_reflective,
        settled={case: one.mode is Mode.REFLECTIVE for case, one in stored.items()},
    )
    plans += [_plan_again(store, cases[case], one) for case, one in again.items()]
    frozen = {str(row.case.id): row.annotation.id for row in store.snapshot_rows(snapshot_id) if row.split == TRAIN}
    unanswered = sum(case.base is None and case.case not in stored for case in cases.values())
    return Work(tuple(plans), again, frozen, len(stored) - len(again), unanswered)


def _write_again(example: StoredExample, writer: str) -> bool:
    state = example.caption.state
    unseen = state is CaptionState.WRITTEN and example.writer == TEMPLATE != writer
    return state is CaptionState.SENT_BACK or unseen


def _plan_again(store: Store, case: LabelledCase, example: StoredExample) -> Plan:
    """The same mode and initial verdict, and what people said of the texts so far."""
    revisions = store.examples.revisions(example.id)
    remarks = tuple(one.note for one in revisions if one.state is CaptionState.SENT_BACK)
    return Plan(replace(case, remarks=remarks), example.difficulty, example.initial)
