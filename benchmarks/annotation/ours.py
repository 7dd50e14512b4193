"""Our own app, started as README starts it and asked over HTTP with the events that its page sends."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import psutil

from benchmarks.annotation.tasks import MODEL
from db.schema import Role
from db.store import Store

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "for-the-benchmark-1"
PATIENCE = 300.0  # seconds for a start
QUIET = 0.15  # share of a processor below which the model counts as loaded
EDITOR = "annotate"  # the workbench's element in the page


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Studio:
    """One server on a workspace of its own. `accounts`: everybody signs in; else one person works alone."""

    def __init__(self, workspace: Path, *, accounts: bool = True) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.workspace = workspace
        self._words = ["--port", str(port), "--no-demo", "--model", MODEL, *(["--login"] if accounts else [])]
        self._process: subprocess.Popen[bytes] | None = None
        self._events: dict[str, int] = {}
        self._editor = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the server, which runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start it; the seconds until its sign-in page answers. Raises TimeoutError, with the end of its log."""
        log = self.workspace.with_name(f"{self.workspace.name}.log")
        command = [sys.executable, str(ROOT / "app.py"), "--workspace", str(self.workspace), *self._words]
        began = time.perf_counter()
        with log.open("ab") as out:
            environment = os.environ | {"HF_HUB_OFFLINE": "1"}
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        while time.perf_counter() - began < PATIENCE:
            with suppress(httpx2.TransportError):
                if httpx2.get(f"{self.address}/login").status_code == 200:
                    return time.perf_counter() - began
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise TimeoutError(f"The app did not answer:\n{log.read_text()[-2000:]}")

    def settle(self) -> None:
        """Wait until it has loaded its model, as it has on any other day."""
        process = psutil.Process(self.pid)
        while process.cpu_percent(1.0) > 100 * QUIET:
            pass

    def stop(self) -> None:
        """End it as Ctrl+C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL, at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def make_people(self, count: int) -> list[str]:
        """The names of `count` new annotators."""
        names = [f"person{number}" for number in range(count)]
        with Store.open(self.workspace) as store:
            for name in names:
                store.add_user(name, PASSWORD, Role.ANNOTATOR, actor="benchmark")
        return names

    def client(self, name: str) -> httpx2.Client:
        """This person, signed in, with one connection that is kept."""
        client = httpx2.Client(base_url=self.address, timeout=60)
        answer = client.post("/login", data={"username": name, "password": PASSWORD})
        if answer.status_code != 303:
            raise RuntimeError(f"{name} could not sign in: {answer.status_code}")
        return client

    def annotator(self, name: str) -> OurAnnotator:
        """This person at the workbench."""
        client = self.client(name)
        if not self._events:
            self._learn(client)
        return OurAnnotator(client, self._events, self._editor)

    def _learn(self, client: httpx2.Client) -> None:
        """The numbers of the editor's events, from what the page is told."""
        page = client.get("/config").json()
        self._editor = next(one["id"] for one in page["components"] if one["props"].get("elem_id") == EDITOR)
        for event in page["dependencies"]:
            self._events |= {name: event["id"] for target, name in event["targets"] if target == self._editor}


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that was acknowledged."""

    case_id: int
    based_on: int
    revision: int
    note: str


class OurAnnotator:
    """One person's page. A save is one request, whose answer holds the next case and the one after it."""

    def __init__(self, client: httpx2.Client, events: dict[str, int], editor: int) -> None:
        self._client = client
        self._events = events
        self._editor = editor
        self._page = secrets.token_hex(6)
        self._serial = 0
        self._sheet: dict[str, Any] = {}
        self._ahead: dict[str, Any] | None = None
        self.saved: list[Saved] = []

    def begin(self) -> list[int]:
        """Ask for a case by the page's command "next"; all cases that this gives to the person."""
        self._take(self._send("open", {**self._document(1, 0), "target": None}))
        return self.held()

    def go_on(self, note: str = "") -> list[int]:
        """Save the case with the predicted boxes, the first of them moved, and be given the next ones."""
        sheet = self._sheet
        document = self._document(sheet["case_id"], sheet["revision"])
        suggestion = sheet["suggestion"] or {"defects": [], "inspection_id": None}
        document |= {
            "dirty": True,
            "anomalous": True,
            "defects": [_moved(defect) for defect in suggestion["defects"]] or [NEW_BOX],
            "inspection_id": suggestion["inspection_id"],
            "note": note,
            "target": self._ahead["case_id"] if self._ahead else None,
        }
        reply = self._send("save", document)
        if stands := STANDS.match(reply["words"]):
            self.saved.append(Saved(sheet["case_id"], sheet["revision"], int(stands[1]), note))
        self._take(reply)
        return self.held()

    def _document(self, case_id: int, revision: int) -> dict[str, Any]:
        """What the page sends of a case that nobody has touched, going on."""
        self._serial += 1
        nothing: dict[str, Any] = {
            "rev": 1,
            "dirty": False,
            "anomalous": None,
            "defects": [],
            "note": "",
            "inspection_id": None,
        }
        place = {"queue": "priority", "step": 1, "target": None, "inspection_id": None}
        return {"serial": self._serial, "case_id": case_id, "based_on": revision, **nothing, **place}

    def _send(self, event: str, document: dict[str, Any]) -> dict[str, Any]:
        body = {"data": [document, None], "fn_index": self._events[event], "session_hash": self._page}
        answer = self._client.post("/gradio_api/run/predict", json={**body, "trigger_id": self._editor})
        if answer.status_code != 200:
            raise RuntimeError(f"the app answered {answer.status_code}: {answer.text[:300]}")
        reply: dict[str, Any] = answer.json()["data"][0]["props"]["reply"]
        return reply

    def _take(self, reply: dict[str, Any]) -> None:
        if reply["kind"] != "case":
            raise RuntimeError(f"the app answered with a {reply['kind']}: {reply['words']}")
        self._sheet, self._ahead = reply["sheet"], reply["next"]

    def held(self) -> list[int]:
        """The case on the screen, and the one that was sent ahead."""
        return [self._sheet["case_id"], *([self._ahead["case_id"]] if self._ahead else [])]

    def close(self) -> None:
        """Leave."""
        self._client.close()


STANDS = re.compile(r"(?:Saved as )?r(\d+)(?: stands)?\.")  # "r2 stands." when the first answer was lost
NEW_BOX = {"type": "scratch", "box": [0.1, 0.1, 0.2, 0.2]}


def _moved(defect: dict[str, Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = defect["box"]
    return {"type": defect["type"], "box": [x1, y1, (x1 + x2) / 2, y2]}
