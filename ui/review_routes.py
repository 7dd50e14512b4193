"""Our own routes behind history and review: a revision to look at, and what a person says of one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi import Path as PathParameter

from db.schema import Decision, Role
from m3ad.errors import Conflict, M3ADError, NotFound
from ui.access import LARGEST_ID, Guard, alone, require
from ui.context import Context
from ui.review_presenter import SentReview, say
from ui.revision_look import look

Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID)]
STATUS: dict[type[M3ADError], int] = {NotFound: 404, Conflict: 409}


def add_review_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the routes on `app`; `guard` says what role each needs."""

    @app.get("/revision/{case_id}/{revision}")
    def revision(case_id: Id, revision: Id, _: str = Depends(guard(Role.VIEWER))) -> dict[str, Any]:
        try:
            return look(context.store, case_id, revision)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error

    # A header of our own: another site's page cannot send it without asking first, and is refused then.
    @app.post("/review")
    def review(
        sent: SentReview, request: Request, x_m3ad_review: str = Header(), user: str = Depends(guard(Role.ANNOTATOR))
    ) -> dict[str, Any]:
        if sent.decision is not Decision.ASK:
            require(context.store, request, Role.REVIEWER, f"/review: {sent.decision}")
        try:
            return say(context.store, sent, user, accounts=not alone(context.settings))
        except M3ADError as error:
            raise HTTPException(STATUS.get(type(error), 422), str(error)) from error
