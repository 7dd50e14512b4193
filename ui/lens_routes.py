"""Our own routes behind the lens: what it shows, what is asked of the model, the picture that a branch was shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field

from db.schema import Role
from m3ad.errors import Conflict, M3ADError, NotFound
from m3ad.geometry import Box
from m3ad.images import encode, open_image
from m3ad.picture_changes import ChangeKind, PictureChange, pictured
from m3ad.recipes import BranchKind
from m3ad.records import Inspection
from ui.access import LARGEST_ID, Guard
from ui.context import Context
from ui.lens_desk import LensDesk
from ui.lens_nodes import ROOT
from ui.lens_presenter import page_value, work_value
from ui.lens_recipes import Wish
from ui.lens_work import LensTask

LONGEST_TEXT = 20_000
KEPT = "private, max-age=86400"  # a branch never changes
STATUS: dict[type[M3ADError], int] = {NotFound: 404, Conflict: 409}

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, Field(max_length=300)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class SentPlace(BaseModel):
    """Which text of which case is meant."""

    case: Id
    model: Name
    node: str = Field(max_length=20)


class SentChange(BaseModel):
    """What is done to a region of the picture, in fractions of it."""

    kind: ChangeKind
    box: tuple[Fraction, Fraction, Fraction, Fraction]
    amount: float = Field(1.0, ge=0.1, le=5.0)


class SentWish(SentPlace):
    """What a person changed; see `Wish`."""

    kind: BranchKind
    start: int = Field(0, ge=0)
    end: int = Field(0, ge=0)
    words: str = Field("", max_length=LONGEST_TEXT)
    change: SentChange | None = None
    fresh: bool = False


class SentQuestion(SentPlace):
    """What is to be measured, drawn or asked again."""

    what: Literal["samples", "replay", "curve", "tokens", "map"]


def add_lens_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the routes on `app`; looking needs a viewer, asking the model an annotator."""
    desk = LensDesk(context)

    @app.get("/lens/case/{case_id}")
    def case(
        case_id: Annotated[int, PathParameter(ge=1, le=LARGEST_ID)],
        model: Annotated[str, Query(max_length=300)],
        node: Annotated[str, Query(max_length=20)] = ROOT,
        _: str = Depends(guard(Role.VIEWER)),
    ) -> dict[str, Any]:
        return _told(lambda: page_value(context, desk, case_id, model, node))

    @app.get("/lens/task/{case_id}")
    def work(
        case_id: Annotated[int, PathParameter(ge=1, le=LARGEST_ID)],
        model: Annotated[str, Query(max_length=300)],
        _: str = Depends(guard(Role.VIEWER)),
    ) -> dict[str, Any] | None:
        return work_value(desk.task(case_id, model))

    @app.get("/lens/picture/{branch_id}")
    def picture(
        branch_id: Annotated[int, PathParameter(ge=1, le=LARGEST_ID)], _: str = Depends(guard(Role.VIEWER))
    ) -> Response:
        data = _told(lambda: _picture(context, branch_id))
        return Response(
            data, media_type="image/png", headers={"cache-control": KEPT, "x-content-type-options": "nosniff"}
        )

    # A header of our own: another site's page cannot send it without asking first, and is refused then.
    @app.post("/lens/branch")
    def branch(
        sent: SentWish, x_m3ad_lens: str = Header(), user: str = Depends(guard(Role.ANNOTATOR))
    ) -> dict[str, Any] | None:
        return _asked(lambda: desk.grow(_inspection(context, sent), sent.node, _wish(sent), user))

    @app.post("/lens/ask")
    def ask(
        sent: SentQuestion, x_m3ad_lens: str = Header(), user: str = Depends(guard(Role.ANNOTATOR))
    ) -> dict[str, Any] | None:
        return _asked(lambda: desk.answer(_inspection(context, sent), sent.node, sent.what, user))

    @app.post("/lens/stop")
    def stop(
        sent: SentPlace, x_m3ad_lens: str = Header(), _: str = Depends(guard(Role.ANNOTATOR))
    ) -> dict[str, Any] | None:
        desk.stop(sent.case, sent.model)
        return work_value(desk.task(sent.case, sent.model))


def _told(make: Callable[[], Any]) -> Any:
    """What `make` gives; an expected error is answered with its sentence."""
    try:
        return make()
    except M3ADError as error:
        raise HTTPException(STATUS.get(type(error), 422), str(error)) from error


def _asked(begin: Callable[[], LensTask]) -> dict[str, Any] | None:
    task: LensTask = _told(begin)
    return work_value(task)


def _inspection(context: Context, sent: SentPlace) -> Inspection:
    found = context.store.latest_inspection(sent.case, sent.model)
    if found is None:
        raise Conflict(f"{sent.model} has not inspected this case yet. Inspect it first.")
    return found


def _wish(sent: SentWish) -> Wish:
    change = PictureChange(sent.change.kind, Box(*sent.change.box), sent.change.amount) if sent.change else None
    return Wish(sent.kind, sent.start, sent.end, sent.words, change, sent.fresh)


def _picture(context: Context, branch_id: int) -> bytes:
    branch = context.store.branches.get(branch_id)
    case = context.store.case(branch.case_id)
    return encode(pictured(open_image(case.primary.path), branch.recipe.changes), "PNG")
