"""Gives the bundled model eyes: its vision encoder learns where drawn defects are before it learns to speak.

The real base models come with a vision encoder trained on billions of images; ours starts from random weights, and the
loss on a few answer tokens alone teaches it too slowly (docs/LOG.md, 2026-11-21). So each of the 49 image tokens is
asked, through a linear head that is thrown away afterwards: which defect types lie here, where is the defect's box,
and how is that box written? The last question puts the digits into the tokens: the language half only has to copy them.
Run by `training.demo_model`; torch, no store.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration

from m3ad.errors import RunError
from m3ad.taxonomy import default_taxonomy
from training.demo_cells import CELLS, Targets, draw_batch, load, patches, targets
from training.demo_eyes import Eyes, look_near, whiten
from training.modes import LabelledCase

WHITENED, CHECKED = 1500, 960  # images
REPORT, KEEP = 50, 500  # steps between two printed lines, between two states kept


class CellHead(nn.Module):
    """Reads types (logits), a box and its digits (logits) off every image token; trained along, then dropped."""

    def __init__(self, width: int, types: int) -> None:
        super().__init__()
        self.types = nn.Linear(width, types)
        self.boxes = nn.Linear(width, 4)
        self.digits = nn.Linear(width, 4 * 2 * 10)
        nn.init.constant_(self.types.bias, -4.0)  # most cells hold nothing

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.types(tokens), self.boxes(tokens), self.digits(tokens).unflatten(-1, (4, 2, 10))


def train_vision(
    start: Path, target: Path, cases: Sequence[LabelledCase], *, steps: int, batch: int = 32, rate: float = 1e-3,
    seed: int = 0,
) -> None:  # fmt: skip
    """Train the vision encoder of the model folder `start` on `cases`; write the whole model to `target`.

    A training that was cut off goes on from the state it kept beside `target`.

    Args:
        cases: drawn parts, their images SIDE x SIDE pixels.
        batch: whole pictures in a step; of windows three times as many.

    Raises:
        RunError: there are too few cases to keep some back.
    """
    if len(cases) <= CHECKED:
        raise RunError(f"{len(cases)} parts are too few: {CHECKED} are kept back to judge by. Draw some thousand.")
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
        lesson.learn(*draw_batch(pictures, kept, batch, lesson.step, seed), len(names))
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


def make_optimizers(visual: nn.Module, head: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside, AdamW for the rest; together they need half the steps of AdamW alone."""
    inner = [p for name, p in visual.named_parameters() if p.ndim == 2 and ("blocks" in name or "merger" in name)]
    known = {id(p) for p in inner}
    rest = [p for p in [*visual.parameters(), *head.parameters()] if id(p) not in known]
    return [
        torch.optim.Muon(inner, lr=10 * rate, weight_decay=0.02, momentum=0.95, nesterov=True),
        torch.optim.AdamW(rest, lr=rate, weight_decay=0.05, betas=(0.9, 0.98)),
    ]


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


def cell_loss(found: tuple[Tensor, Tensor, Tensor], wanted: Targets) -> Tensor:
    """Cross-entropy of the types, focused on cells that are hard; where there is a defect, distance of the boxes and
    cross-entropy of their digits.
    """
    logits, boxes, digits = found
    plain = nn.functional.binary_cross_entropy_with_logits(logits, wanted.types, reduction="none")
    chance = torch.exp(-plain)
    held = wanted.types.amax(2, keepdim=True)
    types = (plain * (1 - chance) ** 1.5 * (0.3 + 0.7 * held)).sum() / len(logits)
    known = ~wanted.boxes.isnan().any(2)
    if not known.any():
        return types
    places = nn.functional.smooth_l1_loss(boxes[known], wanted.boxes[known], beta=0.1)
    written = nn.functional.cross_entropy(digits[known].flatten(0, 2), wanted.digits[known].flatten())
    return types + places + written


def _rate(step: int, steps: int, warm: int = 100) -> float:
    """Share of the full rate: up at the start, level, and down to nothing over the last third."""
    return min(1.0, (step + 1) / warm, 3 * (steps - step) / steps)
