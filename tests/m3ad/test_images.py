"""Pictures as people really send them: each opens with a word on what was done, or is refused with one."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from m3ad.errors import BadImage
from m3ad.geometry import Box
from m3ad.images import describe, draw_boxes, encode, highlight, load_image, open_image, thumbnail


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (30, 20), "red")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
def test_known_formats_open_as_rgb(kind: str) -> None:
    image, facts = load_image(saved(RED, kind))
    assert (image.mode, image.size, facts.format) == ("RGB", (30, 20), kind)
    assert np.abs(np.asarray(image).mean(axis=(0, 1)) - [255, 0, 0]).max() < 4


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_every_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    RED.convert(mode).save(path)
    assert open_image(path).mode == "RGB"


def test_twelve_bits_in_sixteen_are_scaled_by_the_bits_in_use() -> None:
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    image, facts = load_image(saved(Image.fromarray(ramp), "PNG"))
    assert np.asarray(image).max() == 255
    assert "0..4095" in facts.notes[0]


def test_float_pictures_with_nan_open() -> None:
    values = np.full((8, 8), 0.5, np.float32)
    values[0, 0] = np.nan
    image = open_image(saved(Image.fromarray(values), "TIFF"))
    assert np.asarray(image)[4, 4, 0] == 128


def test_exif_orientation_is_applied_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image, facts = load_image(saved(RED, "JPEG", exif=exif))
    assert image.size == (20, 30)
    assert (facts.width, facts.height) == (20, 30)
    assert "upright" in facts.notes[0]
    assert open_image(encode(image)).size == (20, 30)


def test_transparency_is_laid_on_white() -> None:
    image, facts = load_image(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert "white" in facts.notes[0]


def test_animated_uses_the_first_frame_and_says_so() -> None:
    frames = saved(RED, "GIF", save_all=True, append_images=[Image.new("RGB", (30, 20), "blue")])
    image, facts = load_image(frames)
    assert image.getpixel((5, 5)) == (255, 0, 0)
    assert "first" in facts.notes[0]


def test_wrong_extension_opens_by_content_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "part.jpg"
    path.write_bytes(saved(RED, "PNG"))
    assert describe(path).notes == ("named .jpg but is PNG",)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = saved(noise, kind)
    with pytest.raises(BadImage, match=r"damaged|not a picture"):
        open_image(data[: len(data) // 2])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")
    with pytest.raises(BadImage, match=r"limit|not a picture"):
        open_image(bomb)


def test_the_limit_is_named() -> None:
    with pytest.raises(BadImage, match="30 x 20 pixels, more than the limit of 500"):
        open_image(saved(RED, "PNG"), max_pixels=500)


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff", b"GIF89a"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        open_image(data)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=r"gone\.png is not there"):
        open_image(tmp_path / "gone.png")


def test_thumbnails_fit_and_never_enlarge() -> None:
    assert thumbnail(Image.new("RGB", (400, 100)), 100).size == (100, 25)
    assert thumbnail(RED, 100).size == (30, 20)


def test_boxes_are_drawn_in_their_colours_and_the_original_is_kept() -> None:
    black = Image.new("RGB", (200, 200))
    drawn = draw_boxes(
        black, predicted=[Box(0.1, 0.1, 0.5, 0.5)], truth=[Box(0.6, 0.6, 0.9, 0.9)], initial=[Box(0, 0, 1, 1)]
    )
    colours = {drawn.getpixel((20, 40)), drawn.getpixel((119, 150))}
    assert colours == {(0xE5, 0x38, 0x3B), (0xF5, 0xC5, 0x18)}
    assert np.asarray(black).max() == 0


@pytest.mark.parametrize("box", [Box(0.4, 0.4, 0.41, 0.41), Box(0, 0, 0.3, 0.3), Box(0.9, 0.2, 1, 1)])
def test_a_highlight_frames_a_box_and_leaves_what_is_in_it_to_be_seen(box: Box) -> None:
    black = Image.new("RGB", (400, 300))
    framed = np.asarray(highlight(black, [box]))
    assert (framed == (0xF5, 0xC5, 0x18)).all(axis=2).sum() > 20
    x1, y1, x2, y2 = (round(value) for value in box.to_pixels(400, 300))
    assert framed[max(y1, 2) : min(y2, 298), max(x1, 2) : min(x2, 398)].max() == 0
    assert np.asarray(black).max() == 0
