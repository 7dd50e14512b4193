"""A workspace with frozen drawn parts, for tests that let the bundled model answer them."""

from __future__ import annotations

from pathlib import Path

from db.store import Store
from m3ad.demo.parts import CATEGORIES, draw
from m3ad.records import NewCase

CATEGORY = CATEGORIES[0]


def make_workspace(folder: Path, parts: int, *, broken: bool = False) -> None:
    """`parts` cases of one category, all frozen as `bench`; `broken`: the first picture is damaged afterwards."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    with Store.open(folder / "workspace") as store:
        for number in range(parts):
            part = draw(CATEGORY.name, 900 + number, size=224 if number % 2 else 192)
            path = pictures / f"{number}.png"
            part.image.save(path)
            new = NewCase("parts", path.name, part.scenario, part.category, (path,), verdict=part.verdict)
            store.add_case(new)
        store.create_snapshot("bench", frozen_share=0, frozen_categories=[CATEGORY.name])
    if broken:
        (pictures / "0.png").write_bytes(b"no picture")
