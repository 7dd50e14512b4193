"""XML from anybody, element by element: no document type, so no entities and nothing fetched, never all in memory."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator
from pathlib import Path

from m3ad.errors import BadData

_CHUNK = 2**16
_DEEPEST = 64  # elements inside one another; formats need about six
_LARGEST = 64 * 2**20  # bytes of one element; a picture with 100,000 boxes stays below


class _Collector:
    """The target of a parser: builds the wanted elements whole and forgets everything around them."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._depth = 0
        self._builder: ET.TreeBuilder | None = None
        self._begun = 0
        self.found: list[ET.Element] = []
        self.building = False

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise BadData("it declares a document type, which annotation files have no need of: take the DOCTYPE out")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadData(f"its elements are nested more than {_DEEPEST} deep")
        if self._builder is None and tag in self._wanted:
            self._builder, self._begun, self.building = ET.TreeBuilder(), self._depth, True
        if self._builder is not None:
            self._builder.start(tag, attributes)

    def data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def end(self, tag: str) -> None:
        if self._builder is not None:
            self._builder.end(tag)
            if self._depth == self._begun:
                self.found.append(self._builder.close())
                self._builder, self.building = None, False
        self._depth -= 1

    def close(self) -> None:
        """Nothing is kept."""


def elements(path: Path, wanted: Collection[str]) -> Iterator[ET.Element]:
    """Every outermost element with one of these tags, in the order of the file. Raises BadData."""
    collector = _Collector(wanted)
    parser = ET.XMLParser(target=collector)
    within = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.feed(chunk)
                within = within + len(chunk) if collector.building else 0
                if within > _LARGEST:
                    raise BadData(f"{path.name} cannot be read: one element of it has more than {_LARGEST:,} bytes")
                yield from collector.found
                collector.found.clear()
        parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise BadData(f"{path.name} is no XML ({error}). Export it again.") from error
    except OSError as error:
        raise BadData(f"{path.name} cannot be read: {error.strerror}.") from error
    yield from collector.found


def written(element: ET.Element) -> str:
    """An element as indented text with a line break at its end."""
    ET.indent(element)
    return re.sub(r"\s*$", "\n", ET.tostring(element, encoding="unicode", short_empty_elements=True))
