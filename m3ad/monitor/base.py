"""What every model that can inspect has in common; where it runs and how it is loaded is not known here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from PIL.Image import Image, Resampling

from m3ad.records import Mode, Probability, Trace

# Pictures are shrunk to this many pixels before a model sees them: 1024 tokens of Qwen3-VL in place of up to 16384. One
# number for local and served models, because a difference would change results silently. [U]
MAX_PIXELS = 1024 * 1024
# Room for the longest reasoning and reflection of the published weights; the demonstration model writes about 150. [U]
MAX_NEW_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished (or cancelled) answer.

    Attributes:
        text: the model's text, unchanged, without the tokens that end a turn.
        trace: the text, read, with what the monitor itself has to say among the problems.
        probability: P(anomalous) at the two places of decision; see SPEC "where the decision is made".
        seconds: from the call to the last token.
        tokens: tokens written by the model.
        cancelled: True when the caller stopped the answer before its end.
        doubt: P(`<reflection>`) after the thinking, 0..1: what the model learnt to be the chance that a case like this
            is one to reflect on (SPEC, M3-AD-FT). None where it was not or could not be measured.
        reading: in which dialect the text was read (`m3ad.dialects.read_as`); "" for RA-Monitor's own form.
    """

    text: str
    trace: Trace
    probability: Probability
    seconds: float
    tokens: int
    cancelled: bool
    doubt: float | None = None
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One token as it was written, or could have been."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TokenChances:
    """One written token and what else could stand in its place.

    Attributes:
        start: its character offset in the text.
        text: its characters of the text; "" for all but the last of the tokens that share one character.
        probability: of this token after what stands before it, 0..1.
        alternatives: the likeliest tokens in its place, best first; it may be among them.
    """

    start: int
    text: str
    probability: float
    alternatives: tuple[Choice, ...]


def fit(image: Image) -> Image:
    """The picture in RGB, shrunk to at most MAX_PIXELS in its shape: what every model is given, in training too."""
    scale = (MAX_PIXELS / (image.width * image.height)) ** 0.5
    image = image.convert("RGB")
    if scale >= 1:
        return image
    return image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))), Resampling.LANCZOS)


def never() -> bool:
    """The `cancelled` of a caller who does not cancel."""
    return False


class Lens(Protocol):
    """One picture before a model, read once: every question about it goes on from there.

    Texts may be anybody's: they need not be in the format, and what stands in them is text, also where it looks like a
    model's control token. One question at a time, as for the `Monitor` itself; others may inspect in between.

    All raise Conflict for a text longer than the model's longest answer, and ModelUnavailable for what it cannot give.
    """

    def go_on(
        self,
        text: str,
        *,
        mode: Mode = Mode.AUTO,
        seed: int = 0,
        temperature: float = 0.0,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str | Answer]:
        """The model goes on from `text` as if it had written it.

        Pieces of the continuation only, then one Answer with the whole text (`text` and continuation), read, with the
        probabilities at both places; its seconds and tokens are those of the continuation. `mode` steers only where
        `text` has not yet passed the place. Temperature 0 writes the likeliest.
        """

    def probe(self, text: str, places: Sequence[int]) -> list[float | None]:
        """P(anomalous) if the prose under way ended at each of these character offsets (`m3ad.sentences.closed`).

        None for a place outside of the prose, and for a model that writes in another form.
        """

    def tokens(self, text: str, alternatives: int = 5) -> list[TokenChances]:
        """How likely each token of `text` is for the model, with that many likeliest ones in its place."""

    def sample(
        self, count: int, *, seed: int = 0, temperature: float = 1.0, cancelled: Callable[[], bool] = never
    ) -> Iterator[Answer]:
        """`count` whole answers, drawn as in RCRL: the model decodes by itself, no mode, no threshold.

        They come as they are finished, which may be several at once; after `cancelled` has said True no more come.
        The same count, seed and temperature give the same answers.
        """


class Monitor(Protocol):
    """A model that inspects pictures.

    Attributes:
        name: how the model is called on screen and in the store.
        device: where and how it runs, for people, e.g. "CPU, 2 threads, float32".
        prompt: the version of what it is told (`m3ad.prompts.prompt_version`).
    """

    name: str
    device: str
    prompt: str

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """Pieces of text as the model writes them, then exactly one Answer, whose text is all the pieces together.

        The same image, mode and seed give the same text on the same device. `cancelled` is asked once per token; after
        it has said True the answer so far comes as the last item. One caller at a time: a second one waits.

        Raises:
            BadImage: a picture the model cannot take.
            ModelUnavailable: the model cannot be reached, has no memory left, or does not have this mode.
        """

    def lens(self, image: Image, *, system: str | None = None) -> AbstractContextManager[Lens]:
        """One picture to ask many questions about: `with monitor.lens(picture) as lens:`.

        Args:
            system: another system prompt than the model's own (None), e.g. with other types; "" for none at all.

        Raises:
            BadImage, ModelUnavailable: as `stream`.
        """

    def decide(self, images: Sequence[Image], text: str) -> list[float | None]:
        """P(anomalous) for several pictures after the same `text`, its prose closed at its end; as `Lens.probe`."""


@runtime_checkable
class BatchMonitor(Protocol):
    """A monitor that can answer for several pictures together, in a part of the time."""

    @property
    def weights(self) -> str:
        """The fingerprint of its files (`m3ad.monitor.fingerprint`): another one, another model."""

    def inspect_batch(self, images: Sequence[Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """What `stream` gives for each; `seconds` are those of the whole batch.

        Raises:
            BadImage: one of the pictures cannot be taken.
            MemoryExhausted: they are too many at once.
        """


def inspect(monitor: Monitor, image: Image, **options: Any) -> Answer:
    """The Answer at the end of `monitor.stream(image, **options)`."""
    for item in monitor.stream(image, **options):
        if isinstance(item, Answer):
            return item
    raise AssertionError("a monitor's stream ended without an Answer")
