"""A model on this machine (transformers, peft, bitsandbytes): streams its answer and probes its decisions.

How the format's tags steer an answer is here; loading is in local_load, the token loop in local_decode.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL.Image import Image

from m3ad import trace
from m3ad.errors import BadImage, ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, fit, never
from m3ad.monitor.local_decode import Decoding
from m3ad.monitor.local_load import Loaded, load
from m3ad.monitor.names import Quantization, Source
from m3ad.prompts import SYSTEM, conversation
from m3ad.records import Mode, Probability, Problem

END = "</answer>"
BRANCHES = ("<type>", "<answer>", "<reflection>")
# Below this share of the probability on the format's own continuations the model writes in another form: nothing is
# forced on it and nothing is said about its probabilities. [U]
OWN_FORM = 0.5
REFLECT_THRESHOLD = 0.5
DRAWN = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
MAX_ASPECT = 200  # Qwen's image processor takes nothing longer


@dataclass(frozen=True, slots=True)
class Decision:
    """A place where the model chooses how to go on after its reasoning.

    Attributes:
        keep: so many tokens of the answer lie before the closing tag.
        tail: the closing tag, with what the same tokens hold before it and the white space after it.
        rest: what the model would write next, as far as its next token says.
        share: probability of each of BRANCHES; together 1 for a model of this format.
    """

    keep: int
    tail: str
    rest: str
    share: dict[str, float]

    @property
    def anomalous(self) -> float | None:
        """P(`<type>`) against `<answer>`, `<reflection>` left out (SPEC); None for a model of another form."""
        if sum(self.share.values()) < OWN_FORM:
            return None
        decided = self.share["<type>"] + self.share["<answer>"]
        return self.share["<type>"] / decided if decided > 0 else None

    @property
    def reflection(self) -> float | None:
        """P(`<reflection>`) among the three; None for a model of another form."""
        total = sum(self.share.values())
        return self.share["<reflection>"] / total if total >= OWN_FORM else None


class LocalMonitor:
    """A `Monitor` in this process. `open` loads one; `stream` and `answer_batch` hold its lock while they run.

    Attributes:
        threshold: P(`<reflection>`) from which auto mode reflects; None leaves it to the likelier word.
    """

    def __init__(
        self,
        loaded: Loaded,
        name: str,
        *,
        system: str | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        temperature: float = 0.0,
    ) -> None:
        self.name = name
        self.device = loaded.where
        self._model = loaded.model
        self._processor = loaded.processor
        self._max_new_tokens = max_new_tokens
        self._temperature = temperature
        self.threshold: float | None = loaded.card.reflect_threshold if loaded.card else REFLECT_THRESHOLD
        self._prompt = loaded.processor.apply_chat_template(
            conversation(system), tokenize=False, add_generation_prompt=True
        )
        self._banned = _vision_tokens(loaded.model.config)
        self._ends = _end_tokens(loaded)
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        source: Source,
        *,
        name: str,
        device: str = "auto",
        quantization: Quantization | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        temperature: float = 0.0,
    ) -> LocalMonitor:
        """Loads the model that `names.resolve` found; its own monitor.json decides on name and system prompt."""
        loaded = load(source, device, quantization)
        system = loaded.card.system if loaded.card else None if source.bare else SYSTEM
        called = (loaded.card.name if loaded.card else "") or name
        return cls(loaded, called, system=system, max_new_tokens=max_new_tokens, temperature=temperature)

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """See `Monitor.stream`."""
        with self._lock:
            try:
                yield from self._answer(image, mode, seed, cancelled, self._temperature, self._max_new_tokens)
            except torch.OutOfMemoryError as error:
                raise ModelUnavailable(
                    f"{self.device} ran out of memory while answering. Close other programs that use it, "
                    "load the model in 4bit, or use a smaller one."
                ) from error

    def answer_batch(
        self,
        images: Sequence[Image],
        *,
        mode: Mode = Mode.AUTO,
        max_new_tokens: int | None = None,
        sample: bool = False,
        seed: int = 0,
    ) -> list[str]:
        """The texts for several pictures; in auto mode together, as the model decodes by itself, without threshold.

        Args:
            mode: thinking and reflective are steered, so their answers are written one after the other.
            sample: draw at temperature 1 in place of greedy; each picture draws on its own.
        """
        if not images:
            return []
        limit = max_new_tokens or self._max_new_tokens
        if mode is not Mode.AUTO:
            with self._lock:
                drawn = [self._answer(i, mode, seed + n, never, float(sample), limit) for n, i in enumerate(images)]
                return [item.text for answer in drawn for item in answer if isinstance(item, Answer)]
        with self._lock, torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(seed)
            inputs = self._inputs([fit(image) for image in images])
            # The folder's own sampling settings (Qwen's are not greedy) would mix with ours.
            drawing = DRAWN if sample else dict.fromkeys(DRAWN)
            written = self._model.generate(
                **inputs,
                max_new_tokens=limit,
                do_sample=sample,
                repetition_penalty=1.0,
                suppress_tokens=self._banned,
                **drawing,
            )
        answers = written[:, inputs["input_ids"].shape[1] :]
        texts = self._processor.tokenizer.batch_decode(
            answers, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return [_until_end(text) for text in texts]

    def _answer(
        self,
        image: Image,
        mode: Mode,
        seed: int,
        cancelled: Callable[[], bool],
        temperature: float,
        limit: int,
    ) -> Iterator[str | Answer]:
        """The pieces and the Answer of `stream`; the caller holds the lock. `limit`: tokens at most."""
        started = time.monotonic()
        with torch.inference_mode():
            decoding = Decoding(
                self._model,
                self._processor.tokenizer,
                self._inputs([fit(image)]),
                banned=self._banned,
                temperature=temperature,
                seed=seed,
            )
        steering = Steering(decoding, mode, self.threshold if temperature <= 0 else None)
        shown, ended, stopped = "", False, False
        while not ended and len(decoding.ids) < limit:
            if stopped := cancelled():
                break
            token = decoding.propose()
            ends = token in self._ends
            if not steering.handle(token, ends):
                decoding.accept(token)
                ended = ends
            text = decoding.text
            ended = ended or END in text
            ready = _until_end(text) if ended else text.rstrip("\ufffd")
            if len(ready) > len(shown):
                yield ready[len(shown) :]
                shown = ready
        rest = _until_end(decoding.text)
        if len(rest) > len(shown):
            yield rest[len(shown) :]
        read = trace.read(rest)
        if not ended and not stopped:
            note = Problem("cut-off", f"The answer was cut off after {len(decoding.ids)} tokens.")
            read = replace(read, problems=(*read.problems, note))
        seconds = time.monotonic() - started
        probability = steering.measured(read.reflected)
        yield Answer(rest, read, probability, seconds, len(decoding.ids), stopped, steering.doubt)

    def _inputs(self, images: list[Image]) -> Any:
        """The processor's tensors for one conversation per picture, padded left, on the model's device."""
        if any(max(i.size) > MAX_ASPECT * min(i.size) for i in images):
            raise BadImage(f"The picture is more than {MAX_ASPECT} times as long as wide. Crop it for the model.")
        texts = [self._prompt] * len(images)
        inputs = self._processor(images=images, text=texts, padding=True, padding_side="left", return_tensors="pt")
        return inputs.to(self._model.device)


class Steering:
    """Watches an answer for the two places of decision, measures them, and sends the answer where the mode wants it.

    Attributes:
        doubt: P(`<reflection>`) after the thinking, once it is known; see `Answer`.
    """

    def __init__(self, decoding: Decoding, mode: Mode, threshold: float | None) -> None:
        """`threshold`: P(`<reflection>`) from which auto mode reflects; None leaves it to the drawn tokens."""
        self.doubt: float | None = None
        self._probability = Probability()
        self._decoding = decoding
        self._mode = mode
        self._threshold = threshold
        self._awaited: list[str] = ["</think>", "</reflection>"]

    def measured(self, reflected: bool) -> Probability:
        """P(anomalous) so far; without a reflection the initial decision is the final one."""
        initial = self._probability.initial
        return self._probability if reflected else Probability(initial, initial)

    def handle(self, token: int, ends: bool) -> bool:
        """Looks at the proposed token before it is accepted; True when the answer was continued otherwise."""
        if not self._awaited:
            return False
        decision = self._decision(token, ends)
        if decision is None:
            return False
        first = self._awaited.pop(0) == "</think>"
        if not first:
            self._probability = replace(self._probability, final=decision.anomalous)
            return False
        self._probability = Probability(initial=decision.anomalous)
        self.doubt = decision.reflection
        return self._continue(decision)

    def _decision(self, token: int, ends: bool) -> Decision | None:
        """The decision that the proposed token would make, if the awaited tag is closed just before it."""
        decoding = self._decoding
        text = decoding.text_of([*decoding.ids, token])
        closed = re.search(re.escape(self._awaited[0]) + r"\s*", text)
        if closed is None or (closed.end() == len(text) and not ends):
            return None
        keep = self._tokens_before(closed.start())
        tail = text[len(decoding.text_of(decoding.ids[:keep])) : closed.end()]
        branches = [decoding.tokens_of(tail + branch) for branch in BRANCHES]
        scores = decoding.score(keep, branches)
        share = {branch: math.exp(score) for branch, score in zip(BRANCHES, scores, strict=True)}
        return Decision(keep, tail, text[closed.end() :], share)

    def _tokens_before(self, position: int) -> int:
        """How many of the answer's tokens lie wholly before a position of its text, at the end of a character."""
        decoding = self._decoding
        for count in range(len(decoding.ids), 0, -1):
            text = decoding.text_of(decoding.ids[:count])
            if len(text) <= position and not text.endswith("\ufffd"):
                return count
        return 0

    def _continue(self, decision: Decision) -> bool:
        """Writes the branch that the mode wants, if the model would not by itself; True when it did."""
        reflect = self._reflect(decision)
        if reflect is None:
            return False
        rest = decision.rest
        wants_reflection = bool(rest) and ("<reflection>".startswith(rest) or rest.startswith("<reflection>"))
        if not reflect and not wants_reflection:
            return False
        decided = decision.share["<type>"] + decision.share["<answer>"]
        chance = decision.share["<type>"] / decided if decided > 0 else 0.0
        branch = "<reflection>" if reflect else "<type>" if self._decoding.flip(chance) else "<answer>"
        self._decoding.accept(*self._decoding.tokens_of(decision.tail + branch), keep=decision.keep)
        return True

    def _reflect(self, decision: Decision) -> bool | None:
        """Whether to reflect; None: as the model goes by itself."""
        if self._mode is not Mode.AUTO:
            return self._mode is Mode.REFLECTIVE
        if self._threshold is None or decision.reflection is None:
            return None
        return decision.reflection >= self._threshold


def _until_end(text: str) -> str:
    """The text up to and with the tag that ends an answer."""
    head, tag, _ = text.partition(END)
    return head + tag


def _vision_tokens(config: Any) -> list[int]:
    """Tokens that stand for pictures and videos: written by a model they would break the next reading of its text."""
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    return sorted({token for name in names if isinstance(token := getattr(config, name, None), int)})


def _end_tokens(loaded: Loaded) -> set[int]:
    """Tokens that end the model's turn."""
    ends = loaded.model.generation_config.eos_token_id
    found = {ends} if isinstance(ends, int) else set(ends or ())
    own = loaded.processor.tokenizer.eos_token_id
    return found | ({own} if own is not None else set())
