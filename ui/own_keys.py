"""Each person's own keys: the declared commands with the keys that the person chose, and how one is chosen.

What is stored is `{tab: {command: [keys]}}`, of commands with other keys than the declared ones only. It may be of
another version, or not ours at all: what cannot be used counts as not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.store import Store
from m3ad.errors import Conflict, NotFound
from ui.keys import PARTS, Command, presses, printed, row, split, taken

PREFERENCE = "keys"
RESERVED = {"?": "opens this list", "Escape": "leaves a field and gives up", "Tab": "goes to the next control"}

Commands = Sequence[Command]
Tabs = Mapping[str, Commands]
Keys = tuple[str, ...]


def rows(commands: Commands, stored: object = None) -> list[dict[str, object]]:
    """The commands of a tab as the browser knows them, with the person's keys; `stored` is not trusted."""
    own = keys_of(commands, stored)
    return [row(command, own.get(command.name, command.keys)) for command in commands]


def all_rows(store: Store, user: str, tabs: Tabs) -> dict[str, list[dict[str, object]]]:
    """The commands of every tab, with the person's keys."""
    stored = store.preferences.get(user, PREFERENCE)
    return {tab: rows(commands, stored.get(tab)) for tab, commands in tabs.items()}


def give(store: Store, user: str, tabs: Tabs, tab: str, name: str, place: int, key: str) -> None:
    """Give a command another key in place of its `place`-th one (0 is the first).

    Raises:
        Conflict: it is no key that can be given, or another command has it; nothing is changed.
        NotFound: there is no such command, or it has no such key.
    """
    commands = _commands(tabs, tab)

    def change(stored: dict[str, Any]) -> dict[str, Any]:
        own = keys_of(commands, stored.get(tab))
        own[name] = _given(commands, own, name, place, key)
        return _with(
            stored, tab, {each.name: own[each.name] for each in commands if own.get(each.name, each.keys) != each.keys}
        )

    store.preferences.change(user, PREFERENCE, change)


def give_back(store: Store, user: str, tabs: Tabs, tab: str) -> None:
    """Bring the declared keys of a tab back; NotFound when there is no such tab."""
    _commands(tabs, tab)
    store.preferences.change(user, PREFERENCE, lambda stored: _with(stored, tab, {}))


def keys_of(commands: Commands, stored: object) -> dict[str, Keys]:
    """By name, the keys of the commands that can be changed. Of what is stored counts what fits together."""
    chosen = stored if isinstance(stored, dict) else {}
    changeable = {command.name: command for command in commands if not command.fixed}
    own = {name: keys for name, one in changeable.items() if (keys := _usable(one, chosen.get(name)))}
    while True:
        found = {name: own.get(name, command.keys) for name, command in changeable.items()}
        clashing = [name for name in own if _clash(commands, found, changeable[name])]
        if not clashing:
            return found
        for name in clashing:
            del own[name]


def _commands(tabs: Tabs, tab: str) -> Commands:
    if tab not in tabs:
        raise NotFound("There is no such tab: reload the page.")
    return tabs[tab]


def _with(stored: dict[str, Any], tab: str, chosen: Mapping[str, Keys]) -> dict[str, Any]:
    others = {name: value for name, value in stored.items() if name != tab}
    return {**others, tab: {name: list(keys) for name, keys in chosen.items()}} if chosen else others


def _usable(command: Command, chosen: object) -> Keys:
    """The chosen keys of a command; none when they are not as many keys of the same kind as it was declared with."""
    if not isinstance(chosen, list) or len(chosen) != len(command.keys):
        return ()
    keys = tuple(key for key in chosen if isinstance(key, str) and not _obstacle(command, key))
    return keys if len(set(keys)) == len(command.keys) else ()


def _obstacle(command: Command, key: str) -> str:
    """Why a command cannot have this key, whatever the others have; empty when it can."""
    held, base = split(key)
    if not PARTS.fullmatch(key) or not base.isprintable() or (len(base) == 1 and base != base.lower()):
        return "That is no key that can be given."
    if base in RESERVED:
        return f"{printed(base)} always {RESERVED[base]}."
    if command.modified and held:
        return "Press the key alone: Shift, Alt and Ctrl with it say how far, and which sides."
    if ("…" in base and base != "…") != bool(command.range) or (command.range and base != command.range):
        return f"It takes all of {printed(command.range)}: press one of them together with Shift, Alt or Ctrl."
    return ""


def _given(commands: Commands, own: Mapping[str, Keys], name: str, place: int, key: str) -> Keys:
    command = next((each for each in commands if each.name == name and name in own), None)
    if command is None or not 0 <= place < len(own[name]):
        raise NotFound("There is no such key to change: reload the page.")
    if command.range and key in presses(split(key)[0] + command.range):
        key = split(key)[0] + command.range  # one of them stands for all
    if words := _obstacle(command, key):
        raise Conflict(words)
    rest = {**own, name: own[name][:place] + own[name][place + 1 :]}
    if other := _holder(commands, rest, presses(key, modified=command.modified)):
        raise Conflict(f"{printed(key)} is taken: {other.says}. Give that another key first.")
    return (*own[name][:place], key, *own[name][place + 1 :])


def _holder(commands: Commands, own: Mapping[str, Keys], wanted: set[str]) -> Command | None:
    """The command that is given by one of these presses."""
    return next((each for each in commands if taken(each, own.get(each.name, each.keys)) & wanted), None)


def _clash(commands: Commands, own: Mapping[str, Keys], command: Command) -> bool:
    others = [each for each in commands if each is not command]
    return _holder(others, own, taken(command, own[command.name])) is not None
