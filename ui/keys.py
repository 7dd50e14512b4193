"""Keyboard commands as data: one declaration feeds the key handling, the footer's hints and the list of keys (`?`).

It knows nothing of gradio. The browser's part is `static/keys.js`, which never fires while somebody types in a field;
what a person changed is in `ui.own_keys`.

A key is written "Ctrl+Alt+Shift+KEY", with those of the three that are held. KEY is `KeyboardEvent.key`: letters small,
"Space" for the space bar, or a range of letters or digits ("a…z"). Shift belongs to letters and named keys only: a sign
that needs Shift ("?") is that sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PARTS = re.compile(r"((?:Ctrl\+)?(?:Alt\+)?(?:Shift\+)?)([^\s]|[a-z0-9]…[a-z0-9]|[A-Z][A-Za-z0-9]{1,19})")
NAMES = {
    **{"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc", "Enter": "↵"},
    **{"Delete": "Del", "PageUp": "Page Up", "PageDown": "Page Down", "-": "−"},
}
# What may be held with the key of a `modified` command.
HOLDS = ("", "Shift+", "Alt+", "Alt+Shift+", "Ctrl+", "Ctrl+Shift+")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a key does on a tab.

    Attributes:
        name: how the tab's own script and what people changed refer to it; empty for a gesture, which is listed only.
        keys: its keys unless the person chose others.
        says: what it does, in a few words.
        press: CSS selector of what it clicks; empty when a component of the tab listens for itself.
        hint: its word in the footer, which has room for four or five; "" leaves it out.
        held: goes on while the key is held.
        modified: Shift, Alt and Ctrl with its key change what it does.
        fields: works in text fields too, by a key with Ctrl.
        fixed: nobody can give it another key.
    """

    name: str
    keys: tuple[str, ...]
    says: str
    press: str = ""
    hint: str = ""
    held: bool = False
    modified: bool = False
    fields: bool = False
    fixed: bool = False

    @property
    def range(self) -> str:
        """The letters or digits that it takes all of, as "a…z"; empty for a command that takes one key."""
        key = split(self.keys[0])[1]
        return key if len(key) == 3 and "…" in key else ""


def split(key: str) -> tuple[str, str]:
    """What is held, as "Ctrl+Shift+", and the key itself; ("", key) for what is not written like a key."""
    found = PARTS.fullmatch(key)
    return (found[1], found[2]) if found else ("", key)


def printed(key: str) -> str:
    """A key as people read it: "Ctrl Z", "Shift A … Z", "←"."""
    held, base = split(key)
    name = NAMES.get(base) or ("space" if base == "Space" else base.upper() if len(base) == 1 else base)
    if "…" in base:
        name = " … ".join(base.upper().split("…"))
    return f"{held.replace('+', ' ')}{name}"


def presses(key: str, *, modified: bool = False) -> set[str]:
    """Every single press that a key stands for."""
    held, base = split(key)
    if len(base) == 3 and "…" in base:
        return {f"{held}{chr(code)}" for code in range(ord(base[0]), ord(base[2]) + 1)}
    return {f"{each}{base}" for each in HOLDS} if modified else {key}


def taken(command: Command, keys: Iterable[str]) -> set[str]:
    """Every press that gives a command which has these keys."""
    return {press for key in keys for press in presses(key, modified=command.modified)}


def row(command: Command, keys: tuple[str, ...]) -> dict[str, object]:
    """What the browser knows of a command that has these keys."""
    return {
        **{name: getattr(command, name) for name in ("name", "says", "press", "hint", "held", "fields", "fixed")},
        "keys": [printed(key) for key in keys],
        "presses": sorted(taken(command, keys)),
    }
