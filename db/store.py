"""The store: what callers hold. Every method is one transaction; records go in and come out, no database row leaves.

Safe to call from many threads. A write that returned is on the disk: it survives a killed process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db import annotations as _annotations
from db import cases as _cases
from db import duplicates as _duplicates
from db import events as _events
from db import inspections as _inspections
from db import lists as _lists
from db import models as _models
from db import passwords as _passwords
from db import pictures as _pictures
from db import snapshots as _snapshots
from db import standings as _standings
from db import users as _users
from db.branches import Branches
from db.case_rows import CaseRow, case_rows
from db.cases import Facets
from db.dialect import BUSY_SECONDS, DIALECTS
from db.engine import migrate, open_engine, writing
from db.evaluations import Evaluations
from db.events import Event
from db.evidence import Evidence
from db.examples import Examples
from db.filters import EVERYTHING, CaseFilter
from db.importing import import_cases
from db.inspections import Answered
from db.lineage import Lineage
from db.meanings import Meanings
from db.places import LOCAL, Places, Remote
from db.preferences import Preferences
from db.promotions import Promotions
from db.queue import Queue
from db.reviews import Reviews
from db.run_queue import RunQueue
from db.saved_filters import SavedFilters
from db.schema import Role
from db.second_looks import SecondLooks
from db.servings import Servings
from db.sign_ins import SignIns
from db.splits import SplitRule
from db.trials import Trials
from db.trust import Trust
from db.users import User
from m3ad.datasets.account import Account, Refused
from m3ad.errors import Conflict, StaleRevision
from m3ad.records import (
    Annotation,
    Case,
    Draft,
    Inspection,
    Mode,
    Model,
    NewCase,
    Picture,
    Run,
    Snapshot,
    SnapshotRow,
    Verdict,
)

SYSTEM = "system"  # the actor of changes that nobody in particular made


class Store:
    """Cases, annotations, drafts, inspections, snapshots, runs, models, users and the log of one workspace.

    Attributes:
        places: where pictures lie; see `db.places.Places`.
        branches: what models wrote when something was changed; see `db.branches.Branches`.
        examples: what is trained on, and the manual check of its texts; see `db.examples.Examples`.
        reviews: what people said of revisions; see `db.reviews.Reviews`.
        second_looks: what others said of the same cases, blind; see `db.second_looks.SecondLooks`.
        sign_ins: passwords that are tried, and who is signed in; see `db.sign_ins.SignIns`.
        queue: which case a person works on next; see `db.queue.Queue`.
        filters: filters with names; see `db.saved_filters.SavedFilters`.
        meanings: what people say that a source's names of defects mean; see `db.meanings.Meanings`.
        preferences: what each person chose for themselves; see `db.preferences.Preferences`.
        trust: operating points and calibrators of models; see `db.trust.Trust`.
        evidence: how often a model was right on cases like one; see `db.evidence.Evidence`.
        evaluations: models judged on sets of cases; see `db.evaluations.Evaluations`.
        trials: runs' models beside those that they started from; see `db.trials.Trials`.
        promotions: which model is in use, and the rules for that; see `db.promotions.Promotions`.
        servings: which models were loaded on a server; see `db.servings.Servings`.
        lineage: what models are made of, and what became of annotations; see `db.lineage.Lineage`.
        run_queue: runs that wait for a device, and those that have one; see `db.run_queue.RunQueue`.
    """

    def __init__(self, workspace: Path, engine: Engine, remote: Remote = LOCAL) -> None:
        self.workspace = workspace
        self.places = Places(workspace, remote)
        self.engine = engine
        self._writing = writing(engine)
        # Threads of this process queue here, in order, and hold no connection meanwhile; SQLite's waiting is not fair.
        self._turn = threading.Lock()
        self._shared = threading.local()  # the session of `at_once`, if the thread is in one
        self.branches = Branches(self)
        self.examples = Examples(self)
        self.reviews = Reviews(self)
        self.second_looks = SecondLooks(self)
        self.sign_ins = SignIns(self)
        self.queue = Queue(self)
        self.filters = SavedFilters(self)
        self.preferences = Preferences(self)
        self.meanings = Meanings(self)
        self.trust = Trust(self)
        self.evidence = Evidence(self)
        self.evaluations = Evaluations(self)
        self.lineage = Lineage(self)
        self.trials = Trials(self)
        self.promotions = Promotions(self)
        self.servings = Servings(self)
        self.run_queue = RunQueue(self)

    @classmethod
    def open(cls, workspace: Path, url: str | URL | None = None, remote: Remote = LOCAL) -> Store:
        """Open a workspace's store, creating or migrating it as needed; `url` replaces `<workspace>/store.db`.

        `remote` says which buckets may be read.

        Raises:
            BadData: an address of a bucket that is none.
            Conflict: the store was written by a newer version of this program, or its database cannot be opened.
        """
        workspace = Path(workspace).resolve()
        workspace.mkdir(parents=True, exist_ok=True)
        engine = open_engine(url or f"sqlite:///{workspace / 'store.db'}")
        migrate(engine)
        store = cls(workspace, engine, remote)
        store._fill_standings()
        return store

    def _fill_standings(self) -> None:
        with self.reading() as session:
            missing = _standings.missing(session)
        if missing:
            with self.changing() as session:
                if _standings.missing(session):  # not filled by another program meanwhile
                    _standings.rebuild(session)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the store from beginning to end; for the functions of this room."""
        if (shared := self._session_of_thread()) is not None:
            yield shared
            return
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """A writing transaction, committed when the block ends well; for the functions of this room."""
        if (shared := self._session_of_thread()) is not None:
            if shared.get_bind() is not self._writing:
                raise RuntimeError("This thread is in a block that only reads: open it with at_once(changes=True).")
            yield shared
            return
        with self._turn, Session(self._writing, expire_on_commit=False) as session:
            try:
                with session.begin():
                    session.connection()  # takes the write lock now: what is read from here on stays true
                    yield session
                    _standings.settle(session)
                    _events.write_log(session)
            except OperationalError as error:
                raise self._refusal(error) from error

    def _refusal(self, error: OperationalError) -> Exception:
        """What a person is told when a change could not be made; the error itself when that is not foreseen."""
        if DIALECTS[self.engine.dialect.name].is_busy(error):
            return Conflict(
                f"Another program has kept the store busy for {BUSY_SECONDS:g} seconds: nothing was saved. Try again."
            )
        if error.connection_invalidated:
            return Conflict(
                "The connection to the database was lost while this was saved: it may be saved or not. Load it again "
                "to see which, before you try once more."
            )
        return error

    @contextmanager
    def at_once(self, *, changes: bool = False) -> Iterator[None]:
        """What this thread asks for within the block is one transaction: one state that is read, or all or nothing.

        `changes` False: the block only reads. Lists and counts follow a change of the block when it has ended.
        """
        with (self.changing if changes else self.reading)() as session:
            outer, self._shared.session = self._session_of_thread(), session
            try:
                yield
            finally:
                self._shared.session = outer

    def settle(self) -> None:
        """Within `at_once(changes=True)`: lists and counts follow what the block has changed so far."""
        with self.changing() as session:
            _standings.settle(session)

    def _session_of_thread(self) -> Session | None:
        found: Session | None = getattr(self._shared, "session", None)
        return found

    # -- cases -------------------------------------------------------------------------------------------------------

    def add_case(self, new: NewCase, *, copy: bool = False, actor: str = SYSTEM) -> tuple[int, bool]:
        """Add a case with its verdict as revision 1: (id, added). The same (dataset, key) again is (id, False).

        `copy` copies the pictures into the workspace; without it they are used where they are.

        Raises:
            BadImage: a picture that cannot or must not be opened.
            Conflict: the same (dataset, key) with other pictures, or a verdict that contradicts itself.
        """
        with self.reading() as session:
            present = _cases.find_same(session, self.places, new)
        if present is not None:
            if not present.complete:
                with self.changing() as session:
                    _cases.follow(session, self.places, present.case_id, new, actor)
            return present.case_id, False
        measured = _cases.measure_case(new, self.places, copy=copy)
        with self.changing() as session:
            return _cases.insert(session, measured, actor)

    def import_cases(
        self,
        entries: Iterable[NewCase | Refused],
        progress: Callable[[int, str], None] | None = None,
        *,
        copy: bool = False,
        actor: str = SYSTEM,
    ) -> Account:
        """Add many cases and account for every one; `progress(done, name)` is called after each.

        What was imported before an interruption stays, and is "present" the next time.
        """
        return import_cases(self, entries, progress, copy=copy, actor=actor)

    def case(self, case_id: int) -> Case:
        """One case; NotFound when there is none with this id."""
        with self.reading() as session:
            return _cases.case(session, self.places, case_id)

    def find_case(self, dataset: str, key: str) -> int | None:
        """The id of the case with this key in this data set."""
        with self.reading() as session:
            return _cases.find(session, dataset, key)

    def cases(
        self, wanted: CaseFilter = EVERYTHING, *, user: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Case]:
        """The cases that pass, in the order of their import."""
        with self.reading() as session:
            return _cases.cases(session, self.places, wanted, user=user, limit=limit, offset=offset)

    def case_ids(self, wanted: CaseFilter = EVERYTHING, *, user: str | None = None) -> list[int]:
        """The ids of the cases that pass, in the order of their import: for going to the previous and the next."""
        with self.reading() as session:
            return _cases.case_ids(session, wanted, user=user)

    def count_cases(self, wanted: CaseFilter = EVERYTHING, *, user: str | None = None) -> int:
        """How many cases pass."""
        with self.reading() as session:
            return _lists.count(session, wanted, user=user).number

    def case_rows(
        self,
        wanted: CaseFilter = EVERYTHING,
        model: str | None = None,
        user: str | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[CaseRow]:
        """Rows for lists: each case with its latest annotation and its latest inspection; one query.

        `model` says whose inspection (it takes the place of `wanted.model`); None: whichever model's was last.
        """
        wanted = wanted if model is None else replace(wanted, model=model)
        with self.reading() as session:
            return case_rows(session, wanted, user=user, limit=limit, offset=offset)

    def licence_of(self, dataset: str) -> str:
        """The licence of a data set, in its own words; empty where it is not known."""
        with self.reading() as session:
            return _cases.licence_of(session, dataset)

    def facets(self) -> Facets:
        """How many cases there are by data set, scenario, category, split and truth."""
        with self.reading() as session:
            return _cases.facets(session)

    def picture(self, picture_id: int) -> Picture:
        """A picture whose file is there; NotFound when it is unknown or its file is gone."""
        with self.reading() as session:
            return _pictures.picture(session, self.places, picture_id)

    # -- annotations and drafts --------------------------------------------------------------------------------------

    def annotations(self, case_id: int) -> list[Annotation]:
        """All revisions of a case, oldest first."""
        with self.reading() as session:
            return _annotations.revisions(session, case_id)

    def latest_annotation(self, case_id: int) -> Annotation | None:
        """The newest revision of a case."""
        with self.reading() as session:
            return _annotations.latest_annotation(session, case_id)

    def save_annotation(
        self,
        case_id: int,
        verdict: Verdict,
        *,
        author: str,
        based_on: int,
        note: str = "",
        inspection_id: int | None = None,
    ) -> Annotation:
        """Save the next revision on top of revision `based_on` (0: there was none); removes the author's draft.

        Raises:
            StaleRevision: another revision came between; carries both, and yours is kept as your draft.
            Conflict: a verdict that contradicts itself (nothing is changed).
            NotFound: no such case or inspection.
        """
        with self.changing() as session:
            saved = _annotations.save_annotation(
                session, case_id, verdict, author=author, based_on=based_on, note=note, inspection_id=inspection_id
            )
        if isinstance(saved, StaleRevision):
            raise saved
        return saved

    def save_draft(self, case_id: int, user: str, verdict: Verdict, *, based_on: int, note: str = "") -> Draft:
        """Keep unsaved work, whatever its state, and the user's claim; replaces their earlier draft of this case."""
        with self.changing() as session:
            kept = _annotations.write_draft(session, case_id, user, verdict, note=note, based_on=based_on)
            self.queue.take(session, case_id, user)
            return kept

    def draft(self, case_id: int, user: str) -> Draft | None:
        """A user's unsaved work on a case."""
        with self.reading() as session:
            return _annotations.draft(session, case_id, user)

    def drafts(self, user: str) -> list[Draft]:
        """All unsaved work of a user, the latest first."""
        with self.reading() as session:
            return _annotations.drafts(session, user)

    def delete_draft(self, case_id: int, user: str) -> None:
        """Drop a user's draft of a case, if there is one."""
        with self.changing() as session:
            _annotations.delete_draft(session, case_id, user)

    # -- inspections -------------------------------------------------------------------------------------------------

    def add_inspection(
        self, case_id: int, model: str, mode: Mode, seed: int, answer: Answered, *, actor: str = SYSTEM
    ) -> Inspection:
        """Store a monitor's answer (`m3ad.monitor.base.Answer`) about a case."""
        with self.changing() as session:
            return _inspections.add_inspection(session, case_id, model, mode, seed, answer, actor=actor)

    def inspection(self, inspection_id: int) -> Inspection:
        """One inspection; NotFound when there is none with this id."""
        with self.reading() as session:
            return _inspections.inspection(session, inspection_id)

    def inspections(self, case_id: int, model: str | None = None) -> list[Inspection]:
        """All inspections of a case (by a model), cancelled ones too, newest first."""
        with self.reading() as session:
            return _inspections.inspections(session, case_id, model)

    def latest_inspection(self, case_id: int, model: str | None = None) -> Inspection | None:
        """The newest inspection (by a model) that was not cancelled."""
        with self.reading() as session:
            return _inspections.latest_inspection(session, case_id, model)

    def latest_inspections(self, model: str) -> dict[int, Inspection]:
        """For every case that the model inspected, its newest inspection that was not cancelled, by case id."""
        with self.reading() as session:
            return _inspections.latest_inspections(session, model)

    # -- models, snapshots, runs -------------------------------------------------------------------------------------

    def add_model(self, model: Model, *, actor: str = SYSTEM) -> Model:
        """Register a model; the same name and source again changes nothing, another source is a Conflict."""
        with self.changing() as session:
            return _models.add_model(session, model, actor)

    def models(self) -> list[Model]:
        """All models, oldest first."""
        with self.reading() as session:
            return _models.models(session)

    def model(self, name: str) -> Model:
        """One model; NotFound when there is none with this name."""
        with self.reading() as session:
            return _models.model(session, name)

    def create_snapshot(
        self,
        name: str,
        wanted: CaseFilter = EVERYTHING,
        *,
        frozen_share: float = 0.2,
        frozen_categories: Sequence[str] = (),
        seed: int = 0,
        replay: float | None = None,
        actor: str = SYSTEM,
    ) -> Snapshot:
        """Freeze the latest annotations of the cases that pass; cases without annotation are left out.

        `frozen_share` (0..1, on average) and `frozen_categories` (whole) are kept back from training in the split
        "frozen", the rest is "train". Copies and near-duplicates are never divided, and what was frozen once or is of
        a held-out category stays frozen, with its near-duplicates. `replay` limits the part of "train" that a model has
        learnt from before (0 up to below 1; None: all such cases take part). The first snapshot after an upgrade opens
        the pictures that came before it. Raises Conflict when the name is taken or nothing is left.
        """
        rule = SplitRule(frozen_share, tuple(frozen_categories), seed, replay)
        with self.reading() as session:
            _snapshots.require_new(session, name, rule)  # before the work, not after it
        _duplicates.hash_pictures(self)
        with self.reading() as session:
            near = _duplicates.near_hashes(session)
        with self.changing() as session:
            return _snapshots.create_snapshot(session, name, wanted, rule, near, actor)

    def snapshots(self) -> list[Snapshot]:
        """All snapshots, newest first."""
        with self.reading() as session:
            return _snapshots.snapshots(session)

    def snapshot(self, which: int | str) -> Snapshot:
        """One snapshot by id or name; NotFound when there is none."""
        with self.reading() as session:
            if isinstance(which, str):
                return _snapshots.snapshot_named(session, which)
            return _snapshots.snapshot(session, which)

    def snapshot_rows(self, snapshot_id: int) -> list[SnapshotRow]:
        """What a snapshot froze, in the order of the cases."""
        with self.reading() as session:
            return _snapshots.snapshot_rows(session, self.places, snapshot_id)

    def add_run(self, run: Run, *, actor: str = SYSTEM) -> Run:
        """Register a run; Conflict when the name is taken, NotFound when its snapshot is unknown."""
        with self.changing() as session:
            return _models.add_run(session, run, actor)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        with self.reading() as session:
            return _models.runs(session)

    def run(self, name: str) -> Run:
        """One run; NotFound when there is none with this name."""
        with self.reading() as session:
            return _models.run(session, name)

    def remove_run(self, name: str, *, actor: str = SYSTEM) -> None:
        """Forget a discarded run; Conflict while a model comes from it. Its folder is not touched."""
        with self.changing() as session:
            _models.remove_run(session, name, actor)

    # -- users and the log -------------------------------------------------------------------------------------------

    def add_user(self, name: str, password: str | None, role: Role = Role.ANNOTATOR, *, actor: str = SYSTEM) -> User:
        """Add a user, or bring a removed one back; without a password for who signs in elsewhere.

        Raises:
            Conflict: the name is taken or cannot be one, or the password is too short.
        """
        _users.require_name(name)
        hashed = "" if password is None else self._hashed(name, password)
        with self.changing() as session:
            return _users.add_user(session, name, hashed, role, actor)

    def set_password(self, name: str, password: str, *, actor: str = SYSTEM) -> None:
        """Replace a password and sign the person out; NotFound for an unknown user, Conflict when it is too short."""
        hashed = self._hashed(name, password)
        with self.changing() as session:
            _users.set_password(session, name, hashed, actor)

    def set_role(self, name: str, role: Role, *, actor: str = SYSTEM) -> None:
        """Replace a role and sign the person out; NotFound when there is no such user."""
        with self.changing() as session:
            _users.set_role(session, name, role, actor)

    def remove_user(self, name: str, *, actor: str = SYSTEM) -> None:
        """The person may not sign in any more and is signed out; the name stays in the history."""
        with self.changing() as session:
            _users.remove_user(session, name, actor)

    def users(self) -> list[User]:
        """All users by name, the removed ones too."""
        with self.reading() as session:
            return _users.users(session)

    def _hashed(self, name: str, password: str) -> str:
        _passwords.require_password(name, password)
        return _passwords.hash_password(password)

    def log(self, event: str, actor: str, *, case_id: int | None = None, **data: Any) -> None:
        """Add an entry to the log for something that is no change of the store itself (those log themselves)."""
        with self.changing() as session:
            _events.log(session, event, actor, case_id, **data)

    def events(self, *, case_id: int | None = None, event: str | None = None, limit: int = 100) -> list[Event]:
        """The newest log entries first, of one case or of one kind where given."""
        with self.reading() as session:
            return _events.events(session, case_id=case_id, event=event, limit=limit)
