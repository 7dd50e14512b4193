"""The real classes of other families, smallest size, random weights, with processors made here, as on the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    GenerationConfig,
    GotOcr2ImageProcessor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessor,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

from m3ad.demo.architecture import CHAT_TEMPLATE, SMALLEST, build_tiny, train_tokenizer
from m3ad.dialects import DIALECTS, recognise

MARKS = ["<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>"]
INTERN = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
LLAVA = {"image_token": "<image>", "video_token": "<video>"}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
SIDE = 112  # pixels that Qwen's processors bring every picture to, squared


def build(kind: str, folder: Path, answers: tuple[str, ...] = ()) -> Path:
    """A folder with a model of this `model_type`; `answers`: texts that its tokenizer shall know, too."""
    torch.manual_seed(0)
    model, processor = BUILDERS[kind](answers)
    tokenizer = processor.tokenizer
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"), pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def teach(folder: Path, picture: Image, answer: str) -> Path:
    """Teaches a folder's model to say this of the picture, asked in its dialect's own words."""
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    dialect = recognise("", model.config.model_type)
    assert dialect is not None
    prompt = processor.apply_chat_template(dialect.messages, add_generation_prompt=True, tokenize=False)
    asked = processor(images=[[picture]], text=[prompt], return_tensors="pt")["input_ids"].shape[1]
    batch = processor(images=[[picture]], text=[f"{prompt}{answer}<|im_end|>"], return_tensors="pt")
    batch.pop("token_type_ids", None)
    labels = batch["input_ids"].clone()
    labels[:, :asked] = -100
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(150):
        loss = model(**batch, labels=labels).loss
        if loss < 0.02:
            break
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.02, f"the answer was not learnt: {loss}"
    model.save_pretrained(folder)
    return folder


def build_qwen3(folder: Path, *, thinking: bool = False) -> Path:
    """A Qwen3-VL whose chat template opens `<think>` as that of the Thinking models does."""
    build_tiny(folder, _texts(), size=SMALLEST)
    if thinking:
        template = CHAT_TEMPLATE.replace("assistant\\n' }}\n{%- endif", "assistant\\n<think>\\n' }}\n{%- endif")
        assert template != CHAT_TEMPLATE
        (folder / "chat_template.jinja").write_text(template)
    return folder


def _texts() -> list[str]:
    return [dialect.system or dialect.question or "" for dialect in DIALECTS.values()] * 2


def _tokenizer(answers: tuple[str, ...], special: list[str], named: dict[str, str]) -> PreTrainedTokenizerFast:
    tokenizer = train_tokenizer([*_texts(), *answers * 5], 600)
    tokenizer.add_special_tokens({"additional_special_tokens": [*special, *named.values()]}, False)
    if named:
        tokenizer.init_kwargs["extra_special_tokens"] = named
        tokenizer._set_model_specific_special_tokens(named)
    return tokenizer


def _qwen(config: Any, model: Any, made: Any, vision: dict[str, Any], answers: tuple[str, ...]) -> tuple[Any, Any]:
    tokenizer = _tokenizer(answers, MARKS, {})
    ids = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{sign}|>")
        for name, sign in (
            ("image", "image_pad"),
            ("video", "video_pad"),
            ("vision_start", "vision_start"),
            ("vision_end", "vision_end"),
        )
    }
    rope = {"rope_type": "default", "rope_theta": 1000.0, "mrope_section": [2, 3, 3]}
    text = {**TEXT, "vocab_size": len(tokenizer), "rope_parameters": rope}
    area = {"shortest_edge": SIDE**2, "longest_edge": SIDE**2}
    processor = made(
        image_processor=Qwen2VLImageProcessor(size=area),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=area),
        chat_template=CHAT_TEMPLATE,
    )
    return model(config(text_config=text, vision_config=vision, tie_word_embeddings=True, **ids)), processor


def _qwen2(answers: tuple[str, ...]) -> tuple[Any, Any]:
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2, "patch_size": 14}
    return _qwen(Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLProcessor, vision, answers)


def _qwen2_5(answers: tuple[str, ...]) -> tuple[Any, Any]:
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32}
    vision |= {"fullatt_block_indexes": [1]}
    return _qwen(Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor, vision, answers)


def _internvl(answers: tuple[str, ...]) -> tuple[Any, Any]:
    tokenizer = _tokenizer(answers, ["<ref>", "</ref>", "<box>", "</box>"], INTERN)
    vision = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    vision |= {"image_size": [56, 56], "patch_size": [14, 14]}
    config = InternVLConfig(
        vision_config=vision,
        text_config={"model_type": "qwen2", **TEXT, "vocab_size": len(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size={"height": 56, "width": 56}, crop_to_patches=True, max_patches=4),
        tokenizer,
        InternVLVideoProcessor(size={"height": 56, "width": 56}),
        image_seq_length=4,
        chat_template=CHAT_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<IMG_CONTEXT>\\n"),
    )
    return InternVLForConditionalGeneration(config), processor


def _llava(answers: tuple[str, ...]) -> tuple[Any, Any]:
    tokenizer = _tokenizer(answers, [], LLAVA)
    tiles = [[56, 56], [56, 112], [112, 56], [112, 112]]
    vision = {"model_type": "siglip_vision_model", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"intermediate_size": 64, "image_size": 56, "patch_size": 14, "vision_use_head": False}
    config = LlavaOnevisionConfig(
        vision_config=vision,
        text_config={"model_type": "qwen2", **TEXT, "vocab_size": len(tokenizer)},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=tiles,
        tie_word_embeddings=True,
    )
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(size={"height": 56, "width": 56}, image_grid_pinpoints=tiles),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size={"height": 56, "width": 56}),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHAT_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<image>\\n"),
    )
    return LlavaOnevisionForConditionalGeneration(config), processor


BUILDERS: dict[str, Callable[[tuple[str, ...]], tuple[Any, Any]]] = {
    "qwen2_vl": _qwen2,
    "qwen2_5_vl": _qwen2_5,
    "internvl": _internvl,
    "llava_onevision": _llava,
}
