"""The estimate of a run's memory beside what a CUDA card says that it took."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from benchmarks.training.memory import build, measure, variants  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card, and PyTorch sees none here"),
]


def test_the_estimate_is_near_the_most_that_was_allocated(tmp_path: Path) -> None:
    model = build(tmp_path / "model")
    for stage, settings in variants("cuda:0"):
        found = measure(model, tmp_path, stage, settings)
        assert 0.5 < found.expected / found.peak < 2, found.line()
