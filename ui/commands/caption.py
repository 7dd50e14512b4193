"""`caption`: the texts of a snapshot's examples, by the template writer or by a teacher, into the store."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from m3ad.errors import Halted
from training.captioning import Progress
from training.config import RawsSettings
from training.examples import CaptionWriter, template
from training.snapshot_captions import TEMPLATE, caption_snapshot, plan_captions
from training.snapshots import example_source
from training.teacher_limits import Limits
from ui.commands.common import assignment, find_snapshot, interruptible, make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which snapshot, who writes, and how far they may go."""
    parser.add_argument("snapshot", help="Name or number.")
    asked = "OpenAI-compatible server that writes; else the template writer."
    parser.add_argument("--teacher", metavar="URL", help=asked)
    parser.add_argument("--teacher-model", metavar="NAME", help="Its model; not needed where it has only one.")
    limits = Limits()
    parser.add_argument("--answers", type=int, default=limits.answers, help="Answers that an example may take.")
    parser.add_argument("--requests-per-minute", type=float, default=limits.requests_per_minute, metavar="N")
    parser.add_argument("--tokens", type=int, help="Limit of tokens, earlier sittings included; none otherwise.")
    parser.add_argument("--at-once", type=count, default=4, help="Cases that are written at the same time.")
    settings = "easy_reflective, hard_reflective and seed, as for `train raws`."
    parser.add_argument("--set", action="append", default=[], type=assignment, metavar="SETTING=VALUE", help=settings)


def run(options: argparse.Namespace) -> None:
    """Write the texts of a snapshot's examples into the store, to be checked; goes on where it was cut off."""
    with interruptible() as cancelled:
        write_texts(options, cancelled)


def write_texts(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    """Tell what there is to write, write it, and tell what came of it; Halted when it ended early."""
    settings = make_settings(options)
    store = open_store(options)
    snapshot = find_snapshot(store, options.snapshot)
    write, writer = caption_writer(options, settings.workspace, cancelled)
    raws = RawsSettings.from_json(dict(options.set))
    work = plan_captions(store, snapshot.id, settings.model, writer, raws)
    total, shown = len(work.plans), 0.0
    words = f"{total} to write by {writer}, {work.present} there already, {work.unanswered} not answered by the model"
    tell(options, {"writer": writer, "total": total, "present": work.present, "unanswered": work.unanswered}, words)

    def progress(now: Progress) -> None:
        nonlocal shown
        if time.monotonic() - shown >= 1 or now.written + now.left_out == total:
            shown = time.monotonic()
            tell(options, dataclasses.asdict(now), f"{now.written} of {total} written, {now.left_out} left out")

    ended = caption_snapshot(
        store,
        work,
        settings.model,
        write,
        writer,
        seed=raws.seed,
        at_once=options.at_once,
        tell=progress,
        cancelled=cancelled,
    )
    for one in ended.left_out:
        tell(options, dataclasses.asdict(one), f"case {one.case} left out: {one.reason}")
    source = example_source(store, snapshot.id, settings.model)
    tell(options, {"snapshot": snapshot.name, "model": settings.model, **source.to_json()}, source.sentence())
    if ended.stopped:
        raise Halted(ended.stopped)


def caption_writer(
    options: argparse.Namespace, workspace: Path, cancelled: Callable[[], bool]
) -> tuple[CaptionWriter, str]:
    """The teacher that was asked for, else the template writer, and the name it writes under."""
    if options.teacher is None:
        return template, TEMPLATE
    from training.teacher import Teacher

    name = f"#{options.teacher_model}" if options.teacher_model else ""
    limits = Limits(options.answers, options.requests_per_minute, options.tokens)
    teacher = Teacher(f"served:{options.teacher}{name}", workspace / "captions.jsonl", limits, cancelled=cancelled)
    return teacher, teacher.name


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
