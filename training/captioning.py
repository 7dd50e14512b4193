"""Examples from any caption writer, several at once: what is refused is left out with its reason, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from m3ad.errors import BadImage, CaptionRefused, CaptionsHalted, ModelUnavailable
from m3ad.monitor.base import never
from training.examples import (
    EASY,
    EASY_REFLECTIVE,
    HARD,
    HARD_REFLECTIVE,
    CaptionWriter,
    Example,
    LabelledCase,
    make_example,
)


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
class Captioned:
    """What came of it, in the order of the cases.

    Attributes:
        examples: the rows for data.jsonl.
        left_out: the cases that were refused.
        stopped: the sentence why it ended early, else ""; the cases that are in neither list were not reached.
    """

    examples: tuple[Example, ...]
    left_out: tuple[LeftOut, ...]
    stopped: str


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
    """As `build_examples`, in another writer's words.

    After a stop the cases that need no new answer still give their examples, so nothing that was written is missing.

    Args:
        write: see `CaptionWriter`; called from `at_once` threads.
        cases: as for `build_examples`, as are `seed` and the shares.
        at_once: how many cases are worked on at the same time.
        tell: called in the caller's thread after every case.
        cancelled: asked before every case.
    """
    reflective = {EASY: easy_reflective, HARD: hard_reflective}

    def one(case: LabelledCase) -> Example | LeftOut:
        if cancelled():
            raise CaptionsHalted("Cancelled. What was written is kept: start again to go on from there.")
        try:
            return make_example(case, seed, reflective, write)
        except (BadImage, CaptionRefused) as error:
            return LeftOut(case.case, str(error))

    results: dict[int, Example | LeftOut] = {}
    stopped, refused = "", 0
    with ThreadPoolExecutor(at_once, "captions") as pool:
        futures = {pool.submit(one, case): number for number, case in enumerate(cases)}
        try:
            for future in as_completed(futures):
                try:
                    results[futures[future]] = result = future.result()
                    refused += isinstance(result, LeftOut)
                except (CaptionsHalted, ModelUnavailable) as error:
                    stopped = stopped or str(error)
                tell(Progress(len(cases), len(results) - refused, refused))
        except BaseException:  # a bug, or the caller is interrupted: nothing more is to be asked and paid for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    done = [results[number] for number in sorted(results)]
    return Captioned(
        tuple(result for result in done if isinstance(result, Example)),
        tuple(result for result in done if isinstance(result, LeftOut)),
        stopped,
    )
