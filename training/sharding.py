"""Weights spread over the processes of a run (FSDP): what the trainer is told, and how shares become whole again.

Everything here that makes something whole is done by all processes together: called by one alone it waits for ever.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel, Trainer

from m3ad.errors import RunError
from training.config import TrainSettings

WRAPPER = "_checkpoint_wrapped_module."  # what FSDP's own checkpointing puts into the names of weights


def sharding_arguments(settings: TrainSettings) -> dict[str, Any]:
    """The trainer's arguments for the setting `sharding`; with them its own checkpointing gives way to FSDP's."""
    if settings.sharding == "none":
        return {"activation_checkpointing": settings.gradient_checkpointing}
    return {
        "activation_checkpointing": False,
        "fsdp": True,
        "fsdp_config": {
            "version": 2,
            "reshard_after_forward": True,
            "state_dict_type": "FULL_STATE_DICT",
            "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "activation_checkpointing": settings.gradient_checkpointing,
            "cpu_ram_efficient_loading": False,  # the start model is loaded by every process, into the host's memory
        },
    }


def require_spread(trainer: Trainer, settings: TrainSettings) -> None:
    """Raises RunError when the setting asks for shares and the trainer would keep all weights in every process."""
    if settings.sharding != "none" and not trainer.accelerator.is_fsdp2:
        raise RunError(
            "Weights are spread over cards only, and PyTorch sees none here: choose sharding none, or a machine with "
            "a card for each process."
        )


def answer_together(model: PreTrainedModel, settings: TrainSettings) -> None:
    """Let a process whose answers are written go on with the others: each token of theirs needs its share of weights.

    transformers does so by itself only for weights that it has spread itself.
    """
    if settings.sharding != "none":
        model.generate = partial(model.generate, synced_gpus=True)


def is_spread(model: torch.nn.Module) -> bool:
    """True when the weights are spread over the processes."""
    return isinstance(model, FSDPModule)


def let_go(model: torch.nn.Module) -> None:
    """Keep shares only: what a pass without a way back had put together is given up."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, or all shares of it put together."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def plain_name(name: str) -> str:
    """The name of a weight as it is without FSDP's checkpointing."""
    return name.replace(WRAPPER, "")


def whole_weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """All weights by name in the memory of the first process; of the others an empty dictionary.

    Of two names for one weight (a head that is the table of tokens) only the one is given that a model is saved by.
    """
    weights = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    return {name: weight for name, weight in weights.items() if name not in model.all_tied_weights_keys}
