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
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Before any library looks: nothing is sent anywhere, and no hub is asked unless a model is named.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from db.filters import CaseFilter, Status
from db.schema import Role
from db.store import Store
from m3ad.datasets import IMPORTERS
from m3ad.errors import BadImage, M3ADError, NotFound, RunError
from m3ad.images import open_image
from m3ad.monitor import Answer, inspect, open_monitor
from m3ad.records import Mode, Run, RunState, Scenario, Snapshot, Stage
from m3ad.settings import Settings
from training.config import PRESETS, RawsSettings, settings_from_json
from training.examples import Mix
from training.exports import Form, export_snapshot
from training.launch import start
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder
from training.snapshots import snapshot_examples, unanswered_cases

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
    words = [f"{account.added} added, {account.present} already there, {len(account.refused)} refused"]
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
    mix = Mix.of(snapshot_examples(store, snapshot.id, settings.model, RawsSettings()))
    words = f"{mix.easy} easy, {mix.hard} hard, {mix.unanswered} not answered"
    tell(options, {"snapshot": snapshot.name, "model": settings.model, **dataclasses.asdict(mix)}, words)


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
    account = export_snapshot(store, snapshot.id, settings.model, Form(options.form), options.folder)
    tell(options, account.to_json(), account.sentence())


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
    tell(options, {"run": run.name, "folder": str(run.folder)}, f"run {run.name} started in {run.folder}")
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
    one = command("export", export)
    one.add_argument("snapshot", help="Name or number.")
    one.add_argument("folder", type=Path)
    readers = "Who shall read it: this program and `datasets`, or another trainer."
    one.add_argument("--form", choices=[form.value for form in Form], required=True, help=readers)
    one = command("train", train)
    one.add_argument("stage", choices=[stage.value for stage in Stage])
    one.add_argument("--snapshot", help="Name or number; the latest one otherwise.")
    one.add_argument("--preset", choices=sorted(PRESETS), default="paper")
    one.add_argument("--set", action="append", default=[], type=assignment, metavar="SETTING=VALUE")
    one.add_argument("--wait", action="store_true", help="Follow the run to its end.")
    models = commands.add_parser("model", help="Models that can inspect.").add_subparsers(required=True, metavar="list")
    one = models.add_parser("list", help="List them.", parents=[common])
    one.set_defaults(command=list_models)
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
