"""From a folder to a model in memory: adapters, devices, and every way loading can fail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration

from m3ad.errors import ModelUnavailable
from m3ad.monitor import open_monitor, resolve
from m3ad.monitor.local import LocalMonitor
from m3ad.monitor.local_load import UNQUANTIZED

TOKENS = 120


@pytest.fixture(scope="module")
def monitor(tiny_model: Path) -> LocalMonitor:
    return LocalMonitor.open(resolve(str(tiny_model)), name="tiny", device="cpu")


def test_models_opened_at_once_are_whole(tiny_model: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_monitor(str(tiny_model), device="cpu"), range(12)))
    assert len(opened) == 12


# Adapters


def adapter(base: Path, folder: Path, *, seed: int = 0) -> Path:
    """A LoRA adapter that really changes the model."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    model = Qwen3VLForConditionalGeneration.from_pretrained(base)
    targets = r".*language_model\.layers\.\d+\.self_attn\.(q|v)_proj"
    config = LoraConfig(r=4, target_modules=targets, init_lora_weights=False, lora_alpha=16)
    get_peft_model(model, config).save_pretrained(folder)
    return folder


def test_an_adapter_changes_its_base_model_as_peft_does(tiny_model: Path, tmp_path: Path, plates) -> None:
    from peft import PeftModel

    folder = adapter(tiny_model, tmp_path / "adapter")
    monitor = open_monitor(str(folder), device="cpu", max_new_tokens=TOKENS)
    inputs = monitor._inputs(plates[1])
    base = Qwen3VLForConditionalGeneration.from_pretrained(tiny_model)
    with torch.inference_mode():
        plain = base(**inputs).logits
        wanted = PeftModel.from_pretrained(base, folder)(**inputs).logits
        got = monitor._model(**inputs).logits
    assert torch.allclose(got, wanted, atol=1e-4)
    assert not torch.allclose(got, plain, atol=1e-1)


def test_an_adapter_that_does_not_fit_is_refused_instead_of_ignored(tiny_model: Path, tmp_path: Path) -> None:
    folder = adapter(tiny_model, tmp_path / "adapter")
    file = folder / "adapter_model.safetensors"
    save_file({key.replace("language_model.", ""): value for key, value in load_file(file).items()}, file)
    with pytest.raises(ModelUnavailable, match="does not fit its base model"):
        open_monitor(str(folder), device="cpu")


def test_an_adapter_without_its_base_is_refused_with_the_name_of_the_base(tiny_model: Path, tmp_path: Path) -> None:
    folder = adapter(tiny_model, tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "/gone/model"}))
    with pytest.raises(ModelUnavailable, match="/gone/model"):
        open_monitor(str(folder), device="cpu")


# Loading


def copy_of(model: Path, folder: Path, *without: str) -> Path:
    return shutil.copytree(model, folder / "copy", ignore=shutil.ignore_patterns(*without))


def test_weights_that_are_missing_are_not_replaced_by_random_ones(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.visual.merger.norm.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"1 weights are missing.*model\.visual\.merger\.norm\.weight"):
        open_monitor(str(folder), device="cpu")


def test_weights_of_another_size_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["intermediate_size"] *= 2
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelUnavailable, match="cannot be loaded as a model that sees pictures"):
        open_monitor(str(folder), device="cpu")


@pytest.mark.parametrize("kind", ["qwen3", "no-such-model"])
def test_a_model_that_sees_no_pictures_or_is_unknown_is_refused(tiny_model: Path, tmp_path: Path, kind: str) -> None:
    folder = copy_of(tiny_model, tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": kind, "architectures": ["X"]}))
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        open_monitor(str(folder), device="cpu")


def test_code_in_a_model_folder_is_never_run(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\nclass Model: pass\n")
    auto = {"AutoConfig": "evil.Config", "AutoModelForImageTextToText": "evil.Model", "AutoProcessor": "evil.Model"}
    (folder / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": auto}))
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        open_monitor(str(folder), device="cpu")
    assert not (tmp_path / "ran").exists()


def test_a_model_without_processor_is_refused_with_what_to_copy(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path, "*processor*", "tokenizer*")
    with pytest.raises(ModelUnavailable, match="no processor"):
        open_monitor(str(folder), device="cpu")


def test_a_broken_tokenizer_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="processor"):
        open_monitor(str(folder), device="cpu")


def test_a_processor_without_chat_template_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path, "chat_template.jinja")
    with pytest.raises(ModelUnavailable, match="no pictures in a conversation"):
        open_monitor(str(folder), device="cpu")


def test_a_model_that_is_too_large_is_refused_with_needed_and_free_gigabytes(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path)
    header = json.dumps({"w": {"dtype": "BF16", "shape": [10**7, 10**6], "data_offsets": [0, 2 * 10**13]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelUnavailable, match=r"needs about 48000\.0 GB and this machine has \d+\.\d GB free"):
        open_monitor(str(folder), device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "mps", "meta", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(tiny_model: Path, device: str) -> None:
    with pytest.raises(ModelUnavailable, match=device):
        open_monitor(str(tiny_model), device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a CUDA card")
def test_without_a_card_cuda_is_refused_and_auto_is_the_cpu(tiny_model: Path) -> None:
    with pytest.raises(ModelUnavailable, match="0 CUDA cards"):
        open_monitor(str(tiny_model), device="cuda")
    assert open_monitor(str(tiny_model)).device.startswith("CPU, ")


def test_weights_in_four_bits_need_a_card(tiny_model: Path) -> None:
    with pytest.raises(ModelUnavailable, match="4bit need a CUDA card"):
        open_monitor(str(tiny_model), device="cpu", quantization="4bit")


def test_the_modules_kept_out_of_quantization_exist(monitor: LocalMonitor) -> None:
    names = {name for name, _ in monitor._model.named_modules()}
    assert set(UNQUANTIZED) <= names


def test_the_device_is_said_in_words(monitor: LocalMonitor) -> None:
    threads = torch.get_num_threads()
    assert monitor.device == f"CPU, {threads} thread{'s' if threads > 1 else ''}, float32"


def test_models_without_a_card_are_told_the_format_and_others_are_not(tiny_model: Path, tmp_path: Path) -> None:
    from m3ad.prompts import SYSTEM

    told = open_monitor(str(copy_of(tiny_model, tmp_path, "monitor.json")), device="cpu")
    assert told._prompt.startswith(f"<|im_start|>system\n{SYSTEM}<|im_end|>")
    assert open_monitor(str(tiny_model), device="cpu")._prompt.startswith("<|im_start|>user\n")


def test_a_folder_is_loaded_and_asked_without_any_network(tiny_model: Path) -> None:
    code = f"""
import socket
def refuse(*args): raise SystemExit(f"reached for the network: {{args}}")
socket.getaddrinfo = socket.socket.connect = refuse
from PIL import Image
from m3ad.monitor import inspect, open_monitor, resolve
print(inspect(open_monitor({str(tiny_model)!r}, device="cpu"), Image.new("RGB", (96, 96))).tokens)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0


def test_the_tiny_processor_is_the_real_one(tiny_model: Path) -> None:
    assert type(AutoProcessor.from_pretrained(tiny_model)).__name__ == "Qwen3VLProcessor"
