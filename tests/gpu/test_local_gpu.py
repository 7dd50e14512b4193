"""The local model on a CUDA card: number formats, quantization, and the same answers as on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from m3ad.errors import ModelUnavailable  # noqa: E402
from m3ad.monitor import inspect, open_monitor  # noqa: E402
from m3ad.records import Mode  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card, and PyTorch sees none here"),
]


def test_auto_takes_the_card_in_bfloat16_and_says_so(tiny_model: Path) -> None:
    monitor = open_monitor(str(tiny_model))
    assert monitor.device == f"{torch.cuda.get_device_name(0)}, bfloat16"
    assert next(monitor._model.parameters()).dtype == torch.bfloat16


@pytest.mark.parametrize("mode", list(Mode))
def test_the_card_decides_as_the_cpu_does(tiny_model: Path, plates: tuple, mode: Mode) -> None:
    card, cpu = (open_monitor(str(tiny_model), device=device, max_new_tokens=120) for device in ("cuda:0", "cpu"))
    for image in plates:
        one, other = inspect(card, image, mode=mode), inspect(cpu, image, mode=mode)
        assert one.trace.verdict == other.trace.verdict
        assert one.probability.initial == pytest.approx(other.probability.initial, abs=0.05)


@pytest.mark.parametrize("quantization", ["4bit", "8bit"])
def test_quantized_weights_leave_the_eyes_alone(tiny_model: Path, plates: tuple, quantization: str) -> None:
    monitor = open_monitor(str(tiny_model), quantization=quantization, max_new_tokens=120)
    assert quantization in monitor.device
    kinds = {name: type(module).__module__ for name, module in monitor._model.named_modules()}
    assert kinds["model.visual.blocks.0.attn.qkv"].startswith("torch")
    assert kinds["model.language_model.layers.0.self_attn.q_proj"].startswith("bitsandbytes")
    assert inspect(monitor, plates[1]).tokens > 0


def test_a_card_that_is_not_there_is_refused(tiny_model: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cuda:99"):
        open_monitor(str(tiny_model), device="cuda:99")
