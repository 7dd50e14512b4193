"""Servers that tests ask over loopback, each in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], url: str, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A server process that answers at `url`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment})
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return process
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    process.kill()
    raise AssertionError(f"no server within two minutes: {log.read_text()}")
