"""What in the picture mattered: the change of P(anomalous) when one patch after another is covered.

A patch is covered by the blurred picture, so that its detail is gone while no new edge is drawn. The map tells what the
model's decision rests on at one place of one text; it does not tell where the defect is, and patches that matter only
together show nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL.Image import Image
from PIL.ImageFilter import GaussianBlur

from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.monitor.base import Monitor, fit, inspect, never

# The first look alone, before any word: P is then unsteady, on sound parts as on defective ones, and the map points at
# the defect a little less often than after the model's own thinking (docs/reflect-benchmark.md).
NO_REASONING = "<think>"
TOGETHER = 16
_LEAST = 1e-9
MEANING = (
    "Each patch of the picture is blurred in turn and the model asked again, after the same words. The more "
    "P(anomalous) changes, up or down, the more the decision rests on that patch; a blurred spot can look like a "
    "defect itself, so the direction says little. It shows what the model used, not where the defect is."
)


@dataclass(frozen=True, slots=True)
class OcclusionMap:
    """The map as far as it is known.

    Attributes:
        before: P(anomalous) of the uncovered picture, 0..1.
        chances: P(anomalous) with each patch covered, row after row from the top left; None where not yet known.
    """

    rows: int
    columns: int
    before: float
    chances: tuple[float | None, ...]

    @property
    def done(self) -> int:
        """How many patches are known."""
        return sum(chance is not None for chance in self.chances)

    @property
    def change(self) -> list[list[float | None]]:
        """Rows of columns: P(anomalous) with the patch covered less that without, -1..1."""
        return self._laid_out(lambda chance: chance - self.before)

    @property
    def change_of_odds(self) -> list[list[float | None]]:
        """The same in natural logarithms of the odds: what a sure model weighs shows here and not in P itself."""
        return self._laid_out(lambda chance: _log_odds(chance) - _log_odds(self.before))

    def _laid_out(self, changed: Callable[[float], float]) -> list[list[float | None]]:
        changes = [None if chance is None else changed(chance) for chance in self.chances]
        return [changes[start : start + self.columns] for start in range(0, len(changes), self.columns)]

    def box(self, row: int, column: int) -> Box:
        """A patch, in fractions of the picture."""
        return Box(column / self.columns, row / self.rows, (column + 1) / self.columns, (row + 1) / self.rows)


def _log_odds(chance: float) -> float:
    """Finite for 0 and 1 too: a chance is known to about seven digits of whatever is against it."""
    return math.log(max(chance, _LEAST) / max(1 - chance, _LEAST))


def cost(rows: int, columns: int) -> str:
    """What a map costs, in words, before it is begun."""
    count = rows * columns
    return (
        f"{count} patches: the model reads the picture {count + 1} times, each as long as it takes to its first word."
    )


def occlusion(
    monitor: Monitor,
    image: Image,
    *,
    text: str | None = None,
    rows: int = 8,
    columns: int = 8,
    cancelled: Callable[[], bool] = never,
) -> Iterator[OcclusionMap]:
    """The map after each batch of patches, from none known to all; no more once `cancelled` has said True.

    Args:
        text: the words after which the model is asked; its prose is closed at its end (`Monitor.decide`). None: its
            own thinking, which it writes first.

    Raises:
        Conflict: the model decides nothing after this text, or there are no patches or more than pixels.
        ModelUnavailable: the model cannot be asked in this way.
    """
    image = fit(image)
    if not (1 <= rows <= image.height and 1 <= columns <= image.width):
        raise Conflict(
            f"The picture has {image.height} rows and {image.width} columns of pixels. Ask for 1 to as many."
        )
    if text is None:
        text = inspect(monitor, image).text.partition("</think>")[0]
    (before,) = monitor.decide([image], text)
    if before is None:
        raise Conflict(
            "After this text the model decides nothing: it must end inside the thinking or the reflection, or right "
            "after one, and the model must write in the format."
        )
    found = OcclusionMap(rows, columns, before, (None,) * (rows * columns))
    yield found
    patches = range(rows * columns)
    for start in patches[::TOGETHER]:
        if cancelled():
            return
        some = [covered(image, found.box(*divmod(patch, columns))) for patch in patches[start : start + TOGETHER]]
        chances = (*found.chances[:start], *monitor.decide(some, text), *found.chances[start + len(some) :])
        found = OcclusionMap(rows, columns, before, chances)
        yield found


def covered(image: Image, box: Box) -> Image:
    """A copy whose pixels inside a box (fractions) are blurred, as widely as half the box."""
    x1, y1, x2, y2 = (round(edge) for edge in box.to_pixels(image.width, image.height))
    blurred = image.filter(GaussianBlur(max(x2 - x1, y2 - y1) / 2))
    copy = image.copy()
    copy.paste(blurred.crop((x1, y1, x2, y2)), (x1, y1))
    return copy
