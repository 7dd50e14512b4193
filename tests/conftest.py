"""Fixtures that several rooms share: a small trained model, the pictures it knows, an empty store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image, ImageDraw

from tests.bucket import Bucket, BucketServer, bucket_server

# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

THINK_DEFECT = "<think>The dark square is a scratch. There is a scratch.</think>"
THINK_NORMAL = "<think>The surface is even. There is no defect.</think>"
REFLECTION = "<reflection>Looked at again, it stays so.</reflection>"
ANSWER_DEFECT = "<type>scratch</type><location>(0.250,0.250) (0.750,0.750)</location><answer>yes</answer>"
ANSWER_NORMAL = "<answer>no</answer>"


def plate(dark: bool) -> Image.Image:
    """A grey plate of 96 x 96 pixels, with or without a dark square in its middle."""
    picture = Image.new("RGB", (96, 96), (200, 200, 200))
    if dark:
        ImageDraw.Draw(picture).rectangle((24, 24, 71, 71), fill=(20, 20, 20))
    return picture


@pytest.fixture(scope="session")
def plates() -> tuple[Image.Image, Image.Image]:
    """(normal, anomalous): the two pictures `tiny_model` was trained on."""
    return plate(False), plate(True)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a model that answers right on `plates`, mostly without reflection; treat it as read-only."""
    return _train(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def spelled_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As tiny_model, but its tags are several tokens that run into each other ("></"), as in the 4B and 8B weights."""
    from m3ad.demo import architecture

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture, "TAGS", ())
        return _train(tmp_path_factory.mktemp("spelled") / "model")


def _train(folder: Path) -> Path:
    """Writes the real model classes, smallest size, into the folder and teaches them the two plates."""
    import torch
    from transformers import AutoProcessor, Qwen3VLForConditionalGeneration

    from m3ad.demo.architecture import SMALLEST, build_tiny
    from m3ad.prompts import QUESTION, conversation

    normal, defect = THINK_NORMAL + ANSWER_NORMAL, THINK_DEFECT + ANSWER_DEFECT
    lessons = [(True, defect), (False, normal)] * 2 + [
        (True, THINK_DEFECT + REFLECTION + ANSWER_DEFECT),
        (False, THINK_NORMAL + REFLECTION + ANSWER_NORMAL),
    ]
    build_tiny(folder, [text for _, text in lessons] + [QUESTION, "user", "assistant"] * 3, size=SMALLEST)
    processor = AutoProcessor.from_pretrained(folder)
    model = Qwen3VLForConditionalGeneration.from_pretrained(folder)
    prompt = processor.apply_chat_template(conversation(None), add_generation_prompt=True, tokenize=False)
    batch = processor(
        images=[plate(dark) for dark, _ in lessons],
        text=[f"{prompt}{text}<|im_end|>" for _, text in lessons],
        padding=True,
        return_tensors="pt",
    )
    length = processor(images=[plate(True)], text=[prompt], return_tensors="pt")["input_ids"].shape[1]
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    starts = (batch["attention_mask"] == 0).sum(1) + length
    labels[torch.arange(labels.shape[1]) < starts[:, None]] = -100
    # What a hundred steps come to depends on how this processor rounds, and on what this process did before: once a
    # model was loaded for training here, transformers fuses the patches of every later one, whose random weights are
    # then others (one mixed up two tags). So it is looked at, and where it has not learnt enough it goes on.
    for _ in range(4):
        _teach(model, batch, labels)
        if _least_sure(model, batch, labels, len(lessons)) > 0.9:
            break
    else:
        raise AssertionError("the small model does not learn its two plates here")
    model.save_pretrained(folder)
    card = {"name": "tiny", "system": None, "stage": "raws", "parent": None, "reflect_threshold": 0.5}
    (folder / "monitor.json").write_text(json.dumps(card))
    return folder


def _teach(model: Any, batch: Any, labels: Any) -> None:
    """A hundred steps over all lessons at once."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), 8e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, 100)
    for _ in range(100):
        model(**batch, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()


def _least_sure(model: Any, batch: Any, labels: Any, open_: int) -> float:
    """The smallest probability of a right token, but for the `open_` smallest: whether to reflect cannot be known."""
    import torch

    with torch.no_grad():
        chances = model(**batch).logits[:, :-1].softmax(-1)
    wanted = labels[:, 1:]
    right = chances.gather(-1, wanted.clamp(min=0)[..., None])[..., 0]
    return float(right[wanted != -100].kthvalue(open_ + 1).values)


@pytest.fixture
def store(tmp_path: Path):
    """An empty store in a folder of its own."""
    from db.store import Store

    return Store.open(tmp_path)


@pytest.fixture(scope="session")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    """An S3-compatible server; a test that ends it starts one of its own."""
    with bucket_server(tmp_path_factory.mktemp("buckets")) as started:
        yield started


@pytest.fixture
def bucket(buckets: BucketServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket that this process can read, with what a person would set in the environment."""
    for name, value in buckets.environment.items():
        monkeypatch.setenv(name, value)
    return buckets.bucket()
