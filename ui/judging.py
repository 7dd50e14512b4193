"""Trials under way, whoever watches: closing the page stops none, and an app that starts goes on. Knows no Gradio."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from db.store import Store
from db.trials import Trial
from m3ad.errors import M3ADError
from training.evaluating import Question
from training.judging import judge_model, questions
from ui.benching import Benching, Round

LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class TrialRound(Round):
    """A trial under way: `step` of `steps`.

    `judged` is the run's model, `model` the one of the two that answers just now.
    """

    judged: str = ""
    step: int = 0
    steps: int = 0


class Judging:
    """The trials of one workspace; they share the device with the evaluations of Bench."""

    def __init__(self, store: Store, benching: Benching) -> None:
        self._store = store
        self._benching = benching

    def start(self, model: str, user: str) -> TrialRound:
        """Begin, or go on. Raises as `training.judging.judge_model`, and Conflict while something else is judged."""
        questions(self._store, model)  # nothing to ask is said at once, not in the background
        round_ = TrialRound(model, "", judged=model)
        self._benching.occupy(round_, lambda: self._judge(round_, model, user))
        return round_

    def resume(self) -> None:
        """Go on with what was cut off with the app, one after the other."""
        if waiting := self._store.trials.cut_off():
            round_ = TrialRound(waiting[0].model, "", judged=waiting[0].model)
            self._benching.occupy(round_, lambda: self._judge_all(round_, waiting))

    def under_way(self, model: str) -> TrialRound | None:
        """The latest round, when it is this model's trial; it may be over."""
        latest = self._benching.latest
        return latest if isinstance(latest, TrialRound) and latest.judged == model else None

    def _judge_all(self, round_: TrialRound, waiting: Sequence[Trial]) -> None:
        for trial in waiting:
            try:
                self._judge(round_, trial.model, trial.author)
            except M3ADError as error:
                LOG.warning("%s could not be judged: %s", trial.model, error)

    def _judge(self, round_: TrialRound, model: str, user: str) -> None:
        round_.judged, round_.step, round_.steps = model, 0, len(questions(self._store, model))

        def ask(question: Question) -> None:
            case_set = self._store.evaluations.case_set(question.snapshot_id, question.part)
            round_.model, round_.set_name = question.model, case_set.name
            round_.step += 1
            self._benching.ask(round_, question, user)

        judge_model(self._store, model, ask, actor=user)
