"""What of a model's folder a server can load beside its base: a LoRA adapter of the language model, and nothing else.

Servers leave out what they do not know, and answer as the base model would; so what they would leave out is refused
here, by name. Reads JSON and the weights' header; no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3ad.errors import ModelUnavailable
from m3ad.monitor.fingerprint import fingerprint
from m3ad.monitor.folders import adapter_base, check_folder, header, is_adapter, read_json
from m3ad.monitor.sight import Sight

# What training makes (`training.loading.LORA_TARGETS`), under the names that peft writes.
KNOWN = re.compile(
    r"base_model\.model\.(model\.language_model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj))"
    r"\.lora_[AB]\.weight"
)
# Settings of peft that change what an adapter does and that servers refuse or pass over, with their harmless values.
SETTINGS: dict[str, tuple[object, ...]] = {
    "peft_type": ("LORA",),
    "use_dora": (False, None),
    "modules_to_save": (None, []),
    "bias": ("none", None),
    "lora_bias": (False, None),
    "layer_replication": (None,),
    "alora_invocation_tokens": (None,),
    "trainable_token_indices": (None,),
    "use_qalora": (False, None),
    "use_bdlora": (None, False),
    "target_parameters": (None, []),
    "init_lora_weights": (True, False, None, "gaussian", "orthogonal", "eva"),  # others change the base's weights
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
}
START = "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve BASE --enable-lora"  # how a server is started for them
DIGITS = 8  # of the fingerprint, in a name
HUB_CACHE = re.compile(r".*/models--([^/]+?)--([^/]+)/snapshots/[^/]+/?")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that a server can load.

    Attributes:
        folder: on this machine.
        base: the model that it belongs to: a folder on this machine, or a repository "owner/name".
        rank: of its matrices.
        fingerprint: of its files (`m3ad.monitor.fingerprint`).
        sight: in what size it was shown pictures in training.
    """

    folder: Path
    base: str
    rank: int
    fingerprint: str
    sight: Sight

    @property
    def digits(self) -> str:
        """The first digits of its fingerprint: a new version has others."""
        return self.fingerprint[:DIGITS]

    def name(self, model: str) -> str:
        """Under which name a server shall have it: the last part of the model's, and its version's fingerprint.

        Only a-z, 0-9, ".", "_" and "-". A model that was trained on under the same name gets another one, so that no
        server answers with what it kept of the old one.
        """
        plain = re.sub(r"[^a-z0-9._-]+", "-", model.rsplit("/", 1)[-1].lower()).strip("-._")
        return f"{plain[:60] or 'model'}-{self.digits}"


def read_adapter(folder: Path) -> Adapter:
    """The adapter in a folder.

    Raises:
        ModelUnavailable: the folder holds a whole model, or an adapter that no server would apply as a whole, or it
            does not say in what size pictures were shown in training.
    """
    check_folder(folder)
    sight = Sight.of(folder)
    if not is_adapter(folder):
        raise ModelUnavailable(
            f"{folder} holds a whole model, not an adapter, so it needs a server of its own. Start one with "
            f"`{serve_command(folder, sight)}` and add it with "
            f'`app.py model add NAME "served:http://HOST:8000/v1#{folder.name}?folder={folder}"`.'
        )
    settings = read_json(folder / "adapter_config.json")
    _refuse_settings(folder, settings)
    _refuse_modules(folder)
    return Adapter(folder, known_as(adapter_base(folder)), _rank(folder, settings), fingerprint(folder), sight)


def serve_command(folder: Path, sight: Sight) -> str:
    """How vLLM is started with a whole model of ours."""
    return f"vllm serve {folder} --served-model-name {folder.name} {sight.option()}"


def known_as(base: str) -> str:
    """The repository "owner/name" where a path leads into the hub's cache; anything else as it is."""
    cached = HUB_CACHE.fullmatch(base)
    return f"{cached[1]}/{cached[2]}" if cached else base


def _refuse_settings(folder: Path, settings: dict[str, Any]) -> None:
    found = [
        f"{name}={settings[name]!r}"
        for name, harmless in SETTINGS.items()
        if name in settings and settings[name] not in harmless
    ]
    if found:
        raise ModelUnavailable(
            f"The adapter in {folder} has {', '.join(found)}, which servers do not apply. Train a plain LoRA adapter, "
            "or merge it into its base and serve the whole model."
        )


def _refuse_modules(folder: Path) -> None:
    names = sorted(name for name in header(folder / "adapter_model.safetensors") if name != "__metadata__")
    if strange := [name for name in names if not KNOWN.fullmatch(name)]:
        raise ModelUnavailable(
            f"The adapter in {folder} changes {len(strange)} of {len(names)} weights that are not linear layers of the "
            f"language model, such as {', '.join(strange[:3])}. Servers pass over those without a word. Merge it into "
            "its base and serve the whole model, or train with the vision encoder frozen."
        )
    if not names:
        raise ModelUnavailable(f"The adapter in {folder} holds no weights. Copy the run's model folder again.")


def _rank(folder: Path, settings: dict[str, Any]) -> int:
    rank = settings.get("r")
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise ModelUnavailable(f"{folder / 'adapter_config.json'} says no rank (r). Copy the run's model folder again.")
    return rank
