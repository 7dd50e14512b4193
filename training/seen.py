"""An example as the model will see it: the picture in the pixels that the processor gives, the prompt, the tokens.

What a training does to a picture is asked of the same processor with the same settings, then read back into a picture
that a person can look at. Loads no weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from m3ad.images import open_image
from m3ad.prompts import conversation
from training.collate import CompletionCollator
from training.config import TrainSettings
from training.examples import Example
from training.processor import load_processor
from training.selection import problem_of
from training.start import read_start


@dataclass(frozen=True, slots=True)
class Seen:
    """One example: its picture at the model's size, its tokens, and why a run would leave it out ("" if it would not).

    Attributes:
        image_tokens: of the picture alone.
        tokens: of the prompt with the picture, and the completion.
    """

    image: Image.Image
    image_tokens: int
    tokens: int
    problem: str


class Eyes:
    """What a start model is given, under a run's settings. Safe to use from several threads."""

    def __init__(self, source: str, settings: TrainSettings) -> None:
        """Loads the processor.

        Raises:
            ModelUnavailable: there is no such model.
            RunError: it cannot be trained, so no run will show it anything.
        """
        start = read_start(source, weights=False)
        self._processor = load_processor(start, settings)
        self._settings = settings
        self._collator = CompletionCollator(self._processor, start.card.system, Path())
        messages = conversation(start.card.system)
        # The text before every completion, with the special tokens; the picture's place stands in it once.
        self.prompt: str = self._processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)

    def look(self, example: Example) -> Seen:
        """The example as a batch would hold it. Raises BadImage when its picture cannot be opened."""
        completion = self._collator.completion_ids(example.completion)
        problem = problem_of(example, completion, self._collator, self._settings)
        picture = open_image(example.image)
        given = self._processor.image_processor(images=[picture], return_tensors="pt")
        image = self._picture(given["pixel_values"], *(int(count) for count in given["image_grid_thw"][0][1:]))
        image_tokens = self._collator.image_tokens(picture.width, picture.height)
        prompt = self._collator.prompt_ids(image_tokens)
        return Seen(image, image_tokens, len(prompt) + len(completion), problem or "")

    def _picture(self, patches: torch.Tensor, rows: int, columns: int) -> Image.Image:
        """The picture that `rows` x `columns` patches hold; they stand in squares of merge_size, each twice in time."""
        known = self._processor.image_processor
        merge, side = known.merge_size, known.patch_size
        grid = patches.view(rows // merge, columns // merge, merge, merge, 3, known.temporal_patch_size, side, side)
        pixels = grid[:, :, :, :, :, 0].permute(0, 2, 5, 1, 3, 6, 4).reshape(rows * side, columns * side, 3)
        shown = pixels * torch.tensor(known.image_std) + torch.tensor(known.image_mean)
        return Image.fromarray((shown.clamp(0, 1) * 255).round().to(torch.uint8).numpy())
