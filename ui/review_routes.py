"""Our own routes behind history and review: a revision to look at, and what a person says of one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi import Path as PathParameter

from m3ad.errors import Conflict, M3ADError, NotFound
from ui.access import LARGEST_ID, Guard
from ui.context import Context
from ui.review_presenter import NotAllowed, SentReview, say
from ui.revision_look import look

Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID)]
STATUS: dict[type[M3ADError], int] = {NotAllowed: 403, NotFound: 404, Conflict: 409}


def add_review_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the routes on `app`; `guard` gives the person's name or raises 401."""

    @app.get("/revision/{case_id}/{revision}")
    def revision(case_id: Id, revision: Id, _: str = Depends(guard)) -> dict[str, Any]:
        try:
            return look(context.store, case_id, revision)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error

    # A header of our own: another site's page cannot send it without asking first, and is refused then.
    @app.post("/review")
    def review(sent: SentReview, x_m3ad_review: str = Header(), user: str = Depends(guard)) -> dict[str, Any]:
        try:
            return say(context.store, sent, user, accounts=context.settings.login)
        except M3ADError as error:
            raise HTTPException(STATUS.get(type(error), 422), str(error)) from error
