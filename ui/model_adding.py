"""A model that is to be compared gets a name, under which page and command line know it. Nothing is loaded."""

from __future__ import annotations

from db.store import Store
from m3ad.dialects import CHOICE, DIALECTS, OWN
from m3ad.errors import Conflict
from m3ad.monitor.names import NAMES, resolve
from m3ad.records import Model

RECOGNISED = ""  # the dialect is found by the model's name or architecture


def dialect_choices() -> list[tuple[str, str]]:
    """(words, name) of every way in which a model can be asked and read."""
    own = ("RA-Monitor's own words and form", OWN)
    return [("as its name or files say", RECOGNISED), own, *((one.words, name) for name, one in DIALECTS.items())]


def add_source(store: Store, name: str, source: str, dialect: str, *, actor: str) -> Model:
    """Register a source (see `m3ad.monitor.names.resolve`) under a name.

    Raises:
        ModelUnavailable: there is no such source or dialect.
        Conflict: the name is empty, too long, or taken.
    """
    name, source = name.strip(), source.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise Conflict("Give the model a name of 1 to 80 characters in one line.")
    if name in NAMES:
        raise Conflict(f"{name} is the name of a built-in model. Choose another one.")
    whole = f"{source}{CHOICE}{dialect}" if dialect else source
    resolve(whole)
    return store.add_model(Model(name, whole), actor=actor)
