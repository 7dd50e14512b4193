"""Asking a server until it answers or there is no hope: back-off, Retry-After, and sentences for what cannot be helped.

It knows what servers answer and the limits, and nothing of what is asked. Needs the `served` extra.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

from m3ad.errors import CaseRefused, ModelUnavailable
from m3ad.monitor.served_client import openai, unavailable
from training.teacher_limits import Gate

TRIES = 6  # with the pauses between them about half a minute: a server that is started anew is back by then
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds; each is twice the one before
LONGEST_WAIT = 600.0  # a server that asks for more than this has a quota for the day, and a person should know
UNANSWERED_IN_ROW = 5  # so many questions after another that the server fails at: it is not the questions
_ABOUT_THE_QUESTION = (400, 413, 415, 422)
_PASSES = (408, 409, 425, 429)

T = TypeVar("T")


class NoAnswer(Exception):
    """A reply that is no answer: not JSON, or without a text."""


class Patience:
    """How one server is asked by several threads. Safe to use from all of them."""

    def __init__(self, address: str, gate: Gate) -> None:
        self._address = address
        self._gate = gate
        self._lock = threading.Lock()
        self._answered = 0  # over all threads
        self._unanswered = 0  # questions in a row, over all threads

    def ask(self, once: Callable[[], T]) -> T:
        """What `once` gives, which asks the server one time and raises what the client raises, or NoAnswer.

        Raises:
            CaseRefused: the server fails at this question; others may go well.
            ModelUnavailable: no question can be answered: key, address, quota or server are at fault.
            Halted: see `Gate.enter`.
        """
        tries, answered = 0, self._answered
        while True:
            self._gate.enter()
            try:
                reply = once()
            except (openai.OpenAIError, NoAnswer) as error:
                if isinstance(error, openai.RateLimitError) and answered != self._answered:
                    tries, answered = 0, self._answered  # others get through: this one only has to wait its turn
                tries += 1
                self._after(error, tries)
            else:
                with self._lock:
                    self._answered += 1
                    self._unanswered = 0
                return reply

    def _after(self, error: Exception, tries: int) -> None:
        """What follows a failure: a pause before the next try, or the end of this question, or of all."""
        status = error.status_code if isinstance(error, openai.APIStatusError) else None
        if status in _ABOUT_THE_QUESTION:
            raise self._failed(error) from error
        if status is not None and status < 500 and status not in _PASSES:
            raise self._sentence(error) from error
        if tries == TRIES:
            of_all = status == 429 or isinstance(error, openai.APIConnectionError)
            raise (self._sentence(error) if of_all else self._failed(error)) from error
        wait = _retry_after(error)
        if wait > LONGEST_WAIT:
            raise ModelUnavailable(f"{self._address} asks to wait for {wait:,.0f} seconds. Go on after that.")
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.5, 1.0)
        if wait or status == 429:
            self._gate.hold(max(wait, pause))
        else:
            self._gate.rest(pause)

    def _failed(self, error: Exception) -> CaseRefused | ModelUnavailable:
        """The end of this question; of all when the server has failed at several in a row."""
        with self._lock:
            self._unanswered += 1
            in_row = self._unanswered
        if in_row >= UNANSWERED_IN_ROW:
            return ModelUnavailable(f"The server fails at one question after another: {self._sentence(error)}")
        return CaseRefused(str(self._sentence(error)))

    def _sentence(self, error: Exception) -> ModelUnavailable:
        if isinstance(error, openai.OpenAIError):
            return unavailable(self._address, error)
        return ModelUnavailable(f"{error}. Look at the server's log.")


def _retry_after(error: Exception) -> float:
    """Seconds that the server asks to wait, given as such or as a date (RFC 9110); 0 when it says nothing readable."""
    header = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0
