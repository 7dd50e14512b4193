"""Captions from any writer, several at once: what is refused is left out with its reason, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from m3ad.errors import BadImage, CaseRefused, Conflict, Halted, ModelUnavailable
from m3ad.monitor.base import never
from m3ad.trace import render
from training.captions import Caption
from training.examples import CaptionWriter, Example, make_example, write_planned
from training.modes import EASY_REFLECTIVE, HARD_REFLECTIVE, LabelledCase, Plan, plan_modes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case that gives no example, and why."""

    case: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many cases there are, how many of them gave an example, and how many were left out."""

    total: int
    written: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How the writing of captions ended.

    Attributes:
        written: how many captions were kept.
        left_out: the cases that were refused, in the order of the plans.
        stopped: the sentence why it ended early, else ""; the cases neither kept nor left out were not reached.
    """

    written: int
    left_out: tuple[LeftOut, ...]
    stopped: str


@dataclass(frozen=True, slots=True)
class Captioned:
    """What came of `build_examples_with`, in the order of the cases; see `Ended`."""

    examples: tuple[Example, ...]
    left_out: tuple[LeftOut, ...]
    stopped: str


def write_captions(
    write: CaptionWriter,
    plans: Sequence[Plan],
    seed: int,
    keep: Callable[[Plan, Caption], None],
    *,
    at_once: int = 4,
    tell: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = never,
) -> Ended:
    """Have the captions of the plans written, and each kept as soon as it is there.

    After a stop the cases that need no new answer still give their captions, so nothing that was written is missing.

    Args:
        write: see `CaptionWriter`; called from `at_once` threads.
        keep: called from the same threads; a Conflict that it raises leaves the case out.
        at_once: how many cases are worked on at the same time.
        tell: called in the caller's thread after every case.
        cancelled: asked before every case.
    """

    def one(plan: Plan) -> None:
        if cancelled():
            raise Halted("Cancelled. What was written is kept: start again to go on from there.")
        caption = write_planned(plan, seed, write)
        _require_form(plan.case, caption)
        keep(plan, caption)

    left_out: dict[int, LeftOut] = {}
    stopped, written = "", 0
    with ThreadPoolExecutor(at_once, "captions") as pool:
        futures = {pool.submit(one, plan): number for number, plan in enumerate(plans)}
        try:
            for future in as_completed(futures):
                number = futures[future]
                try:
                    future.result()
                    written += 1
                except (BadImage, CaseRefused, Conflict) as error:
                    left_out[number] = LeftOut(plans[number].case.case, str(error))
                except (Halted, ModelUnavailable) as error:
                    stopped = stopped or str(error)
                tell(Progress(len(plans), written, len(left_out)))
        except BaseException:  # a bug, or the caller is interrupted: nothing more is to be asked and paid for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Ended(written, tuple(left_out[number] for number in sorted(left_out)), stopped)


def _require_form(case: LabelledCase, caption: Caption) -> None:
    """CaseRefused when the format cannot carry the case: the store keeps types as they were written."""
    try:
        render(case.truth, caption.think, caption.reflection)
    except ValueError as error:
        raise CaseRefused(f"The example cannot be written. {error}") from error


def build_examples_with(
    write: CaptionWriter,
    cases: Sequence[LabelledCase],
    seed: int = 0,
    *,
    easy_reflective: float = EASY_REFLECTIVE,
    hard_reflective: float = HARD_REFLECTIVE,
    at_once: int = 4,
    tell: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = never,
) -> Captioned:
    """As `build_examples`, in another writer's words: for examples that no store keeps. See `write_captions`."""
    plans = plan_modes(cases, seed, easy_reflective=easy_reflective, hard_reflective=hard_reflective)
    made: dict[int, Example] = {}

    def keep(plan: Plan, caption: Caption) -> None:
        made[id(plan)] = make_example(plan, caption)

    ended = write_captions(write, plans, seed, keep, at_once=at_once, tell=tell, cancelled=cancelled)
    examples = tuple(made[id(plan)] for plan in plans if id(plan) in made)
    return Captioned(examples, ended.left_out, ended.stopped)
