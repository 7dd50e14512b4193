"""Savers are killed with SIGKILL at random moments: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from db.store import Store
from m3ad.records import NewCase
from tests.db.conftest import open_again, url_of

ROOT = Path(__file__).resolve().parents[2]
FEW = 20
KILLS = 200 if os.environ.get("CI") == "true" else FEW
LONGEST_WAIT = 0.04  # seconds: several saves on an idle machine
CASES = 5


@dataclass
class Acknowledged:
    """What savers were told is stored: annotation id -> (case, revision, note), and the last draft of each case."""

    annotations: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    drafts: dict[int, str] = field(default_factory=dict)

    def take(self, line: str) -> bool:
        """Note a line of a saver; True when it is an acknowledgement."""
        kind, *words = line.split()
        if kind == "annotation":
            number, case_id, revision, note = words
            self.annotations[int(number)] = (int(case_id), int(revision), note)
            self.drafts.pop(int(case_id), None)
        elif kind == "draft":
            case_id, _, note = words
            self.drafts[int(case_id)] = note
        return kind in ("annotation", "draft")


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", str(Path(__file__).with_name("saver.py"))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=20)


def one_life(
    nursery: subprocess.Popen[str], store: Store, seed: int, choose: random.Random, known: Acknowledged
) -> None:
    """Start a saver, let it be told a few times that something is stored, and kill it a random moment later.

    Every fifth is killed without waiting for that: while it opens the store, mostly.
    """
    patience = 0 if seed % 5 == 0 else choose.randint(1, 4)
    nursery.stdin.write(f"{store.workspace} {url_of(store)} {seed}\n")
    nursery.stdin.flush()
    pid = 0
    while not pid or patience > 0:
        line = nursery.stdout.readline()
        assert line, "the nursery itself has died"
        if line.startswith("born"):
            pid = int(line.split()[1])
        patience -= known.take(line)
    time.sleep(choose.random() * LONGEST_WAIT)
    os.kill(pid, signal.SIGKILL)
    while (line := nursery.stdout.readline()) != "dead\n":
        assert line, "the nursery itself has died"
        known.take(line)


def check(closed: Store, known: Acknowledged) -> int:
    """The database opens clean and holds all that was acknowledged; returns how many annotations there are."""
    with open_again(closed) as store, store.reading() as session:
        assert store.count_cases() == CASES
        run = session.connection().exec_driver_sql
        if store.engine.dialect.name == "sqlite":
            assert run("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert run("PRAGMA foreign_key_check").fetchall() == []
        rows = run("SELECT id, case_id, revision, note FROM annotations").fetchall()
        drafts = dict(run("SELECT case_id, note FROM drafts").tuples().all())
        logged = run("SELECT count(*) FROM events WHERE event = 'annotation.saved'").scalar_one()
    stored = {number: (case_id, revision, note) for number, case_id, revision, note in rows}
    assert known.annotations.items() <= stored.items()
    assert logged == len(rows)  # the log entry is in the same transaction
    for case_id in {case_id for case_id, _, _ in stored.values()}:
        mine = sorted(revision for owner, revision, _ in stored.values() if owner == case_id)
        assert mine == list(range(1, len(mine) + 1))
    unacknowledged = {case_id for number, (case_id, _, _) in stored.items() if number not in known.annotations}
    for case_id, note in known.drafts.items():
        # A later save or draft may have been committed and killed before it could be acknowledged.
        assert (
            drafts.get(case_id) == note or case_id in unacknowledged or is_later(drafts.get(case_id), case_id, stored)
        )
    return len(rows)


def is_later(draft: str | None, case_id: int, stored: dict[int, tuple[int, int, str]]) -> bool:
    """True when the draft belongs to the case's newest annotation: it was committed, but not yet acknowledged."""
    newest = max(entry for entry in stored.values() if entry[0] == case_id)
    return draft == newest[2]


def test_nothing_acknowledged_is_lost_at_kill_9(
    store: Store, new_case: Callable[..., NewCase], nursery: subprocess.Popen[str]
) -> None:
    for n in range(CASES):
        store.add_case(new_case(f"{n}.png"))
    store.close()
    choose = random.Random(20260101)
    known = Acknowledged()
    # A server is not killed with the saver: there it is its transactions that are tested, not its files.
    kills = KILLS if store.engine.dialect.name == "sqlite" else FEW
    for seed in range(kills):
        one_life(nursery, store, seed, choose, known)
        total = check(store, known)
    assert len(known.annotations) > kills  # the savers did get to save
    with open_again(store) as again:
        assert sum(len(again.annotations(case_id)) for case_id in again.case_ids()) == total
