"""Users: names, roles, and who is removed. Names stay for ever, because the history names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import Role, SessionTable, UserTable
from m3ad.errors import Conflict, NotFound

LONGEST_NAME = 100  # characters


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in, or might once: then `removed` says until when."""

    name: str
    role: Role
    created: datetime
    removed: datetime | None = None


def require_name(name: str) -> None:
    """Raises Conflict for a name that cannot be: empty, too long, with spaces around it or unprintable characters."""
    if not name.strip():
        raise Conflict("A user needs a name.")
    if name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise Conflict(
            f"{name!r} cannot be a user's name: no spaces around it, no unprintable characters, "
            f"at most {LONGEST_NAME} characters."
        )


def add_user(session: Session, name: str, hashed: str, role: Role, actor: str) -> User:
    """Add a user with an already hashed password, or bring a removed one back; Conflict when the name is taken."""
    row = session.get(UserTable, name)
    if row is None:
        row = UserTable(name=name, password=hashed, role=role, created=now())
        session.add(row)
        log(session, "user.added", actor, name=name, role=role)
        return read_user(row)
    if row.removed is None:
        raise Conflict(f"There is a user named {name} already. Choose another name.")
    row.password, row.role, row.removed = hashed, role, None
    log(session, "user.returned", actor, name=name, role=role)
    return read_user(row)


def set_password(session: Session, name: str, hashed: str, actor: str) -> None:
    """Replace a password and sign the person out everywhere; NotFound when there is no such user."""
    _present(session, name).password = hashed
    _end_sessions(session, name)
    log(session, "user.password", actor, name=name)


def set_role(session: Session, name: str, role: Role, actor: str) -> None:
    """Replace a role and sign the person out everywhere; NotFound when there is no such user."""
    row = _present(session, name)
    log(session, "user.role", actor, name=name, before=row.role, role=role)
    row.role = role
    _end_sessions(session, name)


def remove_user(session: Session, name: str, actor: str) -> None:
    """Nobody signs in by this name any more, and who is, is signed out; NotFound when there is no such user."""
    _present(session, name).removed = now()
    _end_sessions(session, name)
    log(session, "user.removed", actor, name=name)


def users(session: Session) -> list[User]:
    """All users by name, the removed ones too."""
    return sorted((read_user(row) for row in session.scalars(select(UserTable))), key=lambda user: user.name)


def present_user(session: Session, name: str) -> User | None:
    """The user of this name who is not removed."""
    row = session.get(UserTable, name)
    return None if row is None or row.removed is not None else read_user(row)


def read_user(row: UserTable) -> User:
    """The record of a row."""
    return User(row.name, row.role, row.created, row.removed)


def _present(session: Session, name: str) -> UserTable:
    row = session.get(UserTable, name)
    if row is None or row.removed is not None:
        raise NotFound(f"There is no user named {name}.")
    return row


def _end_sessions(session: Session, name: str) -> None:
    session.execute(delete(SessionTable).where(SessionTable.user == name))
