"""The ablations from the command line: trains and judges every cell, and can be killed and started again.

    python -m benchmarks.ablations MADE OUT --seeds 3 --raws-steps 200 --rcrl-steps 40 --parts 96
    python -m benchmarks.ablations.report OUT

MADE is the folder of `training.demo_model`, after its stages base and ft.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ablations.cells import Budget
from benchmarks.ablations.runner import Ablations, duration, estimate
from m3ad.errors import M3ADError


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    given = parse(arguments)
    budget = Budget(given.seeds, given.raws_steps, given.rcrl_steps, given.parts)
    ablations = Ablations(given.made.resolve(), given.out.resolve(), budget)
    try:
        missing = ablations.missing()
        needed = duration(estimate(missing, budget))
        print(f"{len(missing)} cells to do, about {needed} on two quiet cores.", flush=True)
        failed = ablations.run(given.at_once)
    except M3ADError as error:
        raise SystemExit(str(error)) from error
    if failed:
        raise SystemExit("\n".join(["These cells failed; the same command tries them again:", *failed]))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; each number at least 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablations", description="The paper's ablations again.")
    parser.add_argument("made", type=Path, help="folder of training.demo_model, after its stages base and ft")
    parser.add_argument("out", type=Path, help="folder for runs, answers and results")
    usual = Budget()
    parser.add_argument("--seeds", type=_positive, default=usual.seeds, help="how often each cell is trained")
    parser.add_argument("--raws-steps", type=_positive, default=usual.raws_steps, help="steps of 24 examples")
    parser.add_argument("--rcrl-steps", type=_positive, default=usual.rcrl_steps, help="steps of 8 parts x 4 answers")
    parser.add_argument("--parts", type=_positive, default=usual.parts, help="fresh parts to judge every model on")
    parser.add_argument(
        "--at-once", type=_positive, default=1, metavar="N",
        help="train N cells together; on few cores with OMP_NUM_THREADS=1, since so small a model gains little by more",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    for needed in ("runs/base/model", "ft_answers.jsonl"):
        if not (given.made / needed).exists():
            parser.error(f"{given.made} has no {needed}: run training.demo_model there first, stages base and ft.")
    return given


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
