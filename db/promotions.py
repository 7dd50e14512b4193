"""Promotions: which model is in use, who put it there and why, and the rules that can block it. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import ModelTable, PromotionTable, RulesTable, Step
from m3ad.bench.rules import Rules
from m3ad.errors import Conflict, NotFound

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Promotion:
    """One step: a model was put into use, or taken out of it.

    `figures`: what it was judged by, and what the rules said (`training.promotion.evidence`); empty of a taking back.
    """

    id: int
    model: str
    step: Step
    reason: str
    figures: dict[str, Any]
    author: str
    created: datetime


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The rules, and who set them when; `id` 0: nobody has, they are the defaults."""

    id: int
    rules: Rules
    author: str = ""
    created: datetime | None = None


class Promotions:
    """The promotions and rules of a store; reached as `store.promotions`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def in_use(self) -> str | None:
        """The model that was promoted last and not taken back; None while there is none."""
        with self._store.reading() as session:
            return _in_use(session)

    def history(self) -> list[Promotion]:
        """Every step, newest first."""
        with self._store.reading() as session:
            rows = session.scalars(select(PromotionTable).order_by(PromotionTable.id.desc()))
            return [_to_promotion(row) for row in rows]

    def promote(
        self, model: str, reason: str, figures: dict[str, Any], rules: RulesInForce, *, actor: str
    ) -> Promotion:
        """Put a model into use; who calls has seen that it passes `rules`.

        Raises:
            NotFound: the store has no such model.
            Conflict: it is in use already, the reason is empty, or the rules have changed since they were asked for.
        """
        if not reason.strip():
            raise Conflict("Say why: whoever reads the history later sees the reason beside your name.")
        with self._store.changing() as session:
            if session.get(ModelTable, model) is None:
                raise NotFound(f"The store has no model {model}. `model list` shows those it has.")
            if _in_use(session) == model:
                raise Conflict(f"{model} is in use already.")
            if _newest_rules(session) != rules.id:
                raise Conflict("The rules were changed meanwhile: nothing was promoted. Look at the figures again.")
            return _add(session, model, Step.PROMOTED, reason, figures, actor)

    def take_back(self, model: str, reason: str = "", *, actor: str) -> Promotion:
        """Take the model in use out of it; the one before it is in use again. Conflict when it is not the one in use.

        The model is named so that two people who click at once take back one model and not two.
        """
        with self._store.changing() as session:
            now_in_use = _in_use(session)
            if now_in_use != model:
                other = f"{now_in_use} is" if now_in_use else "No promoted model is"
                raise Conflict(f"{model} is not in use (any more), so it cannot be taken back. {other}.")
            return _add(session, model, Step.TAKEN_BACK, reason, {}, actor)

    def rules(self) -> RulesInForce:
        """The rules in force."""
        with self._store.reading() as session:
            row = session.scalar(select(RulesTable).order_by(RulesTable.id.desc()).limit(1))
            if row is None:
                return RulesInForce(0, Rules())
            return RulesInForce(row.id, Rules.from_json(row.limits), row.author, row.created)

    def set_rules(self, rules: Rules, *, actor: str) -> RulesInForce:
        """From now on these are in force."""
        with self._store.changing() as session:
            row = RulesTable(limits=rules.to_json(), author=actor, created=now())
            session.add(row)
            session.flush()
            log(session, "rules.set", actor, **row.limits)
            return RulesInForce(row.id, rules, actor, row.created)


def _in_use(session: Session) -> str | None:
    """Promotions pile up; a taking back removes the top one."""
    pile: list[str] = []
    steps = select(PromotionTable.model, PromotionTable.step).order_by(PromotionTable.id)
    for model, step in session.execute(steps):
        if step is Step.PROMOTED:
            pile.append(model)
        else:
            pile.pop()
    return pile[-1] if pile else None


def _newest_rules(session: Session) -> int:
    return session.scalar(select(func.max(RulesTable.id))) or 0


def _add(session: Session, model: str, step: Step, reason: str, figures: dict[str, Any], actor: str) -> Promotion:
    row = PromotionTable(model=model, step=step, reason=reason.strip(), figures=figures, author=actor, created=now())
    session.add(row)
    session.flush()
    log(
        session, "model.promoted" if step is Step.PROMOTED else "model.taken back", actor, name=model, reason=row.reason
    )
    return _to_promotion(row)


def _to_promotion(row: PromotionTable) -> Promotion:
    return Promotion(row.id, row.model, row.step, row.reason, row.figures, row.author, row.created)
