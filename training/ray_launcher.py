"""Gives a run, or other work, to a Ray cluster as a job. The cluster sees the workspace under the same path.

The program's own packages travel with the job; Python and the libraries are the cluster's. Whoever gives the same
attempt of the same run twice gives one job: the cluster refuses a second one of its name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
from pathlib import Path
from typing import Any

from m3ad.errors import RunError
from training.code_version import SENT, code_version
from training.devices import CLUSTER_CARD, cluster_of, plain
from training.process import LAUNCHED, arguments
from training.ray_job import ClusterAway, RayJob, answers, ask
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("m3ad", "training")
SAVING = 60  # seconds that a job has to save and end after it is stopped, before the cluster kills it


class Away(RunError):
    """A cluster that does not answer: what was to be started there can wait."""


class RayLauncher:
    """Runs as jobs on the cluster that their settings name."""

    def start(self, run: RunFolder) -> None:
        """Submit the run as a job and record it. Raises Away, and RunError when the cluster takes no such job."""
        settings = run.config().settings
        cluster = cluster_of(settings.device)
        assert cluster is not None, "who chose this launcher has looked"
        before = run.job()
        attempt = 1 if before is None else int(before.name.rpartition("-")[2]) + 1
        name = job_name(run, attempt)
        cards = settings.processes if plain(settings.device) == CLUSTER_CARD else 0
        cores = settings.processes * max(1, settings.threads)
        submit(RayJob(cluster, name), entrypoint(run), cores=cores, cards=cards)
        run.set_job(cluster, name)

    def terminate(self, run: RunFolder) -> None:
        """Have its job stopped: Ray asks it to end, and kills it after SAVING seconds. RunError when it is away."""
        job = run.job()
        if job is not None:
            try:
                job.stop()
            except ClusterAway as error:
                raise Away(f"{job.note()} Its job cannot be stopped until then.") from error

    kill = terminate


def job_name(run: RunFolder, attempt: int) -> str:
    """The same for everybody who would start this attempt of the run; another one for any other run, of a."""
    told = hashlib.sha256((run.path / "config.json").read_bytes()).hexdigest()[:12]
    return f"{run.name}-{told}-{attempt}"


def entrypoint(run: RunFolder) -> str:
    """The line that a shell on the cluster runs: it prints into the run's folder, which must be there."""
    config = run.config()
    # "python" is the one of the environment in which the cluster was started.
    return shell_line(["python", *arguments(config.stage, run.path, config.settings.processes)], run.path.resolve())


def shell_line(words: list[str], folder: Path) -> str:
    """Run `words` in place of the shell, printing into `folder`; a sentence and an error where that is not seen."""
    missing = (
        f"The folder {folder} is not on this machine of the cluster: the workspace must lie on storage that every "
        "machine sees under the same path."
    )
    test = f"test -d {shlex.quote(str(folder))} || {{ echo {shlex.quote(missing)}; exit 3; }}"
    return f"{test}; exec {shlex.join(words)} >> {shlex.quote(str(folder / 'log.txt'))} 2>&1"


def submit(job: RayJob, line: str, *, cores: int, cards: int) -> None:
    """Give a job to its cluster; one that is there already under this name is left as it is.

    Raises Away when the cluster does not answer, RunError when Ray is not installed or the job is refused.
    """
    require_ray()
    from ray.job_submission import JobSubmissionClient

    if not answers(job.cluster):
        raise Away(f"The cluster at {job.cluster} cannot be asked at the moment.")
    try:
        client = JobSubmissionClient(job.cluster)
        _require_address(client.get_address(), job.cluster)
        client.submit_job(
            entrypoint=line,
            submission_id=job.name,
            runtime_env=runtime_env(),
            entrypoint_num_cpus=cores,
            entrypoint_num_gpus=cards,
        )
    except ConnectionError as error:
        raise Away(f"The cluster at {job.cluster} went away: {error}") from error
    except RuntimeError as error:
        if _known(job):
            return  # another program was faster by a moment, or this one was cut off before it wrote the job down
        if "status code 5" in str(error):  # as while a cluster is starting
            raise Away(f"The cluster at {job.cluster} takes no jobs at the moment: {error}") from error
        raise RunError(f"The cluster at {job.cluster} does not take the job: {error}") from error


def _require_address(used: str, wanted: str) -> None:
    if used != wanted:
        raise RunError(
            f"RAY_ADDRESS or RAY_API_SERVER_ADDRESS sends every job to {used}, and this one is for {wanted}: start the "
            "program without that variable."
        )


def runtime_env() -> dict[str, Any]:
    """What travels with a job: our packages, and the variables that its process needs."""
    variables = {
        LAUNCHED: "1",
        SENT: code_version(),
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "0"),
        "RAY_JOB_STOP_WAIT_TIME_S": str(SAVING),
        # Of a cluster that was started with `uv run`, Ray would pack the folder it was started in for each driver.
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    }
    packages = [str(ROOT / name) for name in PACKAGES]
    return {"py_modules": packages, "excludes": ["__pycache__"], "env_vars": variables}


def require_ray() -> None:
    """Raises RunError when Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise RunError("Ray is not installed, which a cluster needs: add it with `uv sync --extra ray`.")


def _known(job: RayJob) -> bool:
    try:
        return ask(job.cluster, f"jobs/{job.name}") is not None
    except ClusterAway:
        return False
