"""What the page works with: settings, store, the loaded monitor, the inspections under way. No gradio, no torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from db.store import Store
from m3ad.errors import ModelUnavailable, NotFound
from m3ad.monitor.base import Monitor
from m3ad.monitor.fingerprint import stamp
from m3ad.monitor.folders import Card, read_card
from m3ad.monitor.names import NAMES, dialect_of, resolve
from m3ad.settings import Settings
from ui.benching import Benching
from ui.data_export import Exports
from ui.inspections import Inspections
from ui.judging import Judging

Opener = Callable[[str], Monitor]


class Asker(Protocol):
    """Whoever sent a request: `gr.Request` has this; `username` is None when nobody logs in."""

    username: str | None


class Monitors:
    """The models that can inspect, by name, and the one that is loaded: opened on first use, one at a time.

    Two models side by side would not fit on most cards, and opening takes seconds; so the last one stays loaded until
    another is asked for. Safe to call from several threads; a second user of the monitor waits.
    """

    def __init__(self, store: Store, default: str, opener: Opener, *, pinned: bool = False) -> None:
        """`default` is what a new session gets while no model is promoted; `pinned`: also when one is."""
        self._store = store
        self._default = default
        self._opener = opener
        self._pinned = pinned
        self._lock = threading.RLock()
        self._loaded: tuple[str, str, Monitor] | None = None  # name, source, monitor
        self._stamp: object = None  # of the loaded model's files

    @property
    def default(self) -> str:
        """The model of a new session: the one in use, unless the app was started with another.

        Where that one was loaded on a server, it is the served one.
        """
        promoted = None if self._pinned else self._store.promotions.in_use()
        served = self._store.servings.present(promoted) if promoted else []
        return served[0].served if served else promoted or self._default

    def names(self) -> list[str]:
        """Names to choose from: the default first, then the store's models (newest first), then the built-in ones."""
        stored = [model.name for model in reversed(self._store.models())]
        return list(dict.fromkeys([self.default, *stored, *NAMES]))

    def marked(self) -> list[tuple[str, str]]:
        """(title, name) of `names`: the title says of a run's model when it is not promoted."""
        promoted, models = self._store.promotions.in_use(), self._store.models()
        unproven = {one.name for one in models if one.run and one.name != promoted}
        unproven |= {one.name for one in models if one.parent in unproven and one.source.startswith("served:")}
        return [(f"{name} (not promoted)" if name in unproven else name, name) for name in self.names()]

    def source(self, name: str) -> str:
        """What `open_monitor` takes for this name: a stored model's source, or the name itself."""
        try:
            return self._store.model(name).source
        except NotFound:
            return name

    def demonstration(self, name: str) -> bool:
        """True when the model is the bundled one or was trained from it, so that it knows drawn parts only."""
        parents = {model.name: model.parent for model in self._store.models()}
        seen: set[str] = set()
        while name in parents and name not in seen and name != "demo":
            seen.add(name)
            name = parents[name] or ""
        return name == "demo"

    def reflects_from(self, name: str) -> float | None:
        """The doubt from which this model reflects in auto mode, 0..1; None where that cannot be known from here."""
        try:
            found = resolve(self.source(name))
            folder = Path(found.location) if found.kind == "folder" else None
            card = read_card(folder) if folder else None
            dialect = dialect_of(found, folder)
        except ModelUnavailable:
            return None
        return None if found.kind == "served" or dialect else (card or Card()).reflect_threshold

    @property
    def loaded(self) -> tuple[str, str] | None:
        """(name, device) of the model in memory, or None."""
        held = self._loaded
        return (held[0], held[2].device) if held else None

    @contextmanager
    def use(self, name: str) -> Iterator[Monitor]:
        """The monitor of this name, for this thread alone; opened when it is not the loaded one.

        Raises:
            ModelUnavailable: it cannot be loaded or reached.
        """
        with self._lock:
            yield self._open(name)

    def _open(self, name: str) -> Monitor:
        source = self.source(name)
        now = _stamp(source)
        if self._loaded is None or self._loaded[:2] != (name, source) or self._stamp != now:
            self._loaded = None  # let go of the old weights before the new ones need the memory
            self._loaded, self._stamp = (name, source, self._opener(source)), now
        return self._loaded[2]


def _stamp(source: str) -> object:
    """Changes when somebody trains on in the model's folder; None where it is no folder."""
    try:
        found = resolve(source)
    except ModelUnavailable:
        return None
    return stamp(Path(found.location)) if found.kind == "folder" else None


@dataclass(frozen=True)
class Context:
    """Everything the tabs need, made once when the app starts."""

    settings: Settings
    store: Store
    monitors: Monitors
    inspections: Inspections
    exports: Exports
    benching: Benching
    judging: Judging

    @classmethod
    def make(cls, settings: Settings, store: Store, opener: Opener, *, pinned: bool = False) -> Context:
        """Put the parts together; `opener` opens a monitor by source (see `m3ad.monitor.open_monitor`).

        `pinned`: new sessions get `settings.model` even where another model is promoted.
        """
        monitors = Monitors(store, settings.model, opener, pinned=pinned)
        store.queue.minutes = settings.claim
        benching = Benching(store, monitors)
        return cls(
            settings,
            store,
            monitors,
            Inspections(store, monitors.use),
            Exports(store),
            benching,
            Judging(store, benching),
        )

    @property
    def workspace(self) -> Path:
        """The folder that holds database, images, runs and models."""
        return self.settings.workspace

    def user(self, asker: Asker | None) -> str:
        """Under which name the person works: the login, or the configured user when nobody logs in."""
        return (asker.username if asker else None) or self.settings.user
