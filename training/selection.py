"""Which examples a run can use: image opens, length allowed. The rest is counted and listed, never cut."""

from __future__ import annotations

from PIL import Image, UnidentifiedImageError

from m3ad.errors import RunError
from training.collate import CompletionCollator
from training.config import TrainSettings
from training.examples import Example
from training.process import is_main_process
from training.run import RunFolder

LISTED = 50  # a list of thousands helps nobody; the count is always exact


def usable(run: RunFolder, collator: CompletionCollator, settings: TrainSettings) -> list[tuple[Example, list[int]]]:
    """The run's examples, each with its completion's tokens.

    The too long ones and those whose image does not open are left out and told in events.jsonl. Raises RunError when
    none is left.
    """
    examples = run.examples()
    kept: list[tuple[Example, list[int]]] = []
    left_out: list[str] = []
    for example in examples:
        ids = collator.completion_ids(example.completion)
        problem = problem_of(example, ids, collator, settings)
        if problem is None:
            kept.append((example, ids))
        else:
            left_out.append(f"{example.case}: {problem}")
    if is_main_process():
        run.append_event("note", text=f"{len(kept)} examples, {len(left_out)} left out", left_out=left_out[:LISTED])
    if not kept:
        raise RunError(f"None of the {len(examples)} examples can be used. The first one: {left_out[0]}")
    return kept


def problem_of(
    example: Example, completion: list[int], collator: CompletionCollator, settings: TrainSettings
) -> str | None:
    """Why the example cannot be used, or None. Only the image's header is read."""
    try:
        with Image.open(collator.folder / example.image) as image:
            width, height = image.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        return f"its image cannot be opened ({error})"
    length = len(collator.prompt_ids(collator.image_tokens(width, height))) + len(completion)
    return f"{length} tokens, the limit is {settings.max_tokens}" if length > settings.max_tokens else None
