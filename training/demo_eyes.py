"""The vision encoder of the bundled model from close up: run on windows of cells, and started better than at random.

Knows Qwen3-VL's vision modules; knows no data and no training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers.models.qwen3_vl.modeling_qwen3_vl import (
    get_vision_interpolation_indices_and_weights,
    get_vision_position_ids,
)

from training.demo_cells import CELLS, MERGE, PATCH, SIDE, patches

# Where the heads of the first blocks look at the start: (rows, columns) from each patch. See `look_near`.
OFFSETS = (
    ((-1, 0), (1, 0), (0, -1), (0, 1)),
    ((-1, -1), (1, 1), (1, -1), (-1, 1)),
    ((-2, 0), (2, 0), (0, -2), (0, 2)),
)


class Eyes:
    """The vision encoder on square windows of cells: the library's modules, all pictures of a batch at once.

    The library attends picture by picture, and always to whole pictures. A window keeps the places of its cells, so
    what is learnt on it holds for the whole picture (a test compares the two). Pixels and cells may lie anywhere; the
    tokens come on the encoder's `device`.
    """

    def __init__(self, visual: nn.Module) -> None:
        self.visual = visual
        self.device: torch.device = visual.pos_embed.weight.device
        grid = torch.tensor([[1, SIDE // PATCH, SIDE // PATCH]])
        self._nearest, self._weights = get_vision_interpolation_indices_and_weights(
            grid,
            num_grid_per_side=visual.num_grid_per_side,
            mode=visual.interpolation_mode,
            align_corners=visual.interpolation_align_corners,
            spatial_merge_size=MERGE,
            kwargs={},
        )
        self._nearest, self._weights = self._nearest.to(self.device), self._weights.to(self.device)
        places = get_vision_position_ids(grid, MERGE, kwargs={}).to(self.device)
        width = visual.config.hidden_size
        self._turns = visual.rotary_pos_emb(torch.zeros(len(places), width, device=self.device), places)

    def __call__(self, pixels: Tensor, cells: Tensor) -> Tensor:
        """Image tokens (n, k, width) of the chosen `cells` (n, k) of pictures, from the `pixels` of their patches."""
        count, chosen = cells.shape
        pixels = pixels.to(self.device)
        parts = (cells[:, :, None] * MERGE**2 + torch.arange(MERGE**2)).flatten(1).to(self.device)
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
