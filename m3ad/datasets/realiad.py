"""The layout of Real-IAD: a JSON file for each category, which names the pictures of five cameras and their masks.

    realiad_jsons/<category>.json (also realiad_jsons/realiad_jsons/, or beside the categories)
    realiad_{1024,512,256,raw}/<category>/NG/<code>/S0001/<category>_0001_NG_<code>_C1_<time>.jpg (or <category>/)

Wang et al., CVPR 2024. An entry of "train" or "test" has category, anomaly_class ("OK" or a code), image_path and
mask_path, which are relative to the category's folder. The pictures in one folder S… are the views of one part: one
case. A view of a defective part on which nothing is to be seen is "OK" and gets no box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes
from m3ad.datasets.source import Source, attempt
from m3ad.datasets.views import order
from m3ad.errors import BadData
from m3ad.formats.pictures import safe_name
from m3ad.formats.reading import json_object, list_in, object_in, small_text
from m3ad.records import NORMAL, NewCase

SPLITS = ("train", "test")
SIZES = ("1024", "512", "256", "raw")  # the first that is there is used
NORMAL_CLASS = "OK"


@dataclass(frozen=True, slots=True)
class _View:
    """One picture of a part, as its entry tells it; both paths are relative to the category's folder."""

    image: PurePosixPath
    kind: str
    mask: str

    @property
    def camera(self) -> str:
        """ "C1" to "C5": the second-last part of the name."""
        return (["", *self.image.stem.split("_")])[-2]


def read_realiad(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all categories. Raises BadData at once where no JSON file has a folder of its name with pictures."""
    folder = folder.resolve()
    lists = {file: place for file in _lists(folder) if (place := _pictures(folder, file.stem)) is not None}
    if not lists:
        raise BadData(
            f"{folder} is not in Real-IAD's layout: there is no <category>.json, beside its pictures or in "
            "realiad_jsons. Give the folder that holds realiad_jsons and realiad_1024."
        )
    return (entry for file, place in lists.items() for entry in _category(file, place, source))


def _lists(folder: Path) -> list[Path]:
    for inside in ("realiad_jsons/realiad_jsons", "realiad_jsons", "."):
        if found := sorted((folder / inside).glob("*.json")):
            return found
    return []


def _pictures(folder: Path, category: str) -> Path | None:
    """The folder of a category's pictures."""
    places = [*(folder / f"realiad_{size}" / category for size in SIZES), folder / category]
    return next((place for place in places if any((place / kind).is_dir() for kind in ("OK", "NG"))), None)


def _category(file: Path, place: Path, source: Source) -> Iterator[NewCase | Refused]:
    try:
        data = json_object(small_text(file), file.name)
        parts = _parts(data)
    except BadData as error:
        yield Refused(str(file), str(error))
        return
    for (split, part), views in parts.items():
        yield attempt(place / part, _case, place, split, part, views, source)


def _parts(data: dict[str, Any]) -> dict[tuple[str, PurePosixPath], list[_View]]:
    """(split, folder of the part) -> its views in the order of the cameras. Raises BadData."""
    parts: dict[tuple[str, PurePosixPath], list[_View]] = {}
    for split in SPLITS:
        for entry in list_in(data, split):
            one = object_in(entry, "an entry")
            image = PurePosixPath(safe_name(one.get("image_path")))
            mask = safe_name(one["mask_path"]) if one.get("mask_path") else ""
            parts.setdefault((split, image.parent), []).append(_View(image, str(one.get("anomaly_class")), mask))
    return {part: sorted(views, key=lambda view: view.camera) for part, views in parts.items()}


def _case(place: Path, split: str, part: PurePosixPath, views: list[_View], source: Source) -> NewCase:
    key = f"{place.name}/{part}"
    arranged = [views[number] for number in order(key, [view.kind != NORMAL_CLASS for view in views])]
    images = tuple(place / view.image for view in arranged)
    found = []
    for number, view in enumerate(arranged):
        if view.kind == NORMAL_CLASS:
            continue
        if not view.mask:
            raise BadData(f"{view.image.name} is {view.kind} and has no mask_path: nobody can say where the defect is")
        if not (place / view.mask).is_file():
            raise BadData(f"the mask {view.mask} is missing")
        found += [(view.kind, box, number) for box in boxes(place / view.mask, images[number])]
    verdict = source.anomalous(found, place.name) if found else NORMAL
    return source.case(
        key, place.name, images, verdict, split=split, roles=tuple(f"view {one.camera}" for one in arranged)
    )
