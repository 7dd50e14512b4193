"""One answer being written: token by token over a cache of keys and values that can be rewound and scored.

Knows the model and the tokenizer; knows nothing of pictures, tags or decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache


class Spelling:
    """What tokens say, and how a text is written in them; by `tokenizer`."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def text_of(self, ids: Sequence[int]) -> str:
        """What tokens say, without those that end a turn; ends in U+FFFD where a character is incomplete."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def tokens_of(self, text: str) -> list[int]:
        """The tokens of a text as the model was taught to write it."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


class Decoding:
    """The state of one answer. `ids` are its tokens so far, `text` what they say."""

    def __init__(
        self, model: Any, spelling: Spelling, inputs: Any, *, banned: Sequence[int], temperature: float, seed: int
    ) -> None:
        """Reads the prompt. `inputs`: the processor's tensors for one conversation; `banned`: tokens never written."""
        self.ids: list[int] = []
        self.spelling = spelling
        self._model = model
        self._banned = list(banned)
        self._temperature = temperature
        # On the CPU whatever the device, so that a seed means the same everywhere.
        self._random = torch.Generator().manual_seed(seed)
        self._cache = DynamicCache(config=model.config.get_text_config())
        with torch.inference_mode():
            output = model(**inputs, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._prompt: int = self._cache.get_seq_length()
        self._logits = output.logits[0, -1]

    @property
    def text(self) -> str:
        """The answer so far; ends in U+FFFD while a character of several bytes is incomplete."""
        return self.spelling.text_of(self.ids)

    def propose(self) -> int:
        """The next token as the model would have it; it becomes part of the answer only by `accept`."""
        self._catch_up()
        logits = self._logits.float().clone()
        logits[self._banned] = -torch.inf
        if self._temperature <= 0:
            return int(logits.argmax())
        chances = torch.softmax(logits / self._temperature, -1).cpu()
        return int(torch.multinomial(chances, 1, generator=self._random))

    def flip(self, chance: float) -> bool:
        """True with `chance`, or when greedy if it is at least one half."""
        if self._temperature <= 0:
            return chance >= 0.5
        return float(torch.rand((), generator=self._random)) < chance

    def accept(self, *tokens: int, keep: int | None = None) -> None:
        """Goes on with `tokens` after all, or the first `keep`, tokens of the answer."""
        if keep is not None:
            del self.ids[keep:]
            self._rewind(min(keep, self._fed))
        self.ids.extend(tokens)

    def score(self, keep: int, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Log-probabilities of continuations of the first `keep` tokens, relative to the tokens they all begin with.

        The answer is unchanged afterwards. All continuations begin with at least one common token and go on after it.
        """
        shared = alike(continuations)
        self._rewind(min(keep, self._fed))
        start = self._feed([*self.ids[self._fed : keep], *continuations[0][:shared]])[-1:]
        scores = []
        for continuation in continuations:
            rest = list(continuation[shared:])
            rows = torch.cat([start, self._feed(rest[:-1])]) if len(rest) > 1 else start
            scores.append(log_chance(rows, rest))
            self._crop(len(rest) - 1)
        self._crop(shared)
        return scores

    @property
    def _fed(self) -> int:
        """How many of the answer's tokens the cache holds."""
        length: int = self._cache.get_seq_length()
        return length - self._prompt

    def _catch_up(self) -> None:
        if self._fed < len(self.ids):
            self._logits = self._feed(self.ids[self._fed :])[-1]

    @torch.inference_mode()
    def _feed(self, ids: Sequence[int]) -> torch.Tensor:
        """Appends tokens to the cache; logits of shape (tokens, vocabulary).

        Without an attention mask Qwen3-VL counts positions from the cache's length and the offset that the picture's
        tokens left (`rope_deltas`, set when the prompt was read); with one it would count the prompt again.
        """
        batch = torch.tensor([list(ids)], device=self._model.device)
        return self._model(input_ids=batch, past_key_values=self._cache, use_cache=True).logits[0]

    def _rewind(self, kept: int) -> None:
        self._crop(self._fed - kept)

    def _crop(self, tokens: int) -> None:
        if tokens > 0:
            self._cache.crop(-tokens)


def alike(continuations: Sequence[Sequence[int]]) -> int:
    """With how many common tokens all of them begin; they go on after these, each in its way."""
    shared = next(n for n, tokens in enumerate(zip(*continuations, strict=False)) if len(set(tokens)) > 1)
    assert shared > 0, "continuations must begin alike"
    return shared


def log_chance(logits: torch.Tensor, tokens: Sequence[int]) -> float:
    """Log-probability of tokens, from the logits (tokens, vocabulary) that foretell each of them."""
    chances = torch.log_softmax(logits.float(), -1)
    return float(chances[range(len(tokens)), list(tokens)].sum())
