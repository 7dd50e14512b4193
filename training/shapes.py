"""The sizes of a Qwen3-VL model and its number of weights, from its config.json alone. No torch, no weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3ad.errors import ModelUnavailable
from m3ad.monitor.folders import adapter_base, is_adapter, read_json
from m3ad.monitor.names import Source, resolve

NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Sight:
    """The vision encoder: `merge` times `merge` patches of `patch` pixels become one image token."""

    layers: int
    hidden: int
    heads: int
    mlp: int
    out: int
    patch: int
    merge: int
    inputs: int  # numbers per patch
    positions: int
    deepstack: int  # further mergers

    @property
    def weights(self) -> int:
        """Number of its weights."""
        wide = self.hidden * self.merge**2
        block = 4 * self.hidden + 4 * self.hidden**2 + 4 * self.hidden + self._two_linears(self.mlp, self.hidden)
        merger = self._two_linears(wide, self.out, wide)
        mergers = (1 + self.deepstack) * merger + 2 * self.hidden + self.deepstack * 2 * wide
        return self.inputs * self.hidden + self.hidden + self.positions * self.hidden + self.layers * block + mergers

    def _two_linears(self, middle: int, out: int, given: int | None = None) -> int:
        return ((given or self.hidden) + 1) * middle + (middle + 1) * out


@dataclass(frozen=True, slots=True)
class Shapes:
    """The language model and, as `sight`, the vision encoder. `max_pixels`: larger images are scaled down to it."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head: int  # numbers per head
    mlp: int
    vocabulary: int
    tied: bool
    sight: Sight
    max_pixels: int = NO_LIMIT

    @property
    def linear_of_layer(self) -> int:
        """Weights in the seven linear maps of a layer: what QLoRA keeps in 4 bits."""
        attention = self.hidden * self.head * (2 * self.heads + 2 * self.kv_heads)
        return attention + 3 * self.hidden * self.mlp

    @property
    def embedding(self) -> int:
        """Weights of the table of tokens."""
        return self.vocabulary * self.hidden

    @property
    def language_weights(self) -> int:
        """Weights of the language model, its head included."""
        norms = self.layers * (2 * self.hidden + 2 * self.head) + self.hidden
        return self.layers * self.linear_of_layer + norms + self.embedding * (1 if self.tied else 2)

    @property
    def weights(self) -> int:
        """All weights."""
        return self.language_weights + self.sight.weights

    def adapter_weights(self, rank: int) -> int:
        """Weights of a LoRA adapter on the seven linear maps of every layer (`training.loading.LORA_TARGETS`)."""
        wide, narrow = self.heads * self.head, self.kv_heads * self.head
        ends = 2 * (self.hidden + wide) + 2 * (self.hidden + narrow) + 3 * (self.hidden + self.mlp)
        return self.layers * rank * ends

    def image_tokens(self, max_pixels: int) -> int:
        """Tokens of the largest image."""
        return max(1, min(max_pixels, self.max_pixels) // (self.sight.patch * self.sight.merge) ** 2)


def read_shapes(source: str) -> Shapes | None:
    """The sizes of a model by its source; None where its files are not on this machine. Downloads nothing.

    Raises ModelUnavailable when there is no such model, or its files are not those of a Qwen3-VL model.
    """
    folder = _folder_here(resolve(source))
    if folder is not None and is_adapter(folder):
        folder = _folder_here(resolve(adapter_base(folder)))
    if folder is None or not (folder / "config.json").is_file():
        return None
    return shapes_of(read_json(folder / "config.json"), _max_pixels(folder))


def shapes_of(config: dict[str, Any], max_pixels: int = NO_LIMIT) -> Shapes:
    """The sizes in a config.json. Raises ModelUnavailable when it is none of a Qwen3-VL model."""
    try:
        text, eyes = config["text_config"], config["vision_config"]
        patch, merge = int(eyes["patch_size"]), int(eyes["spatial_merge_size"])
        sight = Sight(
            layers=int(eyes["depth"]), hidden=int(eyes["hidden_size"]), heads=int(eyes["num_heads"]),
            mlp=int(eyes["intermediate_size"]), out=int(eyes["out_hidden_size"]), patch=patch, merge=merge,
            inputs=int(eyes["in_channels"]) * int(eyes["temporal_patch_size"]) * patch**2,
            positions=int(eyes["num_position_embeddings"]), deepstack=len(eyes["deepstack_visual_indexes"]),
        )  # fmt: skip
        return Shapes(
            layers=int(text["num_hidden_layers"]), hidden=int(text["hidden_size"]),
            heads=int(text["num_attention_heads"]), kv_heads=int(text["num_key_value_heads"]),
            head=int(text["head_dim"]), mlp=int(text["intermediate_size"]), vocabulary=int(text["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", False)), sight=sight, max_pixels=max_pixels,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(
            f"This model's config.json is not as Qwen3-VL models have it ({error}): choose a Qwen3-VL model."
        ) from error


def _folder_here(source: Source) -> Path | None:
    if source.kind == "folder":
        return Path(source.location)
    if source.kind == "served":
        return None
    from huggingface_hub import try_to_load_from_cache

    prefix = f"{source.subfolder}/" if source.subfolder else ""
    for name in ("config.json", "adapter_config.json"):
        if isinstance(found := try_to_load_from_cache(source.location, prefix + name), str):
            return Path(found).parent
    return None


def _max_pixels(folder: Path) -> int:
    """How many pixels the model's own processor lets through; both of its files may say so."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        try:
            said = json.loads((folder / name).read_text(encoding="utf-8"))
            return int(said.get("image_processor", said)["size"]["longest_edge"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return NO_LIMIT
