"""Pictures with verdicts for the tests of formats: drawn by hypothesis, or a few by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from m3ad.formats import FORMATS, read_format
from m3ad.formats.base import AnnotatedPicture, Origin
from m3ad.formats.carrying import ExportedAccount, export
from m3ad.formats.sink import pack
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict

WIDTH, HEIGHT = 64, 48
HOSTILE = ["../../x", "<img onerror=1>", "=1+1", "'quoted", '"; drop', "&amp;", "a,b;c", "null", "{0}",
           "\u2028é漢😀", "- 1: x", "#"]  # fmt: skip

types = st.one_of(st.sampled_from(["scratch", "bent", *HOSTILE]), st.text(min_size=1, max_size=12)).filter(
    lambda text: text.strip().lower() != "normal"
)


@st.composite
def pixel_boxes(draw: st.DrawFn) -> Box:
    """A box of whole pixels."""
    x1, y1 = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    x2, y2 = draw(st.integers(x1 + 1, WIDTH)), draw(st.integers(y1 + 1, HEIGHT))
    return Box.from_pixels(x1, y1, x2, y2, WIDTH, HEIGHT)


@st.composite
def free_boxes(draw: st.DrawFn) -> Box:
    """A box between pixels, as models give them: three decimals."""
    x1, y1 = draw(st.integers(0, 990)), draw(st.integers(0, 990))
    x2, y2 = draw(st.integers(x1 + 5, 1000)), draw(st.integers(y1 + 5, 1000))
    return Box(x1 / 1000, y1 / 1000, x2 / 1000, y2 / 1000)


boxes = st.one_of(pixel_boxes(), free_boxes())
defects = st.one_of(st.builds(Defect, types), st.builds(Defect, types, boxes, st.sampled_from([0, 0, 0, 1, 2])))
verdicts = st.one_of(
    st.none(), st.just(NORMAL), st.builds(lambda found: Verdict(True, tuple(found)), st.lists(defects, max_size=4))
)


def pictures_of(found: list[Verdict | None], folder: Path) -> list[AnnotatedPicture]:
    """One picture for each verdict, with a file and a case."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for place, verdict in enumerate(found):
        path = folder / f"part-{place}.png"
        Image.new("RGB", (WIDTH, HEIGHT), (place % 256, 90, 90)).save(path)
        origin = Origin("set", f"a/{place}.png", Scenario.TEXTURE, "=tile", "train", "ab" * 32, place)
        made.append(AnnotatedPicture(path.name, WIDTH, HEIGHT, verdict, path, origin))
    return made


def write(name: str, made: list[AnnotatedPicture], target: Path, *, copy: bool = True) -> ExportedAccount:
    """Export pictures into a new folder or ZIP file."""
    with pack(target) as sink:
        return export(FORMATS[name], made, sink, copy=copy, lost=Counter())


def read(name: str, place: Path) -> dict[str, AnnotatedPicture]:
    """What is read from an export, by the pictures' stems; nothing may be refused."""
    found = list(read_format(name, place, Counter()))
    assert all(isinstance(one, AnnotatedPicture) for one in found), found
    return {Path(one.name).stem: one for one in found}  # type: ignore[union-attr]


def alike(one: Verdict | None, other: Verdict | None, pixels: float = 1e-4) -> bool:
    """Equal, defects in any order, edges up to a fraction of a pixel."""
    if one is None or other is None or one.anomalous != other.anomalous or len(one.defects) != len(other.defects):
        return one is other
    return all(
        (a.type, a.picture) == (b.type, b.picture) and _near(a.box, b.box, pixels)
        for a, b in zip(sorted(one.defects, key=_order), sorted(other.defects, key=_order), strict=True)
    )


def _order(defect: Defect) -> tuple[object, ...]:
    edges = defect.box.to_pixels(WIDTH, HEIGHT) if defect.box else ()
    return defect.type, defect.picture, tuple(round(edge, 3) for edge in edges)


def _near(a: Box | None, b: Box | None, pixels: float) -> bool:
    if a is None or b is None:
        return a is b
    pairs = zip(a.to_pixels(WIDTH, HEIGHT), b.to_pixels(WIDTH, HEIGHT), strict=True)
    return all(abs(x - y) <= pixels for x, y in pairs)
