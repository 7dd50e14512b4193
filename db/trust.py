"""Operating points and calibrators of models: chosen or fitted by a person, kept for ever, the newest in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import CalibratorTable, ModelTable, OperatingPointTable, RunTable, SnapshotRowTable
from db.splits import FROZEN, TRAIN
from m3ad.errors import Conflict
from m3ad.reliability.bounds import Rate
from m3ad.reliability.calibrators import Calibrator, from_json
from m3ad.reliability.operating import Cost, Point

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class ChosenPoint:
    """An operating point of a model: who chose it, looking at which cases, and what it cost on them then."""

    model: str
    point: Point
    cases: str
    cost: Cost
    author: str
    created: datetime


@dataclass(frozen=True, slots=True)
class FittedCalibrator:
    """A calibrator of a model's P(anomalous).

    Attributes:
        cases: the name of the set, `case_ids` what of it the calibrator was fitted on.
        brier, error: Brier score and expected calibration error before, and cross-validated with it.
    """

    model: str
    calibrator: Calibrator
    cases: str
    case_ids: tuple[int, ...]
    brier: tuple[float, float]
    error: tuple[float, float]
    author: str
    created: datetime


class Trust:
    """The operating points and calibrators of a store; callers use `Store.trust`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def use_point(self, model: str, point: Point, cases: str, cost: Cost, *, actor: str) -> ChosenPoint:
        """From now on this is the model's operating point; `cost` on `cases` (the name of a set) is kept with it."""
        chosen = ChosenPoint(model, point, cases, cost, actor, now())
        with self._store.changing() as session:
            figures = {name: [rate["part"], rate["whole"]] for name, rate in asdict(cost).items()}
            row = asdict(point) | {"model": model, "cases": cases, "figures": figures, "author": actor}
            session.add(OperatingPointTable(**row, created=chosen.created))
            log(session, "point.chosen", actor, model=model, **asdict(point))
        return chosen

    def points(self, model: str) -> list[ChosenPoint]:
        """The model's operating points, the one in use first."""
        kept = OperatingPointTable
        with self._store.reading() as session:
            rows = session.scalars(select(kept).where(kept.model == model).order_by(kept.id.desc()))
            return [_to_point(row) for row in rows]

    def point(self, model: str) -> Point | None:
        """The operating point in use; None while nobody has chosen one."""
        found = self.points(model)
        return found[0].point if found else None

    def keep_calibrator(self, fitted: FittedCalibrator) -> None:
        """From now on this is the model's calibrator.

        Raises:
            Conflict: it was fitted on a case that a snapshot froze: that is for tests alone.
        """
        with self._store.changing() as session:
            tests = _frozen(session) & set(fitted.case_ids)
            if tests:
                raise Conflict(
                    f"{len(tests)} of these cases are frozen in a snapshot. They are for tests alone: fit the "
                    "calibrator on others, or its figures would say nothing about new parts."
                )
            session.add(
                CalibratorTable(
                    model=fitted.model,
                    numbers=fitted.calibrator.to_json(),
                    cases={"set": fitted.cases, "ids": list(fitted.case_ids)},
                    figures={"brier": list(fitted.brier), "error": list(fitted.error)},
                    author=fitted.author,
                    created=fitted.created,
                )
            )
            log(session, "calibrator.fitted", fitted.author, model=fitted.model, cases=len(fitted.case_ids))

    def calibrators(self, model: str) -> list[FittedCalibrator]:
        """The model's calibrators, the one in use first."""
        kept = CalibratorTable
        with self._store.reading() as session:
            rows = session.scalars(select(kept).where(kept.model == model).order_by(kept.id.desc()))
            return [_to_calibrator(row) for row in rows]

    def frozen(self) -> frozenset[int]:
        """Ids of the cases that any snapshot keeps for tests."""
        with self._store.reading() as session:
            return _frozen(session)

    def learnt(self, model: str, case_ids: Iterable[int]) -> frozenset[int]:
        """Those of the cases that the model was trained on, by its run and those of the models that it came from."""
        with self._store.reading() as session:
            snapshots = _snapshots_behind(session, model)
            rows = SnapshotRowTable
            query = select(rows.case_id).where(rows.snapshot_id.in_(snapshots), rows.split == TRAIN)
            return frozenset(session.scalars(query)) & frozenset(case_ids)


def _frozen(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(SnapshotRowTable.case_id).where(SnapshotRowTable.split == FROZEN)))


def _snapshots_behind(session: Session, model: str) -> list[int]:
    found, seen, name = [], set[str](), model
    while name not in seen and (row := session.get(ModelTable, name)) is not None:
        seen.add(name)
        run = session.get(RunTable, row.run) if row.run else None
        found += [run.snapshot_id] if run else []
        name = row.parent or ""
    return found


def _to_point(row: OperatingPointTable) -> ChosenPoint:
    rates = {name: Rate(*figures) for name, figures in row.figures.items()}
    point = Point(row.pass_below, row.reject_from, row.revise_from)
    return ChosenPoint(row.model, point, row.cases, Cost(**rates), row.author, row.created)


def _to_calibrator(row: CalibratorTable) -> FittedCalibrator:
    cases: dict[str, Any] = row.cases
    brier, error = (tuple(row.figures[name]) for name in ("brier", "error"))
    return FittedCalibrator(
        row.model, from_json(row.numbers), cases["set"], tuple(cases["ids"]), brier, error, row.author, row.created
    )
