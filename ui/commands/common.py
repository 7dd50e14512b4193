"""What the commands share: the settings and store that were asked for, what they name, how they tell what they did."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from db.places import Remote
from db.store import Store
from m3ad.errors import NotFound
from m3ad.records import Snapshot
from m3ad.settings import Settings

PASSWORD_VARIABLE = "M3AD_PASSWORD"


def make_settings(options: argparse.Namespace) -> Settings:
    """The settings that were given on the command line; defaults for the rest."""
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(Settings) if hasattr(options, f.name)}
    return Settings(**given)


def open_store(options: argparse.Namespace) -> Store:
    """The store of the chosen workspace."""
    settings = make_settings(options)
    return Store.open(settings.workspace, settings.database, remote_of(settings))


def remote_of(settings: Settings) -> Remote:
    """Which buckets may be read, as the settings say."""
    places = tuple(place.strip() for place in settings.remote.split(",") if place.strip())
    return Remote(places, settings.remote_cache, settings.remote_images)


def model_source(settings: Settings, name: str) -> str:
    """What `open_monitor` takes for a model's name: a stored model's source, else the name itself."""
    if not has_store(settings):
        return name  # inspecting a picture needs no workspace, and makes none
    with Store.open(settings.workspace, settings.database, remote_of(settings)) as store:
        return next((model.source for model in store.models() if model.name == name), name)


def model_in_use(settings: Settings) -> str:
    """The model that was promoted last and not taken back, else that of the settings."""
    if not has_store(settings):
        return settings.model
    with Store.open(settings.workspace, settings.database, remote_of(settings)) as store:
        return store.promotions.in_use() or settings.model


def has_store(settings: Settings) -> bool:
    """Whether the workspace has a store already."""
    return (settings.workspace / "store.db").exists() or settings.database is not None


def find_snapshot(store: Store, wanted: str | None) -> Snapshot:
    """The snapshot of this name or number, the latest one for None; NotFound when there is none."""
    found = next((one for one in store.snapshots() if wanted in (None, one.name, str(one.id))), None)
    if found is None:
        raise NotFound("There is no such snapshot. Take one first: `app.py snapshot NAME`.")
    return found


def new_password(name: str) -> str:
    """From the environment, or asked at the terminal; there is no default."""
    return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password for {name}: ")


def tell(options: argparse.Namespace, data: dict[str, Any], words: str) -> None:
    """One JSON object on a line with --json, words otherwise."""
    print(json.dumps(data, ensure_ascii=False) if options.json else words, flush=True)


def assignment(text: str) -> tuple[str, Any]:
    """`name=value` with a JSON value, or plain text where it is none."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not SETTING=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


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
