"""The layout of MulSen-AD: each part as a photograph, an infrared picture and a point cloud.

    <category>/{RGB,Infrared}/{train/N.png, test/good/N.png, test/<defect>/N.png, GT/<defect>/N.png}

Li et al., CVPR 2025. Photograph and infrared picture of one name are one case. A defect need not show in both: each
has a mask of its own where it does. A part whose defect shows in the point cloud alone is refused, for its pictures
show none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes, is_drawn
from m3ad.datasets.mvtec import visible
from m3ad.datasets.source import Source, attempt
from m3ad.datasets.views import order
from m3ad.errors import BadData
from m3ad.geometry import Box
from m3ad.records import NORMAL, NewCase

SENSORS = ("RGB", "Infrared")
ROLES = {"RGB": "photograph", "Infrared": "infrared"}
NORMAL_KIND = "good"


def read_mulsen(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of one category, or of all in a folder. Raises BadData at once where none has RGB and Infrared."""
    folder = folder.resolve()
    found = [one for one in (folder, *visible(folder)) if all((one / sensor).is_dir() for sensor in SENSORS)]
    if not found:
        raise BadData(f"{folder} is not in MulSen-AD's layout: there is no category with RGB and Infrared in it.")
    return (entry for category in found for entry in _category(category, source))


def _category(category: Path, source: Source) -> Iterator[NewCase | Refused]:
    photographs = category / SENSORS[0]
    for file in sorted(photographs.glob("train/**/*.png")):
        yield attempt(file, _case, category, file, NORMAL_KIND, source)
    for kind in visible(photographs / "test"):
        for file in sorted(kind.glob("*.png")):
            yield attempt(file, _case, category, file, kind.name, source)


def _case(category: Path, file: Path, kind: str, source: Source) -> NewCase:
    name = file.relative_to(category / SENSORS[0])
    files = {sensor: path for sensor in SENSORS if (path := category / sensor / name).is_file()}
    marked = {sensor: _marked(category / sensor, kind, path) for sensor, path in files.items()}
    if kind != NORMAL_KIND:
        source.type_of(kind, category.name)
        if not any(marked.values()):
            raise BadData(
                "its defect is marked in neither picture: it shows in the point cloud alone, or masks are missing"
            )
    key = f"{category.name}/{name.as_posix()}"
    sensors = list(files)
    sensors = [sensors[place] for place in order(key, [bool(marked[sensor]) for sensor in sensors])]
    found = [(kind, box, place) for place, sensor in enumerate(sensors) for box in marked[sensor]]
    verdict = source.anomalous(found, category.name) if found else NORMAL
    images = tuple(files[sensor] for sensor in sensors)
    roles = tuple(ROLES[sensor] for sensor in sensors)
    return source.case(key, category.name, images, verdict, split=name.parts[0], roles=roles)


def _marked(sensor: Path, kind: str, file: Path) -> list[Box]:
    """The boxes of a picture's mask; none where it has none, or an empty one."""
    mask = sensor / "GT" / kind / file.name
    return boxes(mask, file) if kind != NORMAL_KIND and mask.is_file() and is_drawn(mask).any() else []
