"""Open pictures that anybody may have sent, and draw boxes on them. Pillow only; knows nothing of cases or models."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from m3ad.errors import BadImage
from m3ad.geometry import Box

MAX_PIXELS = 89_000_000  # 8,000 x 11,000: above line-scan pictures in use, below the size at which Pillow itself warns
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
EXTENSIONS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP",
    ".gif": "GIF",
}  # fmt: skip
PREDICTED = "#e5383b"
TRUTH = "#f5c518"

_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of a picture after opening it: size in pixels (after EXIF orientation) and what was done to it."""

    width: int
    height: int
    format: str
    sha256: str
    notes: tuple[str, ...]


def open_image(source: Path | str | bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The picture as 8-bit RGB, upright. Raises BadImage with a sentence when it cannot or must not be opened."""
    return load_image(source, max_pixels=max_pixels)[0]


def describe(source: Path | str | bytes, *, max_pixels: int = MAX_PIXELS) -> ImageFacts:
    """Open the picture fully and tell its facts; raises BadImage as `open_image` does."""
    return load_image(source, max_pixels=max_pixels)[1]


def load_image(source: Path | str | bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[Image.Image, ImageFacts]:
    """The picture as 8-bit RGB, upright, and its facts. The file is read once and never changed."""
    name, data = _read(source)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size  # from the header: nothing is decoded before the size is judged
            if width * height > max_pixels:
                raise BadImage(
                    f"{name} is {width} x {height} pixels, more than the limit of {max_pixels:,}. "
                    "Cut or scale it down, or raise the limit if you trust the file."
                )
            notes = [*_name_notes(name, opened.format or ""), *_content_notes(opened)]
            opened.load()
            kind = opened.format or ""
            image = _to_rgb(opened, notes)
            ImageOps.exif_transpose(image, in_place=True)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadImage(
            f"{name} is not a picture in a known format ({', '.join(FORMATS)}). Save it as PNG or JPEG and try again."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadImage(f"{name} is damaged or cut off ({error}). Copy it again from its source.") from error
    facts = ImageFacts(image.width, image.height, kind, hashlib.sha256(data).hexdigest(), tuple(notes))
    return image, facts


def is_plain(path: Path | str) -> bool:
    """True when any program that converts the picture to RGB sees what `open_image` gives; only its header is read.

    Raises BadImage when it cannot be opened.
    """
    try:
        with Image.open(path, formats=FORMATS) as opened:
            upright = opened.getexif().get(_ORIENTATION, 1) == 1
            return upright and opened.mode in ("RGB", "L") and "transparency" not in opened.info
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadImage(f"{path} cannot be opened ({error}). Put it back, or import it from where it is now.") from error


def _read(source: Path | str | bytes) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return "The picture", source
    path = source if isinstance(source, Path) else Path(source)  # one into a bucket is not made anew
    try:
        return path.name, path.read_bytes()
    except FileNotFoundError as error:
        raise BadImage(f"{path.name} is not there any more. If it was moved, import it again.") from error
    except OSError as error:
        raise BadImage(f"{path.name} cannot be read: {error.strerror}. Check the file's permissions.") from error


def _name_notes(name: str, kind: str) -> list[str]:
    expected = EXTENSIONS.get(Path(name).suffix.lower())
    return [f"named {Path(name).suffix} but is {kind}"] if expected and expected != kind else []


def _content_notes(opened: Image.Image) -> list[str]:
    notes = []
    if getattr(opened, "n_frames", 1) > 1:
        notes.append("several frames: only the first is used")
    if opened.getexif().get(_ORIENTATION, 1) != 1:
        notes.append("turned upright as its EXIF orientation says")
    return notes


def _to_rgb(opened: Image.Image, notes: list[str]) -> Image.Image:
    exif = opened.getexif()
    if opened.mode.startswith(("I", "F")):
        rgb = _deep_to_rgb(opened, notes)
    elif "A" in opened.getbands() or "transparency" in opened.info:
        notes.append("transparent: laid on white")
        ground = Image.new("RGBA", opened.size, "white")
        rgb = Image.alpha_composite(ground, opened.convert("RGBA")).convert("RGB")
    else:
        rgb = opened.convert("RGB")
    rgb.info = {"exif": exif.tobytes()} if exif else {}
    return rgb


def _deep_to_rgb(opened: Image.Image, notes: list[str]) -> Image.Image:
    """16-bit and float pictures: scaled by the bits in use, so that a 12-bit camera's picture is not black."""
    values = np.nan_to_num(np.asarray(opened, dtype=np.float64)).clip(min=0)
    top = float(values.max(initial=0.0))
    full = 1.0 if top <= 1.0 and opened.mode == "F" else float(2 ** max(8, int(np.ceil(np.log2(top + 1)))) - 1)
    notes.append(f"more than 8 bits a channel: scaled from 0..{full:g} to 0..255")
    return Image.fromarray((values / full * 255).round().clip(0, 255).astype(np.uint8)).convert("RGB")


def thumbnail(image: Image.Image, size: int) -> Image.Image:
    """A copy that fits into `size` x `size` pixels; never enlarged."""
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def encode(image: Image.Image, kind: str = "JPEG") -> bytes:
    """The picture's bytes as "JPEG" (quality 90) or "PNG"."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=90)
    return buffer.getvalue()


def draw_boxes(
    image: Image.Image, *, predicted: Iterable[Box] = (), truth: Iterable[Box] = (), initial: Iterable[Box] = ()
) -> Image.Image:
    """A copy with predicted boxes in red, ground truth in yellow and initial boxes in dashed red (SPEC: colours)."""
    copy = image.convert("RGB")
    if copy is image:
        copy = image.copy()
    draw = ImageDraw.Draw(copy)
    width = max(2, round(min(copy.size) / 200))
    for box in truth:
        draw.rectangle(_pixels(box, copy), outline=TRUTH, width=width)
    for box in initial:
        _dashed(draw, _pixels(box, copy), width)
    for box in predicted:
        draw.rectangle(_pixels(box, copy), outline=PREDICTED, width=width)
    return copy


def highlight(image: Image.Image, boxes: Iterable[Box]) -> Image.Image:
    """A copy with a yellow frame around each box, outside of it: a small defect is not covered by its own mark."""
    copy = image.convert("RGB").copy()
    draw = ImageDraw.Draw(copy)
    width = max(2, round(min(copy.size) / 200))
    for box in boxes:
        x1, y1, x2, y2 = _pixels(box, copy)
        upper_left = (max(0.0, x1 - 2 * width), max(0.0, y1 - 2 * width))
        lower_right = (min(copy.width - 1.0, x2 + 2 * width), min(copy.height - 1.0, y2 + 2 * width))
        draw.rectangle((upper_left, lower_right), outline=TRUTH, width=width)
    return copy


def _pixels(box: Box, image: Image.Image) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.clipped().to_pixels(image.width - 1, image.height - 1)
    return (x1, y1, x2, y2)


def _dashed(draw: ImageDraw.ImageDraw, corners: tuple[float, float, float, float], width: int) -> None:
    x1, y1, x2, y2 = corners
    step = 4 * width
    for start in np.arange(x1, x2, 2 * step):
        for y in (y1, y2):
            draw.line((start, y, min(start + step, x2), y), fill=PREDICTED, width=width)
    for start in np.arange(y1, y2, 2 * step):
        for x in (x1, x2):
            draw.line((x, start, x, min(start + step, y2)), fill=PREDICTED, width=width)
