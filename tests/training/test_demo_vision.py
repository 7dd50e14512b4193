"""The bundled model's first lessons in seeing: windows see as whole pictures do, boxes turn with their pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration
from transformers.models.qwen3_vl.modeling_qwen3_vl import get_vision_position_ids

from m3ad.demo.architecture import build_tiny
from m3ad.errors import RunError
from training.demo_cells import CELLS, MERGE, SIDE, Pictures, draw_batch, patches, targets, turned, windows
from training.demo_eyes import OFFSETS, Eyes, look_near
from training.demo_vision import CellHead, Lesson, cell_loss, make_optimizers, train_vision

ALL = torch.arange(CELLS**2).expand(3, -1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vision") / "model"
    build_tiny(path, ["a part"])
    return path


@pytest.fixture(scope="module")
def visual(folder: Path) -> torch.nn.Module:
    fused = {"patch_embeddings": True}
    return Qwen3VLForConditionalGeneration.from_pretrained(folder, fusion_config=fused).model.visual


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.randint(0, 256, (3, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_patches_are_those_of_the_processor(folder: Path, pictures: torch.Tensor) -> None:
    processor = AutoProcessor.from_pretrained(folder).image_processor
    images = [Image.fromarray(picture.permute(1, 2, 0).numpy()) for picture in pictures]
    expected = processor(images=images, return_tensors="pt")["pixel_values"]
    assert torch.allclose(patches(pictures, ALL).flatten(0, 1), expected, atol=1e-6)


@torch.no_grad()
def test_all_cells_at_once_give_the_librarys_tokens(visual: torch.nn.Module, pictures: torch.Tensor) -> None:
    grid = torch.tensor([[1, CELLS * MERGE, CELLS * MERGE]] * 3)
    expected = visual(patches(pictures, ALL).flatten(0, 1), grid_thw=grid).pooler_output
    found = Eyes(visual)(patches(pictures, ALL), ALL)
    assert torch.allclose(found.flatten(0, 1), expected, atol=1e-5)


def test_a_window_has_the_patches_of_its_cells(pictures: torch.Tensor) -> None:
    cells = windows([np.zeros((0, 5))] * 3, 4, np.random.default_rng(0))
    whole = patches(pictures, ALL).view(3, CELLS**2, MERGE**2, -1)
    expected = whole[torch.arange(3)[:, None], cells].flatten(1, 2)
    assert torch.equal(patches(pictures, cells), expected)


@torch.no_grad()
def test_heads_begin_by_looking_at_the_neighbour_of_their_offset(folder: Path) -> None:
    fused = {"patch_embeddings": True}
    visual = Qwen3VLForConditionalGeneration.from_pretrained(folder, fusion_config=fused).model.visual
    look_near(visual)
    side = CELLS * MERGE
    eyes, order = Eyes(visual), get_vision_position_ids(torch.tensor([[1, side, side]]), MERGE, kwargs={})
    place = {tuple(at): k for k, at in enumerate(order.tolist())}
    for block, offsets in zip(visual.blocks, OFFSETS, strict=False):
        query, key = block.attn.qkv.bias.view(3, block.attn.num_heads, -1)[:2]
        for head, offset in enumerate(offsets):
            from_, to = eyes.turn(query[head]), eyes.turn(key[head])  # at every patch
            looked = int((from_[place[6, 6]] @ to.T).argmax())
            assert tuple(order[looked].tolist()) == (6 + offset[0], 6 + offset[1])


def test_windows_are_square_inside_the_picture_and_mostly_hold_the_defect() -> None:
    boxes = [np.array([[0.8, 0.1, 0.95, 0.2, 3.0]], np.float32)] * 200
    cells = windows(boxes, 4, np.random.default_rng(0)).numpy()
    assert cells.shape == (200, 16)
    assert cells.min() >= 0
    assert cells.max() < CELLS**2
    columns = cells.reshape(200, 4, 4) % CELLS
    assert (np.diff(columns, axis=2) == 1).all()
    holds = (cells == int(0.15 * CELLS) * CELLS + int(0.875 * CELLS)).any(1)
    assert holds.mean() > 0.75


@pytest.mark.parametrize("way", range(8))
def test_boxes_turn_with_their_pictures(way: int) -> None:
    picture = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8)
    picture[:, :, 28:84, 140:196] = 255  # rows, columns
    box = np.array([[140, 28, 196, 84, 0]], np.float32) / np.array([SIDE] * 4 + [1], np.float32)
    image, (found,) = turned(picture, [box], way)
    rows, columns = np.nonzero(image[0, 0].numpy())
    expected = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / SIDE
    assert found[0, :4] == pytest.approx(expected)


def test_targets_mark_the_cells_of_a_defect_with_its_type_and_box() -> None:
    box = np.array([[2 / 7, 3 / 7, 3 / 7, 5 / 7, 4]], np.float32)
    wanted = targets([box], types=6)
    marked = wanted.types[0, :, 4].view(CELLS, CELLS)
    assert marked[3:5, 2].tolist() == [1, 1]
    assert marked.sum() == 2
    assert torch.equal(wanted.types[0, :, -1], marked.flatten())
    assert wanted.boxes[0, 3 * CELLS + 2].tolist() == pytest.approx([-0.5, -0.5, 0.5, 1.5], abs=1e-5)
    assert wanted.boxes[0, 0].isnan().all()
    assert wanted.digits[0, 3 * CELLS + 2].tolist() == [[2, 9], [4, 3], [4, 3], [7, 1]]  # 0.29, 0.43, 0.43, 0.71


def test_a_picture_without_defects_teaches_no_boxes() -> None:
    head = CellHead(8, 4)
    cell_loss(head(torch.randn(1, CELLS**2, 8)), targets([np.zeros((0, 5), np.float32)], types=3)).backward()
    assert head.types.weight.grad is not None
    assert head.boxes.weight.grad is None
    assert head.digits.weight.grad is None


def made(folder: Path) -> Lesson:
    torch.manual_seed(0)
    fused = {"patch_embeddings": True}
    visual = Qwen3VLForConditionalGeneration.from_pretrained(folder, fusion_config=fused).model.visual
    head = CellHead(visual.config.out_hidden_size, 4)
    return Lesson(visual, head, make_optimizers(visual, head, 1e-3), steps=4)


def test_a_lesson_that_was_cut_off_goes_on_as_if_it_had_not_been(
    folder: Path, pictures: torch.Tensor, tmp_path: Path
) -> None:
    boxes = [np.array([[0.1, 0.1, 0.4, 0.4, 2.0]], np.float32)] * 3
    whole = made(folder)
    for _ in range(3):
        whole.learn(pictures, boxes, ALL, types=3)
        if whole.step == 2:
            whole.keep(tmp_path / "state.pt")
    again = made(folder)
    again.restore(tmp_path / "state.pt")
    assert again.step == 2
    again.learn(pictures, boxes, ALL, types=3)
    for one, other in zip(whole.visual.parameters(), again.visual.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_batches_are_pictures_and_windows_by_turns_the_same_for_the_same_step(pictures: torch.Tensor) -> None:
    boxes = [np.array([[0.1, 0.1, 0.4, 0.4, 2.0]], np.float32)] * 3
    few = Pictures(pictures, boxes, np.array(["texture", "logical", "electronic"]))
    images, found, cells = draw_batch(few, 3, 8, step=0, seed=0)
    assert (len(images), len(found), cells.shape) == (8, 8, (8, CELLS**2))
    images, found, cells = draw_batch(few, 3, 8, step=1, seed=0)
    assert len(images) == len(found) == len(cells) <= 24
    assert cells.shape[1] == 16
    assert not (images.flatten(1)[:, None] == pictures[1].flatten()).all(2).any()  # no window of a logical part
    again = draw_batch(few, 3, 8, step=1, seed=0)
    assert torch.equal(images, again[0])
    assert torch.equal(cells, again[2])


def test_too_few_parts_are_refused_with_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="960 are kept back"):
        train_vision(folder, tmp_path / "vision", [], steps=1)
