"""`model judge`: a run's model and its parent answer the same cases, and are compared."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from db.store import Store
from m3ad.bench.comparison import Turn, turns
from m3ad.bench.records import Part
from m3ad.metrics.effect import Aspect
from training.evaluating import Question
from training.judging import Paired, judge_model, paired
from training.promotion import blocked_words, check, evidence
from ui.commands import bench_run
from ui.commands.common import interruptible, make_settings, open_store, tell
from ui.judging_presenter import FIGURES, figure_cells

WORDS = "A run's model and its parent answer the frozen and the corrected cases; goes on where it was cut off."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, and how far a served one may be asked."""
    parser.add_argument("name", help="The run's model, e.g. demo/raws-1.")
    bench_run.add_served_options(parser)


def run(options: argparse.Namespace) -> None:
    """Judge, telling how far it is; then tell the comparison. Ctrl+C ends it after the batch, and keeps what it has."""
    settings = make_settings(options)
    with open_store(options) as store, interruptible() as cancelled:

        def ask(question: Question) -> None:
            tell(options, {"model": question.model, "cases": question.part.value}, f"{question.model}: {question.part}")
            bench_run.answer(options, replace(settings, model=question.model), store, question, cancelled)

        trial = judge_model(store, options.name, ask, actor=settings.user)
        found, rules = paired(store, trial), store.promotions.rules()
        checked = check(rules, found)
        words = [line for one in found.values() for line in part_words(store, one)]
        verdict = (
            blocked_words(checked) or f"No rule blocks it: `model promote {trial.model} --reason ...` puts it to use."
        )
        lists = {part.value: {turn.value: ids for turn, ids in turns(one.both).items()} for part, one in found.items()}
        data: dict[str, Any] = {"model": trial.model, **evidence(trial, found, rules, checked), "cases": lists}
        tell(options, data, "\n".join([*words, verdict]))


def part_words(store: Store, one: Paired) -> list[str]:
    """The comparison on one part of the cases, for a terminal; broken cases by name."""
    before, after = one.before.model, one.after.model
    title = "frozen cases" if one.set.part is Part.FROZEN else "corrected cases, which it was trained on"
    lines = [f"{title}: {one.comparison.count} of both, {before} -> {after}, 95 % intervals"]
    for name, words in FIGURES:
        old, new, change = figure_cells(name, one.comparison.figures[name])
        lines.append(f"  {words:22} {old:24} -> {new:24} {change}")
    lines.append(f"  McNemar: {one.comparison.presence.lost} lost, {one.comparison.presence.gained} gained, "
                 f"p = {one.comparison.presence.p:.3f}")  # fmt: skip
    for turn in (Turn.BROKEN, Turn.FIXED, Turn.STILL_WRONG):
        ids = turns(one.both, Aspect.PRESENCE)[turn]
        lines.append(
            f"  {turn.value}: {', '.join(f'{case_id} {one.cases[case_id].name}' for case_id in ids) or 'none'}"
        )
    return [*lines, *(f"  {remark}" for remark in one.remarks)]
