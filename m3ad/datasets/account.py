"""How an import ends: an account of what was added, what was there already and what was refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that an importer or the store could not use. `why` is a sentence for the person who imports.

    Bytes of a file name that are no text are written as escapes, so that an account can always be shown and stored.
    """

    file: str
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", self.file.encode("utf-8", "backslashreplace").decode())
        object.__setattr__(self, "why", self.why.encode("utf-8", "backslashreplace").decode())


@dataclass(frozen=True, slots=True)
class Account:
    """Every case of an import ends in exactly one of the three."""

    added: int = 0
    present: int = 0
    refused: tuple[Refused, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{"added": int, "present": int, "refused": [{"file": str, "why": str}]}`."""
        refused = [{"file": entry.file, "why": entry.why} for entry in self.refused]
        return {"added": self.added, "present": self.present, "refused": refused}
