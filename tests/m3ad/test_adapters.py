"""What of a model's folder a server can load, in what size it was shown pictures, and its fingerprint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from m3ad.errors import ModelUnavailable
from m3ad.monitor import fingerprint as prints
from m3ad.monitor import resolve
from m3ad.monitor.adapters import known_as, read_adapter
from m3ad.monitor.fingerprint import fingerprint, stamp
from m3ad.monitor.served import ServedMonitor
from m3ad.monitor.sight import Sight

LAYER = "base_model.model.model.language_model.layers.0.self_attn.q_proj"
CONFIG = {"peft_type": "LORA", "r": 4, "base_model_name_or_path": "Qwen/Qwen3-VL-4B-Instruct", "use_dora": False}
PROCESSOR = {
    "image_processor": {"size": {"shortest_edge": 65536, "longest_edge": 480000}, "patch_size": 16, "merge_size": 2}
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An adapter as training writes it, as far as is looked at."""
    made = tmp_path / "model"
    made.mkdir()
    write(made)
    return made


def write(folder: Path, weights: dict[str, torch.Tensor] | None = None, **config: Any) -> None:
    usual = {f"{LAYER}.lora_{one}.weight": torch.ones(2, 2) for one in "AB"}
    save_file(weights or usual, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    (folder / "processor_config.json").write_text(json.dumps(PROCESSOR))


def test_an_adapter_says_what_a_server_needs(folder: Path) -> None:
    adapter = read_adapter(folder)
    assert (adapter.base, adapter.rank, adapter.sight) == ("Qwen/Qwen3-VL-4B-Instruct", 4, Sight(65536, 480000, 32))
    assert adapter.name("Qwen3-VL-4B/RAWS 7 <b>é") == f"raws-7-b-{adapter.fingerprint[:8]}"
    assert adapter.name("///") == f"model-{adapter.fingerprint[:8]}"


@pytest.mark.parametrize(
    "config",
    [
        {"use_dora": True},
        {"modules_to_save": ["lm_head"]},
        {"bias": "all"},
        {"peft_type": "IA3"},
        {"init_lora_weights": "pissa"},
        {"rank_pattern": {"q_proj": 8}},
    ],
)
def test_settings_that_servers_pass_over_are_refused_by_name(folder: Path, config: dict[str, Any]) -> None:
    write(folder, **config)
    with pytest.raises(ModelUnavailable, match=next(iter(config))):
        read_adapter(folder)


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.model.visual.blocks.0.attn.qkv.lora_A.weight",
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        f"{LAYER}.lora_magnitude_vector",
        "base_model.model.model.language_model.embed_tokens.lora_embedding_A",
    ],
)
def test_weights_that_servers_pass_over_are_refused_by_name(folder: Path, name: str) -> None:
    write(folder, {f"{LAYER}.lora_A.weight": torch.ones(2, 2), name: torch.ones(2, 2)})
    with pytest.raises(ModelUnavailable, match=f"1 of 2 weights.*{name}"):
        read_adapter(folder)


def test_a_whole_model_is_refused_with_the_command(tiny_model: Path) -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        read_adapter(tiny_model)
    assert f'vllm serve {tiny_model} --served-model-name model --mm-processor-kwargs \'{{"size"' in str(refusal.value)
    assert f"#model?folder={tiny_model}" in str(refusal.value)


@pytest.mark.parametrize("missing", ["file", "size", "patch_size", "image_processor"])
def test_a_model_without_the_processor_settings_of_training_is_refused(folder: Path, missing: str) -> None:
    said = json.loads(json.dumps(PROCESSOR))
    if missing == "image_processor":
        said = {"image_processor": 3}
    said["image_processor"] = {} if missing == "image_processor" else said["image_processor"]
    said["image_processor"].pop(missing, None)
    (folder / "processor_config.json").write_text(json.dumps(said))
    if missing == "file":
        (folder / "processor_config.json").unlink()
    with pytest.raises(ModelUnavailable, match="in training is not known"):
        read_adapter(folder)
    with pytest.raises(ModelUnavailable, match="in training is not known"):
        ServedMonitor(resolve(f"served:http://127.0.0.1:9/v1#a?folder={folder}"))


def test_an_adapter_without_a_rank_is_refused(folder: Path) -> None:
    write(folder, r=None)
    with pytest.raises(ModelUnavailable, match="no rank"):
        read_adapter(folder)


def test_a_path_into_the_hubs_cache_is_its_repository() -> None:
    assert known_as("/home/a/.cache/hub/models--Qwen--Qwen3-VL-4B/snapshots/0af3") == "Qwen/Qwen3-VL-4B"
    assert known_as("/models/Qwen3-VL-4B") == "/models/Qwen3-VL-4B"


@given(st.integers(1, 1500), st.integers(1, 1500), st.sampled_from([(65536, 480000), (1024, 4096), (4096, 4096)]))
def test_pictures_are_sized_as_the_real_processor_does(width: int, height: int, limits: tuple[int, int]) -> None:
    if max(width, height) / min(width, height) > 200:
        return  # the processor refuses those
    sight = Sight(*limits, 32)
    high, wide = smart_resize(height, width, factor=32, min_pixels=limits[0], max_pixels=limits[1])
    assert sight.size(width, height) == (wide, high)
    assert sight.tokens(width, height) == wide * high // 1024


@given(st.integers(20, 900), st.integers(20, 900), st.sampled_from([(65536, 480000), (1024, 4096), (4096, 4096)]))
def test_what_is_sent_becomes_what_the_model_saw(width: int, height: int, limits: tuple[int, int]) -> None:
    sight = Sight(*limits, 32)
    sent = sight.shown(Image.new("L", (width, height)))
    assert sight.size(*sent.size) == sight.size(width, height)


def test_a_fingerprint_is_of_content_and_of_nothing_else(folder: Path, tmp_path: Path) -> None:
    first = fingerprint(folder)
    copy = tmp_path / "elsewhere"
    shutil.copytree(folder, copy)
    (copy / "README.md").write_text("not part of the model")
    assert fingerprint(copy) == first
    weights = load_file(copy / "adapter_model.safetensors")
    weights[f"{LAYER}.lora_B.weight"][1, 1] += 1e-6
    before = stamp(copy)
    save_file(weights, copy / "adapter_model.safetensors")
    assert fingerprint(copy) != first
    assert stamp(copy) != before
    write(copy, lora_alpha=64)
    assert fingerprint(copy) != first


def test_large_files_are_told_apart_by_their_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(prints, "PIECE_BYTES", 64)
    found = set()
    for seed in range(3):
        torch.manual_seed(seed)
        save_file({"a": torch.randn(100, 100)}, tmp_path / "model.safetensors")
        found.add(fingerprint(tmp_path))
        found.add(fingerprint(tmp_path))
    assert len(found) == 3
