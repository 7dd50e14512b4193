"""Loads the processor that a training gives pictures and texts to. Without peft, which takes seconds to load."""

from __future__ import annotations

from transformers import AutoProcessor, ProcessorMixin

from training.config import TrainSettings
from training.start import Start


def load_processor(start: Start, settings: TrainSettings) -> ProcessorMixin:
    """The processor, padding on the left (the right corrupts GRPO's image masks), images held under `max_pixels`."""
    processor = AutoProcessor.from_pretrained(start.processor, padding_side="left", trust_remote_code=False)
    processor.tokenizer.padding_side = "left"
    size = processor.image_processor.size
    longest = min(size["longest_edge"], settings.max_pixels)  # both are pixel counts, whatever their names say
    processor.image_processor.size = {"shortest_edge": min(size["shortest_edge"], longest), "longest_edge": longest}
    return processor
