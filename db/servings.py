"""Servings: which runs' models were loaded on a server, as which model there, and which were unloaded again.

Only ever added to. What a server really has is asked of the server: it forgets when it is restarted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from db.events import log, now
from db.schema import Serve, ServingTable

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Serving:
    """One step: a model was loaded on a server, or unloaded.

    Attributes:
        model: whose adapter it is.
        served: the model that it is as a served one, which inspections name.
        seen: what its smoke test saw (`m3ad.monitor.served_smoke.Smoke`); empty of an unloading.
    """

    id: int
    model: str
    served: str
    step: Serve
    seen: dict[str, Any]
    author: str
    created: datetime


class Servings:
    """The servings of a store; reached as `store.servings`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, model: str, served: str, step: Serve, seen: dict[str, Any], *, actor: str) -> None:
        """Write down a step; both models are the store's."""
        with self._store.changing() as session:
            session.add(ServingTable(model=model, served=served, step=step, seen=seen, author=actor, created=now()))
            log(session, f"model.{step.value}", actor, name=model, served=served)

    def present(self, model: str | None = None) -> list[Serving]:
        """What was loaded last and not unloaded since, newest first; of one model, or of all."""
        query = select(ServingTable).order_by(ServingTable.id)
        if model is not None:
            query = query.where(ServingTable.model == model)
        with self._store.reading() as session:
            last = {row.served: row for row in session.scalars(query)}
            found = [_to_serving(row) for row in last.values() if row.step is Serve.LOADED]
        return sorted(found, key=lambda one: -one.id)


def _to_serving(row: ServingTable) -> Serving:
    return Serving(row.id, row.model, row.served, row.step, row.seen, row.author, row.created)
