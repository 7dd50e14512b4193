"""The body of the bundled model: tokenizer, picture size, parameters, and that everything in it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration, Qwen3VLProcessor

from m3ad.demo.architecture import SMALLEST, SPECIAL_TOKENS, TAGS, build_tiny, train_tokenizer

ANSWER = (
    "<think>There is a bent pin.</think><reflection>It stays.</reflection><type>bent; scratch</type>"
    "<location>(0.383,0.706) (0.409,0.801); (0.100,0.000) (1.000,0.250)</location><answer>yes</answer>"
)
CONVERSATION = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Any defects?"}]}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("architecture") / "model"
    build_tiny(folder, [ANSWER] * 5)
    return folder


@pytest.fixture(scope="module")
def processor(folder: Path) -> Qwen3VLProcessor:
    return AutoProcessor.from_pretrained(folder)


@pytest.fixture(scope="module")
def model(folder: Path) -> Qwen3VLForConditionalGeneration:
    return Qwen3VLForConditionalGeneration.from_pretrained(folder)


@given(st.text())
def test_every_text_survives_the_tokenizer(text: str) -> None:
    tokenizer = TOKENIZER
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


TOKENIZER = train_tokenizer([ANSWER] * 5, 400)


AWKWARD = [ANSWER, "e\u0301 \u00e9 \u65e5\u672c \U0001f600", " (0.<think ", "\r\n\t  x 12345", "it's 're"]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_survive_the_saved_tokenizer(processor: Qwen3VLProcessor, text: str) -> None:
    assert processor.tokenizer.decode(processor.tokenizer(text)["input_ids"]) == text


def test_tags_and_special_tokens_and_digits_are_one_token_each(processor: Qwen3VLProcessor) -> None:
    tokenizer = processor.tokenizer
    assert all(len(tokenizer(tag)["input_ids"]) == 1 for tag in (*TAGS, *SPECIAL_TOKENS))
    corner = ["(0.", "3", "8", "3", ",0.", "7", "0", "6", ")"]
    assert tokenizer.convert_ids_to_tokens(tokenizer("(0.383,0.706)")["input_ids"]) == corner
    assert tokenizer.convert_ids_to_tokens(tokenizer("1.250")["input_ids"]) == list("1.250")


def test_tags_stay_in_the_text_when_special_tokens_are_left_out(processor: Qwen3VLProcessor) -> None:
    ids = processor.tokenizer(ANSWER + "<|im_end|>")["input_ids"]
    assert processor.tokenizer.decode(ids, skip_special_tokens=True) == ANSWER


def test_the_prompt_has_the_form_of_qwen3_vl(processor: Qwen3VLProcessor) -> None:
    system = {"role": "system", "content": "Be brief."}
    assert processor.apply_chat_template([system, *CONVERSATION], add_generation_prompt=True, tokenize=False) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>"
        "Any defects?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_prompt_and_completion_continue_each_other(processor: Qwen3VLProcessor) -> None:
    reply = {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]}
    prompt = processor.apply_chat_template(CONVERSATION, add_generation_prompt=True, tokenize=False)
    whole = processor.apply_chat_template([*CONVERSATION, reply], tokenize=False)
    assert whole == f"{prompt}{ANSWER}<|im_end|>\n"


@pytest.mark.parametrize(("size", "tokens"), [((448, 448), 49), ((50, 50), 49), ((2000, 1000), 36), ((100, 1900), 30)])
def test_any_picture_becomes_about_49_tokens(processor: Qwen3VLProcessor, size: tuple[int, int], tokens: int) -> None:
    batch = processor(images=[Image.new("RGB", size)], text=["<|image_pad|>"], return_tensors="pt")
    assert int((batch["input_ids"] == processor.image_token_id).sum()) == tokens


def test_the_model_is_small_enough_to_be_bundled(folder: Path, model: Qwen3VLForConditionalGeneration) -> None:
    assert 3_000_000 < model.num_parameters() < 4_500_000
    assert sum(file.stat().st_size for file in folder.iterdir()) < 25_000_000
    assert not [*folder.glob("*.bin"), *folder.glob("*.py")]


def test_padding_is_on_the_left(processor: Qwen3VLProcessor) -> None:
    batch = processor(text=["a", "a b c d"], padding=True, return_tensors="pt")
    assert batch["attention_mask"][0].tolist()[-1] == 1
    assert batch["attention_mask"][0].tolist()[0] == 0


def test_a_training_step_reaches_every_weight(
    processor: Qwen3VLProcessor, model: Qwen3VLForConditionalGeneration
) -> None:
    prompt = processor.apply_chat_template(CONVERSATION, add_generation_prompt=True, tokenize=False)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (260, 300, 3), np.uint8))
    batch = processor(images=[noise] * 2, text=[prompt + "Yes.", prompt + ANSWER], padding=True, return_tensors="pt")
    model(**batch, labels=batch["input_ids"]).loss.backward()
    still = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    model.zero_grad()
    assert still == []


def test_the_same_seed_writes_the_same_model_and_another_seed_another(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        build_tiny(tmp_path / name, [ANSWER] * 5, seed=seed, size=SMALLEST)
    weights = {name: (tmp_path / name / "model.safetensors").read_bytes() for name in "abc"}
    assert weights["a"] == weights["b"] != weights["c"]
    assert (tmp_path / "a/tokenizer.json").read_bytes() == (tmp_path / "b/tokenizer.json").read_bytes()
    assert torch.equal(torch.get_rng_state(), before)
