"""The settings of the two trainings, each with its help and where its default comes from.

Knows nothing of torch, of the page or of the store: the page builds its form from these dataclasses, the run folder
keeps them as JSON, the training scripts read them. `source` is "paper" for what the M3-AD paper states and "ours: why"
for the rest.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from dataclasses import dataclass, field
from typing import Any, Self

from m3ad.errors import RunError
from m3ad.records import Stage
from m3ad.rewards import RewardConfig
from training.devices import AUTO, CLUSTER, CPU, cluster_of, plain

METHODS = ("full", "lora", "qlora")
SCHEDULES = ("cosine", "linear", "constant_with_warmup")
DEVICES = (AUTO, CPU, *(f"cuda:{number}" for number in range(8)), *CLUSTER)
REPORTS = ("none", "tensorboard", "trackio")  # as the trainer and the extras of pyproject.toml call them
SHARDINGS = ("none", "fsdp")
PRECISIONS = ("auto", "float32", "bfloat16")
_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def setting(default: Any, help: str, source: str, choices: tuple[str, ...] = ()) -> Any:
    """A dataclass field with what the page shows beside it."""
    return field(default=default, metadata={"help": help, "source": source, "choices": choices})


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What both trainings share. Batches count cases (prompts) per process, not completions."""

    method: str = setting(
        "full", "Train all weights, or a small adapter (LoRA; QLoRA on a 4-bit base).", "paper", METHODS
    )
    lora_rank: int = setting(16, "Rank of a new adapter.", "ours: a usual rank; the paper trains all weights")
    lora_alpha: int = setting(32, "Scale of a new adapter.", "ours: twice the rank, as usual")
    lora_dropout: float = setting(0.05, "Dropout inside a new adapter.", "ours: a usual value")
    freeze_vision: bool = setting(False, "Keep the vision encoder as it is.", "ours: the paper says full-parameter")
    learning_rate: float = setting(1e-5, "Largest learning rate.", "ours: as in IAD-R1 by the same authors")
    schedule: str = setting("cosine", "How the learning rate falls.", "paper", SCHEDULES)
    warmup_steps: int = setting(100, "Steps in which the learning rate rises.", "paper")
    weight_decay: float = setting(0.1, "Pull of the weights to zero.", "ours: as in IAD-R1 by the same authors")
    batch: int = setting(1, "Cases per process in one pass.", "paper")
    accumulation: int = setting(2, "Passes before the weights change.", "paper")
    epochs: float = setting(1.0, "How often every case is seen.", "ours: as in IAD-R1 by the same authors")
    max_steps: int = setting(0, "Stop after so many steps; 0: as many as the epochs need.", "ours: for short runs")
    seed: int = setting(0, "Seed of order, adapters and sampling.", "ours: any number")
    max_pixels: int = setting(
        480_000, "Larger images are scaled down to this many pixels.", "ours: as in IAD-R1: 441 image tokens"
    )
    max_tokens: int = setting(
        2048, "Longer examples are left out, counted and listed.", "ours: cutting would lose the answer"
    )
    gradient_checkpointing: bool = setting(
        True, "Less memory, about a third more time.", "ours: needed for 4B on one card"
    )
    device: str = setting(
        "auto", "Where to train; auto takes the GPU with the fewest runs, or the CPU where there is none. "
        "ray: processors or cards of the cluster that the app was started with (--ray).",
        "ours: no choice in the paper", DEVICES,
    )  # fmt: skip
    precision: str = setting(
        "auto", "Numbers inside the passes; auto: bfloat16 on a GPU, float32 on a CPU (newer ones gain by bfloat16).",
        "ours: no choice in the paper", PRECISIONS,
    )  # fmt: skip
    processes: int = setting(1, "Training processes; more than one starts torchrun.", "ours: one GPU each")
    sharding: str = setting(
        "none", "fsdp: each process keeps its share of weights, gradients, optimizer (untested on cards); none: all.",
        "ours: all weights of 8B fit on no single card", SHARDINGS,
    )  # fmt: skip
    threads: int = setting(0, "CPU threads per process; 0: as torch likes.", "ours: for shared machines")
    loaders: int = setting(
        2, "Processes that open pictures ahead of the steps; 0: the training itself, between them.",
        "ours: a card shall not wait for pictures",
    )  # fmt: skip
    logging_steps: int = setting(5, "Steps between two points of the curves.", "ours: readable curves")
    save_steps: int = setting(200, "Steps between two checkpoints.", "ours: little is lost when the power goes")

    follow_cases: int = setting(
        3, "Cases that the model answers now and then, to read how its answers change; 0: none.", "ours: a few to read"
    )
    follow_steps: int = setting(50, "Steps between two of these answers.", "ours: they take time from the training")
    report: str = setting(
        "none", "A further copy of the curves, for a program of yours, in the run's folder.",
        "ours: this page shows them all", REPORTS,
    )  # fmt: skip

    def check(self) -> list[str]:
        """What is wrong with the settings, one sentence each; empty when a run can start."""
        problems = [
            f"{name} is {getattr(self, name)!r}: choose one of {', '.join(f.metadata['choices'])}."
            for name, f in self.__dataclass_fields__.items()
            if f.metadata.get("choices") and self._choice(name) not in f.metadata["choices"]
        ]
        at_least = {
            "batch": 1,
            "accumulation": 1,
            "lora_rank": 1,
            "processes": 1,
            "max_steps": 0,
            "warmup_steps": 0,
            "logging_steps": 1,
            "save_steps": 1,
            "follow_cases": 0,
            "follow_steps": 1,
            "threads": 0,
            "loaders": 0,
            "max_pixels": 1024,
            "max_tokens": 64,
        }
        problems += [f"{n} must be at least {least}." for n, least in at_least.items() if getattr(self, n) < least]
        if self.report in REPORTS[1:] and importlib.util.find_spec(self.report) is None:
            problems.append(
                f"report is {self.report!r}, and that is not installed: add it with `uv sync --extra {self.report}`, "
                "or choose none."
            )
        if self.sharding == "fsdp" and (self.processes < 2 or self.method != "full"):
            problems.append(
                "sharding fsdp spreads all weights over several processes: choose method full and at least 2 "
                "processes, or sharding none."
            )
        if self.sharding == "fsdp" and self.device == "cpu":
            problems.append("sharding fsdp works on cards only: choose device auto, or sharding none.")
        if not 0 < self.learning_rate < 1:
            problems.append("learning_rate must lie between 0 and 1; 1e-5 is usual.")
        if not 0 <= self.lora_dropout < 1:
            problems.append("lora_dropout must be at least 0 and less than 1.")
        if self.max_steps == 0 and not self.epochs > 0:
            problems.append("epochs must be more than 0 when max_steps is 0: the run would do nothing.")
        return problems

    def _choice(self, name: str) -> Any:
        """What was chosen for a setting; of a cluster's device its kind, whatever the cluster's address."""
        value = getattr(self, name)
        return plain(value) if name == "device" and cluster_of(value) else value

    def to_json(self) -> dict[str, Any]:
        """All settings as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises RunError for a setting this version does not know."""
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise RunError(f"The run's settings name {', '.join(unknown)}, which this version does not know.")
        values = {name: _typed(cls, name, value) for name, value in data.items()}
        return cls(**values)


def _typed(settings: type[TrainSettings], name: str, value: Any) -> Any:
    """The value as its setting's type; RunError when it is of another (whole numbers pass as fractions)."""
    if name == "reward":
        return RewardConfig(**value)
    wanted = type(settings.__dataclass_fields__[name].default)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise RunError(f"The setting {name} is {value!r}, which is not {_KINDS[wanted]}.")
    return value


@dataclass(frozen=True, kw_only=True)
class RawsSettings(TrainSettings):
    """RAWS: supervised fine-tuning on thinking and reflective examples, loss on the completion only (paper, RAWS)."""

    easy_reflective: float = setting(
        0.3, "Share of reflective examples among cases the start model got right.", "paper"
    )
    hard_reflective: float = setting(
        0.7, "Share of reflective examples among cases the start model got wrong.", "paper"
    )

    unchecked: bool = setting(
        False, "Learn also from stored texts that nobody has approved; never from those that were sent back.",
        "ours: in the paper a person checks them all",
    )  # fmt: skip

    def check(self) -> list[str]:
        """See `TrainSettings.check`."""
        shares = ("easy_reflective", "hard_reflective")
        return super().check() + [f"{n} is a share: between 0 and 1." for n in shares if not 0 <= getattr(self, n) <= 1]


@dataclass(frozen=True, kw_only=True)
class RcrlSettings(TrainSettings):
    """RCRL: GRPO with three rewards and KL to the frozen start model (paper, RCRL).

    `batch` counts prompts: a pass holds `batch * generations` completions, so every group is whole (in TRL's own count
    the paper's "batch 1, accumulation 2, 4 generations" is a batch of 4, and a batch of 1 is refused).
    """

    learning_rate: float = setting(1e-6, "Largest learning rate.", "ours: TRL's default, the paper is silent")
    weight_decay: float = setting(0.0, "Pull of the weights to zero.", "ours: TRL's default, the paper is silent")
    generations: int = setting(4, "Answers drawn for each case; they are compared with each other.", "paper")
    temperature: float = setting(1.0, "Sampling temperature.", "paper")
    top_p: float = setting(1.0, "Sampling keeps this share of the probability.", "paper")
    top_k: int = setting(0, "Sampling keeps this many tokens; 0: all.", "ours: the paper names only top-p")
    beta: float = setting(
        0.04, "Weight of the KL to the start model.", "ours: TRL's default when the paper was written"
    )
    loss_type: str = setting("grpo", "How token losses are averaged.", "paper", ("grpo", "dapo", "dr_grpo", "bnpo"))
    scale_rewards: str = setting("group", "What rewards are divided by.", "paper", ("group", "batch", "none"))
    iterations: int = setting(1, "Weight updates per batch of answers.", "ours: 1 is on-policy, the paper is silent")
    max_new_tokens: int = setting(512, "Longest answer.", "ours: as in IAD-R1 by the same authors")
    sample_steps: int = setting(
        5, "Steps between two answers written to the run's events.", "ours: enough to read along"
    )
    reward: RewardConfig = field(
        default_factory=RewardConfig,
        metadata={"help": "Weights and reflection table.", "source": "paper", "choices": ()},
    )

    def check(self) -> list[str]:
        """See `TrainSettings.check`; also the batch arithmetic of GRPO."""
        problems = super().check()
        if self.generations < 2:
            problems.append("generations must be at least 2: GRPO compares the answers to one case with each other.")
        if self.temperature <= 0:
            problems.append("temperature must be more than 0: without chance all answers to a case are the same.")
        if not 0 < self.top_p <= 1:
            problems.append("top_p must be more than 0 and at most 1.")
        if self.beta < 0:
            problems.append("beta must be 0 or more.")
        if self.iterations < 1 or self.sample_steps < 1 or self.max_new_tokens < 8 or self.top_k < 0:
            problems.append(
                "iterations and sample_steps must be at least 1, max_new_tokens at least 8, top_k at least 0."
            )
        if self.iterations > 1 and self.save_steps % self.iterations:
            problems.append(
                "save_steps must be a multiple of iterations: between two updates of one batch of answers a run could "
                "not go on exactly."
            )
        return problems


Settings = RawsSettings | RcrlSettings
SETTINGS: dict[Stage, type[RawsSettings] | type[RcrlSettings]] = {Stage.RAWS: RawsSettings, Stage.RCRL: RcrlSettings}

# An adapter learns at a higher rate than all weights; ten times is usual.
_LORA: dict[str, Any] = {"method": "lora", "weight_decay": 0.0, "warmup_steps": 20}
_WIDE: dict[str, Any] = {**_LORA, "lora_rank": 64, "lora_alpha": 128, "accumulation": 2}
_EIGHT: dict[str, Any] = {"processes": 8, "sharding": "fsdp"}
_CPU_DEMO: dict[str, Any] = {
    "gradient_checkpointing": False, "device": "cpu", "warmup_steps": 2, "accumulation": 1, "logging_steps": 1,
    "weight_decay": 0.01, "loaders": 0,
}  # fmt: skip
PRESETS: dict[str, dict[Stage, Settings]] = {
    "paper": {Stage.RAWS: RawsSettings(), Stage.RCRL: RcrlSettings()},
    "24 GB card": {
        Stage.RAWS: RawsSettings(**_LORA, learning_rate=1e-4, accumulation=8),
        Stage.RCRL: RcrlSettings(**_LORA, learning_rate=1e-5, accumulation=4),
    },
    "80 GB card": {
        Stage.RAWS: RawsSettings(**_WIDE, learning_rate=1e-4, batch=4),
        Stage.RCRL: RcrlSettings(**_WIDE, learning_rate=1e-5, batch=2),
    },
    "8 x 80 GB cards, untested": {
        Stage.RAWS: RawsSettings(**_EIGHT, accumulation=1),
        Stage.RCRL: RcrlSettings(**_EIGHT, accumulation=1),
    },
    # The bundled model has 4 million weights and learns from scratch-sized steps: a hundred times the paper's rate.
    "cpu demo": {
        Stage.RAWS: RawsSettings(**_CPU_DEMO, learning_rate=2e-4, batch=8, max_steps=40, follow_steps=10),
        Stage.RCRL: RcrlSettings(
            **_CPU_DEMO,
            learning_rate=2e-5,
            batch=2,
            max_steps=12,
            max_new_tokens=160,
            sample_steps=1,
            follow_steps=4,
        ),
    },
}
PRESET_SOURCES = {
    "paper": "All weights, as in M3-AD; where the paper is silent, a setting's help says what we took instead.",
    "24 GB card": "Ours, for Qwen3-VL-4B (8B: choose qlora): LoRA, else the paper's. Computed to fit, never tried.",
    "80 GB card": "Ours, for Qwen3-VL-4B and 8B: a wider LoRA, several cases at once. Computed to fit, never tried.",
    "8 x 80 GB cards, untested": (
        "Ours: the paper's, all weights of Qwen3-VL-8B spread over 8 cards (FSDP). Computed to fit, untested on cards."
    ),
    "cpu demo": "Ours, tried: for the bundled model, about a minute on two processor cores.",
}


def settings_from_json(stage: Stage, data: dict[str, Any]) -> Settings:
    """The settings of a stage from JSON."""
    return SETTINGS[stage].from_json(data)
