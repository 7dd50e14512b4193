"""Whether a server's model is the one that an adapter belongs to, as far as that can be seen from here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor.adapters import Adapter, known_as
from m3ad.monitor.fingerprint import fingerprint
from m3ad.monitor.folders import existing

if TYPE_CHECKING:
    from m3ad.monitor.served_adapters import Card

REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Folders:
    """How a server sees folders of this machine: pairs of beginnings of paths, here and there."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Folders:
        """From HERE=THERE, with commas. Raises Conflict for what is not of this form."""
        pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
        for here, _, there in pairs:
            if not here or not there:
                raise Conflict(f"{text!r} does not say how the server sees a folder. Write HERE=THERE.")
        return cls(tuple((_here(here), there.rstrip("/")) for here, _, there in pairs))

    def there(self, path: str) -> str:
        """A folder of this machine as the server sees it; unchanged where no pair speaks of it."""
        for here, there in self.pairs:
            if path == here or path.startswith(f"{here}/"):
                return there + path[len(here) :]
        return path

    def here(self, path: str) -> str:
        """The inverse of `there`."""
        for here, there in self.pairs:
            if path == there or path.startswith(f"{there}/"):
                return here + path[len(there) :]
        return path


def require_base(adapter: Adapter, server: Card, address: str, folders: Folders) -> list[str]:
    """Sentences on what could not be compared; none when the server's model is the adapter's base.

    Raises:
        ModelUnavailable: it is another one, or nothing speaks for its being the same.
    """
    mine, root = adapter.base, known_as(server.root)
    if not root:
        return [f"{address} does not say which files it serves: whether they are {mine} cannot be seen from here."]
    if root in (mine, folders.there(mine)):
        return []
    own, theirs = existing(mine), existing(folders.here(root))
    if own and theirs:
        if fingerprint(own) == fingerprint(theirs):
            return []
    elif _last(mine) == _last(root) and not (_is_repository(mine) and _is_repository(root)):
        return [f"The server's model is {root} and the adapter's {mine}: only their names could be compared."]
    raise ModelUnavailable(
        f"The adapter belongs to {mine}, and {address} serves {root}. Start the server with the adapter's base model, "
        f'or, if both are the same, say so: --server-folder "{mine}={root}".'
    )


def _here(path: str) -> str:
    folder = existing(path)
    return str(folder) if folder else path.rstrip("/")


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].lower()


def _is_repository(name: str) -> bool:
    return REPOSITORY.fullmatch(name) is not None and existing(name) is None
