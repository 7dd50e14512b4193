"""Encodes a picture once where a batch holds it several times, as the group of answers to one case does.

GRPO asks every case several times, and TRL gives the vision encoder the picture with every answer: while the answers
are written, and again in each pass for the loss. The encoder sees each picture by itself, so its copies get the same
features, and their gradients add up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def encode_once(model: torch.nn.Module) -> None:
    """Let the vision encoder of a Qwen3-VL model, adapters around it or not, encode equal pictures of a batch once."""
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == "visual":
            module.forward = _once(module.forward, module.spatial_merge_size**2)


def distinct(patches: torch.Tensor, grids: torch.Tensor) -> tuple[list[int], list[int]]:
    """Which pictures of a batch are the first of their kind, and for every picture the place of its like among those.

    Args:
        patches: (patches of all pictures, values of a patch).
        grids: (pictures, 3): frames, rows and columns of patches.
    """
    pictures = patches.split(grids.prod(dim=1).tolist())
    first: list[int] = []
    places = []
    for number, picture in enumerate(pictures):
        shaped = [place for place, known in enumerate(first) if torch.equal(grids[known], grids[number])]
        place = next((one for one in shaped if torch.equal(pictures[first[one]], picture)), len(first))
        if place == len(first):
            first.append(number)
        places.append(place)
    return first, places


def _once(forward: Callable[..., Any], merged: int) -> Callable[..., Any]:
    """The encoder's `forward` with copies left out on the way in and put back on the way out."""

    def encoded(hidden_states: torch.Tensor, grid_thw: torch.Tensor, **options: Any) -> Any:
        first, places = distinct(hidden_states, grid_thw)
        if len(first) == len(places):
            return forward(hidden_states, grid_thw=grid_thw, **options)
        sizes = grid_thw.prod(dim=1).tolist()
        pictures = hidden_states.split(sizes)
        output = forward(torch.cat([pictures[one] for one in first]), grid_thw=grid_thw[first], **options)
        patches = [sizes[one] for one in first]
        tokens = [size // merged for size in patches]
        output.last_hidden_state = _repeated(output.last_hidden_state, patches, places)
        output.pooler_output = _repeated(output.pooler_output, tokens, places)
        output.deepstack_features = [_repeated(one, tokens, places) for one in output.deepstack_features]
        return output

    return encoded


def _repeated(rows: torch.Tensor, sizes: list[int], places: list[int]) -> torch.Tensor:
    """The blocks of `rows`, `sizes` long, in the order of `places`."""
    blocks = rows.split(sizes)
    return torch.cat([blocks[place] for place in places])
