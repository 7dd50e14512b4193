"""Pictures by id, never by path: `GET /picture/{id}?size=N`, with the person's permission and the browser's cache.

Every picture is opened safely and encoded again (upright, 8-bit RGB): a browser never gets a file that somebody sent.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from db.schema import Role
from m3ad.errors import BadImage, NotFound
from m3ad.images import encode, open_image, thumbnail
from m3ad.records import Picture
from ui.access import LARGEST_ID, Guard
from ui.context import Context

Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID)]
SIZES = (96, 192, 384, 768, 1536)  # sizes are rounded up to these, so that no client can fill the disk with variants
KEPT = "private, max-age=86400"  # a day; afterwards the browser asks with its etag


def add_picture_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register the route on `app`; `guard` asks for a role and gives the person's name."""

    @app.get("/picture/{picture_id}")
    def picture(
        picture_id: Id, request: Request, size: int | None = None, _: str = Depends(guard(Role.VIEWER))
    ) -> Response:
        try:
            found = context.store.picture(picture_id)
            tag = f'"{found.sha256[:32]}-{step(size)}"'
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers={"etag": tag, "cache-control": KEPT})
            file = rendered(found, step(size), context.workspace / "cache" / "pictures")
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        except BadImage as error:
            raise HTTPException(415, str(error)) from error
        return FileResponse(file, headers={"etag": tag, "cache-control": KEPT, "x-content-type-options": "nosniff"})


def picture_url(picture_id: int, size: int | None = None) -> str:
    """The address of a picture, relative to the page."""
    return f"picture/{picture_id}" + (f"?size={size}" if size else "")


def step(size: int | None) -> int | None:
    """The smallest of SIZES that is at least `size` pixels; None (full size) when none is asked for or enough."""
    if size is None:
        return None
    return next((each for each in SIZES if each >= size), None)


def rendered(picture: Picture, size: int | None, cache: Path) -> Path:
    """The file to send, made on first use: JPEG for thumbnails, PNG in full size, where every pixel may matter.

    Raises:
        BadImage: the file cannot or must not be opened.
    """
    kind = "PNG" if size is None else "JPEG"

    def make() -> bytes:
        image = open_image(picture.path)
        return encode(thumbnail(image, size) if size else image, kind)

    return kept(cache / picture.sha256[:2] / f"{picture.sha256}-{size or 'full'}.{kind.lower()}", make)


def kept(target: Path, make: Callable[[], bytes]) -> Path:
    """The file, made and written on first use."""
    if not target.is_file():
        data = make()
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{id(data):x}")
        partial.write_bytes(data)
        partial.replace(target)  # another request may be writing the same file: each sees a whole one
    return target
