"""Body of a job on a Ray cluster: copies of one model answer batches of pictures, spread with Ray Data.

    python -m training.ray_inspecting FOLDER

FOLDER holds questions.json (see `training.ray_evaluating`); each line of the file that they name is what came of
one batch, {"case id": outcome}, in the order in which they came, then {"done": true}; {"failed": sentence} where no
case can be answered. A copy whose process dies is made again, and its batch is asked again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from m3ad.bench.answer_json import to_json
from m3ad.bench.answering import answer_together
from m3ad.errors import ModelUnavailable
from m3ad.monitor import open_monitor
from m3ad.monitor.base import BatchMonitor
from m3ad.records import Mode

AGAIN = 2  # how often a copy is made again, and a batch asked again, after a process died


class Copy:
    """One copy of the model, loaded once; Ray Data gives it a batch at a time."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._mode = Mode(asked["mode"])
        try:
            self._monitor = _opened(asked)
        except ModelUnavailable as error:
            self._failed: str | None = str(error)
        else:
            self._failed = None

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[str]]:
        """Answers as JSON for pictures as JSON."""
        return {"answers": [json.dumps(self._answered(json.loads(one))) for one in rows["pictures"]]}

    def _answered(self, pictures: dict[str, str]) -> dict[str, Any]:
        if self._failed is not None:
            return {"failed": self._failed}
        try:
            paths = {int(name): Path(path) for name, path in pictures.items()}
            outcomes = answer_together(self._monitor, paths, self._mode)
        except ModelUnavailable as error:
            return {"failed": str(error)}
        return {str(name): to_json(outcome) for name, outcome in outcomes.items()}


def _opened(asked: dict[str, Any]) -> BatchMonitor:
    monitor = open_monitor(asked["model"], device=asked["device"], quantization=asked["quantization"])
    if not isinstance(monitor, BatchMonitor):
        raise ModelUnavailable("The model cannot answer for several pictures at once, which the bench needs.")
    if monitor.prompt != asked["prompt"]:
        raise ModelUnavailable("The cluster's copy of the model is told something else than the one here.")
    if monitor.weights != asked["weights"]:
        raise ModelUnavailable("The cluster's copy of the model is another one: its files differ from those here.")
    return monitor


def main(folder: Path) -> None:
    """Answer every batch; each line is written at once, in one write."""
    import ray
    import ray.data

    asked = json.loads((folder / "questions.json").read_text())
    ray.init(log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    copies, cards = spread(asked, ray.cluster_resources(), len(ray.nodes()))
    rows = [{"pictures": json.dumps(batch)} for batch in asked["batches"]]
    answers = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        Copy,
        fn_constructor_args=(asked,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=copies, max_tasks_in_flight_per_actor=1),
        num_cpus=1,
        num_gpus=cards,
        max_restarts=AGAIN,
        max_task_retries=AGAIN,
    )
    with (folder / asked["answers"]).open("ab", buffering=0) as file:
        for row in answers.iter_rows():
            file.write(f"{row['answers']}\n".encode())
            if "failed" in json.loads(row["answers"]):
                return
        file.write(b'{"done": true}\n')


def spread(asked: dict[str, Any], resources: dict[str, float], machines: int) -> tuple[int, float]:
    """(copies of the model, cards for each): as asked, else one for each card, else one for each machine.

    More copies than batches would only be loaded.
    """
    cards = asked["cards"]
    if cards is None:
        cards = 1.0 if resources.get("GPU") and asked["device"] != "cpu" else 0.0
    most = int(resources["GPU"] / cards) if cards and "GPU" in resources else machines
    return max(1, min(asked["copies"] or most, len(asked["batches"]))), cards


if __name__ == "__main__":
    main(Path(sys.argv[1]))
