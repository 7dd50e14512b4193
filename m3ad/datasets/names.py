"""What is known of a source before it is read: its name, licence and scenarios, and what its names of defects mean.

A table is a TOML file. `[set]` has `title`, `licence`, `scenario`, and `name` where the data set's name is not that of
its folder. `[scenarios]` names the categories that the source has, with their scenarios; `[categories]` gives the
category of a folder whose own name says too little; `[values.CATEGORY]` says which name a number in a mask stands for.
Everything else is `[any.NAME]` for every category or `[CATEGORY.NAME]` for one, each with `type` and `why`, or with
`refuse`: why no one type of the taxonomy says what the name says. Never a guess.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from m3ad.records import Scenario
from m3ad.taxonomy import default_taxonomy, normalise

ANY = "any"  # instead of a category: in every one
_FACTS = ("set", "scenarios", "categories", "values")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a source's name means: a type of the taxonomy, or why it is refused. Exactly one of the two."""

    type: str | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Table:
    """A source's table, read; see the module for what it says. `meanings` is by (category, name), both normalised."""

    title: str
    licence: str
    scenario: Scenario
    name: str
    scenarios: dict[str, Scenario]
    categories: dict[str, str]
    values: dict[str, dict[int, str]]
    meanings: dict[tuple[str, str], Meaning]


@lru_cache
def load_table(file: Path) -> Table:
    """The table of a source; one of our own files, so what is wrong in it is a bug."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    facts = data["set"]
    return Table(
        facts["title"],
        facts["licence"],
        Scenario(facts["scenario"]),
        facts.get("name", ""),
        {name: Scenario(scenario) for name, scenario in data.get("scenarios", {}).items()},
        data.get("categories", {}),
        {name: {int(value): word for value, word in words.items()} for name, words in data.get("values", {}).items()},
        {
            (normalise(category), normalise(name)): _meaning(entry)
            for category, names in data.items()
            if category not in _FACTS
            for name, entry in names.items()
        },
    )


def _meaning(entry: dict[str, Any]) -> Meaning:
    return Meaning(refused=entry["refuse"]) if "refuse" in entry else Meaning(type=entry["type"])


def meaning_of(name: str, category: str, file: Path) -> Meaning:
    """The table's word on a name, for its category first; without one, the taxonomy's own; else refused."""
    meanings = load_table(file).meanings
    for where in (normalise(category), ANY):
        if found := meanings.get((where, normalise(name))):
            return found
    if node := default_taxonomy().find(name):
        return Meaning(type=node.name)
    return Meaning(
        refused=f"the name '{name}' is neither in the importer's table nor in the taxonomy: say what it means in the "
        "Data tab, and import again"
    )
