"""Signing in: passwords that are tried, names that are locked for a while, and sessions, until somebody ends them.

All of it is in the store: a restart of the app neither signs anybody out nor forgets a locked name, and what one
process ends (a removed user, another role) is ended in all.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.events import log, now
from db.passwords import hash_password, outdated, password_fits
from db.schema import AttemptTable, Role, SessionTable, UserTable
from db.users import LONGEST_NAME, User, present_user, read_user
from m3ad.errors import Conflict, SignInRefused

if TYPE_CHECKING:
    from db.store import Store

MOST_ATTEMPTS = 5
LOCKED = timedelta(minutes=10)
WRONG = "Name or password is wrong."
LOCKED_WORDS = (
    f"Too many wrong passwords for this name. It is locked for {LOCKED // timedelta(minutes=1)} minutes after the "
    "latest attempt: wait, then try again, or ask an admin for a new password."
)


class SignIns:
    """Who is signed in. Every method is one transaction, or two where a password is compared in between."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, name: str, password: str) -> User:
        """The user of this name and password.

        The answer and its time are the same for a wrong password, a name that nobody has and a removed user.

        Raises:
            SignInRefused: they do not fit, or there were too many attempts (`locked` is True).
        """
        name = name.strip()[:LONGEST_NAME]
        with self._store.changing() as session:
            # Counted before the comparison, so that attempts at the same time are counted too.
            refused = _attempt(session, name)
            row = session.get(UserTable, name)
            known = row is not None and row.removed is None
            stored = row.password if row is not None and known else ""
            if refused:
                log(session, "user.locked", name if known else "unknown")
        if refused:
            raise SignInRefused(LOCKED_WORDS, locked=True)
        fits = password_fits(password, stored)
        fresh = hash_password(password) if fits and outdated(stored) else None
        with self._store.changing() as session:
            user = present_user(session, name) if fits else None
            if user is not None:
                session.execute(delete(AttemptTable).where(AttemptTable.name == _digest(name)))
                if fresh is not None:
                    session.get_one(UserTable, name).password = fresh
            else:
                log(session, "user.refused", name if known else "unknown")
        if user is None:
            raise SignInRefused(WRONG)
        return user

    def begin(self, name: str, lasting: timedelta, *, by: str) -> str:
        """Sign a user in whose identity is known, for so long: the token for their browser.

        `by` says for the log how it is known: "password", or the address of who vouches for them.

        Raises:
            SignInRefused: there is no such user (any more).
        """
        token, moment = secrets.token_urlsafe(32), now()
        with self._store.changing() as session:
            if present_user(session, name) is None:
                raise SignInRefused(WRONG)
            session.execute(delete(SessionTable).where(SessionTable.ends <= moment))
            session.add(SessionTable(token=_digest(token), user=name, created=moment, ends=moment + lasting))
            log(session, "user.signed_in", name, by=by)
        return token

    def user(self, token: str) -> User | None:
        """Whose session this is, with their role of this moment; None when it ended or never was."""
        query = select(UserTable).join(SessionTable, SessionTable.user == UserTable.name)
        query = query.where(
            SessionTable.token == _digest(token), SessionTable.ends > now(), UserTable.removed.is_(None)
        )
        with self._store.reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else read_user(row)

    def end(self, token: str) -> None:
        """Sign out; nothing happens when the session ended already."""
        with self._store.changing() as session:
            row = session.get(SessionTable, _digest(token))
            if row is not None:
                session.delete(row)
                log(session, "user.signed_out", row.user)

    def vouched(self, name: str, role: Role | None) -> User:
        """The user that somebody else vouches for; a name that nobody has gets `role`, if one is given.

        Raises:
            SignInRefused: nobody has the name and no role is given, or the user was removed.
        """
        user, known = self._named(name)
        if user is None and not known and role is not None:
            try:
                return self._store.add_user(name, None, role, actor="single sign-on")
            except Conflict as error:
                user, _ = self._named(name)  # another request of the same person may have come first
                if user is None:
                    raise SignInRefused(str(error)) from error
        if user is None:
            raise SignInRefused(f"{name} has no account here. Ask an admin for one.")
        return user

    def _named(self, name: str) -> tuple[User | None, bool]:
        """(the user who is not removed, whether anybody ever had the name)."""
        with self._store.reading() as session:
            return present_user(session, name), session.get(UserTable, name) is not None


def _attempt(session: Session, name: str) -> bool:
    """Count an attempt; True when the name is locked. Attempts while it is locked do not count and do not prolong."""
    moment = now()
    session.execute(delete(AttemptTable).where(AttemptTable.latest <= moment - LOCKED))
    row = session.get(AttemptTable, _digest(name))
    if row is None:
        session.add(AttemptTable(name=_digest(name), count=1, latest=moment))
        return False
    if row.count >= MOST_ATTEMPTS:
        return True
    row.count, row.latest = row.count + 1, moment
    return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
