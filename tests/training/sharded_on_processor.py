"""Trains a run with its weights spread over processes on a processor; started by torchrun with STAGE and RUN.

accelerate 1.15 spreads weights on cards only and passes over the wish on a processor. PyTorch itself can do it there,
with gloo: here accelerate is made to try, so that what we do with spread weights runs without cards.
"""

from __future__ import annotations

import sys
from typing import Any

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

from m3ad.records import Stage
from training import raws, rcrl
from training.process import main


def allow() -> None:
    """Let accelerate spread weights on a processor."""
    begin = AcceleratorState.__init__

    def beginning(self: AcceleratorState, *args: Any, fsdp_plugin: Any = None, **kwargs: Any) -> None:
        if fsdp_plugin is not None and not AcceleratorState._shared_state:
            PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
        begin(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)

    AcceleratorState.__init__ = beginning


if __name__ == "__main__":
    allow()
    stage = Stage(sys.argv.pop(1))
    main(stage, (raws if stage is Stage.RAWS else rcrl).train)
