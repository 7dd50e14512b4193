"""The command line as `argparse` reads it: the settings as flags, and every command with its options."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from m3ad.settings import Settings
from ui.commands import (
    annotations_agreement,
    annotations_draw,
    annotations_export,
    annotations_import,
    annotations_retype,
    annotations_undo,
    answer,
    bench_list,
    bench_report,
    bench_run,
    caption,
    export,
    import_folder,
    inspect,
    lens,
    lineage,
    model_add,
    model_judge,
    model_list,
    model_promote,
    model_rules,
    model_serve,
    model_served,
    model_take_back,
    model_unserve,
    queue_add,
    queue_list,
    queue_move,
    queue_remove,
    queue_work,
    reflection,
    serve,
    snapshot,
    store_copy,
    train,
    trust_fit,
    trust_like,
    trust_show,
    trust_use,
    user_add,
    user_list,
    user_password,
    user_remove,
    user_role,
)
from ui.commands.common import PASSWORD_VARIABLE


class Command(Protocol):
    """What a file of a command holds."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Declare what it takes beside the settings."""

    def run(self, options: argparse.Namespace) -> None:
        """Do it; M3ADError when it is refused. The first line of the docstring is the command's help."""


COMMANDS: dict[str, Command] = {
    "serve": serve,
    "inspect": inspect,
    "import": import_folder,
    "snapshot": snapshot,
    "answer": answer,
    "caption": caption,
    "export": export,
    "train": train,
    "reflection": reflection,
    "lens": lens,
    "lineage": lineage,
}


def make_parser() -> argparse.ArgumentParser:
    """The command line; without a command it serves the page."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for setting in dataclasses.fields(Settings):
        add_setting(common, setting)
    common.add_argument("--json", action="store_true", help="Print one JSON object per line.")
    description = "RA-Monitor studio: composition root and command line."
    parser = argparse.ArgumentParser(prog="app.py", description=description, parents=[common])
    parser.set_defaults(command=serve.run, json=False)
    commands = parser.add_subparsers(title="commands", metavar="")
    for name, command in COMMANDS.items():
        add_command(commands, common, name, (command.run.__doc__ or "").split("\n")[0], command)
    inspecting = {
        "list": ("List them.", model_list),
        "add": ("Give one that is to be compared a name.", model_add),
        "judge": (model_judge.WORDS, model_judge),
        "promote": (model_promote.WORDS, model_promote),
        "take-back": (model_take_back.WORDS, model_take_back),
        "rules": (model_rules.WORDS, model_rules),
        "serve": (model_serve.WORDS, model_serve),
        "served": (model_served.WORDS, model_served),
        "unserve": (model_unserve.WORDS, model_unserve),
    }
    add_group(commands, common, ("model", "Models that can inspect, and which of them is in use."), inspecting)
    waiting = {
        "list": (queue_list.WORDS, queue_list),
        "move": (queue_move.WORDS, queue_move),
        "remove": (queue_remove.WORDS, queue_remove),
        "add": (queue_add.WORDS, queue_add),
        "work": (queue_work.WORDS, queue_work),
    }
    add_group(commands, common, ("queue", "Runs that wait for a device."), waiting)
    exchange = {
        "import": (annotations_import.WORDS, annotations_import),
        "export": (annotations_export.WORDS, annotations_export),
        "retype": (annotations_retype.WORDS, annotations_retype),
        "undo": (annotations_undo.WORDS, annotations_undo),
        "draw": (annotations_draw.WORDS, annotations_draw),
        "agreement": (annotations_agreement.WORDS, annotations_agreement),
    }
    add_group(commands, common, ("annotations", "To and from other programs; many at once; agreement."), exchange)
    trusted = {
        "show": (trust_show.WORDS, trust_show),
        "fit": (trust_fit.WORDS, trust_fit),
        "use": (trust_use.WORDS, trust_use),
        "like": (trust_like.WORDS, trust_like),
    }
    add_group(commands, common, ("trust", "How far a model can be trusted."), trusted)
    judged = {
        "run": (bench_run.WORDS, bench_run),
        "list": (bench_list.WORDS, bench_list),
        "report": (bench_report.WORDS, bench_report),
    }
    add_group(commands, common, ("bench", "Models judged on frozen cases."), judged)
    add_group(commands, common, ("store", "The store's database."), {"copy": (store_copy.WORDS, store_copy)})
    asked = f"(from {PASSWORD_VARIABLE}, or asked)"
    people = {
        "add": (f"Add one, or bring one back, with a password {asked}.", user_add),
        "role": ("Give one another role.", user_role),
        "password": (f"Give one a new password {asked}.", user_password),
        "remove": ("Let one sign in no more.", user_remove),
        "list": ("List them.", user_list),
    }
    add_group(commands, common, ("user", "People who may sign in."), people)
    return parser


def add_command(commands: Any, common: argparse.ArgumentParser, name: str, words: str, command: Command) -> None:
    """One command, with `words` as its help."""
    parser = commands.add_parser(name, help=words, parents=[common])
    command.add_options(parser)
    parser.set_defaults(command=command.run)


def add_group(
    commands: Any,
    common: argparse.ArgumentParser,
    group: tuple[str, str],
    members: Mapping[str, tuple[str, Command]],
) -> None:
    """Commands of two words, such as `model list`: name and help of the group, and help and command of each member."""
    parser = commands.add_parser(group[0], help=group[1])
    inner = parser.add_subparsers(required=True, metavar="|".join(members))
    for name, (words, command) in members.items():
        add_command(inner, common, name, words, command)


def add_setting(parser: argparse.ArgumentParser, setting: dataclasses.Field[Any]) -> None:
    """One setting as a flag."""
    flag, text = f"--{setting.name.replace('_', '-')}", setting.metadata["help"]
    if isinstance(setting.default, bool):
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
    else:
        kind: Any = type(setting.default) if isinstance(setting.default, int | Path) else str
        parser.add_argument(flag, type=kind, help=text, choices=setting.metadata["choices"])
