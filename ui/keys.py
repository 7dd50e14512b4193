"""Keyboard shortcuts as data: one declaration feeds the key handling, the footer's hints and the help dialog (`?`).

It knows nothing of gradio. The browser's part is `static/keys.js`, which never fires while somebody types in a field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

ARROWS = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓"}
NAMES = {" ": "space", "Escape": "Esc", "Enter": "↵", **ARROWS}


@dataclass(frozen=True, slots=True)
class Key:
    """One shortcut of a tab.

    Attributes:
        key: `KeyboardEvent.key` as the browser names it (" ", "ArrowLeft", "a", "?"); letters without regard to case.
        says: what it does, in a word or two.
        press: CSS selector of what it clicks; empty when a component of the tab listens for itself (help text only).
        hint: its word in the footer, which has room for four or five; "" leaves it out, None takes `says`.
    """

    key: str
    says: str
    press: str = ""
    hint: str | None = None

    def to_json(self) -> dict[str, object]:
        """What `keys.js` reads: the fields and the printed name of the key."""
        name = NAMES.get(self.key, self.key.upper() if len(self.key) == 1 else self.key)
        return {**asdict(self), "name": name, "hint": self.says if self.hint is None else self.hint}
