"""The page on scale shows what the arithmetic gives, and the arithmetic starts from a store that was really filled."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.scale import MEASURED, measure, tables

PAGE = (Path(__file__).resolve().parents[2] / "docs/from-one-machine-to-many.md").read_text()


def test_the_tables_of_the_page_are_those_of_the_arithmetic() -> None:
    shown = dict(re.findall(r"<!-- scale:(\w+) -->\n(.*?)\n<!-- /scale -->", PAGE, re.DOTALL))
    assert shown == tables(json.loads(MEASURED.read_text()))


def test_links_of_the_page_lead_somewhere() -> None:
    others = {"remote-images.md"}  # comes with images from buckets
    for name in set(re.findall(r"\]\(([\w.-]+\.md)\)", PAGE)) - others:
        assert (MEASURED.parent / name).is_file(), name


def test_a_small_store_weighs_about_what_a_large_one_does_for_each_case() -> None:
    small, large = measure(400, None), json.loads(MEASURED.read_text())
    assert small["inspection_letters"] == large["inspection_letters"]
    for name in ("case_bytes", "inspection_bytes", "revision_bytes"):
        assert large[name] / 2 < small[name] < large[name] * 2, name


def test_the_formulas_give_what_a_reader_reckons_by_hand() -> None:
    found = json.loads(MEASURED.read_text())
    made = tables(found | {"case_bytes": 1000, "inspection_bytes": 3000, "cases": 100, "import_seconds": 1.0})
    assert "| 10^7 | 5.0 TB | 10 GB | 40 GB | 28 hours |" in made["storage"]
    assert "| 480,000 | 468 | 9.8e+07 | 9.8e+09 | 9.8e+11 |" in made["tokens"]
    assert "| 10^7 | 2,778 card-hours | 278 card-hours | 56 card-hours |" in made["hours"]
