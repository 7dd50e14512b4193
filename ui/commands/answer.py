"""`answer`: the start model inspects a snapshot's training cases, which decides what is easy and what is hard."""

from __future__ import annotations

import argparse
import dataclasses

from m3ad.errors import BadImage
from m3ad.images import open_image
from m3ad.monitor import inspect, open_monitor
from m3ad.records import Mode
from training.examples import Mix, build_examples
from training.snapshots import labelled_cases, unanswered_cases
from ui.commands.common import find_snapshot, make_settings, model_source, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which snapshot."""
    parser.add_argument("--snapshot", help="Name or number; the latest one otherwise.")


def run(options: argparse.Namespace) -> None:
    """Let a model inspect the training cases of a snapshot that it has not inspected; goes on where it was cut off."""
    settings = make_settings(options)
    store = open_store(options)
    snapshot = find_snapshot(store, options.snapshot)
    cases = unanswered_cases(store, snapshot.id, settings.model)
    source = model_source(settings, settings.model)
    monitor = open_monitor(source, device=settings.device, quantization=settings.quantization) if cases else None
    for number, case_id in enumerate(cases, start=1):
        assert monitor is not None
        try:
            answer = inspect(monitor, open_image(store.case(case_id).primary.path))
        except BadImage as error:
            tell(options, {"case": case_id, "refused": str(error)}, f"{number} of {len(cases)}: refused: {error}")
            continue
        store.add_inspection(case_id, settings.model, Mode.AUTO, 0, answer)
        verdict = answer.trace.verdict
        data = {"case": case_id, "done": number, "total": len(cases), "anomalous": verdict and verdict.anomalous}
        tell(options, data, f"{number} of {len(cases)}")
    mix = Mix.of(build_examples(labelled_cases(store, snapshot.id, settings.model)))
    words = f"{mix.easy} easy, {mix.hard} hard, {mix.unanswered} not answered"
    tell(options, {"snapshot": snapshot.name, "model": settings.model, **dataclasses.asdict(mix)}, words)
