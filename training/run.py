"""The run folder: everything that is known about one training, in files. No torch, no store, no memory.

    config.json       stage, start model, settings, hash of the data; written once
    data.jsonl        the examples, frozen when the folder is made
    process.json      pid and start of the process that was started, or the job on a cluster (by whoever starts it)
    ended.json        why that job is over, as the cluster said (by whoever asked)
    status.json       how it ended, by the training process: {"result": "finished"|"stopped"|"failed", "message"}
    events.jsonl      one JSON object per line: {"kind": "start"|"log"|"sample"|"note", "time", ...}
    log.txt           what the process printed
    STOP              asks the process to save and end at its next step
    checkpoints/  model/  environment.json

The state is derived from these files and from the process table, or the cluster, each time it is asked for: a page
can be reloaded and the app restarted without losing a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.config import Settings, settings_from_json
from training.examples import Example, read_examples, write_examples
from training.ray_job import RayJob

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SCANT = 1 << 20  # bytes; with less on its disk a process may not even be able to write down why it ended
TAIL = 65_536  # bytes looked at for the latest progress; one log line has about 600


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What config.json holds. `start` is a model source as `m3ad.monitor.open_monitor` takes it."""

    name: str
    stage: Stage
    start: str
    settings: Settings
    data_sha256: str
    created: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Steps done and to do; `seconds_left` is None until the first step is done."""

    step: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class RunFolder:
    """One run by its folder; cheap to make, reads files when asked."""

    path: Path

    @classmethod
    def create(
        cls, root: Path, name: str, *, stage: Stage, start: str, settings: Settings, examples: Iterable[Example]
    ) -> RunFolder:
        """Write a new run folder `root/name`. Raises RunError when the name, the settings or the examples cannot do."""
        check_name(name)
        folder = root / name
        if folder.exists():
            raise RunError(f"A run named {name} is there already: choose another name or discard it.")
        problems = settings.check()
        if problems:
            raise RunError("The run cannot be created. " + " ".join(problems))
        # Made whole first, then renamed: no half-written run is ever seen, and of two at a time one is refused.
        draft = root / f".{name}.{uuid.uuid4().hex}"
        (draft / "checkpoints").mkdir(parents=True)
        count = write_examples(draft / "data.jsonl", examples)
        if not count:
            shutil.rmtree(draft)
            raise RunError("The run has no examples: annotate some cases and take a snapshot of them first.")
        config = {
            "name": name,
            "stage": stage.value,
            "start": start,
            "settings": settings.to_json(),
            "data_sha256": file_sha256(draft / "data.jsonl"),
            "created": time.time(),
        }
        write_json(draft / "config.json", config)
        (draft / "data.jsonl").chmod(0o444)
        try:
            draft.rename(folder)
        except OSError as error:
            shutil.rmtree(draft)
            raise RunError(f"A run named {name} has just been made by somebody else: choose another name.") from error
        return cls(folder)

    @property
    def name(self) -> str:
        """The run's name: its folder's."""
        return self.path.name

    @property
    def model_path(self) -> Path:
        """Where the result is or will be."""
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        """Where the trainer keeps its checkpoints."""
        return self.path / "checkpoints"

    def config(self) -> RunConfig:
        """The run's configuration. Raises RunError when the folder is not a run."""
        data = _read_json(self.path / "config.json")
        if data is None:
            raise RunError(f"{self.path.name} is not a run: it has no readable config.json.")
        stage = Stage(data["stage"])
        settings = settings_from_json(stage, data["settings"])
        return RunConfig(data["name"], stage, data["start"], settings, data["data_sha256"], data["created"])

    def examples(self) -> list[Example]:
        """The frozen examples. Raises RunError when data.jsonl is not the one the run was made with."""
        file = self.path / "data.jsonl"
        if file_sha256(file) != self.config().data_sha256:
            raise RunError(f"data.jsonl of run {self.name} was changed after the run was created: create a new run.")
        return read_examples(file)

    def environment(self) -> dict[str, Any] | None:
        """What its process wrote of itself: code version, packages, device; None before it did."""
        return _read_json(self.path / "environment.json")

    # --- what happens while it runs

    def append_event(self, kind: str, **data: Any) -> None:
        """Add one line to events.jsonl, in one write, so that readers see whole lines."""
        line = json.dumps({"kind": kind, "time": time.time(), **data}, allow_nan=False) + "\n"
        with (self.path / "events.jsonl").open("ab", buffering=0) as file:
            file.write(line.encode())

    def events(self, after_byte: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events written after byte `after_byte`, and the byte to go on from; an unfinished line is left for later."""
        file = self.path / "events.jsonl"
        if not file.exists():
            return [], 0
        with file.open("rb") as stream:
            stream.seek(after_byte)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], after_byte + len(whole)

    def progress(self) -> Progress:
        """Steps done and left, from the latest log event; 0 of 0 before the first."""
        file = self.path / "events.jsonl"
        if not file.exists():
            return Progress(0, 0, None)
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - TAIL))
            lines = stream.read().split(b"\n")[:-1]
        for line in reversed(lines):
            event = _loads(line)
            if event and "step" in event and "total" in event:
                return _progress(event)
        return Progress(0, 0, None)

    def log_tail(self, lines: int = 40) -> str:
        """The end of what the process printed."""
        file = self.path / "log.txt"
        if not file.exists():
            return ""
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - TAIL))
            text = stream.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    # --- state

    def set_process(self, pid: int) -> None:
        """Record the process that runs the training, with its start (a pid alone may be another's by now)."""
        write_json(self.path / "process.json", {"pid": pid, "started": process_start(pid)})

    def process(self) -> psutil.Process | None:
        """The recorded process when it is alive and the same one, else None."""
        record = _read_json(self.path / "process.json")
        if record is None or "pid" not in record:
            return None
        try:
            process = psutil.Process(record["pid"])
            same = process_start(process.pid) == record.get("started")
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def set_job(self, cluster: str, name: str) -> None:
        """Record the job that runs the training on the Ray cluster at this address."""
        write_json(self.path / "process.json", {"cluster": cluster, "job": name})

    def job(self) -> RayJob | None:
        """The recorded job; None for a run that has none, or that a process of this machine trains."""
        record = _read_json(self.path / "process.json")
        return RayJob(record["cluster"], record["job"]) if record and "job" in record else None

    def alive(self) -> bool:
        """Whether its process or its job is under way; also while the job's cluster cannot be asked."""
        job = self.job()
        if job is None:
            return self.process() is not None
        if self._end_of(job):
            return False
        if (words := job.ended()) is None:
            return True
        write_json(self.path / "ended.json", {"job": job.name, "words": words})
        return False

    def _end_of(self, job: RayJob) -> str:
        """Why a job is over, as somebody has written it down; "" before."""
        record = _read_json(self.path / "ended.json")
        return str(record["words"]) if record and record["job"] == job.name else ""

    def set_status(self, result: str, message: str = "") -> None:
        """Write how the run ended; only the training process does this."""
        write_json(self.path / "status.json", {"result": result, "message": message, "time": time.time()})

    def state(self) -> RunState:
        """Where the run stands, from its files and its process or job."""
        result = (_read_json(self.path / "status.json") or {}).get("result")
        if result in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED):
            return RunState(result)
        if self.alive():
            return RunState.STOPPING if self.stop_requested() else RunState.RUNNING
        return RunState.FAILED if (self.path / "process.json").exists() else RunState.READY

    def message(self) -> str:
        """A sentence on how the run ended, or why its cluster says nothing; empty while there is nothing to say."""
        status = _read_json(self.path / "status.json")
        if status is not None:
            return str(status["message"])
        job, state = self.job(), self.state()
        if state is not RunState.FAILED:
            return job.note() if job and state is not RunState.READY else ""
        if job is not None:
            return self._end_of(job)
        if self.lacks_room():
            return "The training process ended without a result, and its disk is full: free some space, then go on."
        return "The training process ended without a result: it was killed or crashed. The end of its log says more."

    def lacks_room(self) -> bool:
        """True when the disk of this folder is full, or as good as full."""
        return shutil.disk_usage(self.path).free < SCANT

    def request_stop(self) -> None:
        """Ask the run to save and end at its next step."""
        (self.path / "STOP").touch()

    def stop_requested(self) -> bool:
        """True when somebody asked the run to stop."""
        return (self.path / "STOP").exists()


def check_name(name: str) -> None:
    """Raises RunError unless the name can be a folder anywhere: small letters, digits, dot, dash, underscore."""
    if not NAME.fullmatch(name):
        raise RunError(
            f"{name!r} cannot name a run: use 1 to 64 small letters, digits, dots, dashes or underscores, "
            "beginning with a letter or digit."
        )


def process_start(pid: int) -> str:
    """When a process began, on a clock that nobody can set. Raises psutil.NoSuchProcess.

    The time of day will not do: on Linux it is reckoned from the machine's clock, and setting that would make every
    run look dead. There the kernel's own count since this boot is taken.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(psutil.Process(pid).create_time())
    return f"{boot}/{stat.rpartition(')')[2].split()[19]}"  # field 22; the name in brackets may hold blanks


def _progress(event: dict[str, Any]) -> Progress:
    step, total, done = int(event["step"]), int(event["total"]), int(event["step"]) - int(event.get("first_step", 0))
    left = event["elapsed"] / done * (total - step) if event["kind"] == "log" and done > 0 else None
    return Progress(step, total, left)


def file_sha256(file: Path) -> str:
    """The hash of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(file: Path, data: dict[str, Any]) -> None:
    """Replace the file as a whole: a reader sees the old or the new one."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(data, indent=1, ensure_ascii=False))
    draft.replace(file)


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        return _loads(file.read_bytes())
    except FileNotFoundError:
        return None


def _loads(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
