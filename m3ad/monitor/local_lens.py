"""One picture before a model of this machine, read once: every question rewinds the cache to where it differs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import torch

from m3ad.errors import Conflict
from m3ad.monitor.base import Answer, Choice, TokenChances, never
from m3ad.monitor.local_decode import Decoding, common
from m3ad.monitor.local_spelling import whole
from m3ad.monitor.local_steer import END, Shares, Steering, branches_after, finished, until_end
from m3ad.monitor.local_write import write
from m3ad.records import Mode
from m3ad.sentences import closed

# Samples that are written together; each holds keys and values of its own. [U]
TOGETHER = 8


class LocalLens:
    """A `Lens` of a `LocalMonitor`, which makes it; see there for each question."""

    def __init__(
        self,
        decoding: Decoding,
        held: Callable[[], AbstractContextManager[None]],
        *,
        ends: set[int],
        limit: int,
        threshold: float | None,
    ) -> None:
        """`held()`: the model to oneself; `ends`: tokens that end a turn; `limit`: tokens of an answer at most."""
        self._decoding = decoding
        self._held = held
        self._ends = ends
        self._limit = limit
        self._threshold = threshold

    def go_on(
        self,
        text: str,
        *,
        mode: Mode = Mode.AUTO,
        seed: int = 0,
        temperature: float = 0.0,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str | Answer]:
        """See `Lens.go_on`."""
        started = time.monotonic()
        # Blanks belong to the token that follows: with one of their own the model would be where it never is.
        ids, begins = self._open_end(text.rstrip())
        with self._held():
            self._decoding.restart(ids, begins=begins, temperature=temperature, seed=seed)
            steering = Steering(self._decoding, mode, self._threshold if temperature <= 0 else None)
            steering.look_back(self._ends)
            yield from write(
                self._decoding,
                steering,
                ends=self._ends,
                limit=self._limit,
                started=started,
                cancelled=cancelled,
                given=whole(text),
                begins=begins,
            )

    def probe(self, text: str, places: Sequence[int]) -> list[float | None]:
        """See `Lens.probe`."""
        ids, _ = self._spelled(text)
        found = {place: start for place, start in zip(places, closed(text, places), strict=True) if start is not None}
        with self._held():
            self._decoding.restart(ids)
            # In the order of the text, so that the cache only grows.
            chances = {place: self._decided(found[place]) for place in sorted(found)}
        return [chances.get(place) for place in places]

    def tokens(self, text: str, alternatives: int = 5) -> list[TokenChances]:
        """See `Lens.tokens`."""
        ids, starts = self._spelled(text)
        bounds = [0, *starts[1:], len(text)]
        with self._held():
            chances = [
                self._ranked(row, token, alternatives)
                for token, row in zip(ids, self._decoding.foretold(ids), strict=True)
            ]
        return [
            TokenChances(start, text[start:end], *found)
            for start, end, found in zip(bounds, bounds[1:], chances, strict=False)
        ]

    def sample(
        self, count: int, *, seed: int = 0, temperature: float = 1.0, cancelled: Callable[[], bool] = never
    ) -> Iterator[Answer]:
        """See `Lens.sample`."""
        if temperature <= 0:
            raise Conflict("At temperature 0 all samples would be the same. Choose one above 0; RCRL's is 1.")
        random = torch.Generator().manual_seed(seed)
        for start in range(0, count, TOGETHER):
            started = time.monotonic()
            with self._held():
                drawn = self._decoding.draw(
                    min(TOGETHER, count - start),
                    temperature=temperature,
                    random=random,
                    limit=self._limit,
                    ended=self._ended,
                    cancelled=cancelled,
                )
            for ids in drawn:
                with self._held():  # not while the caller has the answer: they may ask something else about it
                    answer = self._measured(ids, started)
                yield answer
            if cancelled():
                return

    def _open_end(self, text: str) -> tuple[list[int], str]:
        """The text's tokens but the last, and what that says: the model may end the text with a longer token.

        It has learnt one token for ".</" where thinking ends in a full stop; after "." alone it would write on.
        """
        ids, _ = self._spelled(text)
        last = self._decoding.spelling.text_of(ids[-1:])
        return (ids[:-1], last) if last and "\ufffd" not in last else (ids, "")

    def _measured(self, ids: list[int], started: float) -> Answer:
        """The Answer that drawn tokens are; its seconds are those since the first of its batch was begun."""
        self._decoding.restart(ids)
        steering = Steering(self._decoding, Mode.AUTO, None)
        steering.look_back(self._ends)
        text = until_end(self._decoding.text)
        seconds = time.monotonic() - started
        return finished(text, len(ids), self._ended(ids), seconds, steering.first, steering.second)

    def _ended(self, ids: list[int]) -> bool:
        return ids[-1] in self._ends or END in self._decoding.spelling.text_of(ids)

    def _ranked(self, chances: torch.Tensor, token: int, count: int) -> tuple[float, tuple[Choice, ...]]:
        """The chance of a token, and the likeliest ones with theirs, out of those of all."""
        best = zip(*(each.tolist() for each in chances.topk(count)), strict=True)
        say = self._decoding.spelling.piece_of
        return float(chances[token]), tuple(Choice(say(other), chance) for chance, other in best)

    def _decided(self, start: str) -> float | None:
        """P(anomalous) after a text whose prose is closed."""
        several = branches_after(self._decoding.spelling, start)
        keep = min(common([self._decoding.ids, *several]), common(several) - 1)
        return Shares.of(self._decoding.score(keep, [tokens[keep:] for tokens in several])).anomalous

    def _spelled(self, text: str) -> tuple[list[int], list[int]]:
        """The text's tokens and where they start; refuses what no answer could be."""
        ids, starts = self._decoding.spelling.tokens_of_any(text)
        if len(ids) >= self._limit:
            raise Conflict(
                f"The text is {len(ids)} tokens long, and this model's answers have {self._limit} at most. Shorten it."
            )
        return ids, starts
