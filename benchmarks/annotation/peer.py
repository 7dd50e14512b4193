"""Label Studio beside us: started, given the same tasks, and asked over HTTP as its own page asks.

It is installed elsewhere (`pip install label-studio` in an environment of its own) and runs with everything off that
would reach the internet. Nothing of it is imported here: we are told where its executable is.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from benchmarks.annotation.ours import free_port
from benchmarks.annotation.tasks import HEIGHT, MODEL, WIDTH, Task, type_names
from m3ad.records import Verdict

ADMIN = "admin@example.org"
PASSWORD = "for-the-benchmark-1"
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # of the admin of this throw-away server
PATIENCE = 600.0  # seconds for the first start, which makes the database
SETTINGS = {
    "COLLECT_ANALYTICS": "0",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "0",
    "FEATURE_FLAGS_OFFLINE": "1",
    "LOCAL_FILES_SERVING_ENABLED": "1",
    "USERNAME": ADMIN,
    "PASSWORD": PASSWORD,
    "USER_TOKEN": TOKEN,
    "ENABLE_LEGACY_API_TOKEN": "1",
}
# Run by Label Studio's own Python: people who annotate, each with a token, printed one on a line.
MAKE_PEOPLE = """
import os, sys
import label_studio
sys.path.insert(0, os.path.dirname(label_studio.__file__))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings.label_studio")
import django
django.setup()
from organizations.models import Organization
from rest_framework.authtoken.models import Token
from users.models import User
organization = Organization.objects.first()
for number in range(int(sys.argv[1])):
    user = User.objects.create_user(f"person{number}@example.org", "for-the-benchmark-1")
    organization.add_user(user)
    user.active_organization = organization
    user.save()
    print(Token.objects.get_or_create(user=user)[0].key)
"""


class LabelStudio:
    """One server with one project.

    Args:
        executable: the `label-studio` of the environment it is installed in.
        pictures: the folder that holds the tasks' pictures.
    """

    def __init__(self, executable: Path, folder: Path, pictures: Path) -> None:
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self.project = 0
        self._executable = executable
        self._folder = folder
        self._pictures = pictures
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> float:
        """Start it; the seconds until its sign-in page answers. Raises TimeoutError, with the end of its log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / "server.log"
        command = [str(self._executable), "start", "--no-browser", "--enable-legacy-api-token"]
        command += ["--internal-host", "127.0.0.1", "--port", str(self._port)]
        began = time.perf_counter()
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, env=self._environment(), stdout=out, stderr=out)
        while time.perf_counter() - began < PATIENCE:
            with suppress(httpx2.TransportError):
                if httpx2.get(f"{self.address}/user/login/").status_code == 200:
                    return time.perf_counter() - began
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise TimeoutError(f"Label Studio did not answer:\n{log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _environment(self) -> dict[str, str]:
        folders = {"BASE_DATA_DIR": str(self._folder / "data"), "LOCAL_FILES_DOCUMENT_ROOT": str(self._pictures.parent)}
        return os.environ | {f"LABEL_STUDIO_{name}": value for name, value in (SETTINGS | folders).items()}

    def make_people(self, count: int) -> list[str]:
        """The tokens of `count` new people."""
        command = [str(self._executable.with_name("python")), "-I", "-c", MAKE_PEOPLE, str(count)]
        done = subprocess.run(command, env=self._environment(), text=True, capture_output=True, check=True)
        return done.stdout.split()[-count:]

    def client(self, token: str = TOKEN) -> httpx2.Client:
        """Whoever has the token, with one connection that is kept."""
        return httpx2.Client(base_url=self.address, headers={"Authorization": f"Token {token}"}, timeout=120)

    def annotator(self, token: str) -> PeerAnnotator:
        """This person at the label stream."""
        return PeerAnnotator(self.client(token), self.project)

    def make_project(self) -> None:
        """A project without tasks, which serves the pictures."""
        with self.client() as admin:
            project = {
                "title": "benchmark",
                "label_config": _label_config(type_names()),
                "maximum_annotations": 1,
                "sampling": "Sequential sampling",
                "show_collab_predictions": True,
                "model_version": MODEL,
            }
            self.project = answered(admin.post("/api/projects", json=project))["id"]
            storage = {"project": self.project, "path": str(self._pictures), "use_blob_urls": True}
            answered(admin.post("/api/storages/localfiles", json=storage))

    def take_in(self, tasks: Sequence[Task]) -> None:
        """Give the project these tasks with their predictions, in one request."""
        with self.client() as admin:
            answered(admin.post(f"/api/projects/{self.project}/import", json=[self._task(one) for one in tasks]))

    def _task(self, task: Task) -> dict[str, Any]:
        place = task.picture.relative_to(self._pictures.parent)
        prediction = {"model_version": MODEL, "score": task.score, "result": regions(task.predicted)}
        return {"data": {"image": f"/data/local-files/?d={place}", "number": task.number}, "predictions": [prediction]}

    def make_list(self) -> int:
        """A saved list: half of the tasks, those with a low score; its id."""
        rule = {"filter": "filter:tasks:predictions_score", "operator": "less", "type": "Number", "value": 0.5}
        filters = {"conjunction": "and", "items": [rule]}
        view = {"project": self.project, "data": {"title": "low scores", "filters": filters}}
        with self.client() as admin:
            return int(answered(admin.post("/api/dm/views", json=view))["id"])


class PeerAnnotator:
    """One person's page: the next task is asked for when the one before is saved."""

    def __init__(self, client: httpx2.Client, project: int) -> None:
        self._client = client
        self._project = project
        self._task: dict[str, Any] = {}
        self.nexts: list[float] = []  # seconds of each request for a task

    def begin(self) -> list[int]:
        """Ask for a task; its number."""
        began = time.perf_counter()
        self._task = answered(self._client.get(f"/api/projects/{self._project}/next"))
        self.nexts.append(time.perf_counter() - began)
        return [int(self._task["id"])]

    def go_on(self) -> list[int]:
        """Save the task with the predicted boxes, the first of them moved, and ask for the next."""
        result = self._task["predictions"][0]["result"]
        result[0]["value"]["width"] /= 2
        body = {"result": result, "lead_time": 1.0}
        answered(self._client.post(f"/api/tasks/{self._task['id']}/annotations/?project={self._project}", json=body))
        return self.begin()

    def close(self) -> None:
        """Leave."""
        self._client.close()


def regions(verdict: Verdict) -> list[dict[str, Any]]:
    """Boxes with their types as Label Studio's regions, in percent of the picture."""
    found = []
    for place, defect in enumerate(verdict.defects):
        assert defect.box is not None
        box = defect.box
        corner = {"x": 100 * box.x1, "y": 100 * box.y1, "rotation": 0}
        size = {"width": 100 * (box.x2 - box.x1), "height": 100 * (box.y2 - box.y1)}
        region = {"id": f"r{place}", "type": "rectanglelabels", "from_name": "box", "to_name": "image"}
        original = {"original_width": WIDTH, "original_height": HEIGHT}
        found.append({**region, **original, "value": {**corner, **size, "rectanglelabels": [defect.type]}})
    return found


def _label_config(types: Sequence[str]) -> str:
    """The labelling screen: a picture with boxes of these types, anomalous or not, a note."""
    labels = "".join(f'<Label value="{name}"/>' for name in types)
    return (
        '<View><Image name="image" value="$image"/>'
        f'<RectangleLabels name="box" toName="image">{labels}</RectangleLabels>'
        '<Choices name="verdict" toName="image"><Choice value="anomalous"/><Choice value="normal"/></Choices>'
        '<TextArea name="note" toName="image"/></View>'
    )


def answered(answer: httpx2.Response) -> Any:
    """What it answered; RuntimeError when that is an error."""
    if answer.is_error:
        raise RuntimeError(f"Label Studio answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()
