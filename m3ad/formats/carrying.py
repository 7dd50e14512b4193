"""What an export keeps and what it leaves out: decided before a format writes, and counted for the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from m3ad.errors import BadImage
from m3ad.formats.base import AnnotatedPicture, Carries, Format, clean_type, word_of
from m3ad.formats.masks import MASKS, as_masked
from m3ad.formats.origins import noting_origins
from m3ad.formats.sink import Sink
from m3ad.geometry import Box
from m3ad.images import encode, is_plain, open_image
from m3ad.records import Defect, Verdict

_SAME = 1e-4  # pixels; fractions of whole pixels do not come out whole to the last bit


@dataclass(frozen=True, slots=True)
class ExportedAccount:
    """What an export holds. `lost`: what the format cannot carry, in words, and how often."""

    format: str
    pictures: int
    decided: int
    defects: int
    lost: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The fields, as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}

    def sentences(self) -> list[str]:
        """The account for a person, a line each."""
        first = f"{self.pictures} pictures as {self.format}: {self.decided} decided, {self.defects} defects."
        return [first, *(f"Not carried: {count} {words}." for words, count in self.lost.items())]


def carried(one: AnnotatedPicture, format: Format, lost: Counter[str]) -> AnnotatedPicture:
    """The picture with what the format can carry of its verdict: what reading the export gives back.

    An anomalous picture of which nothing is left becomes undecided: it must never come back as normal.
    """
    can = format.carries
    _count_remarks(one, can, lost)
    if one.verdict is None:
        return one
    if not one.verdict.anomalous:
        lost["normal verdicts: they look like undecided ones"] += not can.normal
        return one if can.normal else replace(one, verdict=None)
    here = [defect for defect in one.verdict.defects if can.further or not defect.picture]
    lost["boxes on further pictures"] += len(one.verdict.defects) - len(here)
    kept = tuple(_kept(defect, one, can, lost) for defect in here if defect.box or can.unplaced)
    lost["defects without a place"] += len(here) - len(kept)
    if not kept and not (can.bare and not one.verdict.defects):
        lost["anomalous verdicts without a box: left undecided"] += 1
        return replace(one, verdict=None)
    kept_picture = replace(one, verdict=Verdict(True, kept))
    if format is not MASKS:
        return kept_picture
    masked = as_masked(kept_picture)
    assert masked.verdict is not None
    lost["boxes that touch or overlap another of a mask"] += max(0, len(kept) - len(masked.verdict.defects))
    return masked if masked.verdict.defects else replace(one, verdict=None)


def _count_remarks(one: AnnotatedPicture, can: Carries, lost: Counter[str]) -> None:
    if not can.remarks and one.origin is not None:
        lost["notes"] += bool(one.origin.note)
        lost["names of authors"] += bool(one.origin.author)


def _kept(defect: Defect, one: AnnotatedPicture, can: Carries, lost: Counter[str]) -> Defect:
    kind = clean_type(defect.type) or "unnamed"
    lost["types whose name was cleaned of control characters or cut"] += kind != defect.type
    if defect.box is None:
        return Defect(kind)
    if can.fractions:
        return replace(defect, type=kind)
    edges = defect.box.to_pixels(one.width, one.height)
    x1, y1, x2, y2 = whole = _whole(edges, one.width, one.height)
    moved = max(abs(edge - rounded) for edge, rounded in zip(edges, whole, strict=True)) > _SAME
    lost["boxes moved to whole pixels"] += moved
    return Defect(kind, Box.from_pixels(x1, y1, x2, y2, one.width, one.height))


def _whole(edges: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """Edges in whole pixels, at least one apart."""
    x1, y1 = min(round(edges[0]), width - 1), min(round(edges[1]), height - 1)
    return x1, y1, max(round(edges[2]), x1 + 1), max(round(edges[3]), y1 + 1)


def with_pictures(
    pictures: Iterable[AnnotatedPicture], sink: Sink, folder: str, lost: Counter[str]
) -> Iterator[AnnotatedPicture]:
    """The pictures, each written into `folder` on its way, upright and in 8 bits where other programs need that."""
    for one in pictures:
        if one.picture is not None:
            try:
                one = _put(one, sink, folder)
            except BadImage:
                lost["pictures whose file is gone: their annotations are there"] += 1
        yield one


def _put(one: AnnotatedPicture, sink: Sink, folder: str) -> AnnotatedPicture:
    assert one.picture is not None
    if is_plain(one.picture):
        sink.put(str(PurePosixPath(folder, one.name)), one.picture)
        return one
    name = str(PurePosixPath(one.name).with_suffix(".png"))
    sink.put(str(PurePosixPath(folder, name)), encode(open_image(one.picture), "PNG"))
    return replace(one, name=name)


def export(
    format: Format, pictures: Iterable[AnnotatedPicture], sink: Sink, *, copy: bool, lost: Counter[str]
) -> ExportedAccount:
    """Write pictures in a format, one after another. `lost` is added to, so a caller may count more.

    `copy` writes the picture files too.
    """
    count: Counter[str] = Counter()

    def passing() -> Iterator[AnnotatedPicture]:
        for one in pictures:
            kept = carried(one, format, lost)
            count["pictures"] += 1
            count["decided"] += kept.verdict is not None
            count["defects"] += len(kept.verdict.defects) if kept.verdict else 0
            origin = replace(one.origin, verdict=word_of(one.verdict)) if one.origin else None
            yield replace(kept, origin=origin)

    written = with_pictures(passing(), sink, format.pictures, lost) if copy else passing()
    format.write(noting_origins(written, sink), sink)
    told = {words: number for words, number in lost.items() if number}
    return ExportedAccount(format.title, count["pictures"], count["decided"], count["defects"], told)
