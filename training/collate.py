"""From examples to tensors: images decoded when they are needed, texts tokenised once, loss on the completion only.

Gives what TRL's own vision collator gives for prompt/completion data (a test compares them), without rendering and
tokenising the same prompt again for every example, which would take longer than the small model's forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import ProcessorMixin

from m3ad.images import open_image
from m3ad.prompts import conversation

IGNORED = -100  # the label torch's loss leaves out
END = "<|im_end|>"
# A sampled vision token would be taken for an image that is not there.
VISION_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")


@dataclass
class CompletionCollator:
    """Batches of `{"image": path, "completion_ids": tokens}`; the prompt is the same for all. Pads on the right."""

    processor: ProcessorMixin
    system: str | None
    folder: Path  # relative image paths start here

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """`input_ids, attention_mask, mm_token_type_ids, labels` (batch, length), `pixel_values, image_grid_thw`."""
        pictures = [open_image(self.folder / row["image"]) for row in rows]
        images = self.processor.image_processor(images=pictures, return_tensors="pt")
        prompts = [self.prompt_ids(int(count)) for count in self._image_tokens(images["image_grid_thw"])]
        completions = [row["completion_ids"] for row in rows]
        length = max(len(p) + len(c) for p, c in zip(prompts, completions, strict=True))
        ids = torch.full((len(rows), length), self.processor.tokenizer.pad_token_id)
        mask, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
        for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
            end = len(prompt) + len(completion)
            ids[row, :end] = torch.tensor(prompt + completion)
            labels[row, len(prompt) : end] = ids[row, len(prompt) : end]
            mask[row, :end] = 1
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "mm_token_type_ids": (ids == self._image_token).long() * (labels == IGNORED),
            "labels": labels,
            **images,
        }

    def prompt_ids(self, image_tokens: int) -> list[int]:
        """The prompt with the image's placeholder written out to `image_tokens` tokens."""
        before, after = self._prompt
        return before + [self._image_token] * image_tokens + after

    def completion_ids(self, completion: str) -> list[int]:
        """The completion and the end-of-turn token."""
        return self.processor.tokenizer(completion + END, add_special_tokens=False)["input_ids"]

    def image_tokens(self, width: int, height: int) -> int:
        """Tokens of an image of this size in pixels."""
        patches = self.processor.image_processor.get_number_of_image_patches(height, width)
        return int(patches) // self.processor.image_processor.merge_size**2

    @property
    def vision_tokens(self) -> list[int]:
        """Tokens that no answer may have."""
        return list(self.processor.tokenizer.convert_tokens_to_ids(list(VISION_TOKENS)))

    def _image_tokens(self, grids: torch.Tensor) -> torch.Tensor:
        return grids.prod(dim=1) // self.processor.image_processor.merge_size**2

    @cached_property
    def _image_token(self) -> int:
        return int(self.processor.image_token_id)

    @cached_property
    def _prompt(self) -> tuple[list[int], list[int]]:
        """Token ids before and after the image's placeholder."""
        messages = conversation(self.system)
        text = self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids = self.processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        place = ids.index(self._image_token)
        return ids[:place], ids[place + 1 :]
