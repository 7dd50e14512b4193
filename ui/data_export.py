"""Exports of annotations under way, and the archives that wait to be fetched. Knows no Gradio."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from db.annotation_export import export_annotations
from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.errors import BadData, Conflict, NotFound
from m3ad.formats import FORMATS
from m3ad.formats.carrying import ExportedAccount
from ui.background import Task, begin


@dataclass(eq=False)
class Export(Task):
    """One export from the click to its archive.

    Attributes:
        done, total: cases.
        account: how it ended; None while it runs or when it failed.
    """

    format: str
    file: Path
    actor: str
    done: int = 0
    total: int = 0
    account: ExportedAccount | None = None


class Exports:
    """One export at a time for each person, in a thread of its own; a person's next one replaces the last archive."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._latest: dict[str, Export] = {}

    def latest(self, actor: str) -> Export | None:
        """The person's export, under way or over."""
        return self._latest.get(actor)

    def start(self, format: str, wanted: CaseFilter, *, copy: bool, actor: str) -> Export:
        """Begin an export. Raises BadData for an unknown format, Conflict while the person's other one runs."""
        if format not in FORMATS:
            raise BadData(f"There is no format {format!r}. Choose one of {', '.join(sorted(FORMATS))}.")
        with self._lock:
            before = self._latest.get(actor)
            if before is not None and before.running:
                raise Conflict("Another export of yours is running: wait for its end or cancel it.")
            if before is not None:
                before.file.unlink(missing_ok=True)
            name = f"{format}-{datetime.now():%Y%m%d-%H%M%S-%f}.zip"
            job = self._latest[actor] = Export(format, self._store.workspace / "exports" / name, actor)
        begin(job, lambda: self._run(job, wanted, copy))
        return job

    def _run(self, job: Export, wanted: CaseFilter, copy: bool) -> None:
        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total

        job.account = export_annotations(
            self._store,
            job.format,
            job.file,
            wanted,
            copy=copy,
            user=job.actor,
            progress=progress,
            cancelled=job.stop.is_set,
        )

    def file(self, name: str, actor: str) -> Path:
        """The archive of this name, where it is this person's. Raises NotFound."""
        job = self._latest.get(actor)
        if job is None or job.running or job.account is None or job.file.name != name or not job.file.is_file():
            raise NotFound("There is no such export of yours (any more): start it again.")
        return job.file


def export_filter(text: str, dataset: str | None, status: str | None) -> CaseFilter:
    """The filter that the form describes; empty fields do not restrict."""
    return CaseFilter(text=text[:200], dataset=dataset or None, status=Status(status) if status else None)


def export_status(job: Export | None) -> dict[str, Any]:
    """Where an export stands, for `form_parts.status`."""
    if job is None:
        return {"title": "No export yet", "words": "", "tone": "quiet", "share": None, "message": ""}
    title, tone, message = "Exporting", "busy", f"{job.done} of {job.total or '…'} cases"
    if job.error:
        title, tone, message = "Refused", "bad", job.error
    elif job.account is not None and not job.running:
        title, tone, message = "Ready", "odd" if job.account.lost else "good", job.account.sentences()[0]
    share = job.done / job.total if job.running and job.total else None
    return {"title": title, "words": FORMATS[job.format].title, "tone": tone, "share": share, "message": message}


def lost_rows(job: Export | None) -> list[list[str]]:
    """(what, how often) of everything that the format could not carry."""
    return [[words, str(count)] for words, count in job.account.lost.items()] if job and job.account else []


def export_address(job: Export | None) -> str | None:
    """Where the archive is fetched, relative to the page; None while there is none."""
    if job is None or job.running or job.account is None:
        return None
    return f"export/{job.file.name}"
