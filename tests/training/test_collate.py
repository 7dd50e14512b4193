"""What the trainer sees: the same as TRL's own collator for prompt and completion, and loss on the completion alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from m3ad.errors import RunError
from m3ad.images import open_image
from m3ad.prompts import SYSTEM, conversation
from m3ad.records import Stage
from tests.training.conftest import MakeRun
from training.collate import IGNORED, CompletionCollator
from training.config import RawsSettings
from training.examples import Example
from training.processor import load_processor
from training.selection import usable
from training.start import read_start


@pytest.fixture(scope="module")
def processor(tiny: Path) -> Any:
    return load_processor(read_start(str(tiny)), RawsSettings())


@pytest.fixture
def collator(processor: Any) -> CompletionCollator:
    return CompletionCollator(processor, None, Path())


def batch_of(collator: CompletionCollator, examples: list[Example]) -> dict[str, torch.Tensor]:
    return collator([{"image": e.image, "completion_ids": collator.completion_ids(e.completion)} for e in examples])


def test_the_loss_is_taken_on_the_completion_up_to_the_end_of_turn(
    collator: CompletionCollator, processor: Any, examples: list[Example]
) -> None:
    labels = batch_of(collator, examples)["labels"]
    for row, example in zip(labels, examples, strict=True):
        assert processor.tokenizer.decode(row[row != IGNORED]) == example.completion + "<|im_end|>"


@pytest.mark.parametrize("system", [None, SYSTEM])
def test_batches_are_those_of_trls_own_collator(processor: Any, examples: list[Example], system: str | None) -> None:
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    ours = batch_of(CompletionCollator(processor, system, Path()), examples[:5])
    rows = [
        {
            "prompt": conversation(system),
            "completion": [{"role": "assistant", "content": [{"type": "text", "text": example.completion}]}],
            "images": [open_image(example.image)],
        }
        for example in examples[:5]
    ]
    theirs = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)(rows)
    assert set(ours) == set(theirs)
    for name in ("pixel_values", "image_grid_thw"):
        assert torch.equal(ours[name], theirs[name])
    # TRL also teaches the line end after the end of turn, which no model has to write.
    newline = processor.tokenizer("\n", add_special_tokens=False)["input_ids"]
    for name, padding in (("input_ids", processor.tokenizer.pad_token_id), ("labels", IGNORED)):
        for mine, other, length in zip(ours[name], theirs[name], ours["attention_mask"].sum(1), strict=True):
            assert torch.equal(mine[:length], other[:length])
            assert other[length].item() == newline[0]
            assert set(mine[length:].tolist()) <= {padding}
    assert torch.equal(ours["mm_token_type_ids"], theirs["mm_token_type_ids"][:, : ours["input_ids"].shape[1]])


def test_a_picture_of_any_size_gets_as_many_tokens_as_it_is_counted(
    collator: CompletionCollator, processor: Any, examples: list[Example], tmp_path: Path
) -> None:
    Image.new("L", (300, 90)).save(tmp_path / "wide.png")
    ids = collator.completion_ids(examples[0].completion)
    batch = collator([{"image": str(tmp_path / "wide.png"), "completion_ids": ids}])
    assert (batch["input_ids"] == processor.image_token_id).sum().item() == collator.image_tokens(300, 90)


def test_the_processor_pads_left_and_holds_images_under_the_limit(tiny: Path) -> None:
    processor = load_processor(read_start(str(tiny)), RawsSettings(max_pixels=1024))
    assert processor.tokenizer.padding_side == "left"
    assert processor.image_processor.size["longest_edge"] == 1024
    assert load_processor(read_start(str(tiny)), RawsSettings()).image_processor.size["longest_edge"] == 64 * 64


def test_too_long_and_unreadable_examples_are_left_out_counted_and_named(
    make_run: MakeRun, collator: CompletionCollator, examples: list[Example], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_text("no picture")
    long = Example(**{**_fields(examples[0]), "case": "long", "completion": "word " * 500})
    broken = Example(**{**_fields(examples[0]), "case": "broken", "image": str(tmp_path / "broken.png")})
    gone = Example(**{**_fields(examples[0]), "case": "gone", "image": str(tmp_path / "gone.png")})
    run = make_run(Stage.RAWS, rows=[*examples, long, broken, gone], max_tokens=300)
    kept = usable(run, collator, run.config().settings)
    assert [example for example, _ in kept] == examples
    (note,) = run.events()[0]
    assert note["text"] == "12 examples, 3 left out"
    assert [line.split(":")[0] for line in note["left_out"]] == ["long", "broken", "gone"]
    assert "the limit is 300" in note["left_out"][0]


def test_a_run_of_which_nothing_can_be_used_says_why(
    make_run: MakeRun, collator: CompletionCollator, examples: list[Example]
) -> None:
    long = Example(**{**_fields(examples[0]), "completion": "word " * 500})
    run = make_run(Stage.RAWS, max_tokens=64, rows=[long])
    with pytest.raises(RunError, match=r"None of the 1 examples can be used.*the limit is 64"):
        usable(run, collator, run.config().settings)


def _fields(example: Example) -> dict[str, Any]:
    return {name: getattr(example, name) for name in Example.__slots__}
