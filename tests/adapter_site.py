"""A server that loads adapters, as a process of its own: started, made to behave badly, ended."""

from __future__ import annotations

import json
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from m3ad.monitor.served_adapters import AdapterServer
from tests.server_process import free_port, started

SERVER = Path(__file__).parent / "m3ad" / "adapter_server.py"


@dataclass
class AdapterSite:
    """A server process."""

    base: Path
    log: Path
    port: int = field(default_factory=free_port)
    process: Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        command = [sys.executable, str(SERVER), str(self.port), str(self.base)]
        self.process = started(command, f"{self.address}/models", self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def behave(self, *manners: str) -> None:
        data = json.dumps(manners).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/manners", data, headers)
        urllib.request.urlopen(request, timeout=5).close()

    def names(self) -> list[str]:
        return [card.name for card in AdapterServer(self.address).cards()]
