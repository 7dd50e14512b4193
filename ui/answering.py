"""A start model answers the training cases of a snapshot, one after another, whoever watches (M3-AD-FT, step 2).

Its answers are inspections like any other: stored one by one, so that a round that was cut off is taken up by starting
it again. Knows no Gradio.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from db.store import Store
from m3ad.errors import Conflict, M3ADError, ModelUnavailable
from m3ad.records import Mode
from training.snapshots import unanswered_cases
from ui.background import Task, begin
from ui.inspections import Inspections


@dataclass(eq=False)
class Round(Task):
    """One round of answers.

    Attributes:
        total, done: cases; the last one may be under way.
        failed: the reasons why cases could not be answered.
    """

    model: str
    snapshot_id: int
    total: int
    done: int = 0
    failed: list[str] = field(default_factory=list)


class Answering:
    """The rounds of one workspace, one at a time: a second one would only wait for the same device."""

    def __init__(self, store: Store, inspections: Inspections) -> None:
        self._store = store
        self._inspections = inspections
        self._lock = threading.Lock()
        self.latest: Round | None = None

    def start(self, snapshot_id: int, model: str, user: str) -> Round:
        """Begin with the cases that the model has not answered; Conflict while another round is under way."""
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict(f"{self.latest.model} is answering already: wait for it, or stop it first.")
            cases = unanswered_cases(self._store, snapshot_id, model)
            round_ = self.latest = Round(model, snapshot_id, len(cases))
        begin(round_, lambda: self._work(round_, cases, user))
        return round_

    def _work(self, round_: Round, cases: list[int], user: str) -> None:
        for case_id in cases:
            if round_.stop.is_set() or not self._answered(round_, case_id, user):
                break
            round_.done += 1

    def _answered(self, round_: Round, case_id: int, user: str) -> bool:
        """Whether it makes sense to go on. What people wait for at the page goes first."""
        job = self._inspections.start(case_id, round_.model, Mode.AUTO, 0, user, background=True)
        try:
            job.result.result()
        except M3ADError as error:
            round_.failed.append(str(error))
            return not isinstance(error, ModelUnavailable)
        return True
