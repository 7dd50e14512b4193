"""What a model was asked for a branch of a case's tree, exactly: enough to ask it again. No model, no store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from m3ad.picture_changes import PictureChange
from m3ad.records import Mode


class BranchKind(StrEnum):
    """What a branch changed in its parent."""

    EDITED = "edited"
    FORCED = "reflection forced"
    FORBIDDEN = "reflection forbidden"
    DEFINITIONS = "other definitions"
    PICTURE = "picture changed"
    SEED = "another seed"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a branch was made; it holds the parent's changes too, so that it stands alone.

    Attributes:
        text: what the model goes on from, as if it had written it; "" from the start.
        temperature: 0 is greedy, and then the seed says nothing.
        system: the instructions in place of the model's own; None: its own.
        changes: what was done to the case's primary picture, in order.
        drawn: (number, count): which it is, from 0, of how many answers that were drawn together; None: it alone.
        words: what was changed, for people, e.g. the sentence that was written.
    """

    text: str = ""
    mode: Mode = Mode.AUTO
    seed: int = 0
    temperature: float = 0.0
    system: str | None = None
    changes: tuple[PictureChange, ...] = ()
    drawn: tuple[int, int] | None = None
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields, as JSON types."""
        return {
            "text": self.text,
            "mode": self.mode.value,
            "seed": self.seed,
            "temperature": self.temperature,
            "system": self.system,
            "changes": [change.to_json() for change in self.changes],
            "drawn": list(self.drawn) if self.drawn else None,
            "words": self.words,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        """The inverse of `to_json`."""
        return cls(
            data["text"],
            Mode(data["mode"]),
            data["seed"],
            data["temperature"],
            data["system"],
            tuple(PictureChange.from_json(change) for change in data["changes"]),
            tuple(data["drawn"]) if data["drawn"] else None,
            data["words"],
        )
