"""docs/store.md explains every table and every column, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from db.schema import APPEND_ONLY, Base

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "store.md").read_text()


def explained() -> dict[str, list[str]]:
    """Table -> columns, as the page has them; columns without a meaning are left out."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    return {
        section.split("\n", 1)[0].strip(): re.findall(r"^\| (\w+) \| \S.* \|$", section, re.MULTILINE)[1:]
        for section in sections
    }


def test_the_page_explains_every_table_and_column_in_order() -> None:
    declared = {name: [column.name for column in table.columns] for name, table in Base.metadata.tables.items()}
    assert explained() == declared | {"alembic_version": ["version_num"]}


def test_the_page_names_the_append_only_tables() -> None:
    paragraph = PAGE.split("**What never changes.**")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", paragraph)) == set(APPEND_ONLY)
