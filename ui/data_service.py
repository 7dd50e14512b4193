"""Imports under way, and what the workspace holds, as plain values. Knows no Gradio."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.annotation_cases import Into
from db.annotation_files import import_place
from db.schema import Role
from db.store import Store
from m3ad.datasets import IMPORTERS
from m3ad.datasets.account import Account, Refused
from m3ad.errors import BadData, Conflict
from m3ad.formats import FORMATS
from m3ad.records import NewCase, Scenario
from m3ad.taxonomy import default_taxonomy
from ui.access import Person
from ui.background import Task, begin

Entry = NewCase | Refused
LAYOUTS = {**{name: f"{name} (data set)" for name in IMPORTERS}, **{name: one.title for name, one in FORMATS.items()}}
MOST_ROWS = 200  # of what was not used: a page that shows 100,000 is of no use


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What an annotation file does not say of new cases; empty texts: the name of the folder or archive."""

    dataset: str = ""
    category: str = ""
    scenario: Scenario = Scenario.WORKPIECE
    empty_is_normal: bool = False


UNSAID = CaseFacts()


@dataclass(eq=False)
class Import(Task):
    """One import from the click to its account.

    Attributes:
        seen: entries the importer has given so far.
        account: how it ended; None while it runs or when it failed.
    """

    layout: str
    folder: Path
    seen: int = 0
    account: Account | None = None


class Imports:
    """Runs one import at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.latest: Import | None = None

    def start(self, layout: str, folder: str, *, copy: bool, actor: str, facts: CaseFacts = UNSAID) -> Import:
        """Begin an import. Raises BadData for a folder that is not there, Conflict while another one runs.

        `folder` may be a file where `layout` is an annotation format; `facts` are for those only.
        """
        if layout not in {**IMPORTERS, **FORMATS}:
            raise BadData(f"There is no layout {layout!r}. Choose one of {', '.join(sorted(LAYOUTS))}.")
        path = Path(folder.strip()).expanduser()
        if not folder.strip() or not (path.is_dir() or (layout in FORMATS and path.is_file())):
            raise BadData(f"{folder!r} is not a folder on the machine that runs the app. Check the path.")
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict("Another import is running: wait for its account or cancel it.")
            job = self.latest = Import(layout, path)
        begin(job, lambda: self._run(job, copy, actor, facts))
        return job

    def _run(self, job: Import, copy: bool, actor: str, facts: CaseFacts) -> None:
        if job.layout in FORMATS:
            job.account = self._take_annotations(job, copy, actor, facts)
        else:
            entries = self._counted(job, IMPORTERS[job.layout](job.folder))
            job.account = self._store.import_cases(entries, copy=copy, actor=actor)

    def _take_annotations(self, job: Import, copy: bool, actor: str, facts: CaseFacts) -> Account:
        dataset = facts.dataset.strip() or job.folder.stem
        category = facts.category.strip() or dataset
        into = Into(job.layout, dataset, facts.scenario, category, actor, copy, facts.empty_is_normal)

        def progress(done: int) -> None:
            job.seen = done

        return import_place(self._store, job.folder, into, progress, job.stop.is_set)

    def _counted(self, job: Import, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries until it is cancelled; what was imported by then stays."""
        for entry in entries:
            if job.stop.is_set():
                return
            job.seen += 1
            yield entry


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
    more = [["…", f"and {len(found) - MOST_ROWS} more: `annotations import` on the command line lists all"]]
    return found if len(found) <= MOST_ROWS else found[:MOST_ROWS] + more


def workspace_rows(store: Store) -> list[list[str]]:
    """What the workspace holds: (what, how many) lines."""
    facets = store.facets()
    rows = [["cases", str(facets.total)]]
    rows += [[f"  data set {name}", str(count)] for name, count in facets.datasets.items()]
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
