"""The examples of a snapshot are written into the store, whoever watches (M3-AD-FT, step 3).

Each is stored as soon as it is there, so that a round that was cut off is taken up by starting it again. Knows no
Gradio.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from db.schema import Role
from db.store import Store
from m3ad.errors import Conflict, RunError
from training.captioning import Ended, Progress
from training.config import RawsSettings
from training.examples import CaptionWriter, template
from training.snapshot_captions import TEMPLATE, caption_snapshot, plan_captions
from ui.access import Person
from ui.background import Task, begin

CAPTIONS = "captions.jsonl"  # in the workspace: a teacher's answers, also those of `app.py caption`


@dataclass(eq=False)
class Writing(Task):
    """One round of writing.

    Attributes:
        writer: the caption writer's name.
        progress: how far it is.
        unanswered: cases that the start model has not answered, so that nothing can be written for them yet.
        ended: how it ended; None while it goes on, or where an error ended it.
    """

    writer: str
    snapshot_id: int
    model: str
    progress: Progress
    unanswered: int
    ended: Ended | None = None


class Writings:
    """The rounds of one workspace, one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.latest: Writing | None = None

    def start(self, snapshot_id: int, model: str, settings: RawsSettings, teacher: str | None = None) -> Writing:
        """Begin with what is not written yet.

        Args:
            model: the start model that the examples are for.
            teacher: served:URL#model; None: the template writer.

        Raises:
            Conflict: another round is under way.
            ModelUnavailable: the teacher is no server, or does not answer.
            RunError: settings that cannot be.
        """
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict(f"{self.latest.writer} is writing already: wait for it, or stop it first.")
            stop = threading.Event()
            write, writer = self._writer(teacher, stop)
            work = plan_captions(self._store, snapshot_id, model, writer, settings)
            start = Progress(len(work.plans), 0, 0)
            self.latest = round_ = Writing(writer, snapshot_id, model, start, work.unanswered, stop=stop)

        def write_all() -> None:
            def tell(progress: Progress) -> None:
                round_.progress = progress

            round_.ended = caption_snapshot(
                self._store, work, model, write, writer, seed=settings.seed, tell=tell, cancelled=stop.is_set
            )

        begin(round_, write_all)
        return round_

    def _writer(self, teacher: str | None, stop: threading.Event) -> tuple[CaptionWriter, str]:
        if teacher is None:
            return template, TEMPLATE
        from training.teacher import Teacher

        made = Teacher(teacher, self._store.workspace / CAPTIONS, cancelled=stop.is_set)
        return made, made.name


def teacher_source(address: str, name: str) -> str:
    """What a person typed of a teacher as a model source. Raises RunError when the address is missing."""
    if not address.strip():
        raise RunError("Give the address of the teacher's server, for example http://127.0.0.1:8000/v1.")
    return f"served:{address.strip()}" + (f"#{name.strip()}" if name.strip() else "")


def require_teacher_rights(person: Person) -> None:
    """Raises Conflict unless the person is an admin: whoever names a server is sent the key of this machine."""
    if not person.role.covers(Role.ADMIN):
        raise Conflict(
            f"{person.name} may not name a teacher's server: it is sent the key that this machine has for it, so it is "
            "for admins. Ask an admin, or let the template write."
        )


def writing_words(round_: Writing) -> str:
    """Where a round of writing stands, for people."""
    now = round_.progress
    left = f", {now.left_out} left out" if now.left_out else ""
    if round_.running:
        return f"{round_.writer} writes: {now.written} of {now.total}{left}" + (
            ", then it stops." if round_.stop.is_set() else " …"
        )
    words = [f"{round_.writer} wrote {now.written} of {now.total} texts{left}."]
    if round_.unanswered:
        words.append(f"{round_.unanswered} cases wait until {round_.model} has answered them.")
    if round_.ended and round_.ended.left_out:
        first = round_.ended.left_out[0]
        words.append(f"Left out, for example case {first.case}: {first.reason}")
    return " ".join([*words, round_.ended.stopped if round_.ended else round_.error]).strip()
