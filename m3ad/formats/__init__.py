"""Annotation formats of other programs, read and written; one file per format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.formats.base import Entry, Format, Unused
from m3ad.formats.coco import COCO
from m3ad.formats.cvat import CVAT
from m3ad.formats.jsonl import JSONL
from m3ad.formats.label_studio import LABEL_STUDIO
from m3ad.formats.labelme import LABELME
from m3ad.formats.masks import MASKS
from m3ad.formats.origins import read_origins, with_origins
from m3ad.formats.reading import root_of
from m3ad.formats.table import CSV
from m3ad.formats.voc import VOC
from m3ad.formats.yolo import YOLO

FORMATS: dict[str, Format] = {
    "coco": COCO,
    "csv": CSV,
    "cvat": CVAT,
    "label-studio": LABEL_STUDIO,
    "labelme": LABELME,
    "m3ad": JSONL,
    "masks": MASKS,
    "voc": VOC,
    "yolo": YOLO,
}


def read_format(name: str, place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures of a folder or file in a format, with the cases that an export of ours noted beside them.

    `unused` counts what the format's files hold and we do not use. Raises BadData for what is not in the format.
    """
    return with_origins(FORMATS[name].read(place, unused), read_origins(root_of(place)))
