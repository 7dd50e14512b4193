"""Accounts: argon2, roles in their order, locked names, and sessions that end when they should."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select, update

from db import sign_ins
from db.passwords import hash_password, password_fits
from db.schema import Base, Role, UserTable
from db.sign_ins import LOCKED_WORDS, MOST_ATTEMPTS, WRONG
from db.store import Store
from m3ad.errors import Conflict, NotFound, SignInRefused
from tests.db.conftest import open_again

GOOD = "correct horse"
DAY = timedelta(days=1)


def refused(store: Store, name: str, password: str) -> SignInRefused:
    with pytest.raises(SignInRefused) as raised:
        store.sign_ins.check(name, password)
    return raised.value


def seen(store: Store) -> list[tuple[str, str]]:
    """(event, actor) of the log, oldest first."""
    return [(entry.event, entry.actor) for entry in reversed(store.events(limit=1000))]


def test_a_user_signs_in_with_the_right_password_only(store: Store) -> None:
    ann = store.add_user("ann", GOOD, Role.REVIEWER)
    assert store.sign_ins.check("ann", GOOD) == ann
    assert ann.role is Role.REVIEWER
    for name, password in (("ann", GOOD + " "), ("ann", ""), ("ann", GOOD * 500), ("nobody", GOOD), ("", "")):
        assert str(refused(store, name, password)) == WRONG


@given(some.sampled_from(list(Role)), some.sampled_from(list(Role)))
def test_each_role_may_do_what_those_before_it_may(one: Role, other: Role) -> None:
    order = ["viewer", "annotator", "reviewer", "admin"]
    assert one.covers(other) == (order.index(one) >= order.index(other))


def test_a_changed_password_takes_the_old_ones_place(store: Store) -> None:
    store.add_user("ann", GOOD)
    store.set_password("ann", "battery staple")
    refused(store, "ann", GOOD)
    assert store.sign_ins.check("ann", "battery staple").name == "ann"
    with pytest.raises(NotFound, match="no user named bob"):
        store.set_password("bob", "battery staple")


def test_a_user_needs_a_free_name_and_a_long_password(store: Store) -> None:
    store.add_user("ann", GOOD)
    for name, password, why in (
        ("", GOOD, "needs a name"),
        (" bob", GOOD, "cannot be"),
        ("bo\nb", GOOD, "cannot be"),
        ("b" * 101, GOOD, "cannot be"),
        ("bob", "short", "at least 8"),
        ("bob", "x" * 2000, "too long"),
        ("ann", GOOD, "ann already"),
    ):
        with pytest.raises(Conflict, match=why):
            store.add_user(name, password)
    assert [user.name for user in store.users()] == ["ann"]


def test_neither_password_nor_an_unsalted_hash_nor_a_token_is_in_the_database(store: Store) -> None:
    store.add_user("ann", GOOD)
    token = store.sign_ins.begin("ann", DAY, by="password")
    with store.reading() as session:
        data = str([session.execute(select(table)).all() for table in Base.metadata.tables.values()])
    assert GOOD not in data
    assert token not in data
    assert "$argon2id$" in data
    one, other = hash_password(GOOD), hash_password(GOOD)
    assert one != other
    assert password_fits(GOOD, one)
    assert password_fits(GOOD, other)


def test_a_password_of_an_earlier_version_fits_and_is_hashed_anew(store: Store) -> None:
    store.add_user("ann", GOOD)
    key = hashlib.scrypt(GOOD.encode(), salt=b"salt", n=2**14, r=8, p=1, dklen=32)
    old = f"scrypt${2**14}$8$1${b'salt'.hex()}${key.hex()}"
    with store.changing() as session:
        session.execute(update(UserTable).values(password=old))
    refused(store, "ann", "something else")
    assert store.sign_ins.check("ann", GOOD).name == "ann"
    with store.reading() as session:
        assert session.scalars(select(UserTable.password)).one().startswith("$argon2id$")
    assert store.sign_ins.check("ann", GOOD).name == "ann"


def test_who_has_no_password_cannot_sign_in_with_any(store: Store) -> None:
    store.add_user("ann", None)
    for password in ("", "x", GOOD):
        assert str(refused(store, "ann", password)) == WRONG


# -- locked names ---


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_too_many_failures_lock_a_name_also_one_that_nobody_has_and_across_a_restart(store: Store, name: str) -> None:
    store.add_user("ann", GOOD)
    store.add_user("bob", GOOD)
    for _ in range(MOST_ATTEMPTS):
        assert not refused(store, name, "wrong").locked
    with open_again(store) as restarted:
        error = refused(restarted, name, GOOD)
    assert error.locked
    assert str(error) == LOCKED_WORDS
    assert "10 minutes" in str(error)
    assert store.sign_ins.check("bob", GOOD).name == "bob"
    actor = name if name == "ann" else "unknown"
    assert seen(store).count(("user.refused", actor)) == MOST_ATTEMPTS
    assert ("user.locked", actor) in seen(store)


def test_a_locked_name_opens_again_and_success_forgets_failures(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_user("ann", GOOD)
    for _ in range(MOST_ATTEMPTS - 1):
        refused(store, "ann", "wrong")
    store.sign_ins.check("ann", GOOD)
    for _ in range(MOST_ATTEMPTS):
        assert not refused(store, "ann", "wrong").locked
    assert refused(store, "ann", GOOD).locked
    later = sign_ins.now() + sign_ins.LOCKED + timedelta(seconds=1)
    monkeypatch.setattr(sign_ins, "now", lambda: later)
    assert store.sign_ins.check("ann", GOOD).name == "ann"


def test_attempts_at_the_same_time_are_counted_too(store: Store) -> None:
    store.add_user("ann", GOOD)
    errors: list[SignInRefused] = []
    threads = [threading.Thread(target=lambda: errors.append(refused(store, "ann", "wrong"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not error.locked for error in errors) == MOST_ATTEMPTS
    assert len(errors) == 20


# -- sessions ---


def test_a_session_lasts_as_long_as_it_was_told_and_survives_a_restart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = store.add_user("ann", GOOD)
    token = store.sign_ins.begin("ann", timedelta(hours=12), by="password")
    with open_again(store) as restarted:
        assert restarted.sign_ins.user(token) == ann
    assert store.sign_ins.user("another token") is None
    start = sign_ins.now()
    for hours, there in ((11.9, True), (12.1, False)):
        monkeypatch.setattr(sign_ins, "now", lambda hours=hours: start + timedelta(hours=hours))
        assert (store.sign_ins.user(token) is not None) == there


def test_signing_out_ends_one_session(store: Store) -> None:
    store.add_user("ann", GOOD)
    one, other = (store.sign_ins.begin("ann", DAY, by="password") for _ in range(2))
    store.sign_ins.end(one)
    store.sign_ins.end(one)
    assert store.sign_ins.user(one) is None
    assert store.sign_ins.user(other) is not None
    assert seen(store).count(("user.signed_out", "ann")) == 1


@pytest.mark.parametrize("change", ["role", "password", "removal"])
def test_another_role_or_password_and_removal_end_all_sessions_at_once(store: Store, change: str) -> None:
    for name in ("ann", "bob"):
        store.add_user(name, GOOD)
    tokens = [store.sign_ins.begin("ann", DAY, by="password") for _ in range(2)]
    bobs = store.sign_ins.begin("bob", DAY, by="password")
    with open_again(store) as elsewhere:  # the command line is another process
        if change == "role":
            elsewhere.set_role("ann", Role.VIEWER, actor="root")
        elif change == "password":
            elsewhere.set_password("ann", "battery staple", actor="root")
        else:
            elsewhere.remove_user("ann", actor="root")
    assert [store.sign_ins.user(token) for token in tokens] == [None, None]
    assert store.sign_ins.user(bobs) is not None


def test_who_was_removed_stays_by_name_and_can_be_brought_back(store: Store) -> None:
    store.add_user("ann", GOOD, Role.ADMIN)
    store.remove_user("ann")
    assert str(refused(store, "ann", GOOD)) == WRONG
    with pytest.raises(SignInRefused):
        store.sign_ins.begin("ann", DAY, by="password")
    with pytest.raises(SignInRefused):
        store.sign_ins.vouched("ann", Role.ADMIN)
    (gone,) = store.users()
    assert gone.removed is not None
    with pytest.raises(NotFound):
        store.remove_user("ann")
    back = store.add_user("ann", "battery staple", Role.VIEWER)
    assert (back.role, back.removed) == (Role.VIEWER, None)
    assert store.sign_ins.check("ann", "battery staple") == back


def test_somebody_vouched_for_needs_an_account_or_a_role_for_newcomers(store: Store) -> None:
    ann = store.add_user("ann", None, Role.REVIEWER)
    assert store.sign_ins.vouched("ann", None) == ann
    with pytest.raises(SignInRefused, match="bob has no account here"):
        store.sign_ins.vouched("bob", None)
    assert store.sign_ins.vouched("bob", Role.VIEWER).role is Role.VIEWER
    assert store.sign_ins.vouched("bob", Role.ADMIN).role is Role.VIEWER


def test_users_of_an_earlier_version_are_kept(tmp_path: Path) -> None:
    from alembic import command

    from db.engine import migration_config, open_engine, writing

    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(engine).begin() as connection:
        command.upgrade(migration_config(connection), "0003")
        connection.exec_driver_sql("INSERT INTO users VALUES ('ann', 'scrypt$', 'admin', '2026-01-01 00:00:00')")
    engine.dispose()
    with Store.open(tmp_path) as store:
        (ann,) = store.users()
        assert (ann.name, ann.role, ann.removed) == ("ann", Role.ADMIN, None)
        store.add_user("bob", GOOD, Role.VIEWER)
