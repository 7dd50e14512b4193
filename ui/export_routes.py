"""Our own route to archives: `GET /export/NAME`, for the person who asked for the export and nobody else."""

from __future__ import annotations

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse

from db.schema import Role
from m3ad.errors import NotFound
from ui.access import Guard
from ui.context import Context


def add_export_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the route on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/export/{name}")
    def export(name: str, user: str = Depends(guard(Role.VIEWER))) -> FileResponse:
        try:
            file = context.exports.file(name, user)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        kept = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return FileResponse(file, media_type="application/zip", filename=name, headers=kept)
