"""The list of cases as data: chips with counts, rows in words a few at a time, pictures dropped on it. No gradio."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from db import lists
from db.case_rows import CaseRow
from db.filters import CaseFilter, Status
from db.lists import COUNTED, Within
from db.store import Store
from m3ad.errors import BadImage
from m3ad.images import describe
from m3ad.records import NewCase, Outcome, Scenario
from ui.pictures import picture_url

UPLOADS = "uploads"  # the data set of pictures that were dropped, pasted or chosen on the page
MAX_UPLOAD = 64 * 1024 * 1024  # bytes; a 20-megapixel PNG has about 40 MB
ROWS = 40  # rows that are answered at once


@dataclass(frozen=True, slots=True)
class Filter:
    """One chip over the list."""

    name: str
    says: str
    means: str
    status: Status | None


FILTERS = (
    Filter("all", "all", "Every case", None),
    Filter("unsure", "unsure", "The model's probability lies between 0.2 and 0.8", Status.UNSURE),
    Filter("disagree", "disagree", "The model's answer is not what the annotation says", Status.WRONG),
    Filter("unreadable", "unreadable", "The model's answer cannot be read", Status.UNREADABLE),
    Filter("new", "not inspected", "Not inspected by this model yet", Status.UNINSPECTED),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list a page asks for: the search text, the name of a chip, the model whose answers count."""

    text: str = ""
    chosen: str = "all"
    model: str | None = None

    def wanted(self, chosen: str | None = None) -> CaseFilter:
        """As a filter; with another chip's, where `chosen` names one."""
        status = {each.name: each.status for each in FILTERS}.get(chosen or self.chosen)
        return CaseFilter(text=self.text[:200], model=self.model, status=status)


def listing(store: Store, asked: Asked, selected: int | None = None, busy: Collection[int] = ()) -> dict[str, Any]:
    """How long the list is, the place of the selected case in it (from 0; None: not in it), and every chip's count.

    A list of searched words ends after `db.lists.COUNTED` cases. `busy` are the cases that are inspected now or soon;
    while there are some, the list asks again.
    """
    with store.reading() as session:
        counts = {each.name: lists.count(session, asked.wanted(each.name), at_most=COUNTED) for each in FILTERS}
        wanted = asked.wanted()
        count = counts.get(asked.chosen, counts["all"])
        at = lists.position(session, wanted, selected, user=None, at_most=count.number) if selected else None
    filters = [
        {"name": each.name, "says": each.says, "means": each.means, "count": str(counts[each.name])} for each in FILTERS
    ]
    return {"count": count.number, "at": at - 1 if at else None, "filters": filters, "busy": len(busy)}


def rows(store: Store, asked: Asked, after: int, skip: int, busy: Collection[int] = ()) -> list[dict[str, Any]]:
    """ROWS rows of the list: those behind the case `after`, `skip` of them passed over."""
    ids = store.queue.stretch(asked.wanted(), Within(after, limit=ROWS, skip=skip))
    found = store.case_rows(CaseFilter(ids=tuple(ids)), asked.model)
    return [asdict(list_row(row, busy=row.case_id in busy)) for row in found]


@dataclass(frozen=True, slots=True)
class ListRow:
    """A case in the list: its name, where it stands in words, the words' tone, and the address of its thumbnail."""

    id: int
    name: str
    status: str
    tone: str
    picture: str


def list_row(row: CaseRow, *, busy: bool = False) -> ListRow:
    """A store row as the list shows it."""
    words, tone = ("inspecting…", "") if busy else status_words(row)
    return ListRow(row.case_id, row.name, words, tone, picture_url(row.picture_id, 96))


def status_words(row: CaseRow) -> tuple[str, str]:
    """Where a case stands: "normal 0.97", "anomalous · fixed", "not inspected"; and the tone: bad, odd or none."""
    if not row.inspected:
        return "not inspected", ""
    if row.predicted is None:
        return "unreadable answer", "odd"
    word = "anomalous" if row.predicted.anomalous else "normal"
    if row.outcome in (Outcome.FIXED, Outcome.BROKE):
        word = f"{word} · {row.outcome}"
    elif row.right is False:
        word = f"{word} · {'overkill' if row.predicted.anomalous else 'escape'}"
    elif row.probability.final is not None:
        sure = row.probability.final if row.predicted.anomalous else 1 - row.probability.final
        word = f"{word} {sure:.2f}"
    return word, "bad" if row.predicted.anomalous or row.right is False else ""


def take_upload(store: Store, name: str, data: bytes, user: str) -> tuple[int, str]:
    """Make a case of a picture somebody dropped: its id, and what was done in words.

    The same picture under the same name is the same case. An upload does not say its scenario: it counts as workpiece.

    Raises:
        BadImage: it cannot or must not be opened, or is larger than MAX_UPLOAD bytes.
    """
    if len(data) > MAX_UPLOAD:
        raise BadImage(f"The picture is larger than {MAX_UPLOAD // 2**20} MB. Import large files in the Data tab.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, clean_name(name))
        path.write_bytes(data)
        facts = describe(path)
        key = f"{path.stem} {facts.sha256[:8]}"
        new = NewCase(UPLOADS, key, Scenario.WORKPIECE, "upload", (path,))
        case_id, added = store.add_case(new, copy=True, actor=user)
    notes = "".join(f" ({note})" for note in facts.notes)
    return case_id, f"{path.name}: {'added' if added else 'was there already'}{notes}"


def clean_name(name: str) -> str:
    """A file name that is safe to write: no folders, no control characters, at most 60 characters."""
    last = re.sub(r"[\x00-\x1f\x7f]", "", PurePath(name.replace("\\", "/")).name).strip()
    return last[-60:].lstrip(".") or "picture.png"
