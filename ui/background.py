"""Work in a thread of its own, whoever watches: closing the page neither stops nor loses it. Knows no Gradio."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from m3ad.errors import M3ADError

LOG = logging.getLogger(__name__)


@dataclass(eq=False, kw_only=True)
class Task:
    """One piece of work from the click to its end. Only its own thread changes it, apart from `stop`.

    Attributes:
        error: the sentence of the error that ended it, or nothing.
        stop: set to end it at the next opportunity; what was done by then stays.
        over: nothing more will come; whatever else the task says is final before this is set.
    """

    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        """Whether more will come."""
        return not self.over.is_set()


def begin(task: Task, work: Callable[[], None]) -> None:
    """Do `work` in a thread of its own; an error becomes the task's sentence, so that no page waits for ever."""

    def do() -> None:
        try:
            work()
        except M3ADError as error:
            task.error = str(error)
        except Exception as error:
            LOG.exception("%s ended unexpectedly", type(task).__name__)
            task.error = f"It ended with an error of the program ({type(error).__name__}: {error}); its log says where."
        finally:
            task.over.set()

    threading.Thread(target=do, name=type(task).__name__.lower(), daemon=True).start()
