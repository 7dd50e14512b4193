"""What can be known of a model folder before it is loaded: its form, its weights' size, its own settings. No torch.

Safetensors only: a pickle (*.bin, *.pt, *.pth) runs code when it is opened, so it is refused, never loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from m3ad.errors import ModelUnavailable

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
HEADER_LIMIT = 100_000_000  # bytes; the format's own limit, so that a broken length does not fill the memory


@dataclass(frozen=True, slots=True)
class Card:
    """`monitor.json` of a model folder: what this project's training wrote down about the model.

    Attributes:
        name: for people.
        system: the system prompt the model was trained with; None: the question alone.
        stage, parent: which training made it, from which model.
        reflect_threshold: in auto mode the model reflects when P(`<reflection>`) reaches it. SPEC: plain greedy
            decoding would reflect only where the first look errs more often than not. [U]
    """

    name: str = ""
    system: str | None = None
    stage: str = ""
    parent: str = ""
    reflect_threshold: float = 0.5


def existing(path: str) -> Path | None:
    """The folder that a text of a person names, absolute; None when there is none."""
    try:
        folder = Path(path).expanduser()
        return folder.resolve() if path and folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # a name too long, a home of nobody, a zero byte
        return None


def read_card(folder: Path) -> Card | None:
    """The folder's `monitor.json`; None when it has none (published and base models).

    Raises:
        ModelUnavailable: the file is there and says something else than a card.
    """
    path = folder / "monitor.json"
    if not path.is_file():
        return None
    data = read_json(path)
    known = {name: data[name] for name in Card.__dataclass_fields__ if data.get(name) is not None}
    threshold = known.get("reflect_threshold", 0.5)
    texts = all(isinstance(value, str) for name, value in known.items() if name != "reflect_threshold")
    if not texts or isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise ModelUnavailable(f"{path} is not as this program writes it. Restore or remove it.")
    return Card(**known)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a model folder; ModelUnavailable when it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{path} cannot be read ({error}). Copy the model's folder again.") from error
    if not isinstance(data, dict):
        raise ModelUnavailable(f"{path} holds no JSON object. Copy the model's folder again.")
    return data


def architecture(folder: Path) -> str:
    """The `model_type` that the folder's config.json names; empty where there is none."""
    path = folder / "config.json"
    found = read_json(path).get("model_type") if path.is_file() else None
    return found if isinstance(found, str) else ""


def is_adapter(folder: Path) -> bool:
    """True for a LoRA adapter, which needs its base model beside it."""
    return (folder / "adapter_config.json").is_file()


def check_folder(folder: Path) -> None:
    """Raises ModelUnavailable with what is wrong, unless the folder holds a model or an adapter as safetensors."""
    config = "adapter_config.json" if is_adapter(folder) else "config.json"
    if not (folder / config).is_file():
        raise ModelUnavailable(
            f"{folder} holds no model: there is no config.json and no adapter_config.json in it. "
            "Give the folder that holds the model's files themselves."
        )
    if not complete(folder):
        if any(path for pattern in PICKLES for path in folder.glob(pattern)):
            raise ModelUnavailable(
                f"The weights in {folder} are pickle files, which can run any code when they are opened, and are not "
                "loaded. Convert them to safetensors first."
            )
        raise ModelUnavailable(f"The weights in {folder} are missing or not complete. Copy the model again.")


def complete(folder: Path, *, weights: bool = True) -> bool:
    """True when the folder has its settings and, with `weights`, every safetensors file its index names."""
    if not weights:
        return (folder / "preprocessor_config.json").is_file() or (folder / "processor_config.json").is_file()
    if is_adapter(folder):
        return (folder / "adapter_model.safetensors").is_file()
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = set(read_json(index).get("weight_map", {}).values())
        return bool(names) and all((folder / name).is_file() for name in names)
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def adapter_base(folder: Path) -> str:
    """The name or folder of the model that an adapter folder belongs to, as `names.resolve` takes it."""
    base = read_json(folder / "adapter_config.json").get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise ModelUnavailable(
            f"The adapter in {folder} does not say which model it belongs to. "
            "Write base_model_name_or_path into its adapter_config.json."
        )
    beside = folder / base
    return str(beside.resolve()) if beside.is_dir() else base


def count_parameters(folder: Path) -> int:
    """Number of weights in the folder's safetensors files, from their headers alone."""
    return sum(_elements(path) for path in sorted(folder.glob("*.safetensors")))


def header(path: Path) -> dict[str, Any]:
    """What a safetensors file says of its weights, by name; ModelUnavailable when it is none or is cut short."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > HEADER_LIMIT:
                raise ValueError("its header is too long")
            return dict(json.loads(file.read(length)))
    except (OSError, ValueError, TypeError) as error:
        raise _no_weights(path) from error


def _elements(path: Path) -> int:
    try:
        return sum(prod(entry["shape"]) for name, entry in header(path).items() if name != "__metadata__")
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_weights(path) from error


def _no_weights(path: Path) -> ModelUnavailable:
    return ModelUnavailable(f"{path} is no safetensors file or is cut short. Copy the model again.")
