"""Many answers at once: written together, measured in one pass at the places of decision, and gone on with from there.

Greedy answers are those that `LocalMonitor.stream` gives one by one, to within the rounding of a batch.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from m3ad.monitor.base import Answer
from m3ad.monitor.local_decode import alike, log_chance
from m3ad.monitor.local_spelling import Spelling
from m3ad.monitor.local_steer import (
    END,
    REFLECTED,
    THOUGHT,
    Decision,
    Shares,
    branches_after,
    find_first_place,
    finished,
    tokens_until,
    until_end,
)
from m3ad.records import Mode

# The folder's own sampling settings (Qwen's are not greedy) would mix with ours.
DRAWN = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
GREEDY = dict.fromkeys(DRAWN)
Tokens = list[int]


class Batch:
    """Prompts with a picture each, whose answers are written and scored together; rows are known by their number."""

    def __init__(
        self, model: Any, spelling: Spelling, rows: Sequence[Any], *, banned: Sequence[int], ends: set[int], limit: int
    ) -> None:
        """`rows`: the processor's tensors, one conversation each; `banned`: tokens never written; `limit`: tokens."""
        self.spelling = spelling
        self.ends = ends
        self.limit = limit
        self._model = model
        self._rows = rows
        self._banned = list(banned)

    def write(self, starts: Mapping[int, Tokens], *, sample: bool = False) -> dict[int, Tokens]:
        """Each row's answer from the tokens it starts with to its end, `limit` tokens at most.

        `sample`: drawn at temperature 1 from torch's own random numbers in place of greedy.
        """
        begun = {row: ids for row, ids in starts.items() if len(ids) < self.limit}
        if not begun:
            return dict(starts)
        inputs = self._inputs(list(begun.items()))
        written = self._model.generate(
            **inputs,
            max_new_tokens=self.limit - min(map(len, begun.values())),
            do_sample=sample,
            repetition_penalty=1.0,
            suppress_tokens=self._banned,
            stop_strings=[END],  # nobody reads on, and the longest answer of a batch is waited for by all
            tokenizer=self.spelling.tokenizer,
            **(DRAWN if sample else GREEDY),
        )
        new = written[:, inputs["input_ids"].shape[1] :].tolist()
        answers = {row: [*ids, *more][: self.limit] for (row, ids), more in zip(begun.items(), new, strict=True)}
        return {**starts, **{row: self._up_to_end(ids) for row, ids in answers.items()}}

    def ended(self, ids: Tokens) -> bool:
        """Whether an answer came to its end, or was cut off."""
        return bool(ids) and (ids[-1] in self.ends or END in self.spelling.text_of(ids))

    def text_of(self, ids: Tokens) -> str:
        """What an answer says, up to its end."""
        return until_end(self.spelling.text_of(ids))

    def decide(self, answers: Mapping[int, Tokens], tag: str) -> dict[int, Decision]:
        """The decision after the closing tag, for the rows whose answer has one; one forward pass for all."""
        found = {row: find_first_place(self.spelling, ids, self.ends, tag) for row, ids in answers.items()}
        places = {row: place for row, place in found.items() if place is not None}
        kept = {row: answers[row][: place.keep] for row, place in places.items()}
        scores = self.score(kept, {row: place.continuations(self.spelling) for row, place in places.items()})
        return {row: Decision(place, Shares.of(scores[row])) for row, place in places.items()}

    def score(
        self, starts: Mapping[int, Tokens], continuations: Mapping[int, Sequence[Tokens]]
    ) -> dict[int, list[float]]:
        """What `Decoding.score` says of each row's continuations of the tokens it starts with."""
        if not starts:
            return {}
        shared = {row: alike(several) for row, several in continuations.items()}
        # The last token is foretold by those before it, which several continuations may share.
        read = list(dict.fromkeys((row, tuple(one[:-1])) for row, several in continuations.items() for one in several))
        longest = max(len(one) - shared[row] for row, several in continuations.items() for one in several)
        inputs = self._inputs([(row, [*starts[row], *before]) for row, before in read])
        logits = self._model(**inputs, use_cache=False, logits_to_keep=longest).logits
        foretold = dict(zip(read, logits, strict=True))

        def chance(row: int, one: Tokens) -> float:
            apart = one[shared[row] :]
            return log_chance(foretold[row, tuple(one[:-1])][-len(apart) :], apart)

        return {row: [chance(row, one) for one in several] for row, several in continuations.items()}

    def _up_to_end(self, ids: Tokens) -> Tokens:
        """Without what was written, or filled in, after the end."""
        turn = next((count for count, token in enumerate(ids, 1) if token in self.ends), len(ids))
        return ids[: min(turn, tokens_until(self.spelling, ids, END))]

    def _inputs(self, texts: Sequence[tuple[int, Tokens]]) -> dict[str, torch.Tensor]:
        """The tensors of rows, each followed by its tokens, padded left to one length."""
        width = max(self._rows[row]["input_ids"].shape[1] + len(ids) for row, ids in texts)
        extended = [_extended(self._rows[row], ids, width) for row, ids in texts]
        return {name: torch.cat([inputs[name] for inputs in extended]) for name in extended[0]}


@torch.inference_mode()
def inspect_all(batch: Batch, rows: int, mode: Mode, threshold: float | None) -> list[Answer]:
    """The greedy Answers of all rows of a batch; `threshold` as in `Decision.detour`."""
    started = time.monotonic()
    answers = batch.write({row: [] for row in range(rows)})
    first = batch.decide(answers, THOUGHT)
    sent: dict[int, Tokens] = {}
    for row, decision in first.items():
        branch = decision.detour(mode, threshold, lambda chance: chance >= 0.5)
        if branch is not None:
            place = decision.place
            start = [*answers[row][: place.keep], *batch.spelling.tokens_of(place.tail + branch)]
            # What begins so already, goes on so.
            if answers[row][: len(start)] != start:
                sent[row] = start
    answers |= batch.write(sent)
    second = batch.decide({row: answers[row] for row in first}, REFLECTED)
    seconds = time.monotonic() - started
    return [
        finished(batch.text_of(ids), len(ids), batch.ended(ids), seconds, first.get(row), second.get(row))
        for row, ids in answers.items()
    ]


@torch.inference_mode()
def decide_all(batch: Batch, rows: int, start: str) -> list[float | None]:
    """P(anomalous) of all rows of a batch after a text whose prose is closed at its end."""
    several = branches_after(batch.spelling, start)
    scores = batch.score({row: [] for row in range(rows)}, dict.fromkeys(range(rows), several))
    return [Shares.of(scores[row]).anomalous for row in range(rows)]


def _extended(inputs: Any, ids: Tokens, width: int) -> dict[str, torch.Tensor]:
    """One conversation's tensors with tokens after it and padding before it, `width` tokens together."""
    prompt = inputs["input_ids"].shape
    left = width - prompt[1] - len(ids)
    # One number a token is padded; what belongs to the picture stays.
    extended = {
        name: torch.nn.functional.pad(value, (left, len(ids))) if value.shape == prompt else value
        for name, value in inputs.items()
    }
    after = slice(left + prompt[1], width)
    extended["input_ids"][0, after] = torch.tensor(ids, dtype=torch.long)
    extended["attention_mask"][0, after] = 1
    return extended
