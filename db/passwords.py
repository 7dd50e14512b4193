"""Passwords as argon2id hashes. Nothing here knows of users, the database or pages."""

from __future__ import annotations

import hashlib
import hmac
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from m3ad.errors import Conflict

SHORTEST, LONGEST = 8, 1024  # characters
_hasher = PasswordHasher()  # the library's costs are RFC 9106's for machines that do other things too: 64 MiB
_room = threading.BoundedSemaphore(2)  # at a time, so that a flood of attempts does not take the memory
# The hash of a password that nobody knows: an unknown name costs one comparison too, so that time does not tell it.
_NOBODY = _hasher.hash("")


def require_password(name: str, password: str) -> None:
    """Raises Conflict for too short or too long a password; the sentence says whose."""
    if len(password) < SHORTEST:
        raise Conflict(f"The password of {name} is too short: it needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise Conflict(f"The password of {name} is too long: it may have {LONGEST} characters.")


def hash_password(password: str) -> str:
    """The salted hash to keep; every call gives another one."""
    with _room:
        return _hasher.hash(password)


def password_fits(password: str, stored: str) -> bool:
    """Whether this is the password; after the same time where there is none (an empty `stored`), and then False."""
    with _room:
        if stored.startswith("scrypt$"):
            return _scrypt_fits(password, stored)
        try:
            return _hasher.verify(stored or _NOBODY, password[:LONGEST]) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether a password that fits should be hashed again: by an earlier version, or with lower costs than today."""
    return stored.startswith("scrypt$") or _hasher.check_needs_rehash(stored)


def _scrypt_fits(password: str, stored: str) -> bool:
    """Hashes of earlier versions: `scrypt$cost$block$parallel$salt$hash`."""
    _, cost, block, parallel, salt, key = stored.split("$")
    n, r, p = int(cost), int(block), int(parallel)
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)
    return hmac.compare_digest(found, bytes.fromhex(key))
