"""The layout of NEU-DET, as Pascal VOC: `ANNOTATIONS/<class>_N.xml` for each picture `IMAGES/<class>_N.jpg`.

Song and Yan, 2013; He et al., 2020. Every picture shows defects. The class of a box counts, also where the file is
named after another one (188 of 4,189 boxes), and a file's own name where `<filename>` lacks its ending (about 170).
Some copies have a folder for each class in IMAGES.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import first_file
from m3ad.datasets.mvtec import visible
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.formats.voc import annotated_picture
from m3ad.images import EXTENSIONS
from m3ad.records import NewCase

CATEGORY = "hot-rolled steel"
CLASSES = ("crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches")


def read_neu(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all annotated pictures. Raises BadData at once where there is no IMAGES or no ANNOTATIONS."""
    folder = folder.resolve()
    inside = {path.name.lower(): path for path in visible(folder) if path.is_dir()}
    files = sorted(inside["annotations"].glob("*.xml")) if {"images", "annotations"} <= inside.keys() else []
    if not files or not all(file.name.startswith(CLASSES) for file in files):
        raise BadData(
            f"{folder} is not in NEU-DET's layout: it has the folders IMAGES and ANNOTATIONS, and files that are named "
            "after its six classes. Other Pascal VOC sets are read as annotations, in the format voc."
        )
    return (attempt(file, _case, inside["images"], file, source) for file in files)


def _case(images: Path, file: Path, source: Source) -> NewCase:
    kind = file.stem.rsplit("_", 1)[0]
    picture = first_file(images, (f"{place}{file.stem}{end}" for place in ("", f"{kind}/") for end in EXTENSIONS))
    if picture is None:
        raise BadData(f"its picture is missing: there is no {file.stem}.jpg in {images.name}")
    one = annotated_picture(file, picture, Counter())
    if one.verdict is None or not one.verdict.anomalous:
        raise BadData("it names no defect, although every picture of NEU-DET shows one")
    verdict = source.anomalous([(defect.type, defect.box, 0) for defect in one.verdict.defects], CATEGORY)
    return source.case(picture.relative_to(images.parent).as_posix(), CATEGORY, (picture,), verdict)
