"""A source while it is read: makes its cases, maps its names of defects, and notes which names it met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from m3ad.datasets.account import Refused, as_text
from m3ad.datasets.names import ANY, Meaning, load_table, meaning_of
from m3ad.errors import BadData, BadImage
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Scenario, Verdict
from m3ad.taxonomy import default_taxonomy, normalise
from m3ad.trace_fields import UNKNOWN_TYPE

Own = Mapping[tuple[str, str], str]  # (category or ANY, name) -> type, as a person said it


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of a source that its files do not say; empty: as its table says, or its folders' names."""

    dataset: str = ""
    category: str = ""
    scenario: Scenario | None = None


UNTOLD = Told()


@dataclass(slots=True)
class Met:
    """A name that the source uses, in how many defects or pictures it was met, and what it means here.

    Category and name can always be shown and stored: bytes that are no text are written as escapes.
    """

    category: str
    name: str
    meaning: Meaning
    count: int = 0


class Source:
    """One reading of one source.

    Attributes:
        met: the names of defects met so far, by (category, name).
    """

    def __init__(self, table: Path, *, own: Own | None = None, told: Told = UNTOLD) -> None:
        self.table = load_table(table)
        self.met: dict[tuple[str, str], Met] = {}
        self._file = table
        self._told = told
        self._own = {(normalise(where), normalise(name)): kind for (where, name), kind in (own or {}).items()}

    def type_of(self, name: str, category: str) -> str:
        """The type that a name means, a person's word first. Raises BadData where it means none, with the reason.

        `category` is the source's own word for it, as in its table.
        """
        met = Met(as_text(category), as_text(name), self.meaning(name, category))
        entry = self.met.setdefault((category, name), met)
        entry.count += 1
        if entry.meaning.type is None:
            raise BadData(str(entry.meaning.refused))
        return entry.meaning.type

    def meaning(self, name: str, category: str) -> Meaning:
        """What a name means, a person's word first; it is not counted."""
        for where in (normalise(category), ANY):
            if kind := self._own.get((where, normalise(name))):
                return Meaning(type=kind)
        return meaning_of(name, category, self._file)

    def anomalous(self, found: Iterable[tuple[str, Box | None, int]], category: str) -> Verdict:
        """The verdict of (name, box, picture) triples. Raises BadData when any of the names means no type."""
        defects, reasons = [], dict[str, str]()
        for name, box, place in found:
            try:
                defects.append(Defect(self.type_of(name, category), box, place))
            except BadData as error:
                reasons[name] = str(error)
        if reasons:
            raise BadData("; ".join(reasons.values()))
        return Verdict(True, tuple(defects))

    def case(
        self,
        key: str,
        folder: str,
        images: tuple[Path, ...],
        verdict: Verdict | None,
        *,
        split: str = "",
        roles: tuple[str, ...] = (),
        dataset: str = "",
        group: str = "",
        licence: str = "",
    ) -> NewCase:
        """A case of this source.

        Args:
            key: unique in the data set.
            folder: the source's word for the category.
            dataset, licence: where neither a person nor the table says them.
            group: a word for several categories, which may give the scenario where the category does not.
        """
        known = self.table.scenarios
        scenario = self._told.scenario or known.get(folder) or known.get(group) or self.table.scenario
        return NewCase(
            self._told.dataset or self.table.name or dataset,
            key,
            scenario,
            self._told.category or self.table.categories.get(folder, folder),
            images,
            split,
            verdict,
            roles,
            self.table.licence or licence,
        )


def stated_licence(*folders: Path) -> str:
    """The first line of a licence file in one of the folders; empty where there is none."""
    for path in (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())):
        if (
            path.stem.lower() in ("license", "licence")
            and path.suffix.lower() in ("", ".txt", ".md")
            and path.is_file()
        ):
            with path.open(encoding="utf-8", errors="replace") as lines:
                return next((line.strip(" #\t\r\n") for line in islice(lines, 20) if line.strip()), "")[:100]
    return ""


def attempt(file: Path, make: Callable[..., NewCase], *arguments: Any) -> NewCase | Refused:
    """The case that `make` makes of its arguments, or why the file is refused."""
    try:
        return make(*arguments)
    except (BadData, BadImage) as error:
        return Refused(str(file), str(error))


def checked_type(word: str) -> str:
    """The type that a person maps a name to: the taxonomy's own name of it, or "unknown".

    "unknown": the cases are imported with their boxes, and somebody chooses the types in Annotate. Raises BadData.
    """
    if normalise(word) == UNKNOWN_TYPE:
        return UNKNOWN_TYPE
    if node := default_taxonomy().find(word):
        return node.name
    raise BadData(f"{word[:60]!r} is no type of the taxonomy. Choose one of its types, or {UNKNOWN_TYPE!r}.")
