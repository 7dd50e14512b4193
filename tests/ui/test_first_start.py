"""The first start: parts of every category, so that no screen is empty."""

from __future__ import annotations

from pathlib import Path

from db.filters import CaseFilter, Status
from db.splits import TRAIN
from db.store import Store
from m3ad.demo.parts import CATEGORIES
from ui.first_start import PARTS_PER_CATEGORY, fill


def test_an_empty_store_is_filled_once(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        seen: list[int] = []
        ids = fill(store, tmp_path / "drawn", progress=lambda done, total: seen.append(total - done))
        facets = store.facets()
        assert len(ids) == facets.total == PARTS_PER_CATEGORY * len(CATEGORIES)
        assert set(facets.categories) == {category.name for category in CATEGORIES}
        assert abs(facets.anomalous - facets.normal) <= len(CATEGORIES)
        assert store.count_cases(CaseFilter(status=Status.UNANNOTATED)) == len(CATEGORIES)
        assert seen[-1] == 0
        rows = store.snapshot_rows(store.create_snapshot("first").id)
        assert {r.case.category for r in rows if r.split == TRAIN}.isdisjoint(c.name for c in CATEGORIES if c.held_out)
        assert fill(store, tmp_path / "drawn") == []
        assert store.facets().total == facets.total
