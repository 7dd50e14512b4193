"""A folder of any known layout into the store: what the page and the command line call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.annotation_cases import Into
from db.annotation_files import import_place
from m3ad.datasets.account import Account, Refused
from m3ad.datasets.layouts import AUTO, LAYOUTS, find_layout
from m3ad.datasets.source import UNTOLD, Met, Told
from m3ad.errors import BadData
from m3ad.formats import FORMATS
from m3ad.records import NewCase, Scenario

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, and how.

    Attributes:
        folder: also one of a bucket, as `db.places.Places.given` has it.
        layout: a name of `m3ad.datasets.layouts.LAYOUTS` or `m3ad.formats.FORMATS`, or AUTO.
        copy: copy the pictures into the workspace.
        empty_is_normal: of a format: a picture of which the file says nothing was looked at and is normal.
    """

    folder: Path
    layout: str = AUTO
    told: Told = UNTOLD
    copy: bool = False
    empty_is_normal: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """How it ended: the layout, the account, and which names of defects the source uses."""

    layout: str
    account: Account
    met: tuple[Met, ...] = ()


def import_folder(
    store: Store,
    wanted: Wanted,
    actor: str,
    progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Imported:
    """Import a folder (or a file of a format); what was taken by the time it is cancelled or fails stays.

    Raises BadData for what is not there, or not in the layout.
    """
    layout = wanted.layout
    if not wanted.folder.exists():
        raise BadData(f"{wanted.folder} is not there on the machine that runs the app. Check the path.")
    if layout == AUTO:
        layout = find_layout(wanted.folder)
    if layout in FORMATS:
        return Imported(layout, import_place(store, wanted.folder, _into(layout, wanted, actor), progress, cancelled))
    if layout not in LAYOUTS:
        raise BadData(f"There is no layout {layout!r}. Choose one of {', '.join((AUTO, *LAYOUTS, *FORMATS))}.")
    source, entries = LAYOUTS[layout].open(wanted.folder, store.meanings.of(layout), wanted.told)
    account = store.import_cases(_until(cancelled, entries, progress), copy=wanted.copy, actor=actor)
    return Imported(layout, account, tuple(source.met.values()))


def _into(layout: str, wanted: Wanted, actor: str) -> Into:
    told = wanted.told
    dataset = told.dataset or wanted.folder.resolve().stem
    scenario = told.scenario or Scenario.WORKPIECE
    return Into(layout, dataset, scenario, told.category or dataset, actor, wanted.copy, wanted.empty_is_normal)


def _until(
    cancelled: Callable[[], bool], entries: Iterable[NewCase | Refused], progress: Callable[[int], None]
) -> Iterator[NewCase | Refused]:
    for done, entry in enumerate(entries, start=1):
        if cancelled():
            return
        yield entry
        progress(done)
