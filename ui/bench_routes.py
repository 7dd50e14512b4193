"""Our own route to the reports of the Bench tab: `GET /bench/report.KIND?number=1&number=2`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import Response

from db.schema import Role
from m3ad.errors import NotFound
from training.bench_report import report_texts
from ui.access import LARGEST_ID, Guard
from ui.context import Context

MOST = 20  # evaluations in one report
TYPES = {"md": "text/markdown", "csv": "text/csv", "tex": "text/x-tex", "html": "text/html", "json": "application/json"}
Number = Annotated[int, Query(ge=1, le=LARGEST_ID)]


def add_bench_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the route on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/bench/report.{kind}")
    def report(
        kind: Literal["md", "csv", "tex", "html", "json"],
        number: Annotated[list[Number], Query(min_length=1, max_length=MOST)],
        _: str = Depends(guard(Role.VIEWER)),
    ) -> Response:
        try:
            texts = report_texts(context.store, number)[1]
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        headers = {
            "content-disposition": f'attachment; filename="report.{kind}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        # Half a surrogate pair, which a model can write, is no UTF-8.
        return Response(texts[f"report.{kind}"].encode("utf-8", "replace"), media_type=TYPES[kind], headers=headers)


def report_links(numbers: list[int]) -> list[list[str]]:
    """[words, address] of the report in each form; none of no evaluation."""
    asked = "&".join(f"number={number}" for number in numbers)
    names = {"md": "Markdown", "csv": "CSV", "tex": "LaTeX", "html": "HTML", "json": "JSON"}
    return [[name, f"bench/report.{kind}?{asked}"] for kind, name in names.items()] if numbers else []
