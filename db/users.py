"""Users: names, roles and passwords. A password is kept as salted scrypt only; nothing here knows of pages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import Role, UserTable
from m3ad.errors import Conflict, NotFound

# OWASP's scrypt setting for 32 MiB of memory; kept with each password, so that it can be raised later.
COST, BLOCK, PARALLEL = 2**15, 8, 3
SHORTEST = 8


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in."""

    name: str
    role: Role
    created: datetime


def hash_password(password: str, salt: bytes | None = None) -> str:
    """`scrypt$cost$block$parallel$salt$hash`, salt and hash in hexadecimal."""
    salt = salt or secrets.token_bytes(16)
    key = _scrypt(password, salt, COST, BLOCK, PARALLEL)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${salt.hex()}${key.hex()}"


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=256 * cost * block, dklen=32
    )


def password_fits(password: str, stored: str) -> bool:
    """Compare in constant time."""
    _, cost, block, parallel, salt, key = stored.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, bytes.fromhex(key))


def add_user(session: Session, name: str, hashed: str, role: Role, actor: str) -> User:
    """Add a user with an already hashed password; Conflict when the name is taken."""
    if session.get(UserTable, name) is not None:
        raise Conflict(f"There is a user named {name} already. Choose another name.")
    row = UserTable(name=name, password=hashed, role=role, created=now())
    session.add(row)
    log(session, "user.added", actor, name=name, role=role)
    return User(row.name, row.role, row.created)


def require_password(name: str, password: str) -> None:
    """Raises Conflict for an empty name or too short a password."""
    if not name.strip():
        raise Conflict("A user needs a name.")
    if len(password) < SHORTEST:
        raise Conflict(f"The password of {name} is too short: it needs at least {SHORTEST} characters.")


def set_password(session: Session, name: str, hashed: str, actor: str) -> None:
    """Replace a password; NotFound when there is no such user."""
    row = session.get(UserTable, name)
    if row is None:
        raise NotFound(f"There is no user named {name}.")
    row.password = hashed
    log(session, "user.password", actor, name=name)


def stored_user(session: Session, name: str) -> tuple[User, str] | None:
    """A user and the stored password."""
    row = session.get(UserTable, name)
    return None if row is None else (User(row.name, row.role, row.created), row.password)


def users(session: Session) -> list[User]:
    """All users by name."""
    return [
        User(row.name, row.role, row.created) for row in session.scalars(select(UserTable).order_by(UserTable.name))
    ]


def checked(found: tuple[User, str] | None, password: str) -> User | None:
    """The user when the password fits. An unknown name costs one comparison too, so that time does not tell it."""
    user, stored = found if found is not None else (None, _NOBODY)
    return user if password_fits(password, stored) else None


_NOBODY = f"scrypt${COST}${BLOCK}${PARALLEL}${'00' * 16}${'00' * 32}"
