"""What a run is said to need: the sizes of real models, what makes it more or less, and advice that holds."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from m3ad.demo import bundled_model
from m3ad.errors import ModelUnavailable
from m3ad.monitor.folders import count_parameters
from m3ad.records import Stage
from training.config import PRESET_SOURCES, PRESETS, RawsSettings, RcrlSettings, Settings
from training.devices import GIB, Device, device, devices, read_cards, visible
from training.fitting import Fit, changes
from training.memory import estimate
from training.shapes import Shapes, read_shapes, shapes_of


def config(hidden: int, mlp: int, tied: bool, sight: tuple[int, int, int]) -> dict[str, Any]:
    """config.json of a Qwen3-VL model, as far as sizes go."""
    depth, wide, inner = sight
    return {
        "tie_word_embeddings": tied,
        "text_config": {
            "hidden_size": hidden, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8,
            "head_dim": 128, "intermediate_size": mlp, "vocab_size": 151_936, "tie_word_embeddings": tied,
        },
        "vision_config": {
            "depth": depth, "hidden_size": wide, "num_heads": 16, "intermediate_size": inner,
            "out_hidden_size": hidden, "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2,
            "in_channels": 3, "num_position_embeddings": 2304, "deepstack_visual_indexes": [5, 11, 17],
        },
    }  # fmt: skip


FOUR, EIGHT = config(2560, 9728, True, (24, 1024, 4096)), config(4096, 12_288, False, (27, 1152, 4304))
SMALL_CARD, LARGE_CARD = (
    Device("cuda:0", f"a card of {size} GB", size * GIB, size * GIB - GIB // 2) for size in (24, 80)
)


def need(shapes: Shapes, settings: Settings, on: str = "cuda:0") -> float:
    return estimate(shapes, settings, on).total


@pytest.mark.parametrize("sizes", [FOUR, EIGHT], ids=["4B", "8B"])
def test_the_weights_are_counted_as_the_real_classes_have_them(sizes: dict[str, Any]) -> None:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    with torch.device("meta"):
        model = Qwen3VLForConditionalGeneration(Qwen3VLConfig(**sizes))
    shapes = shapes_of(sizes)
    assert shapes.weights == sum(parameter.numel() for parameter in model.parameters())
    linear = [
        parameter.numel()
        for name, parameter in model.named_parameters()
        if re.search(r"language_model\.layers\.\d+\..*_proj\.weight", name)
    ]
    assert shapes.layers * shapes.linear_of_layer == sum(linear)


def test_the_bundled_model_is_read_from_its_folder() -> None:
    shapes = read_shapes("demo")
    assert shapes is not None
    assert shapes.weights == count_parameters(bundled_model())
    assert shapes.image_tokens(480_000) == 49  # its own processor lets no more through


def test_an_adapter_has_the_sizes_of_what_it_lies_on(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(f'{{"base_model_name_or_path": "{bundled_model()}"}}')
    assert read_shapes(str(tmp_path)) == read_shapes("demo")


def test_nothing_is_said_of_files_that_are_not_here_and_no_other_model_is_guessed(tmp_path: Path) -> None:
    assert read_shapes("nobody/no-such-model") is None
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelUnavailable, match="Qwen3-VL"):
        read_shapes(str(tmp_path))


@pytest.mark.parametrize("stage", list(Stage))
def test_every_change_that_is_advised_takes_less(stage: Stage) -> None:
    shapes = shapes_of(EIGHT)
    settings = dataclasses.replace(PRESETS["paper"][stage], batch=4, gradient_checkpointing=False)
    found = list(changes(settings))
    assert len(found) == (5 if stage is Stage.RAWS else 6)
    for words, changed in found:
        assert need(shapes, changed) < need(shapes, settings), words
        assert need(shapes, changed, "cpu") < need(shapes, settings, "cpu"), words


def test_processes_that_each_hold_all_weights_are_told_to_spread_them() -> None:
    shapes = shapes_of(EIGHT)
    settings = RawsSettings(processes=8)
    assert "sharding fsdp" in Fit(shapes, settings, LARGE_CARD, LARGE_CARD.free).advice()
    processor = dataclasses.replace(LARGE_CARD, name="cpu")
    assert "sharding" not in Fit(shapes, settings, processor, processor.free).advice()
    for _, changed in changes(dataclasses.replace(settings, sharding="fsdp", batch=2)):
        assert changed.check() == []


def test_methods_and_devices_hold_what_they_hold() -> None:
    shapes = shapes_of(FOUR)
    parts = {
        method: {part.name: part.bytes for part in estimate(shapes, RawsSettings(method=method), "cuda:0").parts}
        for method in ("full", "lora", "qlora")
    }
    # Float32 weights, their gradients, two moments: sixteen bytes; and bfloat16 copies of the linear ones.
    full = parts["full"]
    assert full["weights"] + full["gradients"] + full["optimizer"] == 16 * shapes.weights
    assert "bfloat16 copies" in full
    assert parts["lora"]["optimizer"] == 8 * shapes.adapter_weights(16)
    assert parts["qlora"]["weights"] < parts["lora"]["weights"] / 2
    rl = {part.name for part in estimate(shapes, RcrlSettings(), "cuda:0").parts}
    assert "reference model" in rl
    assert "reference model" not in {part.name for part in estimate(shapes, RcrlSettings(beta=0.0), "cpu").parts}
    spread = RawsSettings(processes=8, sharding="fsdp")
    shares = {part.name: part.bytes for part in estimate(shapes, spread, "cuda:0").parts}
    assert shares["weights"] + shares["gradients"] + shares["optimizer"] == 2 * shapes.weights
    assert need(shapes, spread) < need(shapes, RawsSettings()) / 2
    assert "exchange" not in shares
    two = RawsSettings(processes=2)
    assert need(shapes, two, "cpu") > 2 * need(shapes, RawsSettings(), "cpu")  # one memory; each card has its own
    assert need(shapes, two) < 1.5 * need(shapes, RawsSettings())


@pytest.mark.parametrize("stage", list(Stage))
def test_the_presets_fit_the_cards_they_are_named_after(stage: Stage) -> None:
    four, eight = shapes_of(FOUR), shapes_of(EIGHT)
    for shapes, preset, card in (
        (four, "24 GB card", SMALL_CARD),
        (four, "80 GB card", LARGE_CARD),
        (eight, "80 GB card", LARGE_CARD),
        (eight, "8 x 80 GB cards, untested", LARGE_CARD),
    ):
        assert need(shapes, PRESETS[preset][stage]) < 0.9 * card.free, preset
    assert need(four, PRESETS["paper"][stage]) > SMALL_CARD.total
    assert need(eight, PRESETS["paper"][stage]) > LARGE_CARD.total
    assert PRESET_SOURCES.keys() == PRESETS.keys()


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("sizes", [FOUR, EIGHT], ids=["4B", "8B"])
def test_what_is_advised_alone_or_together_fits(stage: Stage, sizes: dict[str, Any]) -> None:
    shapes = shapes_of(sizes)
    settings = dataclasses.replace(PRESETS["paper"][stage], batch=16, gradient_checkpointing=False)
    fit = Fit(shapes, settings, SMALL_CARD, SMALL_CARD.free)
    assert not fit.possible
    said = fit.advice()
    assert said.startswith("It would fit with ")
    if "together" in said:
        for words, _ in changes(settings):
            if words in said:
                settings = next(changed for name, changed in changes(settings) if name == words)
        assert Fit(shapes, settings, SMALL_CARD, SMALL_CARD.free).possible
    else:
        alone = [changed for words, changed in changes(settings) if words in said]
        assert alone
        assert all(Fit(shapes, changed, SMALL_CARD, SMALL_CARD.free).possible for changed in alone)


def test_where_nothing_helps_that_is_said() -> None:
    card = Device("cuda:0", "a small card", 2 * GIB, GIB)
    assert "No setting makes it fit" in Fit(shapes_of(EIGHT), RawsSettings(), card, card.free).words()


def test_cards_are_numbered_as_a_process_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "0, GPU-a, NVIDIA H100, 81559, 80000\n1, GPU-b, NVIDIA L4, 23034, [N/A]\n2, GPU-c, NVIDIA L4, 23034, 22000\n"
    assert [(one.name, one.words) for one in read_cards(said, None)] == [
        ("cuda:0", "NVIDIA H100"), ("cuda:1", "NVIDIA L4"),
    ]  # fmt: skip
    assert [(one.name, one.total // 2**20) for one in read_cards(said, "2, GPU-a")] == [
        ("cuda:0", 23034), ("cuda:1", 81559),
    ]  # fmt: skip
    assert read_cards("No devices were found\n", None) == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-a")
    assert (visible("cuda:1", 1), visible("cuda:0", 2), visible("cpu", 1)) == ("GPU-a", "2,GPU-a", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert visible("cuda:3", 2) == "3,4"


def test_the_processor_is_always_there() -> None:
    here = device("cpu")
    assert here == dataclasses.replace(devices()[-1], free=here.free)
    assert 0 < here.free <= here.total
