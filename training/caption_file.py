"""The answers of a teacher on disk: a file that only grows, so that none that was paid for is lost or asked for twice.

One JSON object per line, ASCII: `key` (what was asked, see `training.teacher`), `case` (for people), `answer` (the
text, unchanged) and `tokens` (what it cost, question included). Whether an answer is good is not written here: that is
worked out anew at every reading, so that better checks apply to old answers too.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from m3ad.errors import BadData

_FIELDS = {"key": str, "case": str, "answer": str, "tokens": int}


class CaptionFile:
    """The answers by key, in the order in which they came. Safe to use from several threads of one process.

    Attributes:
        tokens: what all answers of the file have cost.
    """

    def __init__(self, path: Path) -> None:
        """Reads what is there; the file is made with the first answer.

        Raises:
            BadData: the file holds something else.
        """
        self._path = path
        self._lock = threading.Lock()
        self._answers: dict[str, list[str]] = {}
        self.tokens = 0
        for row in _rows(path):
            self._keep(row)

    def answers(self, key: str) -> list[str]:
        """All answers to one question, oldest first."""
        with self._lock:
            return list(self._answers.get(key, ()))

    def add(self, key: str, case: str, answer: str, tokens: int) -> None:
        """One answer more; when this returns it is on the disk."""
        row = {"key": key, "case": case, "answer": answer, "tokens": tokens}
        with self._lock:
            self._append(json.dumps(row) + "\n")
            self._keep(row)

    def _keep(self, row: dict[str, Any]) -> None:
        self._answers.setdefault(row["key"], []).append(row["answer"])
        self.tokens += row["tokens"]

    def _append(self, line: str) -> None:
        with self._path.open("ab+") as stream:
            if stream.tell() and not _ends_a_line(stream):
                line = "\n" + line  # the torn line of a killed process stays, on its own
            stream.write(line.encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())


def _ends_a_line(stream: Any) -> bool:
    stream.seek(-1, os.SEEK_END)
    return bool(stream.read(1) == b"\n")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="ascii", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                if not '{"key": "'.startswith(line[:9].rstrip("\n")):
                    raise _foreign(path, number) from error
                continue  # torn when its process was killed
            if not isinstance(row, dict) or any(not isinstance(row.get(k), kind) for k, kind in _FIELDS.items()):
                raise _foreign(path, number)
            yield row


def _foreign(path: Path, number: int) -> BadData:
    return BadData(
        f"Line {number} of {path.name} is no answer of a teacher. Choose another file, or take the line out if the "
        "disk has damaged it."
    )
