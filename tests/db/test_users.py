from __future__ import annotations

import pytest

from db.schema import Role
from db.store import Store
from db.users import hash_password, password_fits
from m3ad.errors import Conflict, NotFound


def test_a_user_signs_in_with_the_right_password_only(store: Store) -> None:
    ann = store.add_user("ann", "correct horse", Role.REVIEWER)
    assert store.check_user("ann", "correct horse") == ann
    assert ann.role is Role.REVIEWER
    assert store.check_user("ann", "correct horse ") is None
    assert store.check_user("ann", "") is None
    assert store.check_user("nobody", "correct horse") is None


def test_a_changed_password_takes_the_old_ones_place(store: Store) -> None:
    store.add_user("ann", "correct horse")
    store.set_password("ann", "battery staple")
    assert store.check_user("ann", "correct horse") is None
    assert store.check_user("ann", "battery staple") is not None
    with pytest.raises(NotFound, match="no user named bob"):
        store.set_password("bob", "battery staple")


def test_a_user_needs_a_free_name_and_a_long_password(store: Store) -> None:
    store.add_user("ann", "correct horse")
    for name, password, why in (
        ("", "correct horse", "needs a name"),
        ("bob", "short", "at least 8"),
        ("ann", "correct horse", "ann already"),
    ):
        with pytest.raises(Conflict, match=why):
            store.add_user(name, password)
    assert [user.name for user in store.users()] == ["ann"]


def test_neither_password_nor_an_unsalted_hash_is_in_the_database(store: Store) -> None:
    store.add_user("ann", "correct horse")
    store.close()
    assert b"correct horse" not in (store.workspace / "store.db").read_bytes()
    one, other = hash_password("correct horse"), hash_password("correct horse")
    assert one != other
    assert password_fits("correct horse", one)
    assert password_fits("correct horse", other)
