"""A job on a Ray cluster, followed and stopped over the cluster's HTTP address. Needs no Ray; knows no run folder.

What the cluster says is kept for a moment, so that a page with many runs does not ask for each of them several times.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

TIMEOUT = 5.0  # seconds that the cluster may take to answer
FRESH = 1.0  # seconds for which an answer is believed
FRESH_AWAY = 10.0  # the same for no answer: each new attempt may cost TIMEOUT
LOG_LINES = 5
_OWN = ("job_manager.py:", "Running entrypoint for job")  # what Ray writes into every job's log
_UNDER_WAY = ("PENDING", "RUNNING")

_looks: dict[str, tuple[float, Look | None]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Look:
    """What a cluster said of a job: Ray's word for its state ("" where it knows no such job), and a sentence."""

    state: str
    words: str


class ClusterAway(Exception):
    """The cluster does not answer."""


@dataclass(frozen=True, slots=True)
class RayJob:
    """One job: the address of its cluster (`http://host:8265`), and its name there."""

    cluster: str
    name: str

    def ended(self) -> str | None:
        """Why it is over, as a sentence; None while it is under way, and while nobody can say."""
        look = self._look()
        if look is None or look.state in _UNDER_WAY:
            return None
        if not look.state:
            return f"The cluster at {self.cluster} does not know its job (any more): it was started anew since."
        said = f" {self._last_lines() or look.words}".rstrip()
        return f"Its job on the cluster ended without a result ({look.state.lower()}).{said}"

    def note(self) -> str:
        """What is to be said of it while it is not known to be over; "" when it simply runs."""
        look = self._look()
        if look is None:
            return f"The cluster at {self.cluster} cannot be asked at the moment. It is asked again and again."
        return f"It waits in the cluster at {self.cluster}. {look.words}" if look.state == "PENDING" else ""

    def stop(self) -> None:
        """Have it stopped; the cluster kills it when it does not end by itself. An ended one stays as it is.

        Raises ClusterAway.
        """
        ask(self.cluster, f"jobs/{self.name}/stop", "POST")
        self._forget()

    def waits(self) -> bool:
        """True while the cluster has given it no machine."""
        look = self._look()
        return look is not None and look.state == "PENDING"

    def away(self) -> bool:
        """True while the cluster does not answer."""
        return self._look() is None

    def _look(self) -> Look | None:
        """What the cluster said a moment ago, or says now; None when it does not answer."""
        key = f"{self.cluster} {self.name}"
        with _lock:
            told, look = _looks.get(key, (float("-inf"), None))
        if time.monotonic() - told > (FRESH if look else FRESH_AWAY):
            look = self._asked()
            with _lock:
                _looks[key] = time.monotonic(), look
        return look

    def _asked(self) -> Look | None:
        try:
            said = ask(self.cluster, f"jobs/{self.name}")
        except ClusterAway:
            return None
        return Look(str(said.get("status", "")), str(said.get("message") or "")) if said else Look("", "")

    def _forget(self) -> None:
        with _lock:
            _looks.pop(f"{self.cluster} {self.name}", None)

    def _last_lines(self) -> str:
        try:
            said = ask(self.cluster, f"jobs/{self.name}/logs")
        except ClusterAway:
            return ""
        lines = [line.strip() for line in str((said or {}).get("logs") or "").splitlines()]
        lines = [line for line in lines if line and not any(own in line for own in _OWN)]
        return "\n".join(lines[-LOG_LINES:])


def ask(cluster: str, what: str, method: str = "GET") -> dict[str, Any] | None:
    """What the cluster's dashboard says under `/api/`; None where it knows no such thing. Raises ClusterAway."""
    request = urllib.request.Request(f"{cluster}/api/{what}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise ClusterAway(str(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise ClusterAway(str(error)) from error
    if not isinstance(said, dict):
        raise ClusterAway("It answers something that no Ray cluster says.")
    return said


def answers(cluster: str) -> bool:
    """Whether there is a Ray cluster at this address, now."""
    try:
        return "ray_version" in (ask(cluster, "version") or {})
    except ClusterAway:
        return False
