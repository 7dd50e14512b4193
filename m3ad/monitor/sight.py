"""In what size a model sees pictures: the settings of its processor, as far as they decide on that. No torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL.Image import Image, Resampling

from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import fit
from m3ad.monitor.folders import read_json

FILES = ("processor_config.json", "preprocessor_config.json")  # the first one that is there counts


@dataclass(frozen=True, slots=True)
class Sight:
    """How Qwen's processors size a picture.

    Attributes:
        least, most: pixels that a picture is scaled up or down to.
        step: pixels of a side for each token, so that a token is a square of it.
    """

    least: int
    most: int
    step: int

    @classmethod
    def of(cls, folder: Path) -> Sight:
        """What the folder's processor says. Raises ModelUnavailable with the keys that are missing, and where."""
        file = next((folder / name for name in FILES if (folder / name).is_file()), None)
        if file is None:
            raise ModelUnavailable(
                f"{folder} has no processor settings ({' or '.join(FILES)}), so in what size the model was shown "
                "pictures in training is not known. Copy the file from the run's model folder."
            )
        image = _object(read_json(file), "image_processor") or read_json(file)
        size = _object(image, "size")
        values: dict[str, Any] = {f"size.{name}": size.get(name) for name in ("shortest_edge", "longest_edge")}
        values |= {name: image.get(name) for name in ("patch_size", "merge_size")}
        if missing := [name for name, value in values.items() if not isinstance(value, int) or value < 1]:
            raise ModelUnavailable(
                f"{file} does not say {', '.join(missing)}, so in what size the model was shown pictures in training "
                "is not known. Copy the file from the run's model folder."
            )
        least, most, patch, merge = map(int, values.values())
        return cls(least, most, patch * merge)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """To what width and height the processor brings a picture, in pixels."""
        wide, high = (round(side / self.step) * self.step for side in (width, height))
        if wide * high > self.most:
            shrink = math.sqrt(width * height / self.most)
            wide, high = (max(self.step, math.floor(s / shrink / self.step) * self.step) for s in (width, height))
        elif wide * high < self.least:
            grow = math.sqrt(self.least / (width * height))
            wide, high = (math.ceil(side * grow / self.step) * self.step for side in (width, height))
        return wide, high

    def tokens(self, width: int, height: int) -> int:
        """How many tokens a picture of so many pixels becomes."""
        wide, high = self.size(width, height)
        return wide * high // self.step**2

    def shown(self, image: Image) -> Image:
        """The picture in the size in which the model sees it, which a processor of wider limits leaves as it is.

        Where the steps lead past the limits no processor would leave it: it stays for the server to size.
        """
        image = fit(image)
        wide, high = self.size(*image.size)
        if not self.least <= wide * high <= self.most:
            return image
        return image.resize((wide, high), Resampling.BICUBIC)

    def option(self) -> str:
        """The option with which vLLM sizes pictures so."""
        size = {"size": {"shortest_edge": self.least, "longest_edge": self.most}}
        return f"--mm-processor-kwargs '{json.dumps(size)}'"


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; an empty one where there is something else or nothing."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}
