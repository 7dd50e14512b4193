"""A Ray cluster of the tests' own: one machine, on loopback, in a temporary folder, gone with them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.postgres import lacking
from tests.server_process import free_port

PATIENCE = 240.0  # seconds the cluster may take to come up


@dataclass
class Cluster:
    """A cluster that can be started and stopped again under the same address; starts with the first `start`."""

    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ray-")))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Of its dashboard, as `--ray` takes it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it takes jobs."""
        programs = Path(sys.executable).parent
        ports = {"port": free_port(), "dashboard-port": self.port, "ray-client-server-port": free_port()}
        ports |= {"dashboard-agent-listen-port": free_port(), "min-worker-port": 0, "max-worker-port": 0}
        command = [str(programs / "ray"), "start", "--head", "--block", "--disable-usage-stats", "--num-cpus=2"]
        command += ["--num-gpus=0", "--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"]
        command += ["--object-store-memory=200000000", f"--temp-dir={self.folder}"]
        command += [f"--{name}={port}" for name, port in ports.items()]
        # Below `uv run` Ray would pack the folder it was started in, with its environment, for every job.
        own = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
        own |= {"PATH": f"{programs}:{os.environ['PATH']}"}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **own}, cwd=self.folder, start_new_session=True
            )
        end = time.monotonic() + PATIENCE
        while not self._up():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.5)

    def stop(self) -> None:
        """Kill it as a power cut does: nothing of it is left."""
        if self._process is None:
            return
        # Its processes have sessions of their own: they are found as children, and by the folder they work in.
        doomed = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        doomed += [one for one in psutil.process_iter(["cmdline"]) if str(self.folder) in str(one.info["cmdline"])]
        for one in doomed:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(doomed, 30)
        self._process = None

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def jobs(self) -> list[dict[str, Any]]:
        """What it knows of its jobs."""
        with urllib.request.urlopen(f"{self.address}/api/jobs/", timeout=10) as answer:
            return [job for job in json.load(answer) if job["submission_id"]]

    def _up(self) -> bool:
        """It takes a job; it shows its page long before."""
        asked = urllib.request.Request(f"{self.address}/api/jobs/", json.dumps({"entrypoint": "true"}).encode())
        asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=10):
                return True
        except OSError:
            return False


def find_ray() -> None:
    """Skip without Ray, or fail where CI promises it."""
    if importlib.util.find_spec("ray") is None:
        lacking("Ray is not installed: run with `--extra ray`")
