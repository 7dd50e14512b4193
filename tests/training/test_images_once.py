"""A picture that a batch holds several times goes through the vision encoder once, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

from m3ad.images import open_image
from m3ad.records import RunState, Stage
from tests.training.conftest import MakeRun, train_here
from training.collate import CompletionCollator
from training.config import RawsSettings
from training.examples import Example
from training.images_once import distinct, encode_once
from training.processor import load_processor
from training.run import RunFolder
from training.start import read_start


@pytest.fixture(scope="module")
def batch(tiny: Path, examples: list[Example]) -> dict[str, torch.Tensor]:
    """Five rows over three pictures: a, b, a, c, a."""
    collator = CompletionCollator(load_processor(read_start(str(tiny)), RawsSettings()), None, Path())
    other = {open_image(example.image).tobytes(): example for example in examples}.values()
    rows = [{"image": e.image, "completion_ids": collator.completion_ids(e.completion)} for e in other]
    return collator([rows[number] for number in (0, 1, 0, 2, 0)])


def passed(model: Any, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss, and the gradients of all weights by name."""
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("checkpointing", [False, True])
def test_loss_and_gradients_are_those_of_the_plain_encoder(
    tiny: Path, batch: dict[str, torch.Tensor], checkpointing: bool
) -> None:
    model = AutoModelForImageTextToText.from_pretrained(tiny, dtype=torch.float32).train()
    if checkpointing:
        model.gradient_checkpointing_enable()
    loss, gradients = passed(model, batch)
    seen: list[int] = []
    model.model.visual.patch_embed.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    encode_once(model)
    ours, own = passed(model, batch)
    assert seen == [int(batch["image_grid_thw"][[0, 1, 3]].prod(dim=1).sum())]
    torch.testing.assert_close(ours, loss)
    assert own.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(own[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_the_same_answers_are_written(tiny: Path, batch: dict[str, torch.Tensor]) -> None:
    model = AutoModelForImageTextToText.from_pretrained(tiny, dtype=torch.float32).eval()
    asked = {name: batch[name] for name in ("pixel_values", "image_grid_thw")}
    prompt = int((batch["labels"][0] == -100).sum())
    for name in ("input_ids", "attention_mask", "mm_token_type_ids"):
        asked[name] = batch[name][:, :prompt]
    plain = model.generate(**asked, do_sample=False, max_new_tokens=12)
    encode_once(model)
    assert torch.equal(model.generate(**asked, do_sample=False, max_new_tokens=12), plain)


def test_pictures_of_another_shape_are_other_pictures() -> None:
    patches = torch.zeros(4 * 8, 6)  # every picture even and black
    grids = torch.tensor([[1, 2, 4], [1, 4, 2], [1, 2, 4], [1, 2, 4]])
    patches[-1, 0] = 1
    assert distinct(patches, grids) == ([0, 1, 3], [0, 1, 0, 2])


def test_rcrl_encodes_each_case_once(make_run: MakeRun, taught: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionModel

    counts: list[int] = []
    forward = Qwen3VLVisionModel.forward

    def counted(self: Any, hidden_states: Any, grid_thw: Any, **options: Any) -> Any:
        counts.append(len(grid_thw))
        return forward(self, hidden_states, grid_thw=grid_thw, **options)

    monkeypatch.setattr(Qwen3VLVisionModel, "forward", counted)
    run = make_run(Stage.RCRL, start=taught.model_path, max_steps=4, batch=3, learning_rate=1e-3)
    assert train_here(run) is RunState.FINISHED
    assert len(counts) >= 12  # 4 steps: answers, reference, loss
    assert max(counts) <= 3  # of 12 answers in a pass
