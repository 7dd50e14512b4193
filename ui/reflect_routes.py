"""Our own route to the cases of a group of the Reflect tab as a file: `GET /reflection/cases.KIND`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import Response

from db.schema import Role
from m3ad.errors import NotFound
from m3ad.metrics.effect import Aspect
from m3ad.metrics.slices import Facet
from ui.access import Guard
from ui.context import Context
from ui.reflect_export import KINDS, written
from ui.reflect_presenter import Asked, group_of

Name = Annotated[str, Query(max_length=300)]


def add_reflect_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the route on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/reflection/cases.{kind}")
    def cases(
        kind: Literal["csv", "jsonl", "html"],
        way: Name,
        asked: Annotated[Asked, Depends(_asked)],
        user: str = Depends(guard(Role.VIEWER)),
    ) -> Response:
        try:
            text = written(context.store, asked, group_of(context.store, asked, way, user), kind, way)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        headers = {
            "content-disposition": f'attachment; filename="reflection.{kind}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        return Response(text, media_type=KINDS[kind], headers=headers)


def _asked(
    model: Name, cases: Name, aspect: Aspect, facet: Facet, slice: Name = "", beside: Name | None = None
) -> Asked:
    return Asked(model, cases, aspect, beside or None, facet, slice)
