"""Tables from a source's own names of defects to types of the taxonomy, with reasons. Never a guess.

A table is a TOML file: `[any.NAME]` for every category, `[CATEGORY.NAME]` for one; each with `type` and `why`, or with
`refuse`: why no one type of the taxonomy says what the name says.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from m3ad.taxonomy import default_taxonomy, normalise


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a source's name means: a type of the taxonomy, or why it is refused. Exactly one of the two."""

    type: str | None = None
    refused: str | None = None


@lru_cache
def load_table(file: Path) -> dict[tuple[str, str], Meaning]:
    """(category, name) -> meaning, both normalised; category "any" stands for all."""
    table: dict[tuple[str, str], Meaning] = {}
    for category, names in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for name, entry in names.items():
            meaning = Meaning(refused=entry["refuse"]) if "refuse" in entry else Meaning(type=entry["type"])
            table[normalise(category), normalise(name)] = meaning
    return table


def meaning_of(name: str, category: str, file: Path) -> Meaning:
    """The table's word on a name, for its category first; without one, the taxonomy's own; else refused."""
    table = load_table(file)
    for where in (normalise(category), "any"):
        if found := table.get((where, normalise(name))):
            return found
    if node := default_taxonomy().find(name):
        return Meaning(type=node.name)
    return Meaning(
        refused=f"the name '{name}' is neither in the importer's table nor in the taxonomy: rename the folder to "
        "one of the taxonomy's types"
    )
