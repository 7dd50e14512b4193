"""How much memory a run needs on each of its devices: arithmetic over the model's sizes and the settings. No torch.

Counted is the moment at which most is held: weights, gradients and the optimizer's two moments, what the passes keep
for the way back, and the program itself. What the trainers really do is followed (TRL 1.16, `training.loading`):
trained weights in float32, below an adapter bfloat16 on a card; log-probabilities from the head tile by tile, so the
logits of a whole batch are never there; checkpointing keeps one vector per token and layer and one layer's working
set; plain attention on a processor holds its squares, the card's does not. How far it is off: docs/training.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.config import RcrlSettings, TrainSettings
from training.devices import CPU, GIB
from training.shapes import Shapes

PROMPT, ANSWER = 128, 384  # tokens of text beside the image: the question; the longest answer of a RAWS example
NF4 = 0.5 + 1 / 64  # bytes of a 4-bit weight with its scale, itself quantized
PROGRAM = {"cpu": 1.0 * GIB, "cuda": 0.6 * GIB}  # the libraries; a card's context and their kernels
TILE = (4096, 32_768)  # tokens and vocabulary of the tiles in which TRL takes log-probabilities


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that take memory, in bytes."""

    name: str
    bytes: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run takes on each device it uses. `sequences` of `tokens` tokens each go through the model at once."""

    parts: tuple[Part, ...]
    sequences: int
    tokens: int
    image_tokens: int

    @property
    def total(self) -> float:
        """Bytes."""
        return sum(part.bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Bytes of a number: in the weights that a layer reads, between the layers, and inside the passes."""

    weight: int
    stream: int
    passed: int


def estimate(shapes: Shapes, settings: TrainSettings, device: str) -> Estimate:
    """The memory of a run whose every process trains on `device` ("cpu", "cuda:0", …).

    On a processor all processes share one memory, so they are counted together.
    """
    card = device != CPU
    full = settings.method == "full"
    half = settings.precision == "bfloat16" or (settings.precision == "auto" and card)
    numbers = _Numbers(4 if full or not card else 2, 4 if full or not card else 2, 2 if half else 4)
    images = shapes.image_tokens(settings.max_pixels)
    rl = isinstance(settings, RcrlSettings)
    sequences = settings.batch * (settings.generations if isinstance(settings, RcrlSettings) else 1)
    answer = settings.max_new_tokens if isinstance(settings, RcrlSettings) else ANSWER
    tokens = images + PROMPT + answer if rl else min(settings.max_tokens, images + PROMPT + answer)
    trained = _trained(shapes, settings)
    spread = settings.sharding != "none"
    shares = settings.processes if spread else 1
    parts = [
        Part("weights", _weights(shapes, settings, numbers) / shares),
        Part("gradients", 4.0 * trained / shares),
        Part("optimizer", 8.0 * trained / shares),
    ]
    if full and half and not spread:  # autocast keeps a copy of every linear weight while the forward pass goes on
        parts.append(Part("bfloat16 copies", 2.0 * (shapes.layers * shapes.linear_of_layer + shapes.sight.weights)))
    if isinstance(settings, RcrlSettings) and full and settings.beta > 0:
        parts.append(Part("reference model", numbers.weight * shapes.weights / shares))
    if spread:
        parts.append(Part("put together", _together(shapes, settings, numbers)))
    elif settings.processes > 1:
        parts.append(Part("exchange", 4.0 * trained))
    passes = _activations(shapes, settings, numbers, sequences, tokens, images, card) + _head(
        shapes, numbers, sequences * answer, card, full
    )
    writing = _writing(shapes, numbers, sequences, tokens) if rl else 0.0
    # Answers are written first and learnt from afterwards: the larger of the two counts.
    parts.append(Part("answers being written", writing) if writing > passes else Part("activations", passes))
    parts.append(Part("program", PROGRAM["cuda" if card else CPU]))
    if not card:
        # Measured, not derived: about one more copy of the weights stays resident after they were loaded.
        parts.append(Part("loading", float(numbers.weight * shapes.weights)))
        parts = [Part(part.name, part.bytes * settings.processes) for part in parts]
    return Estimate(tuple(parts), sequences, tokens, images)


def _trained(shapes: Shapes, settings: TrainSettings) -> int:
    if settings.method != "full":
        return shapes.adapter_weights(settings.lora_rank)
    return shapes.language_weights if settings.freeze_vision else shapes.weights


def _weights(shapes: Shapes, settings: TrainSettings, numbers: _Numbers) -> float:
    if settings.method == "full":
        return 4.0 * shapes.weights
    adapter = 4.0 * shapes.adapter_weights(settings.lora_rank)
    if settings.method == "lora":
        return adapter + numbers.weight * shapes.weights
    small = shapes.layers * shapes.linear_of_layer
    return adapter + NF4 * small + numbers.weight * (shapes.weights - small)


def _together(shapes: Shapes, settings: TrainSettings, numbers: _Numbers) -> float:
    """Of spread weights: what is whole at one time.

    A layer, the next one, and the gradients of one; the table of tokens with the head. TRL puts the reference model of
    RCRL together as one piece.
    """
    layers = (2 * numbers.passed + 4) * shapes.linear_of_layer
    ends = numbers.passed * shapes.embedding * (1 if shapes.tied else 2)
    reference = isinstance(settings, RcrlSettings) and settings.beta > 0
    return max(layers + ends, float(numbers.passed * shapes.weights) if reference else 0.0)


def _activations(
    shapes: Shapes, settings: TrainSettings, numbers: _Numbers, sequences: int, tokens: int, images: int, card: bool
) -> float:
    """What the passes keep for the way back, in language model and vision encoder."""
    layer = sequences * tokens * _kept_by_token(shapes, settings, numbers, 0 if card else tokens)
    stream = sequences * tokens * shapes.hidden * numbers.stream
    patches = images * shapes.sight.merge**2
    block = sequences * patches * _kept_by_patch(shapes, numbers, 0 if card else patches)
    sees = settings.method == "full" and not settings.freeze_vision
    pixels = sequences * patches * shapes.sight.inputs * 4.0
    if settings.gradient_checkpointing:
        eyes = shapes.sight.layers * sequences * patches * shapes.sight.hidden * numbers.stream if sees else 0
        return pixels + eyes + shapes.layers * stream + max(layer, block)
    return pixels + shapes.layers * layer + (shapes.sight.layers if sees else 1) * block


def _kept_by_token(shapes: Shapes, settings: TrainSettings, numbers: _Numbers, square: int) -> float:
    """Bytes that one layer keeps for one token: two norms, the attention, the two-armed MLP, an adapter's inputs."""
    norms = 2 * shapes.hidden * (8 + numbers.passed)
    heads = (shapes.heads + shapes.kv_heads) * shapes.head
    attention = heads * (8 + 2 * numbers.passed) + numbers.passed * 4 * shapes.heads * shapes.head
    mlp = 4 * numbers.passed * shapes.mlp
    squares = 4 * shapes.heads * square
    adapter = 0 if settings.method == "full" else 2 * numbers.passed * (6 * shapes.hidden + shapes.mlp)
    return norms + attention + mlp + squares + adapter


def _kept_by_patch(shapes: Shapes, numbers: _Numbers, square: int) -> float:
    """Bytes that one block of the vision encoder keeps for one patch."""
    sight = shapes.sight
    norms_and_attention = sight.hidden * (2 * numbers.stream + 8 * numbers.passed + 8)
    return norms_and_attention + 2 * numbers.passed * sight.mlp + 4 * sight.heads * square


def _head(shapes: Shapes, numbers: _Numbers, answered: int, card: bool, full: bool) -> float:
    """The tile of logits that is in work, and the gradient of the head before it is added to the others."""
    tile = min(answered, TILE[0]) * min(shapes.vocabulary, TILE[1])
    return tile * (numbers.passed if card else 16) + (4.0 * shapes.embedding if full else 0.0)


def _writing(shapes: Shapes, numbers: _Numbers, sequences: int, tokens: int) -> float:
    """Keys and values of every answer, and the probabilities from which the next tokens are drawn."""
    kept = 2 * shapes.layers * shapes.kv_heads * shapes.head * tokens * numbers.weight
    return sequences * (kept + 16.0 * shapes.vocabulary)
