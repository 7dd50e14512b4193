"""`bench run`: a model answers the frozen cases of a snapshot, and is judged."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable

from db.store import Store
from m3ad.bench.answering import BATCH
from m3ad.bench.records import Evaluation, Part
from m3ad.bench.words import summary
from m3ad.errors import ModelUnavailable
from m3ad.monitor import open_monitor
from m3ad.monitor.base import BatchMonitor
from m3ad.monitor.fingerprint import weights_of
from m3ad.monitor.prompt import prompt_of
from m3ad.records import Mode
from m3ad.settings import Settings
from training.bench_report import subject
from training.evaluating import Pace, Progress, Question, Tell, evaluate
from training.judging import changed_words
from training.teacher_limits import Limits
from ui.commands.caption import count
from ui.commands.common import find_snapshot, interruptible, make_settings, model_source, open_store, tell

WORDS = "Let a model (--model) answer the frozen cases of a snapshot; goes on where it was cut off."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which frozen set, how the model is asked, and how far a served one may be asked."""
    parser.add_argument("snapshot", help="Name or number.")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.AUTO.value)
    add_served_options(parser)


def add_served_options(parser: argparse.ArgumentParser) -> None:
    """How far a served model may be asked, and how others are spread over a cluster (--ray)."""
    limits, served = Limits(), "Of a served model:"
    parser.add_argument("--at-once", type=count, default=4, help=f"{served} cases under way at a time.")
    parser.add_argument("--requests-per-minute", type=float, default=limits.requests_per_minute, metavar="N")
    parser.add_argument("--tokens", type=int, help=f"{served} limit of the tokens it writes; none otherwise.")
    cluster = "On a cluster (--ray):"
    parser.add_argument("--copies", type=count, help=f"{cluster} of the model; otherwise one a card, or a machine.")
    parser.add_argument("--cards", type=share, metavar="X", help=f"{cluster} cards for each copy, e.g. 0.5 or 0.")
    parser.add_argument(
        "--batch", type=count, default=BATCH, help="Pictures in a batch, of a model that is not served."
    )


def share(text: str) -> float:
    """A number of cards, or a part of one."""
    value = float(text)
    if not 0 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text} is no number of cards")
    return value


def run(options: argparse.Namespace) -> None:
    """Answer, telling how far it is; then tell the figures. Ctrl+C ends it after the batch, and keeps what it has."""
    settings = make_settings(options)
    with open_store(options) as store, interruptible() as cancelled:
        snapshot = find_snapshot(store, options.snapshot)
        question = Question(snapshot.id, Part.FROZEN, settings.model, Mode(options.mode))
        evaluation = answer(options, settings, store, question, cancelled)
        if former := store.evaluations.former(evaluation):
            print(changed_words(evaluation, former), file=sys.stderr)
        judged = subject(store, evaluation.id)
        data = {"evaluation": evaluation.id, "model": settings.model, "set": dataclasses.asdict(evaluation.set)}
        tell(options, {**data, **judged.judgement.to_json()}, summary(judged))


def answer(
    options: argparse.Namespace, settings: Settings, store: Store, question: Question, cancelled: Callable[[], bool]
) -> Evaluation:
    """One model answers one set of cases, to its end. `settings.model` is the model."""
    source = model_source(settings, settings.model)
    here = answer_on_cluster if settings.ray else answer_here
    one = answer_served if source.startswith("served:") else here
    return one(options, settings, store, source, question, cancelled)


def answer_here(
    options: argparse.Namespace,
    settings: Settings,
    store: Store,
    source: str,
    question: Question,
    cancelled: Callable[[], bool],
) -> Evaluation:
    """A model on this machine answers."""
    monitor = open_monitor(source, device=settings.device, quantization=settings.quantization)
    if not isinstance(monitor, BatchMonitor):
        raise ModelUnavailable(f"{settings.model} cannot answer for several pictures at once, which the bench needs.")
    evaluation = question.begin(store, monitor.prompt, monitor.weights, actor=settings.user)
    told = teller(options)
    evaluate(store, evaluation, monitor, actor=settings.user, tell=told, cancelled=cancelled, batch=options.batch)
    return evaluation


def answer_on_cluster(
    options: argparse.Namespace,
    settings: Settings,
    store: Store,
    source: str,
    question: Question,
    cancelled: Callable[[], bool],
) -> Evaluation:
    """Copies of a model on the machines of a Ray cluster answer."""
    from training.ray_evaluating import ClusterEvaluation, Loading, Spread

    assert settings.ray is not None, "who chose this has looked"
    loading = Loading(source, settings.device, settings.quantization)
    evaluation = question.begin(store, prompt_of(source), weights_of(source), actor=settings.user)
    spread, told = Spread(options.copies or 0, options.cards, options.batch), teller(options)
    ClusterEvaluation(
        store, evaluation, loading, settings.ray, spread, actor=settings.user, tell=told, cancelled=cancelled
    ).run()
    return evaluation


def answer_served(
    options: argparse.Namespace,
    settings: Settings,
    store: Store,
    source: str,
    question: Question,
    cancelled: Callable[[], bool],
) -> Evaluation:
    """A served model answers."""
    from training.served_evaluating import ServedEvaluation, ServedPool

    limits = Limits(requests_per_minute=options.requests_per_minute, tokens=options.tokens)
    pool = ServedPool(source, options.at_once)
    evaluation = question.begin(store, pool.prompt, pool.weights, actor=settings.user)
    told = teller(options)
    ServedEvaluation(store, evaluation, pool, limits, actor=settings.user, tell=told, cancelled=cancelled).run()
    return evaluation


def teller(options: argparse.Namespace) -> Tell:
    """Tells progress once a second, and the end."""
    shown, pace = 0.0, Pace()

    def told(now: Progress) -> None:
        nonlocal shown
        if time.monotonic() - shown >= 1 or now.answered + now.refused == now.total:
            shown = time.monotonic()
            refused = f", {now.refused} without an answer" if now.refused else ""
            words = f"{now.answered} of {now.total} answered{refused}{pace.words(now)}"
            tell(options, dataclasses.asdict(now), words)

    return told
