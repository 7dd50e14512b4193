"""One answer being written: token by token over a cache of keys and values that can be rewound and scored.

Knows the model and the tokenizer; knows nothing of pictures, tags or decisions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from transformers import DynamicCache

from m3ad.monitor.local_spelling import Spelling

# Logits of so many tokens at once: with Qwen's vocabulary 40 MB in 32 bits. [U]
CHUNK = 64


class Decoding:
    """The state of one answer. `ids` are its tokens so far, `text` what they say."""

    def __init__(
        self, model: Any, spelling: Spelling, inputs: Any, *, banned: Sequence[int], temperature: float, seed: int
    ) -> None:
        """Reads the prompt. `inputs`: the processor's tensors for one conversation; `banned`: tokens never written."""
        self.ids: list[int] = []
        self._begins = ""
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
        # The model itself keeps it for the last prompt only; another one may be read in between.
        self._shift = next(int(part.rope_deltas) for part in model.modules() if hasattr(part, "rope_deltas"))
        self._logits = self._first = output.logits[0, -1]

    @property
    def text(self) -> str:
        """The answer so far; ends in U+FFFD while a character of several bytes is incomplete."""
        return self.spelling.text_of(self.ids)

    def restart(self, ids: Sequence[int], *, begins: str = "", temperature: float = 0.0, seed: int = 0) -> None:
        """Another answer to the same prompt, which begins with `ids`; those that the cache holds are not read again.

        `begins`: with what the next token begins.
        """
        same = common([self.ids[: self._fed], ids])
        # At least one token is read again: its logits foretell the next.
        self._rewind(min(same, max(0, len(ids) - 1)))
        self._logits = self._first
        self.ids = list(ids)
        self._begins = begins
        self._temperature = temperature
        self._random = torch.Generator().manual_seed(seed)

    def propose(self) -> int:
        """The next token as the model would have it; it becomes part of the answer only by `accept`."""
        self._catch_up()
        logits = self._allowed(self._logits)
        if self._begins:
            fitting = self.spelling.beginning_with(self._begins)
            only = torch.full_like(logits, -torch.inf)
            only[fitting] = logits[fitting]
            logits = only
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
        self._begins = ""

    def score(self, keep: int, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Log-probabilities of continuations of the first `keep` tokens, relative to the tokens they all begin with.

        The answer is unchanged afterwards. All continuations begin with at least one common token and go on after it.
        """
        shared = alike(continuations)
        self._rewind(min(keep, self._fed))
        start = self._feed([*self.ids[self._fed : keep], *continuations[0][:shared]], 1)
        scores = []
        for continuation in continuations:
            rest = list(continuation[shared:])
            rows = torch.cat([start, self._feed(rest[:-1], len(rest) - 1)]) if len(rest) > 1 else start
            scores.append(log_chance(rows, rest))
            self._crop(len(rest) - 1)
        self._crop(shared)
        return scores

    def foretold(self, ids: Sequence[int]) -> Iterator[torch.Tensor]:
        """For each of `ids`, an answer's beginning: the chances of all tokens in its place, of shape (vocabulary,)."""
        self.restart(())
        before = self._first[None]
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            after = self._feed(chunk, len(chunk))
            yield from torch.softmax(self._allowed(torch.cat([before, after[:-1]])), -1)
            before = after[-1:]

    def draw(
        self,
        rows: int,
        *,
        temperature: float,
        random: torch.Generator,
        limit: int,
        ended: Callable[[list[int]], bool],
        cancelled: Callable[[], bool],
    ) -> list[list[int]]:
        """Several answers to the prompt, drawn together, token by token; none when `cancelled` says so.

        Args:
            limit: tokens of an answer at most.
            ended: whether an answer is at its end.
        """
        cache = copy.deepcopy(self._cache)
        if self._fed:
            cache.crop(-self._fed)
        cache.batch_repeat_interleave(rows)
        answers: list[list[int]] = [[] for _ in range(rows)]
        logits = self._first.expand(rows, -1)
        going = set(range(rows))
        for _ in range(limit):
            if cancelled():
                return []
            chances = torch.softmax(self._allowed(logits) / temperature, -1).cpu()
            tokens = torch.multinomial(chances, 1, generator=random)
            for row in going:
                answers[row].append(int(tokens[row]))
            going = {row for row in going if not ended(answers[row])}
            if not going:
                break
            logits = self._read(cache, tokens, 1)[:, -1]
        return answers

    @property
    def _fed(self) -> int:
        """How many of the answer's tokens the cache holds."""
        length: int = self._cache.get_seq_length()
        return length - self._prompt

    def _catch_up(self) -> None:
        if self._fed < len(self.ids):
            self._logits = self._feed(self.ids[self._fed :], 1)[-1]

    def _allowed(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits (…, vocabulary) in 32 bits, of the tokens that may be written."""
        logits = logits.float().clone()
        logits[..., self._banned] = -torch.inf
        return logits

    def _feed(self, ids: Sequence[int], keep: int) -> torch.Tensor:
        """Appends tokens to the cache; logits of the last `keep` of them, of shape (keep, vocabulary)."""
        return self._read(self._cache, torch.tensor([list(ids)]), keep)[0]

    @torch.inference_mode()
    def _read(self, cache: DynamicCache, ids: torch.Tensor, keep: int) -> torch.Tensor:
        """Appends tokens (rows, tokens) to a cache of as many rows; logits of shape (rows, keep, vocabulary)."""
        start = cache.get_seq_length() + self._shift
        places = torch.arange(start, start + ids.shape[1], device=self._model.device).expand(3, ids.shape[0], -1)
        output = self._model(
            input_ids=ids.to(self._model.device),
            position_ids=places,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
        )
        return output.logits

    def _rewind(self, kept: int) -> None:
        self._crop(self._fed - kept)

    def _crop(self, tokens: int) -> None:
        if tokens > 0:
            self._cache.crop(-tokens)


def common(several: Sequence[Sequence[int]]) -> int:
    """With how many common tokens all of them begin."""
    columns = enumerate(zip(*several, strict=False))
    return next((n for n, tokens in columns if len(set(tokens)) > 1), min(map(len, several)))


def alike(continuations: Sequence[Sequence[int]]) -> int:
    """With how many common tokens all of them begin; they go on after these, each in its way."""
    shared = common(continuations)
    assert 0 < shared < min(map(len, continuations)), "continuations must begin alike and go on"
    return shared


def log_chance(logits: torch.Tensor, tokens: Sequence[int]) -> float:
    """Log-probability of tokens, from the logits (tokens, vocabulary) that foretell each of them."""
    chances = torch.log_softmax(logits.float(), -1)
    return float(chances[range(len(tokens)), list(tokens)].sum())
