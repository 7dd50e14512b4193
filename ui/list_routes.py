"""Our own routes behind the case list: counts, rows in sight, and pictures that are dropped on it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool

from db.schema import Role
from m3ad.errors import M3ADError
from ui.access import LARGEST_ID, Guard
from ui.case_listing import MAX_UPLOAD, Asked, listing, rows, take_upload
from ui.context import Context

Whole = Annotated[int, Query(ge=0, le=LARGEST_ID)]


def add_list_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the routes on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/cases")
    def cases(
        asked: Annotated[Asked, Depends(_asked)], selected: int | None = None, _: str = Depends(guard(Role.VIEWER))
    ) -> dict[str, Any]:
        known = selected if selected is not None and 0 < selected <= LARGEST_ID else None
        return listing(context.store, asked, known, context.inspections.busy(asked.model))

    @app.get("/rows")
    def some_rows(
        asked: Annotated[Asked, Depends(_asked)],
        after: Whole = 0,
        skip: Whole = 0,
        _: str = Depends(guard(Role.VIEWER)),
    ) -> list[dict[str, Any]]:
        return rows(context.store, asked, after, skip, context.inspections.busy(asked.model))

    # A header of our own: another site's page cannot send it without asking first, and is refused then.
    @app.post("/upload")
    async def upload(
        request: Request, x_m3ad_upload: str = Header(), user: str = Depends(guard(Role.ANNOTATOR))
    ) -> dict[str, Any]:
        data = await _body(request)
        try:
            case_id, says = await run_in_threadpool(take_upload, context.store, unquote(x_m3ad_upload), data, user)
        except M3ADError as error:
            raise HTTPException(422, str(error)) from error
        return {"id": case_id, "says": says}


def _asked(text: str = "", filter: str = "all", model: str | None = None) -> Asked:
    return Asked(text, filter, model)


async def _body(request: Request) -> bytes:
    """The request's body; reading ends when it is larger than a picture may be."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_UPLOAD:
            raise HTTPException(413, f"The picture is larger than {MAX_UPLOAD // 2**20} MB. Import it in the Data tab.")
    return bytes(data)
