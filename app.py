"""RA-Monitor studio: composition root and command line.

`uv run app.py` serves the page; `uv run app.py --help` lists what else there is. Every command calls the same plain
functions as the page. Exit status: 0, 1 (refused, the reason on stderr) or 2 (usage).
"""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Before any library looks: nothing is sent anywhere, and no hub is asked unless a model is named.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from db.filters import CaseFilter, Status
from db.schema import Role
from db.store import Store
from m3ad.datasets import IMPORTERS
from m3ad.errors import BadImage, CaptionsHalted, M3ADError, NotFound, RunError
from m3ad.images import open_image
from m3ad.monitor import Answer, inspect, open_monitor
from m3ad.records import Mode, Run, RunState, Scenario, Snapshot, Stage
from m3ad.settings import Settings
from training.captioning import Progress
from training.config import PRESETS, RawsSettings, settings_from_json
from training.examples import CaptionWriter, Mix, build_examples, template
from training.exports import Form, export_snapshot
from training.launch import start
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder
from training.snapshot_captions import TEMPLATE, caption_snapshot, plan_captions
from training.snapshots import example_source, labelled_cases, unanswered_cases
from training.teacher_limits import Limits
from ui.commands import annotations_export, annotations_import

PASSWORD_VARIABLE = "M3AD_PASSWORD"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        options.command(options)
    except M3ADError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 1
    return 0


def serve(options: argparse.Namespace) -> None:
    """Open the store, fill it at the first start, and serve the page until Ctrl+C."""
    from ui.build import serve as serve_page
    from ui.context import Context
    from ui.first_start import fill, inspect_some

    settings = make_settings(options)
    store = open_store(options)
    context = Context.make(
        settings,
        store,
        lambda source: open_monitor(source, device=settings.device, quantization=settings.quantization),
    )
    drawn: list[int] = []
    if settings.demo and not store.facets().total:
        print("First start: drawing the demonstration parts …", flush=True)
        drawn = fill(store, settings.workspace / "drawn")

    def ready() -> None:
        print(f"RA-Monitor: http://{settings.host}:{settings.port}  (Ctrl+C ends it; runs go on)", flush=True)
        if drawn:
            inspect_some(context, drawn)
        else:
            context.inspections.warm_up(settings.model)

    serve_page(context, ready)


def inspect_images(options: argparse.Namespace) -> None:
    """Inspect image files; nothing is stored."""
    settings = make_settings(options)
    source = model_source(settings, settings.model)
    monitor = open_monitor(source, device=settings.device, quantization=settings.quantization)
    for path in options.images:
        answer = inspect(monitor, open_image(path), mode=Mode(options.mode), seed=options.seed)
        tell(options, answer_json(path, answer), answer_words(path, answer))


def import_folder(options: argparse.Namespace) -> None:
    """Import a data set folder and give the account of it."""
    found = IMPORTERS[options.layout](options.folder)
    account = open_store(options).import_cases(found, copy=options.copy)
    words = [account.sentence()]
    words += [f"  {one.file}: {one.why}" for one in account.refused]
    tell(options, account.to_json(), "\n".join(words))


def take_snapshot(options: argparse.Namespace) -> None:
    """Freeze the annotated cases that match the filters."""
    chosen = CaseFilter(
        scenario=Scenario(options.scenario) if options.scenario else None,
        category=options.category,
        dataset=options.dataset,
        text=options.text or "",
        status=Status.ANNOTATED,
    )
    snapshot = open_store(options).create_snapshot(options.name, chosen, frozen_categories=options.keep_back)
    data = {"id": snapshot.id, "name": snapshot.name, "cases": snapshot.size, "anomalous": snapshot.anomalous}
    assert snapshot.account is not None
    words = f"snapshot {snapshot.name}: {snapshot.size} cases, {snapshot.anomalous} anomalous"
    words += f"\n  {snapshot.account.sentences()}"
    tell(options, {**data, "hash": snapshot.hash, "split": snapshot.account.to_json()}, words)


def answer_cases(options: argparse.Namespace) -> None:
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


def caption_cases(options: argparse.Namespace) -> None:
    """Write the texts of a snapshot's examples into the store, to be checked; goes on where it was cut off."""
    with interruptible() as cancelled:
        write_texts(options, cancelled)


def write_texts(options: argparse.Namespace, cancelled: Callable[[], bool]) -> None:
    """Tell what there is to write, write it, and tell what came of it; CaptionsHalted when it ended early."""
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
        raise CaptionsHalted(ended.stopped)


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


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Tells whether Ctrl+C was pressed, so that what is under way is kept; a second one ends the program at once."""
    pressed, before = threading.Event(), signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def find_snapshot(store: Store, wanted: str | None) -> Snapshot:
    """The snapshot of this name or number, the latest one for None; NotFound when there is none."""
    found = next((one for one in store.snapshots() if wanted in (None, one.name, str(one.id))), None)
    if found is None:
        raise NotFound("There is no such snapshot. Take one first: `app.py snapshot NAME`.")
    return found


def export(options: argparse.Namespace) -> None:
    """Export a snapshot's training examples to a new folder."""
    settings = make_settings(options)
    store = open_store(options)
    snapshot = find_snapshot(store, options.snapshot)
    account = export_snapshot(
        store, snapshot.id, settings.model, Form(options.form), options.folder, unchecked=options.unchecked
    )
    source = example_source(store, snapshot.id, settings.model, unchecked=options.unchecked)
    data, words = {**account.to_json(), "source": source.to_json()}, f"{account.sentence()}\n  {source.sentence()}"
    tell(options, data, words)


def train(options: argparse.Namespace) -> None:
    """Create a run, start it detached, and with --wait follow it to its end."""
    settings = make_settings(options)
    store = open_store(options)
    stage = Stage(options.stage)
    snapshot = find_snapshot(store, options.snapshot)
    config = PRESETS[options.preset][stage].to_json() | dict(options.set)
    run = create_run(
        store,
        settings.workspace,
        stage=stage,
        start_model=settings.model,
        snapshot_id=snapshot.id,
        settings=settings_from_json(stage, config),
    )
    folder = RunFolder(run.folder)
    start(folder)
    data: dict[str, Any] = {"run": run.name, "folder": str(run.folder)}
    words = f"run {run.name} started in {run.folder}"
    used = folder.config().settings
    if isinstance(used, RawsSettings):
        source = example_source(store, snapshot.id, settings.model, unchecked=used.unchecked)
        data, words = {**data, "source": source.to_json()}, f"{words}\n  {source.sentence()}"
    tell(options, data, words)
    if options.wait:
        follow(options, store, run, folder)


def follow(options: argparse.Namespace, store: Store, run: Run, folder: RunFolder) -> None:
    """Print a run's events until it ends; register its model."""
    position = 0
    while True:
        state = folder.state()
        events, position = folder.events(position)
        for event in events:
            tell(options, event, " ".join(f"{key}={value}" for key, value in event.items() if key != "time"))
        if state not in (RunState.READY, RunState.RUNNING, RunState.STOPPING):
            break
        time.sleep(0.5)
    if state is RunState.FAILED:
        raise RunError(f"Run {run.name} failed: {folder.message()}\n{folder.log_tail(20)}")
    model = register_finished(store, run)
    tell(options, {"run": run.name, "state": state, "model": model.name}, f"run {run.name} {state}: model {model.name}")


def list_models(options: argparse.Namespace) -> None:
    """List the models that can inspect."""
    for model in open_store(options).models():
        data = {"name": model.name, "source": model.source, "parent": model.parent, "run": model.run}
        tell(options, data, f"{model.name:24} {model.source}" + (f"  from run {model.run}" if model.run else ""))


def add_user(options: argparse.Namespace) -> None:
    """Add a person who may log in."""
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password for {options.name}: ")
    open_store(options).add_user(options.name, password, Role(options.role))
    tell(options, {"user": options.name, "role": options.role}, f"{options.role} {options.name} may log in now")


def make_settings(options: argparse.Namespace) -> Settings:
    """The settings that were given on the command line; defaults for the rest."""
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(Settings) if hasattr(options, f.name)}
    return Settings(**given)


def open_store(options: argparse.Namespace) -> Store:
    """The store of the chosen workspace."""
    settings = make_settings(options)
    return Store.open(settings.workspace, settings.database)


def model_source(settings: Settings, name: str) -> str:
    """What `open_monitor` takes for a model's name: a stored model's source, else the name itself."""
    if not (settings.workspace / "store.db").exists() and settings.database is None:
        return name  # inspecting a picture needs no workspace, and makes none
    store = Store.open(settings.workspace, settings.database)
    return next((model.source for model in store.models() if model.name == name), name)


def answer_json(path: Path, answer: Answer) -> dict[str, Any]:
    """One line of `inspect --json`; boxes in fractions, null for what could not be read."""
    trace = answer.trace
    return {
        "image": str(path),
        "verdict": trace.verdict.to_json() if trace.verdict else None,
        "initial": {"anomalous": trace.initial.anomalous} if trace.initial else None,
        "reflected": trace.reflected,
        "probability": {"initial": answer.probability.initial, "final": answer.probability.final},
        "problems": [problem.text for problem in trace.problems],
        "text": answer.text,
    }


def answer_words(path: Path, answer: Answer) -> str:
    """An answer for a person in a terminal."""
    verdict = answer.trace.verdict
    if verdict is None:
        said = "unreadable: look yourself"
    elif verdict.anomalous:
        places = [f"{one.type} {one.box.as_tuple() if one.box else ''}".strip() for one in verdict.defects]
        said = f"anomalous: {'; '.join(places)}"
    else:
        said = "normal"
    return f"{path}: {said}\n  {answer.text}"


def tell(options: argparse.Namespace, data: dict[str, Any], words: str) -> None:
    """One JSON object on a line with --json, words otherwise."""
    print(json.dumps(data, ensure_ascii=False) if options.json else words, flush=True)


def make_parser() -> argparse.ArgumentParser:
    """The command line; without a command it serves the page."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for setting in dataclasses.fields(Settings):
        add_setting(common, setting)
    common.add_argument("--json", action="store_true", help="Print one JSON object per line.")
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__.split("\n\n")[0], parents=[common])
    parser.set_defaults(command=serve, json=False)
    commands = parser.add_subparsers(title="commands", metavar="")

    def command(name: str, function: Any) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=function.__doc__.split("\n")[0], parents=[common])
        sub.set_defaults(command=function)
        return sub

    command("serve", serve)
    one = command("inspect", inspect_images)
    one.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    one.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.AUTO.value)
    one.add_argument("--seed", type=int, default=0)
    one = command("import", import_folder)
    one.add_argument("layout", choices=sorted(IMPORTERS))
    one.add_argument("folder", type=Path)
    one.add_argument("--copy", action="store_true", help="Copy the images into the workspace.")
    one = command("snapshot", take_snapshot)
    one.add_argument("name")
    one.add_argument("--scenario", choices=[scenario.value for scenario in Scenario])
    for name in ("category", "dataset", "text"):
        one.add_argument(f"--{name}")
    keep_back = "Keep this category out of training, here and in every later snapshot; may be given more than once."
    one.add_argument("--keep-back", action="append", default=[], metavar="CATEGORY", help=keep_back)
    one = command("answer", answer_cases)
    one.add_argument("--snapshot", help="Name or number; the latest one otherwise.")
    one = command("caption", caption_cases)
    one.add_argument("snapshot", help="Name or number.")
    one.add_argument("--teacher", metavar="URL", help="OpenAI-compatible server that writes; else the template writer.")
    one.add_argument("--teacher-model", metavar="NAME", help="Its model; not needed where it has only one.")
    limits = Limits()
    one.add_argument("--answers", type=int, default=limits.answers, help="Answers that an example may take.")
    one.add_argument("--requests-per-minute", type=float, default=limits.requests_per_minute, metavar="N")
    one.add_argument("--tokens", type=int, help="Limit of tokens, earlier sittings included; none otherwise.")
    one.add_argument("--at-once", type=count, default=4, help="Cases that are written at the same time.")
    settings = "easy_reflective, hard_reflective and seed, as for `train raws`."
    one.add_argument("--set", action="append", default=[], type=assignment, metavar="SETTING=VALUE", help=settings)
    one = command("export", export)
    one.add_argument("snapshot", help="Name or number.")
    one.add_argument("folder", type=Path)
    readers = "Who shall read it: this program and `datasets`, or another trainer."
    one.add_argument("--form", choices=[form.value for form in Form], required=True, help=readers)
    one.add_argument("--unchecked", action="store_true", help="Stored texts that nobody has approved too.")
    one = command("train", train)
    one.add_argument("stage", choices=[stage.value for stage in Stage])
    one.add_argument("--snapshot", help="Name or number; the latest one otherwise.")
    one.add_argument("--preset", choices=sorted(PRESETS), default="paper")
    one.add_argument("--set", action="append", default=[], type=assignment, metavar="SETTING=VALUE")
    one.add_argument("--wait", action="store_true", help="Follow the run to its end.")
    models = commands.add_parser("model", help="Models that can inspect.").add_subparsers(required=True, metavar="list")
    one = models.add_parser("list", help="List them.", parents=[common])
    one.set_defaults(command=list_models)
    both = commands.add_parser("annotations", help="To and from other programs.")
    exchange = both.add_subparsers(required=True, metavar="import|export")
    for name, module in (("import", annotations_import), ("export", annotations_export)):
        one = exchange.add_parser(name, help=module.WORDS, parents=[common])
        module.add_options(one)
        one.set_defaults(command=module.run)
    users = commands.add_parser("user", help="People who may log in.").add_subparsers(required=True, metavar="add")
    one = users.add_parser("add", help=f"Add one; password from {PASSWORD_VARIABLE} or asked.", parents=[common])
    one.add_argument("name")
    one.add_argument("--role", choices=[role.value for role in Role], default=Role.ANNOTATOR.value)
    one.set_defaults(command=add_user)
    return parser


def add_setting(parser: argparse.ArgumentParser, setting: dataclasses.Field[Any]) -> None:
    """One setting as a flag."""
    flag, text = f"--{setting.name}", setting.metadata["help"]
    if isinstance(setting.default, bool):
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
    else:
        kind: Any = type(setting.default) if isinstance(setting.default, int | Path) else str
        parser.add_argument(flag, type=kind, help=text, choices=setting.metadata["choices"])


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def assignment(text: str) -> tuple[str, Any]:
    """`name=value` with a JSON value, or plain text where it is none."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not SETTING=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    sys.exit(main())
