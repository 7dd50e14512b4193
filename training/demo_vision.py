"""Gives the bundled model eyes: its vision encoder learns where drawn defects are before it learns to speak.

The real base models come with a vision encoder trained on billions of images; ours starts from random weights, and the
loss on a few answer tokens alone teaches it too slowly (docs/LOG.md, 2026-11-21). So each of the 49 image tokens is
asked, through a linear head that is thrown away afterwards: which defect types lie here, and where is the defect's box?
Run by `training.demo_model`; torch, no store.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration
from transformers.models.qwen3_vl.modeling_qwen3_vl import (
    get_vision_interpolation_indices_and_weights,
    get_vision_position_ids,
)

from m3ad.records import Scenario
from m3ad.taxonomy import default_taxonomy
from training.examples import LabelledCase

SIDE, PATCH, MERGE = 224, 16, 2
CELLS = SIDE // (PATCH * MERGE)  # 7 x 7 image tokens
WHITENED, CHECKED = 1500, 960  # images
WINDOW = 4  # cells on a side: a third of the work of a whole picture, and most windows hold a defect
NEAR = 0.8  # share of anomalous pictures whose window is put on a defect
REPORT, KEEP = 50, 500  # steps between two printed lines, between two states kept
SURFACES = (Scenario.TEXTURE, Scenario.WORKPIECE)  # a defect of theirs is one however the picture is turned
ASSEMBLY = Scenario.LOGICAL  # a window does not show what is missing or in the wrong place
# Where the heads of the first blocks look at the start: (rows, columns) from each patch. See `look_near`.
OFFSETS = (
    ((-1, 0), (1, 0), (0, -1), (0, 1)),
    ((-1, -1), (1, 1), (1, -1), (-1, 1)),
    ((-2, 0), (2, 0), (0, -2), (0, 2)),
)


@dataclass(frozen=True)
class Pictures:
    """What is trained on: `images` uint8 (n, 3, SIDE, SIDE), `boxes` per picture (defects, 5), `scenarios` (n,)."""

    images: Tensor
    boxes: list[np.ndarray]
    scenarios: np.ndarray


@dataclass(frozen=True)
class Targets:
    """What the cells of a batch shall say. `types` (n, 49, types) 0/1; `boxes` (n, 49, 4) relative to the cell."""

    types: Tensor
    boxes: Tensor

    def at(self, cells: Tensor) -> Targets:
        """Only the chosen cells (n, k)."""
        rows = torch.arange(len(cells))[:, None]
        return Targets(self.types[rows, cells], self.boxes[rows, cells])


class CellHead(nn.Module):
    """Reads types (logits) and a box off every image token; trained along, then dropped."""

    def __init__(self, width: int, types: int) -> None:
        super().__init__()
        self.types = nn.Linear(width, types)
        self.boxes = nn.Linear(width, 4)
        nn.init.constant_(self.types.bias, -4.0)  # most cells hold nothing

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        return self.types(tokens), self.boxes(tokens)


def train_vision(
    start: Path, target: Path, cases: Sequence[LabelledCase], *, steps: int, batch: int = 32, rate: float = 1e-3,
    seed: int = 0,
) -> None:  # fmt: skip
    """Train the vision encoder of the model folder `start` on `cases`; write the whole model to `target`.

    A training that was cut off goes on from the state it kept beside `target`.

    Args:
        cases: drawn parts, their images SIDE x SIDE pixels.
        batch: whole pictures in a step; of windows three times as many.
    """
    torch.manual_seed(seed)
    # As a plain matrix product the patch embedding is a third faster than as a convolution; it is saved as one.
    fused = {"patch_embeddings": True}
    model = Qwen3VLForConditionalGeneration.from_pretrained(start, dtype=torch.float32, fusion_config=fused)
    names = [node.name for node in default_taxonomy().types]
    pictures, visual = load(cases, names), model.model.visual
    head = CellHead(model.config.vision_config.out_hidden_size, len(names) + 1)
    whiten(visual, pictures.images[:: max(1, len(cases) // WHITENED)])
    look_near(visual)
    lesson = Lesson(visual, head, make_optimizers(visual, head, rate), steps)
    state = target.with_name(f"{target.name}_state.pt")
    lesson.restore(state)
    kept, began = len(cases) - CHECKED, time.monotonic()  # the last ones only judge
    while lesson.step < steps:
        lesson.learn(*_batch(pictures, kept, batch, lesson.step, seed), len(names))
        if lesson.step % REPORT == 0:
            print(f"step {lesson.step} loss {lesson.loss:.3f} seconds {time.monotonic() - began:.0f}", flush=True)
        if lesson.step % KEEP == 0 or lesson.step == steps:
            lesson.keep(state)
            ranked = separation(lesson.eyes, head, pictures.images[kept:], pictures.boxes[kept:])
            print(f"step {lesson.step}: anomalous outranks normal in {ranked:.3f} of the pairs", flush=True)
    model.save_pretrained(target)
    AutoProcessor.from_pretrained(start, padding_side="left").save_pretrained(target)
    (target / "monitor.json").write_text((start / "monitor.json").read_text())


class Lesson:
    """The state of one training: encoder, head, optimizers, and how far it is. `loss`: running mean, for the log."""

    def __init__(self, visual: nn.Module, head: CellHead, optimizers: list[torch.optim.Optimizer], steps: int) -> None:
        self.visual, self.head, self.optimizers, self.steps = visual, head, optimizers, steps
        self.eyes = Eyes(visual)
        self.rates = [[group["lr"] for group in one.param_groups] for one in optimizers]
        self.step, self.loss = 0, math.nan

    def learn(self, images: Tensor, boxes: Sequence[np.ndarray], cells: Tensor, types: int) -> None:
        """One step on the chosen `cells` (n, k) of `images`."""
        share = _rate(self.step, self.steps)
        for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens = self.eyes(patches(images, cells), cells)
        loss = cell_loss(self.head(tokens.float()), targets(boxes, types).at(cells))
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self.loss = loss.item() if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * loss.item()

    def keep(self, path: Path) -> None:
        """Write everything needed to go on; a kill in the middle leaves the older state."""
        parts = {"visual": self.visual, "head": self.head, **{str(k): one for k, one in enumerate(self.optimizers)}}
        fresh = path.with_suffix(".new")
        torch.save({"step": self.step, **{name: part.state_dict() for name, part in parts.items()}}, fresh)
        fresh.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from what `keep` wrote, if anything."""
        if path.exists():
            kept = torch.load(path, weights_only=True)
            self.step = kept["step"]
            self.visual.load_state_dict(kept["visual"])
            self.head.load_state_dict(kept["head"])
            for k, one in enumerate(self.optimizers):
                one.load_state_dict(kept[str(k)])


def _batch(
    pictures: Pictures, kept: int, batch: int, step: int, seed: int
) -> tuple[Tensor, list[np.ndarray], Tensor]:  # fmt: skip
    """Images, boxes and cells of one step, by turns whole pictures and windows; the same step gives the same batch."""
    chance = np.random.default_rng([seed, step])
    whole = step % 2 == 0
    rows = chance.integers(kept, size=batch if whole else 4 * batch)
    if not whole:
        rows = rows[pictures.scenarios[rows] != ASSEMBLY.value][: 3 * batch]
    images, boxes = pictures.images[torch.from_numpy(rows)], [pictures.boxes[row] for row in rows]
    surface = np.flatnonzero(np.isin(pictures.scenarios[rows], [one.value for one in SURFACES]))
    found, given = turned(images[surface], [boxes[row] for row in surface], int(chance.integers(8)))
    images[surface] = found
    for row, moved in zip(surface, given, strict=True):
        boxes[row] = moved
    return images, boxes, windows(boxes, CELLS if whole else WINDOW, chance)


def make_optimizers(visual: nn.Module, head: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside, AdamW for the rest; together they need half the steps of AdamW alone."""
    inner = [p for name, p in visual.named_parameters() if p.ndim == 2 and ("blocks" in name or "merger" in name)]
    known = {id(p) for p in inner}
    rest = [p for p in [*visual.parameters(), *head.parameters()] if id(p) not in known]
    return [
        torch.optim.Muon(inner, lr=10 * rate, weight_decay=0.02, momentum=0.95, nesterov=True),
        torch.optim.AdamW(rest, lr=rate, weight_decay=0.05, betas=(0.9, 0.98)),
    ]


def whiten(visual: nn.Module, images: Tensor) -> None:
    """Start the patch embedding from the main components of real patches, each scaled to the same variance.

    Random filters see little but the mean colour of a patch; these see edges and marks from the first step on.
    """
    cells = torch.arange(CELLS**2).expand(len(images), -1)
    frames = patches(images, cells)[:, ::3].reshape(-1, 3, 2, PATCH * PATCH)
    seen = frames[:, :, 0].flatten(1)  # one of the two equal frames
    seen = seen - seen.mean(0)
    values, vectors = torch.linalg.eigh(seen.T @ seen / len(seen))
    linear = visual.patch_embed.linear_proj  # as fused above
    width = linear.out_features
    filters = (vectors[:, -width:] / (values[-width:] + 0.02 * values[-width:].mean()).sqrt()).T
    doubled = filters.view(width, 3, 1, PATCH * PATCH).expand(-1, -1, 2, -1) / 2
    with torch.no_grad():
        linear.weight.copy_(doubled.reshape(linear.weight.shape) * 0.5)
        linear.bias.zero_()


def look_near(visual: nn.Module, sharp: float = 3.0) -> None:
    """Let each head of the first blocks begin by looking at one neighbour of its patch, as a convolution does.

    Query and key get a constant part; turned by their places (RoPE) the two agree most when the key lies at the
    head's offset. Only a start: training moves it like any other weight.
    """
    speeds = visual.rotary_pos_emb.inv_freq.tolist()  # radians per patch, of each axis
    for block, offsets in zip(visual.blocks, OFFSETS, strict=False):
        bias = block.attn.qkv.bias.detach().view(3, block.attn.num_heads, 2, -1)  # query, key, value; head; halves
        for head, offset in enumerate(offsets[: block.attn.num_heads]):
            for axis, moved in enumerate(offset):
                for k, speed in enumerate(speeds[:3]):  # the fast ones tell neighbours apart
                    turn, at = moved * speed, axis * len(speeds) + k
                    bias[0, head, 0, at] = sharp
                    bias[1, head, 0, at], bias[1, head, 1, at] = sharp * math.cos(turn), -sharp * math.sin(turn)


@torch.no_grad()
def separation(eyes: Eyes, head: CellHead, images: Tensor, boxes: Sequence[np.ndarray]) -> float:
    """Share of (anomalous, normal) pairs in which the anomalous part has the cell that looks more like a defect."""
    cells = torch.arange(CELLS**2)[None]
    parts = [
        head(eyes(patches(part, cells.expand(len(part), -1)), cells.expand(len(part), -1)))[0][..., -1].amax(1)
        for part in images.split(48)
    ]
    scores = torch.cat(parts).numpy()
    bad = np.array([len(found) > 0 for found in boxes])
    return float((scores[bad][:, None] > scores[~bad][None]).mean())


def load(cases: Sequence[LabelledCase], names: Sequence[str]) -> Pictures:
    """All pictures in memory; a box is x1, y1, x2, y2 (fractions) and the number of its type in `names`."""
    images = torch.empty((len(cases), 3, SIDE, SIDE), dtype=torch.uint8)
    boxes = []
    for row, case in enumerate(cases):
        with Image.open(case.image) as image:
            images[row] = torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)
        found = [(*d.box.as_tuple(), names.index(d.type)) for d in case.truth.defects if d.box]
        boxes.append(np.array(found, dtype=np.float32).reshape(-1, 5))
    return Pictures(images, boxes, np.array([case.scenario.value for case in cases]))


def turned(images: Tensor, boxes: Sequence[np.ndarray], way: int) -> tuple[Tensor, list[np.ndarray]]:
    """The batch mirrored and turned in one of eight ways, boxes with it: a defect is one from every side."""
    found = [box.copy() for box in boxes]
    if way & 1:
        images = images.flip(3)
        found = [np.column_stack([1 - b[:, 2], b[:, 1], 1 - b[:, 0], b[:, 3], b[:, 4]]) for b in found]
    if way & 2:
        images = images.flip(2)
        found = [np.column_stack([b[:, 0], 1 - b[:, 3], b[:, 2], 1 - b[:, 1], b[:, 4]]) for b in found]
    if way & 4:
        images = images.transpose(2, 3)
        found = [b[:, [1, 0, 3, 2, 4]] for b in found]
    return images, found


class Eyes:
    """The vision encoder on square windows of cells: the library's modules, all pictures of a batch at once.

    The library attends picture by picture, and always to whole pictures. A window keeps the places of its cells, so
    what is learnt on it holds for the whole picture (a test compares the two).
    """

    def __init__(self, visual: nn.Module) -> None:
        self.visual = visual
        grid = torch.tensor([[1, SIDE // PATCH, SIDE // PATCH]])
        self._nearest, self._weights = get_vision_interpolation_indices_and_weights(
            grid,
            num_grid_per_side=visual.num_grid_per_side,
            mode=visual.interpolation_mode,
            align_corners=visual.interpolation_align_corners,
            spatial_merge_size=MERGE,
            kwargs={},
        )
        places = get_vision_position_ids(grid, MERGE, kwargs={})
        width = visual.config.hidden_size
        self._turns = visual.rotary_pos_emb(torch.zeros(len(places), width), places)

    def __call__(self, pixels: Tensor, cells: Tensor) -> Tensor:
        """Image tokens (n, k, width) of the chosen `cells` (n, k) of pictures, from the `pixels` of their patches."""
        count, chosen = cells.shape
        parts = (cells[:, :, None] * MERGE**2 + torch.arange(MERGE**2)).flatten(1)
        place = (self.visual.pos_embed(self._nearest) * self._weights[:, :, None]).sum(1)
        x = self.visual.patch_embed(pixels.flatten(0, 1)).view(count, parts.shape[1], -1) + place[parts]
        turns = [turn.float()[parts][:, None] for turn in self._turns]
        for block in self.visual.blocks:
            x = x + self._attend(block.attn, block.norm1(x), turns)
            x = x + block.mlp(block.norm2(x))
        return self.visual.merger(x.flatten(0, 1)).view(count, chosen, -1)

    def turn(self, vector: Tensor) -> Tensor:
        """A query or key (dimensions) as it stands at each of the 196 patches."""
        return vector * self._turns[0] + _half(vector) * self._turns[1]

    @staticmethod
    def _attend(attention: nn.Module, x: Tensor, turns: Sequence[Tensor]) -> Tensor:
        count, length, _ = x.shape
        parts = attention.qkv(x).view(count, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
        query, key = (part * turns[0].to(part.dtype) + _half(part) * turns[1].to(part.dtype) for part in parts[:2])
        seen = nn.functional.scaled_dot_product_attention(query, key, parts[2], scale=attention.scaling)
        return attention.proj(seen.transpose(1, 2).reshape(count, length, -1))


def _half(x: Tensor) -> Tensor:
    one, two = x.chunk(2, -1)
    return torch.cat((-two, one), -1)


def windows(boxes: Sequence[np.ndarray], side: int, chance: np.random.Generator) -> Tensor:
    """For each picture the cells (n, side * side) of a window, mostly one with a defect in it."""
    corners = chance.integers(CELLS - side + 1, size=(len(boxes), 2))
    for row, found in enumerate(boxes):
        if len(found) and chance.random() < NEAR:
            box = found[chance.integers(len(found))]
            middle = ((box[[1, 0]] + box[[3, 2]]) / 2 * CELLS).astype(int)
            corners[row] = np.clip(middle - chance.integers(side, size=2), 0, CELLS - side)
    steps = np.arange(side)
    rows = corners[:, 0, None, None] + steps[None, :, None]
    columns = corners[:, 1, None, None] + steps[None, None, :]
    return torch.from_numpy((rows * CELLS + columns).reshape(len(boxes), -1))


def patches(images: Tensor, cells: Tensor) -> Tensor:
    """The pixels of the chosen `cells` (n, k) as the processor gives them: (n, 4 k, 3 * 2 * 16 * 16)."""
    count, chosen = cells.shape
    cut = images.view(count, 3, CELLS, MERGE * PATCH, CELLS, MERGE * PATCH).permute(0, 2, 4, 1, 3, 5)
    taken = cut.flatten(1, 2)[torch.arange(count)[:, None], cells].float() / 127.5 - 1
    parts = taken.view(count, chosen, 3, MERGE, PATCH, MERGE, PATCH).permute(0, 1, 3, 5, 2, 4, 6).unsqueeze(5)
    doubled = parts.expand(-1, -1, -1, -1, -1, 2, -1, -1)  # a still image is two equal frames
    return doubled.reshape(count, chosen * MERGE**2, -1)


def targets(boxes: Sequence[np.ndarray], types: int) -> Targets:
    """A cell holds a defect when its centre lies in the box grown by half a cell; of several, the smallest box wins."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    x, y = np.tile(middles, CELLS), np.repeat(middles, CELLS)
    kinds = torch.zeros(len(boxes), CELLS * CELLS, types + 1)  # the last one: any defect at all
    places = torch.full((len(boxes), CELLS * CELLS, 4), math.nan)
    half = 0.35 / CELLS
    for row, found in enumerate(boxes):
        for box in sorted(found, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
            inside = (x > box[0] - half) & (x < box[2] + half) & (y > box[1] - half) & (y < box[3] + half)
            cells = torch.from_numpy(np.flatnonzero(inside))
            kinds[row, cells, int(box[4])] = 1
            kinds[row, cells, -1] = 1
            relative = np.stack([box[0] - x, box[1] - y, box[2] - x, box[3] - y], axis=1)[inside]
            places[row, cells] = torch.from_numpy(relative.astype(np.float32)) * CELLS
    return Targets(kinds, places)


def cell_loss(found: tuple[Tensor, Tensor], wanted: Targets) -> Tensor:
    """Cross-entropy of the types, focused on cells that are hard, and distance of the boxes where there is a defect."""
    logits, boxes = found
    plain = nn.functional.binary_cross_entropy_with_logits(logits, wanted.types, reduction="none")
    chance = torch.exp(-plain)
    held = wanted.types.amax(2, keepdim=True)
    types = (plain * (1 - chance) ** 1.5 * (0.3 + 0.7 * held)).sum() / len(logits)
    known = ~wanted.boxes.isnan()
    places = (
        nn.functional.smooth_l1_loss(boxes[known], wanted.boxes[known], beta=0.1) if known.any() else boxes.sum() * 0
    )
    return types + places


def _rate(step: int, steps: int, warm: int = 100) -> float:
    """Share of the full rate: up at the start, level, and down to nothing over the last third."""
    return min(1.0, (step + 1) / warm, 3 * (steps - step) / steps)
