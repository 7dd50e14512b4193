"""Our own route to what a type of defect looks like: `GET /crop?type=NAME`, cut around a box that was approved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse

from db.schema import Role
from db.standings import type_name
from db.store import Store
from m3ad.errors import BadImage, NotFound
from m3ad.geometry import Box
from m3ad.images import encode, highlight, open_image, thumbnail
from m3ad.records import Annotation, Defect, Picture
from ui.access import LARGEST_ID, Guard
from ui.context import Context
from ui.pictures import kept

SIDE = 192  # pixels of the longer side, at most
LEAST = 64  # pixels of the original that are shown at least, so that a tiny box has surroundings
TRIED = 8  # approved annotations that are looked through for a box whose picture is there
KEPT = "private, max-age=600"  # seconds; another box may be approved meanwhile, and that is no hurry

Pixels = tuple[int, int, int, int]


def add_crop_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the route on `app`; `guard` asks for a role. 204: nobody has approved a box of this type."""

    @app.get("/crop")
    def crop(
        request: Request,
        type: Annotated[str, Query(max_length=240)],
        besides: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
        _: str = Depends(guard(Role.VIEWER)),
    ) -> Response:
        for annotation in context.store.reviews.latest_approved(type, besides=besides, most=TRIED):
            found = largest(annotation, type)
            if found and found.box and (picture := there(context.store, annotation.case_id, found.picture)):
                return _answer(request, picture, found.box, context.workspace / "cache" / "crops")
        return Response(status_code=204, headers={"cache-control": KEPT})


def _answer(request: Request, picture: Picture, box: Box, cache: Path) -> Response:
    area = surroundings(box, picture.width, picture.height)
    name = "-".join([picture.sha256[:32], *map(str, area), *(f"{value:.4f}" for value in box.as_tuple())])
    headers = {"etag": f'"{name}"', "cache-control": KEPT, "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    try:
        file = kept(cache / f"{name}.jpeg", lambda: cut(picture, box, area))
    except BadImage:
        return Response(status_code=204)
    return FileResponse(file, headers=headers)


def largest(annotation: Annotation, type: str) -> Defect | None:
    """The defect of this type with the largest box; None when the places are unknown."""
    alike = [one for one in annotation.verdict.defects if one.box and type_name(one.type) == type_name(type)]
    return max(alike, key=lambda one: one.box.area if one.box else 0.0, default=None)


def there(store: Store, case_id: int, number: int) -> Picture | None:
    """The case's picture of this number, from 0; None when its file is gone."""
    try:
        return store.picture(store.case(case_id).pictures[number].id)
    except NotFound:
        return None


def surroundings(box: Box, width: int, height: int) -> Pixels:
    """A square with twice the sides of the box and the box in its middle, as far as the picture goes; in pixels."""
    x1, y1, x2, y2 = box.to_pixels(width, height)
    side = max(2 * max(x2 - x1, y2 - y1), LEAST)
    left, right = _stretch((x1 + x2) / 2, side, width)
    top, bottom = _stretch((y1 + y2) / 2, side, height)
    return left, top, right, bottom


def _stretch(middle: float, length: float, most: int) -> tuple[int, int]:
    start = round(min(max(middle - length / 2, 0), max(most - length, 0)))
    return start, min(max(round(start + length), start + 1), most)


def cut(picture: Picture, box: Box, area: Pixels) -> bytes:
    """The area as JPEG with a frame around the box; raises BadImage."""
    image = thumbnail(open_image(picture.path).crop(area), SIDE)
    left, top, right, bottom = area
    x1, y1, x2, y2 = box.to_pixels(picture.width, picture.height)
    width, height = right - left, bottom - top
    inside = Box((x1 - left) / width, (y1 - top) / height, (x2 - left) / width, (y2 - top) / height)
    return encode(highlight(image, [inside.clipped()]))
