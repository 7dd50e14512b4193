"""From names to sources, model folders before they are loaded, and the Hugging Face cache."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest

from m3ad.demo import bundled_model
from m3ad.errors import ModelUnavailable
from m3ad.monitor import Source, inspect, open_monitor, resolve
from m3ad.monitor.folders import Card, adapter_base, check_folder, count_parameters, read_card


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("demo", Source("folder", str(bundled_model()))),
        (
            "ra-monitor-4b",
            Source("hub", "yanhui01/RA-Monitor", "RA-Monitor(Qwen3-VL-4B)", "Qwen/Qwen3-VL-4B-Instruct", bare=True),
        ),
        (
            "ra-monitor-8b",
            Source("hub", "yanhui01/RA-Monitor", "RA-Monitor(Qwen3-VL-8B)", "Qwen/Qwen3-VL-8B-Instruct", bare=True),
        ),
        (" Qwen/Qwen3-VL-4B-Instruct ", Source("hub", "Qwen/Qwen3-VL-4B-Instruct")),
        ("served:http://127.0.0.1:80/v1#some/model", Source("served", "http://127.0.0.1:80/v1", model="some/model")),
        ("served:https://host/v1/", Source("served", "https://host/v1")),
        ("served:http://h:1/v1#RA-Monitor-4B", Source("served", "http://h:1/v1", model="RA-Monitor-4B", bare=True)),
    ],
)
def test_a_name_stands_for_one_source(name: str, source: Source) -> None:
    assert resolve(name) == source


def test_a_folder_is_a_source_and_wins_over_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs/model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert resolve("runs/model") == Source("folder", str(tmp_path / "runs/model"))


UNKNOWN = ["", "  ", "demo2", "/no/such/folder", "./a/b", "a/b/c", "../x", "~/none", "a b/c", "x/"]
UNKNOWN += ["~nobody-here/x", "a" * 5000, "a\0b"]
NO_SERVERS = ["", "localhost:8000", "ftp://host/", "http://", "http://[::1", "http://h:x/", "file:///etc"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"demo, ra-monitor-4b, ra-monitor-8b"):
        resolve(name)


@pytest.mark.parametrize("url", NO_SERVERS)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ModelUnavailable, match="not the address of a server"):
        resolve(f"served:{url}#m")


def test_neither_torch_nor_openai_is_imported_before_a_model_is_opened() -> None:
    code = "import sys, m3ad.monitor; print({'torch', 'transformers', 'openai', 'huggingface_hub'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def weights(path: Path, shape: list[int]) -> None:
    """A safetensors file that claims one tensor of this shape, without its bytes."""
    header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}, "__metadata__": {"a": "b"}})
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + b"\0\0\0\0")


def test_weights_are_counted_from_the_headers(tmp_path: Path) -> None:
    weights(tmp_path / "a.safetensors", [3, 5])
    weights(tmp_path / "b.safetensors", [])
    assert count_parameters(tmp_path) == 16


def sized(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    "content", [b"", b"abc", struct.pack("<Q", 2**60), sized(b"null"), sized(b"[1]]"), sized(b"{")]
)
def test_a_broken_weights_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors is no safetensors file"):
        count_parameters(tmp_path)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "holds no model"),
        (["config.json", "pytorch_model.bin"], "pickle files"),
        (["config.json", "model.pth"], "pickle files"),
        (["config.json"], "missing or not complete"),
        (["adapter_config.json", "adapter_model.bin"], "pickle files"),
        (["adapter_config.json", "model.safetensors"], "missing or not complete"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path: Path, files: list[str], says: str) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelUnavailable, match=says):
        check_folder(tmp_path)


def test_a_missing_shard_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    weights(tmp_path / "model-1.safetensors", [1])
    with pytest.raises(ModelUnavailable, match="not complete"):
        check_folder(tmp_path)
    weights(tmp_path / "model-2.safetensors", [1])
    check_folder(tmp_path)


def test_an_adapter_names_its_base_which_may_lie_beside_it(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    config = adapter / "adapter_config.json"
    config.write_text(json.dumps({"base_model_name_or_path": "Qwen/Qwen3-VL-4B-Instruct"}))
    assert adapter_base(adapter) == "Qwen/Qwen3-VL-4B-Instruct"
    (tmp_path / "base").mkdir()
    config.write_text(json.dumps({"base_model_name_or_path": "../base"}))
    assert adapter_base(adapter) == str(tmp_path / "base")
    config.write_text("{}")
    with pytest.raises(ModelUnavailable, match="base_model_name_or_path"):
        adapter_base(adapter)


def test_the_card_is_read_with_defaults(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
    card = {"name": "n", "system": None, "stage": "rcrl", "parent": None, "reflect_threshold": 0.3, "other": 1}
    (tmp_path / "monitor.json").write_text(json.dumps(card))
    assert read_card(tmp_path) == Card(name="n", stage="rcrl", reflect_threshold=0.3)


NO_CARDS = [b"", b"[]", b"text", b'{"name": 5}', b'{"reflect_threshold": "a"}', b'{"reflect_threshold": true}', b"\xff"]


@pytest.mark.parametrize("content", NO_CARDS)
def test_a_card_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "monitor.json").write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"monitor\.json"):
        read_card(tmp_path)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache of our own, with the network switched off."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def cached(cache: Path, repository: str, subfolder: str = "") -> Path:
    """The folder of a repository in the cache, as a finished download leaves it."""
    root = cache / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs/main").write_text("1234")
    folder = root / "snapshots/1234" / subfolder
    folder.mkdir(parents=True)
    return folder


def test_the_published_model_loads_from_the_cache_with_the_processor_of_its_base(
    cache: Path, tiny_model: Path, plates: tuple
) -> None:
    published = cached(cache, "yanhui01/RA-Monitor", "RA-Monitor(Qwen3-VL-4B)")
    base = cached(cache, "Qwen/Qwen3-VL-4B-Instruct")
    for file in tiny_model.iterdir():
        if file.name != "monitor.json":
            target = published if file.name in ("config.json", "generation_config.json", "model.safetensors") else base
            shutil.copy(file, target)
    monitor = open_monitor("ra-monitor-4b", device="cpu", max_new_tokens=80)
    assert monitor.name == "ra-monitor-4b"
    assert inspect(monitor, plates[1]).text.endswith("<answer>yes</answer>")


def test_a_repository_that_is_nowhere_is_refused_without_network(cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="ra/none is not on this machine and the Hugging Face hub"):
        open_monitor("ra/none")


def test_a_repository_with_only_part_of_its_files_here_is_not_taken_for_complete(cache: Path) -> None:
    (cached(cache, "ra/part") / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="not"):
        open_monitor("ra/part")
