"""How an import ends: an account of what was added, what was there already and what was refused, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def as_text(words: str) -> str:
    """The words with bytes of a file name that are no text written as escapes."""
    return words.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that an importer or the store could not use. `why` is a sentence for the person who imports.

    Bytes of a file name that are no text are written as escapes, so that an account can always be shown and stored.
    """

    file: str
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", as_text(self.file))
        object.__setattr__(self, "why", as_text(self.why))


@dataclass(frozen=True, slots=True)
class Account:
    """Every case of an import ends in exactly one of: added, present, revised, clashes, refused.

    Attributes:
        added: new cases.
        present: there already, and nothing to change.
        revised: there already; the import gave them a new revision of their annotation.
        clashes: there already, and somebody's own annotation differs: the imported one was left out.
        unused: what the files hold that was not used as it is written, in words, and how often.
    """

    added: int = 0
    present: int = 0
    refused: tuple[Refused, ...] = ()
    revised: int = 0
    clashes: tuple[Refused, ...] = ()
    unused: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The fields; `refused` and `clashes` as `[{"file": str, "why": str}]`."""
        listed = {"refused": self.refused, "clashes": self.clashes}
        entries = {name: [{"file": one.file, "why": one.why} for one in some] for name, some in listed.items()}
        numbers = {"added": self.added, "present": self.present, "revised": self.revised}
        return {**numbers, **entries, "unused": self.unused}

    def sentence(self) -> str:
        """The numbers for a person; what only annotations can have is named where there is some."""
        more = [f"{self.revised} got a new revision"] if self.revised else []
        more += [f"{len(self.clashes)} clashes left out"] if self.clashes else []
        return ", ".join(
            [f"{self.added} added", f"{self.present} already there", *more, f"{len(self.refused)} refused"]
        )
