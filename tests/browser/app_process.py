"""The real app in a process of its own, as README starts it: for tests that walk through the whole product."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from db.store import Store
from training import launch
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(7860, 7870)
PATIENCE = 180.0  # seconds until the page answers; the first start draws its parts before


@dataclass
class App:
    """One app on a workspace of its own; can be ended and started again.

    Attributes:
        arguments: more words for the command line; a test that needs no drawn parts gives "--no-demo".
        store: the app's store, opened beside it to see what is kept. The app makes it at its start.
    """

    workspace: Path
    arguments: tuple[str, ...] = ()
    port: int = field(default_factory=lambda: next(port for port in PORTS if not _answers(port)))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> Path:
        """What the app printed."""
        return self.workspace.with_name(f"{self.workspace.name}.log")

    @property
    def store(self) -> Store:
        """The app's store, opened anew: what another process wrote is seen."""
        return Store.open(self.workspace)

    def start(self) -> float:
        """Start the app and wait until it listens; returns the seconds that took."""
        words = ["app.py", "--workspace", str(self.workspace), "--port", str(self.port), "--user", "ann"]
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *words, *self.arguments],
                cwd=ROOT,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while not _answers(self.port):
            assert self._process.poll() is None, f"the app ended:\n{self.log.read_text()}"
            assert time.monotonic() < began + PATIENCE, f"the app does not listen:\n{self.log.read_text()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self, grace: float = 60.0) -> None:
        """End the app as Ctrl+C does, by force after `grace` seconds; runs go on."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def close(self) -> None:
        """End the app and every run it started that is still alive."""
        self.stop(grace=5)
        if self.workspace.exists():
            with self.store as store:
                for run in store.runs():
                    launch.end(RunFolder(run.folder), grace=0, after_term=5)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
