"""How fast and how far a server may be asked: requests per minute, tokens in all, and an end at any moment."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from m3ad.errors import Halted
from m3ad.monitor.base import never

_TICK = 0.1  # seconds after which a waiting thread looks whether it shall end


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person allows.

    Attributes:
        answers: how many answers one example may take, the first and those after a refusal.
        requests_per_minute: requests are spread evenly; those asked again after an error count too.
        tokens: of a teacher, questions and answers of the whole caption file, earlier sittings included; of a model
            that is judged, what it wrote in the evaluation. None: no limit. It may be passed by the answers that are
            under way when it is reached, one for each thread.
    """

    answers: int = 3
    requests_per_minute: float = 60.0
    tokens: int | None = None

    def __post_init__(self) -> None:
        """Raises Halted for limits under which nothing could ever be asked."""
        if self.answers < 1:
            raise Halted(f"An example needs at least 1 answer of the teacher; the limit is {self.answers}.")
        if not 0 < self.requests_per_minute < math.inf:
            raise Halted(f"A server is asked more than 0 times a minute; the limit is {self.requests_per_minute:g}.")
        if self.tokens is not None and self.tokens < 1:
            raise Halted(f"The limit of tokens is {self.tokens}: give at least 1, or none for no limit.")


class Gate:
    """Where every request waits for its turn. Safe to use from several threads.

    `spent` tells the tokens so far; `cancelled` is asked about ten times a second while anybody waits.
    """

    def __init__(self, limits: Limits, spent: Callable[[], int], cancelled: Callable[[], bool] = never) -> None:
        self._limits = limits
        self._spent = spent
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._next = 0.0  # on the monotonic clock: no request starts before
        self._halted = ""

    def enter(self) -> None:
        """Waits until one request may start.

        Raises:
            Halted: the tokens are spent, a person cancelled, or `halt` was called.
        """
        while True:
            self._check()
            with self._lock:
                rest = self._next - time.monotonic()
                if rest <= 0:
                    self._next = time.monotonic() + 60.0 / self._limits.requests_per_minute
                    return
            time.sleep(min(rest, _TICK))

    def hold(self, seconds: float) -> None:
        """No request at all starts for so long: the server asked all of us to wait."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def rest(self, seconds: float) -> None:
        """The calling thread waits; others go on. Raises Halted as `enter` does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _TICK))

    def halt(self, reason: str) -> None:
        """Nobody gets through any more; `reason` is the sentence that they get."""
        self._halted = self._halted or reason

    def _check(self) -> None:
        if self._halted:
            raise Halted(self._halted)
        if self._cancelled():
            raise Halted("Cancelled. What was written is kept: start again to go on from there.")
        limit = self._limits.tokens
        if limit is not None and (spent := self._spent()) >= limit:
            raise Halted(
                f"The limit of {limit:,} tokens is reached ({spent:,} are spent). What was written is kept: raise the "
                "limit to go on from there."
            )
