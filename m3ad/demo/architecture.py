"""The empty body of the bundled demonstration model: the real Qwen3-VL classes, small, with random weights.

It knows nothing of parts, prompts or training: it is given texts, from which it makes a tokenizer, and writes a folder
that `AutoProcessor` and `Qwen3VLForConditionalGeneration` load like the 4B and 8B weights. Sizes are chosen for two CPU
cores: about four million parameters, every picture becomes 49 tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_NAMES = ("think", "reflection", "type", "location", "answer")
TAGS = tuple(f"<{slash}{name}>" for name in _NAMES for slash in ("", "/"))
# Ordinary (not special) tokens for what surrounds the digits of a box: a box costs 17 tokens in place of 27.
COORDINATES = ("(0.", ",0.", ") (0.", "); (0.")

# Qwen3-VL's chat form, reduced to what an inspection needs: system, user and assistant turns with text and pictures.
CHAT_TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.content is string %}
        {{- message.content }}
    {%- else %}
        {%- for part in message.content %}
            {%- if part.type == 'image' or 'image' in part or 'image_url' in part %}
                {{- '<|vision_start|><|image_pad|><|vision_end|>' }}
            {%- elif 'text' in part %}
                {{- part.text }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


@dataclass(frozen=True, slots=True)
class TinySize:
    """Sizes of the model; `side` is the picture's edge in pixels, a multiple of 32 (patch 16, two by two merged)."""

    text_layers: int = 4
    text_hidden: int = 192
    text_heads: int = 6
    text_kv_heads: int = 2
    text_mlp: int = 512
    vision_layers: int = 4
    vision_hidden: int = 128
    vision_heads: int = 4
    vision_mlp: int = 512
    side: int = 224
    vocabulary: int = 1024
    context: int = 2048


DEFAULT_SIZE = TinySize()
# For tests that need a model but not its skill: a tenth of a second a forward pass is too much for them.
SMALLEST = TinySize(
    text_layers=2, text_hidden=64, text_heads=2, text_kv_heads=1, text_mlp=128,
    vision_layers=3, vision_hidden=32, vision_heads=2, vision_mlp=64, side=64, vocabulary=512,
)  # fmt: skip


def build_tiny(folder: Path, texts: Iterable[str], *, seed: int = 0, size: TinySize = DEFAULT_SIZE) -> None:
    """Writes a complete model folder with random weights (safetensors, float32).

    Args:
        folder: created if need be; files of the same names are replaced.
        texts: what the model shall read and write (prompts and answers); the tokenizer's merges are learnt from them.
        seed: of the weights; the same seed, texts and size give the same weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(texts, size.vocabulary)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3VLForConditionalGeneration(_config(tokenizer, size))
        _spread(model)
    model.generation_config = GenerationConfig(
        do_sample=False,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        pad_token_id=tokenizer.convert_tokens_to_ids("<|endoftext|>"),
    )
    model.save_pretrained(folder)
    _processor(tokenizer, size).save_pretrained(folder)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer: lossless for any text, one token per digit, one per tag of the answer's format."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    own = (*TAGS, *COORDINATES)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in own])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(own),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    tokenizer.train_from_iterator((_without(text, own) for text in texts), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in own])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=[token for token in SPECIAL_TOKENS if token not in ("<|im_end|>", "<|endoftext|>")],
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def _without(text: str, own: Iterable[str]) -> str:
    """The text without the tokens that are added whole, so that no merge is spent on them."""
    for token in own:
        text = text.replace(token, "\n")
    return text


def _config(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> Qwen3VLConfig:
    head = size.text_hidden // size.text_heads
    third = head // 6  # half the head's dimensions turn; time, height and width share them
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    text = {
        "vocab_size": -(-len(tokenizer) // 8) * 8,
        "hidden_size": size.text_hidden,
        "intermediate_size": size.text_mlp,
        "num_hidden_layers": size.text_layers,
        "num_attention_heads": size.text_heads,
        "num_key_value_heads": size.text_kv_heads,
        "head_dim": head,
        "max_position_embeddings": size.context,
        "tie_word_embeddings": True,
        # Positions stay below a few hundred: with Qwen's 5,000,000 most of so small a head would stand still.
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1000.0,
            "mrope_section": [head // 2 - 2 * third, third, third],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": size.vision_layers,
        "hidden_size": size.vision_hidden,
        "intermediate_size": size.vision_mlp,
        "num_heads": size.vision_heads,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": size.text_hidden,
        "num_position_embeddings": (size.side // 16) ** 2,
        "deepstack_visual_indexes": [size.vision_layers - 3, size.vision_layers - 2],
        "rope_parameters": {"rope_type": "axial", "rope_theta": 100.0},
    }
    return Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def _spread(model: Qwen3VLForConditionalGeneration) -> None:
    """Scales the library's 0.02 to the narrow layers of this model, so that signals keep their size from the start.

    0.02 is made for widths of thousands. On finding one box in 9,600 pictures half of 1 / sqrt(inputs) ended at a loss
    of 0.885, the library's start at 0.888 (but slower on the way), 1 / sqrt(inputs) at 0.945. The tied embedding keeps
    0.02.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv3d) and module is not model.lm_head:
            torch.nn.init.normal_(module.weight, std=0.5 * module.weight[0].numel() ** -0.5)
    torch.nn.init.normal_(model.model.visual.pos_embed.weight, std=0.1)


def _processor(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> Qwen3VLProcessor:
    area = {"shortest_edge": size.side**2, "longest_edge": size.side**2}  # pixels, not an edge, whatever the names say
    shape = {"size": area, "patch_size": 16, "merge_size": 2, "temporal_patch_size": 2}
    grey = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    return Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**shape, **grey),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(**shape, **grey),
        chat_template=CHAT_TEMPLATE,
    )
