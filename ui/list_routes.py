"""Our own routes behind the case list: ids and counts, rows in sight, and pictures that are dropped on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from db.schema import Role
from m3ad.errors import M3ADError
from ui.access import LARGEST_ID, Guard
from ui.case_listing import MAX_UPLOAD, listing, rows, take_upload
from ui.context import Context


def add_list_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the routes on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/cases")
    def cases(
        text: str = "", filter: str = "all", model: str | None = None, _: str = Depends(guard(Role.VIEWER))
    ) -> dict[str, Any]:
        return listing(context.store, text, filter, model, context.inspections.busy(model))

    @app.get("/rows")
    def some_rows(ids: str, model: str | None = None, _: str = Depends(guard(Role.VIEWER))) -> list[dict[str, Any]]:
        wanted = [int(each) for each in ids.split(",") if each.isdecimal() and len(each) <= 16]
        known = [each for each in wanted if each <= LARGEST_ID]
        return rows(context.store, known, model, context.inspections.busy(model))

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


async def _body(request: Request) -> bytes:
    """The request's body; reading ends when it is larger than a picture may be."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_UPLOAD:
            raise HTTPException(413, f"The picture is larger than {MAX_UPLOAD // 2**20} MB. Import it in the Data tab.")
    return bytes(data)
