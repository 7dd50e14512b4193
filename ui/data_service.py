"""Imports under way, and what the workspace holds, as plain values. Knows no Gradio."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.folder_import import Imported, Wanted, import_folder
from db.schema import Role
from db.store import Store
from m3ad.datasets.account import Account
from m3ad.datasets.layouts import AUTO
from m3ad.datasets.layouts import LAYOUTS as SOURCES
from m3ad.errors import BadData, Conflict
from m3ad.formats import FORMATS
from m3ad.remote.paths import RemotePath
from m3ad.settings import Settings
from m3ad.taxonomy import default_taxonomy
from ui.access import Person
from ui.background import Task, begin

LAYOUTS = {
    AUTO: "found out by itself",
    **{name: f"{one.table.title} (data set)" for name, one in SOURCES.items()},
    **{name: one.title for name, one in FORMATS.items()},
}
MOST_ROWS = 200  # of what was not used: a page that shows 100,000 is of no use


@dataclass(eq=False)
class Import(Task):
    """One import from the click to its account.

    Attributes:
        seen: entries the importer has given so far.
        done: how it ended; None while it runs or when it failed.
    """

    folder: Path
    seen: int = 0
    done: Imported | None = None

    @property
    def account(self) -> Account | None:
        """What became of every entry, once it has ended."""
        return self.done.account if self.done else None


class Imports:
    """Runs one import at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.latest: Import | None = None

    def start(self, wanted: Wanted, *, actor: str) -> Import:
        """Begin an import. Raises BadData for a folder that is not there, Conflict while another one runs.

        What is imported may be a file where the layout is an annotation format.
        """
        if wanted.layout not in LAYOUTS:
            raise BadData(f"There is no layout {wanted.layout!r}. Choose one of {', '.join(sorted(LAYOUTS))}.")
        if not (wanted.folder.is_dir() or (wanted.layout in FORMATS and wanted.folder.is_file())):
            where = "in its bucket" if isinstance(wanted.folder, RemotePath) else "on the machine that runs the app"
            raise BadData(f"{str(wanted.folder)!r} is not a folder {where}. Check the path.")
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict("Another import is running: wait for its account or cancel it.")
            job = self.latest = Import(wanted.folder)
        begin(job, lambda: self._run(job, wanted, actor))
        return job

    def _run(self, job: Import, wanted: Wanted, actor: str) -> None:
        def progress(done: int) -> None:
            job.seen = done

        job.done = import_folder(self._store, wanted, actor, progress, job.stop.is_set)


def folder_of(store: Store, text: str) -> Path:
    """The folder that a person typed. Raises BadData when nothing was typed, or what may not be read."""
    if not text.strip():
        raise BadData("'' is not a folder on the machine that runs the app. Type its path.")
    return store.places.given(text.strip()).expanduser()


def folder_words(settings: Settings) -> str:
    """Which folders can be imported."""
    places = ", ".join(place.strip() for place in settings.remote.split(",") if place.strip())
    return "On the machine that runs the app" + (f", or below {places}." if places else ".")


def import_words(job: Import | None) -> str:
    """Where an import stands, in a line."""
    if job is None:
        return "Nothing imported in this session."
    if job.error:
        return f"Refused: {job.error}"
    if job.running or job.account is None:
        return f"Importing {job.folder.name}: {job.seen} entries so far …"
    said = "Cancelled" if job.stop.is_set() else "Done"
    return f"{said}: {job.account.sentence()}."


def import_status(job: Import | None) -> dict[str, Any]:
    """The same for `form_parts.status`: a state with its tone, and the words under it."""
    if job is None:
        title, tone = "No import yet", "quiet"
    elif job.error:
        title, tone = "Refused", "bad"
    elif job.running or job.account is None:
        title, tone = ("Cancelling" if job.stop.is_set() else "Importing"), "busy"
    else:
        title = "Cancelled" if job.stop.is_set() else "Imported"
        tone = "odd" if _incomplete(job.account) else "good"
    words = job.folder.name if job else ""
    return {"title": title, "words": words, "tone": tone, "share": None, "message": import_words(job)}


def _incomplete(account: Account) -> bool:
    return bool(account.refused or account.clashes)


def require_folder_rights(person: Person) -> None:
    """Raises Conflict unless the person is an admin: a path may name any folder of the machine that runs the app."""
    if not person.role.covers(Role.ADMIN):
        raise Conflict(
            f"{person.name} may not import folders: these are folders of the machine that runs the app, so it is for "
            "admins. Ask an admin, or send a ZIP archive."
        )


def refused_rows(job: Import | None) -> list[list[str]]:
    """(what, why or how often) of everything an import did not use; the first MOST_ROWS of it."""
    if job is None or job.account is None:
        return []
    account = job.account
    found = [[words, f"{count} not used"] for words, count in account.unused.items()]
    found += [[one.file, one.why] for one in (*account.clashes, *account.refused)]
    more = [["…", f"and {len(found) - MOST_ROWS} more: the command line lists all"]]
    return found if len(found) <= MOST_ROWS else found[:MOST_ROWS] + more


def _with_licence(dataset: str, licence: str) -> str | list[str]:
    """The line of a data set, with its licence under it where that is known."""
    return [f"  data set {dataset}", f"  licence: {licence}"] if licence else f"  data set {dataset}"


def workspace_rows(store: Store) -> list[list[Any]]:
    """What the workspace holds: (what, how many) lines."""
    facets = store.facets()
    rows: list[list[Any]] = [["cases", str(facets.total)]]
    rows += [[_with_licence(name, store.licence_of(name)), str(count)] for name, count in facets.datasets.items()]
    rows += [[f"  {scenario}", str(count)] for scenario, count in facets.scenarios.items()]
    rows += [
        ["annotated anomalous", str(facets.anomalous)],
        ["annotated normal", str(facets.normal)],
        ["not annotated", str(facets.unannotated)],
        ["snapshots", str(len(store.snapshots()))],
        ["runs", str(len(store.runs()))],
        ["models", str(len(store.models()))],
    ]
    return rows


def taxonomy_rows(query: str) -> list[list[str]]:
    """(class, group, type, definition, also called) of the types that match; all of them for an empty query."""
    taxonomy = default_taxonomy()
    nodes = taxonomy.search(query) if query.strip() else taxonomy.types
    return [[n.classname, n.group, n.name, n.definition, ", ".join(n.aliases)] for n in nodes]


def taxonomy_cells(query: str) -> list[list[Any]]:
    """The same for the page: the type with its place under it, the definition with other names under it."""
    return [
        [[name, f"{classname} › {group}"], [definition, also]]
        for classname, group, name, definition, also in taxonomy_rows(query)
    ]
