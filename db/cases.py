"""Cases: adding them, finding them, listing them, importing them. Functions take a session and return records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select
from sqlalchemy import insert as insert_into
from sqlalchemy.orm import Session

from db.annotations import add_revision
from db.authors import SOURCE_AUTHOR
from db.events import log, now
from db.filters import CaseFilter, conditions, join_latest
from db.pictures import PictureFile, file_hash, measure, pictures_of
from db.places import Places
from db.schema import CaseTable, PictureTable, TallyTable, table_of
from db.standings import ANY, touch
from db.verdicts import sound
from m3ad.errors import BadData, Conflict, NotFound
from m3ad.records import Case, NewCase, Scenario
from m3ad.wav import is_sound

_cases = table_of(CaseTable)
# Made once: making a statement costs more than running it.
_CASE = select(*_cases.c).where(_cases.c.id == bindparam("case_id"))
_FIND = select(_cases.c.id).where(_cases.c.dataset == bindparam("dataset"), _cases.c.key == bindparam("key"))
_ADD_CASE, _ADD_PICTURES = insert_into(_cases), insert_into(table_of(PictureTable))


@dataclass(frozen=True, slots=True)
class MeasuredCase:
    """A new case whose pictures were opened: ready to be written without touching a file."""

    new: NewCase
    pictures: tuple[PictureFile, ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many cases there are by each of their properties; the most frequent first."""

    total: int
    anomalous: int
    normal: int
    unannotated: int
    datasets: dict[str, int]
    scenarios: dict[Scenario, int]
    categories: dict[str, int]
    splits: dict[str, int]


def measure_case(new: NewCase, places: Places, *, copy: bool) -> MeasuredCase:
    """Open every picture of a case (outside any transaction: it takes the time). Raises BadImage, BadData."""
    if not new.images:
        raise BadData(f"{new.key} has no picture: a case needs at least one.")
    return MeasuredCase(new, tuple(measure(path, places, copy=copy) for path in new.images))


def _require_text(new: NewCase) -> None:
    """File systems allow names that are no text; the store and the page do not."""
    try:
        "".join([new.dataset, new.key, new.category, *map(str, new.images)]).encode()
    except UnicodeEncodeError as error:
        raise BadData("Its name is not valid text (UTF-8): rename the file or folder.") from error


def find(session: Session, dataset: str, key: str) -> int | None:
    """The id of the case with this key in this data set."""
    found: int | None = session.connection().scalar(_FIND, {"dataset": dataset, "key": key})
    return found


@dataclass(frozen=True, slots=True)
class Present:
    """A case that is in the store already; not `complete` when a picture's file is missing from its old place."""

    case_id: int
    complete: bool


def find_same(session: Session, places: Places, new: NewCase) -> Present | None:
    """The case if it is there already with the same pictures (compared by their bytes).

    Raises:
        Conflict: the same key with other pictures.
        BadImage: a file that cannot be read.
        BadData: a name that is no text.
    """
    _require_text(new)
    case_id = find(session, new.dataset, new.key)
    if case_id is None:
        return None
    _require_same(session, case_id, new, [file_hash(path) for path in new.images])
    paths = session.scalars(select(PictureTable.path).where(PictureTable.case_id == case_id))
    return Present(case_id, all(places.path(path).is_file() for path in paths))


def insert(
    session: Session, measured: MeasuredCase, actor: str, *, author: str = SOURCE_AUTHOR, note: str = ""
) -> tuple[int, bool]:
    """Write a case, its pictures and its verdict by `author`; (id, False) when it is there with the same pictures."""
    new = measured.new
    verdict = None if new.verdict is None else sound(new.verdict, len(new.images))
    present = find(session, new.dataset, new.key)
    if present is not None:
        _require_same(session, present, new, [picture.sha256 for picture in measured.pictures])
        return present, False
    facts = {"dataset": new.dataset, "key": new.key, "scenario": new.scenario, "category": new.category}
    connection = session.connection()
    source = {"split": new.split, "licence": new.licence, "created": now()}
    made = connection.execute(_ADD_CASE, facts | source).inserted_primary_key
    assert made is not None
    case_id: int = made[0]
    rows = [
        {**asdict(picture), "case_id": case_id, "position": position, "role": _role(new, position)}
        for position, picture in enumerate(measured.pictures)
    ]
    connection.execute(_ADD_PICTURES, rows)
    log(session, "case.added", actor, case_id, dataset=new.dataset, key=new.key)
    touch(session, case_id)
    if verdict is not None:
        add_revision(session, case_id, 1, verdict, author=author, note=note, inspection_id=None)
    return case_id, True


def _role(new: NewCase, position: int) -> str:
    if position < len(new.roles):
        return new.roles[position]
    if is_sound(new.images[position]):
        return "spectrogram"
    return "primary" if position == 0 else "view"


def follow(session: Session, places: Places, case_id: int, new: NewCase, actor: str) -> None:
    """Point the pictures of a case whose files are gone to the same files in their new place."""
    rows = session.scalars(
        select(PictureTable).where(PictureTable.case_id == case_id).order_by(PictureTable.position)
    ).all()
    for row, path in zip(rows, new.images, strict=True):
        if not places.path(row.path).is_file():
            place = measure(path, places, copy=True).path if is_sound(path) else str(path.resolve())
            log(session, "picture.moved", actor, case_id, before=row.path, after=place)
            row.path = place


def _require_same(session: Session, case_id: int, new: NewCase, hashes: Sequence[str]) -> None:
    stored = session.scalars(
        select(PictureTable.sha256).where(PictureTable.case_id == case_id).order_by(PictureTable.position)
    ).all()
    if list(stored) != list(hashes):
        raise Conflict(
            f"{new.dataset} / {new.key} is in the store already, with other pictures. Cases never change their "
            "pictures: import the new ones under another data set name."
        )


def cases(
    session: Session,
    places: Places,
    wanted: CaseFilter,
    *,
    user: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Case]:
    """The cases that `wanted` lets through, in the order of their import; two queries."""
    query = join_latest(select(CaseTable), model=wanted.model, user=user).where(*conditions(wanted))
    rows = session.scalars(query.order_by(CaseTable.id).limit(limit).offset(offset)).all()
    pictures = pictures_of(session, places, [row.id for row in rows])
    return [
        Case(row.id, row.dataset, row.key, row.scenario, row.category, row.split, tuple(pictures[row.id]))
        for row in rows
    ]


def case(session: Session, places: Places, case_id: int) -> Case:
    """One case; NotFound when there is none with this id."""
    row = session.execute(_CASE, {"case_id": case_id}).first()
    if row is None:
        raise NotFound(f"The store has no case {case_id}.")
    pictures = tuple(pictures_of(session, places, [case_id])[case_id])
    return Case(row.id, row.dataset, row.key, row.scenario, row.category, row.split, pictures)


def case_ids(session: Session, wanted: CaseFilter, *, user: str | None = None) -> list[int]:
    """Ids only, in the order of `cases`: for going to the previous and next case."""
    query = join_latest(select(CaseTable.id), model=wanted.model, user=user).where(*conditions(wanted))
    return list(session.scalars(query.order_by(CaseTable.id)))


def licence_of(session: Session, dataset: str) -> str:
    """The licence of the cases of a data set, as the oldest of them by its key has it; "" where it is not known."""
    query = select(CaseTable.licence).where(CaseTable.dataset == dataset).order_by(CaseTable.key).limit(1)
    return session.scalar(query) or ""


def facets(session: Session) -> Facets:
    """Counts for the filter lists: sums of tallies."""
    names = ("dataset", "scenario", "category", "split", "truth")
    query = select(*(getattr(TallyTable, name) for name in names), TallyTable.count)
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    total = 0
    for *values, count in session.execute(query.where(TallyTable.model == ANY, TallyTable.count > 0)):
        total += count
        for name, value in zip(names, values, strict=True):
            counts[name][value] = counts[name].get(value, 0) + count
    datasets, scenarios, categories, splits, truths = (
        dict(sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))) for counter in counts.values()
    )
    return Facets(
        total,
        truths.get("anomalous", 0),
        truths.get("normal", 0),
        truths.get("", 0),
        datasets,
        {Scenario(name): count for name, count in scenarios.items()},
        categories,
        splits,
    )
