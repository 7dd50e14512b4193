"""Loads what a training starts from: weights and adapter of a model source, ready to be trained.

Knows torch, transformers and peft; knows neither data nor trainers. What must never happen silently (facts of TRL 1.16
and PEFT 0.21) is settled here: an adapter loaded frozen, the vision encoder hit by LoRA, padding on the wrong side.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForImageTextToText,
    BitsAndBytesConfig,
    PreTrainedModel,
    ProcessorMixin,
)

from m3ad.errors import RunError
from training.config import TrainSettings
from training.devices import CPU, plain
from training.process import is_main_process
from training.sharding import is_spread, plain_name, whole, whole_weights
from training.start import Start

# The language model's linear layers only; the vision encoder's have other names, and servers refuse adapters on it.
LORA_TARGETS = r".*language_model\.layers\.\d+\.(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj)"
UNQUANTIZED = ["model.visual", "lm_head"]  # "visual" alone would match nothing: the names are compared from the start


def device_of(settings: TrainSettings) -> str:
    """ "cuda" or "cpu", by the setting and what the machine has; which card is settled by who starts the process.

    Raises RunError when a card is asked for and torch sees none.
    """
    wanted = plain(settings.device).removeprefix("ray:")
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise RunError(f"This run is for {settings.device}, and PyTorch sees no card here: choose auto or cpu.")
    return "cuda" if wanted != CPU and torch.cuda.is_available() else "cpu"


def model_arguments(settings: TrainSettings) -> dict[str, Any]:
    """Keyword arguments of `from_pretrained` for the weights.

    All weights are trained in float32 (bf16 only inside the passes): at the paper's learning rates a step is smaller
    than bf16 can add to a weight. Below an adapter the weights stand still and can be bf16, or 4-bit for QLoRA.
    """
    arguments: dict[str, Any] = {"trust_remote_code": False, "use_safetensors": True, "dtype": torch.float32}
    if device_of(settings) == "cpu":
        # Measured with the small model: plain attention (each image has its own in the vision encoder) is a quarter
        # faster here than sdpa's, and the patch convolution as a matrix product a tenth. Saved as usual.
        arguments |= {"attn_implementation": "eager", "fusion_config": {"patch_embeddings": True}}
    if settings.method != "full" and device_of(settings) == "cuda":
        arguments["dtype"] = torch.bfloat16
    if settings.method == "qlora":
        arguments["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if device_of(settings) == "cuda" else torch.float32,
            llm_int8_skip_modules=UNQUANTIZED,
        )
    return arguments


def load_model(start: Start, settings: TrainSettings) -> PreTrainedModel | PeftModel:
    """The model with what shall be trained trainable: all weights, a new adapter, or the start's own adapter."""
    model = AutoModelForImageTextToText.from_pretrained(start.weights, **model_arguments(settings))
    if settings.method == "full":
        if start.adapter is not None:
            model = PeftModel.from_pretrained(model, start.adapter).merge_and_unload()
        return model
    if start.adapter is not None:
        return PeftModel.from_pretrained(model, start.adapter, is_trainable=True)
    lora = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=LORA_TARGETS,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, lora)


def accept_saved_patches(model: torch.nn.Module) -> None:
    """Let a model whose patch convolution was fused into a matrix product (see `model_arguments`) take saved weights.

    They are saved under the convolution's name and in its shape. The trainer passes over names that it does not know:
    without this, a run that goes on would begin again with the start model's patch weights, and not say so.
    """

    def renamed(module: torch.nn.Module, state: dict[str, torch.Tensor], prefix: str, *_: Any) -> None:
        for name, own in module.linear_proj.named_parameters():
            saved = state.pop(f"{prefix}proj.{name}", None)
            if saved is not None:
                state[f"{prefix}linear_proj.{name}"] = saved.reshape(own.shape)

    for module in model.modules():
        if hasattr(module, "linear_proj"):
            module.register_load_state_dict_pre_hook(renamed)


def freeze_vision(model: torch.nn.Module) -> None:
    """Keep the vision encoder (merger included) as it is."""
    for name, parameter in model.named_parameters():
        if ".visual." in name:
            parameter.requires_grad_(False)


def require_trainable(model: torch.nn.Module) -> int:
    """The number of trainable weights. Raises RunError when there are none: the run would teach nothing."""
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if not count:
        raise RunError("Nothing in the start model can be trained with these settings. Choose another method.")
    return count


def trainable_hash(model: torch.nn.Module) -> str:
    """A hash of all trainable weights, to tell whether training changed them. Called by every process of a run."""
    digest = hashlib.sha256()
    for name, parameter in sorted((plain_name(name), parameter) for name, parameter in model.named_parameters()):
        if parameter.requires_grad:
            digest.update(name.encode())
            digest.update(whole(parameter.detach()).float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_model(
    model: PreTrainedModel | PeftModel, processor: ProcessorMixin, folder: Path, about: dict[str, Any]
) -> None:
    """Write weights or adapter (safetensors), processor and monitor.json: all that `LocalMonitor` opens.

    Called by every process of a run, as weights may be spread over them; the main one writes.
    """
    weights = whole_weights(model) if is_spread(model) else None
    if not is_main_process():
        return
    if isinstance(model, PeftModel):
        # GRPO's frozen copy "ref" is no part of the result.
        model.save_pretrained(folder, selected_adapters=["default"])
    else:
        model.save_pretrained(folder, state_dict=weights)
        _leave_out_training_settings(folder / "config.json")
    processor.save_pretrained(folder)
    (folder / "monitor.json").write_text(json.dumps(about, indent=1, ensure_ascii=False))


def _leave_out_training_settings(config: Path) -> None:
    """How this machine computed, and that it trained without a cache, are no properties of the model."""
    values = json.loads(config.read_text())
    for name in ("fusion_config", "use_cache"):
        values.pop(name, None)
    config.write_text(json.dumps(values, indent=2) + "\n")
