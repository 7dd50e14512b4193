"""Run by test_crash.py: a warmed process that forks a saver for each line on its input, and tells when it has died.

A saver opens the store anew and saves until it is killed. It writes a line only after the store has acknowledged: the
annotation's id, case and revision, then a draft's case and note.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from db.store import Store
from m3ad.errors import StaleRevision
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())  # one write: a killed process leaves no half line


def save_for_ever(workspace: Path, url: str, seed: int) -> None:
    choose = random.Random(seed)
    with Store.open(workspace, url) as store:
        cases = store.case_ids()
        while True:
            case_id = choose.choice(cases)
            latest = store.latest_annotation(case_id)
            based_on = latest.revision if latest else 0
            box = Box(0.1, 0.1, 0.5, 0.1 + choose.random() / 2)
            verdict = Verdict(True, (Defect("scratch", box),) * choose.randint(1, 20))
            try:
                saved = store.save_annotation(case_id, verdict, author="saver", based_on=based_on, note=str(box.y2))
            except StaleRevision:  # a server may finish what a saver that is dead by now had asked for
                continue
            say(f"annotation {saved.id} {case_id} {saved.revision} {box.y2}")
            draft = store.save_draft(case_id, "saver", verdict, based_on=saved.revision, note=str(box.y2))
            say(f"draft {case_id} {saved.revision} {draft.note}")


def main() -> None:
    for line in sys.stdin:
        workspace, url, seed = line.rsplit(" ", 2)
        child = os.fork()
        if child == 0:
            save_for_ever(Path(workspace), url, int(seed))
        say(f"born {child}")
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    main()
