"""Each person's own keys: what is a key, what clashes, and that no stored value breaks the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.store import Store
from m3ad.errors import Conflict, NotFound
from ui.build import KEYS
from ui.components.base import STATIC
from ui.keys import presses, printed, taken
from ui.own_keys import PREFERENCE, all_rows, give, give_back, keys_of, rows

ANNOTATE = KEYS["annotate"]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path) as opened:
        yield opened


def keys(store: Store, user: str, name: str, tab: str = "annotate") -> Any:
    """The printed keys of a command."""
    return next(row for row in all_rows(store, user, KEYS)[tab] if row["name"] == name)["keys"]


@pytest.mark.parametrize("tab", KEYS)
def test_no_press_gives_two_commands(tab: str) -> None:
    seen: dict[str, str] = {}
    for command in KEYS[tab]:
        for press in taken(command, command.keys):
            assert press not in seen, f"{press}: {command.says} and {seen[press]}"
            seen[press] = command.says
    names = [command.name for command in KEYS[tab] if command.name]
    assert len(names) == len(set(names))


def test_every_command_of_the_workbench_is_done_by_its_script_and_none_else() -> None:
    body = re.search(r"const COMMANDS = \{(.*?)\n  \};", (STATIC / "box_editor_keys.js").read_text(), re.DOTALL)
    assert body is not None
    done = re.findall(r"^    (\w+):", body[1], re.MULTILINE)
    assert done == [command.name for command in ANNOTATE if command.name]


def test_keys_are_printed_as_people_read_them() -> None:
    shown = {"Ctrl+Shift+z": "Ctrl Shift Z", "ArrowLeft": "←", "Space": "space", "Ctrl++": "Ctrl +", "F2": "F2"}
    assert {key: printed(key) for key in shown} == shown
    assert printed("Shift+a…z") == "Shift A … Z"
    assert presses("Alt+2…4") == {"Alt+2", "Alt+3", "Alt+4"}


def test_a_key_is_given_and_only_to_who_asked(store: Store) -> None:
    give(store, "ann", KEYS, "annotate", "adopt", 0, "e")
    give(store, "ann", KEYS, "annotate", "redo", 1, "Ctrl+Alt+r")
    give(store, "ann", KEYS, "inspect", "inspect", 0, "i")
    assert keys(store, "ann", "adopt") == ["E"]
    assert keys(store, "ann", "redo") == ["Ctrl Shift Z", "Ctrl Alt R"]
    assert keys(store, "ann", "inspect", "inspect") == ["I"]
    assert keys(store, "bob", "adopt") == ["X"]
    give(store, "ann", KEYS, "annotate", "accept", 0, "x")  # free now
    give_back(store, "ann", KEYS, "annotate")
    assert (keys(store, "ann", "adopt"), keys(store, "ann", "accept")) == (["X"], ["A"])
    assert keys(store, "ann", "inspect", "inspect") == ["I"], "another tab's keys stay"


def test_the_declared_keys_given_again_leave_nothing_stored(store: Store) -> None:
    give(store, "ann", KEYS, "annotate", "adopt", 0, "e")
    give(store, "ann", KEYS, "annotate", "adopt", 0, "x")
    assert store.preferences.get("ann", PREFERENCE) == {}


@pytest.mark.parametrize(
    ("name", "place", "key", "words"),
    [
        ("adopt", 0, "n", "N is taken: new box"),
        ("adopt", 0, "Shift+r", "Shift R is taken: search the types by this letter"),
        ("adopt", 0, "7", "7 is taken: a recent type"),
        ("adopt", 0, "Ctrl+ArrowUp", "is taken: move the box"),
        ("redo", 1, "Ctrl+Shift+z", "is taken: redo"),
        ("left", 0, "s", "S is taken"),  # Shift+S searches, Ctrl+S saves
        ("left", 0, "Alt+F2", "Press the key alone"),
        ("search", 0, "t", "A … Z is taken"),
        ("search", 0, "Ctrl+7", "press one of them"),
        ("adopt", 0, "?", "? always opens this list"),
        ("adopt", 0, "Shift+Tab", "always goes to the next control"),
        ("adopt", 0, "Escape", "Esc always"),
        ("adopt", 0, "a…z", "press one of them|no key"),
        ("adopt", 0, "X", "no key"),
        ("adopt", 0, "", "no key"),
        ("adopt", 0, " ", "no key"),
        ("adopt", 0, "<b>", "no key"),
        ("adopt", 0, "\ud800", "no key"),
        ("adopt", 0, "Shift+Ctrl+p", "no key"),
    ],
)
def test_what_cannot_be_given_is_said_and_changes_nothing(
    store: Store, name: str, place: int, key: str, words: str
) -> None:
    before = all_rows(store, "ann", KEYS)
    with pytest.raises(Conflict, match=words.replace("?", r"\?")):
        give(store, "ann", KEYS, "annotate", name, place, key)
    assert all_rows(store, "ann", KEYS) == before


def test_a_range_and_the_arrows_can_be_moved(store: Store) -> None:
    give(store, "ann", KEYS, "annotate", "search", 0, "Ctrl+Alt+k")
    assert keys(store, "ann", "search") == ["Ctrl Alt A … Z"]
    give(store, "ann", KEYS, "annotate", "left", 0, "e")
    found = next(row for row in all_rows(store, "ann", KEYS)["annotate"] if row["name"] == "left")
    assert {"e", "Shift+e", "Ctrl+Shift+e"} < set(found["presses"])  # type: ignore[arg-type]


def test_unknown_names_and_places_are_refused(store: Store) -> None:
    for tab, name, place in (("annotate", "nothing", 0), ("annotate", "", 0), ("annotate", "adopt", 1), ("no", "x", 0)):
        with pytest.raises(NotFound):
            give(store, "ann", KEYS, tab, name, place, "p")
    with pytest.raises(NotFound):
        give(store, "ann", KEYS, "inspect", "stop", 0, "p")  # fixed
    with pytest.raises(NotFound):
        give_back(store, "ann", KEYS, "no")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["x", "n", "Shift+a…z", "Ctrl+s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMED = st.dictionaries(
    st.sampled_from([command.name for command in ANNOTATE]), JSON | st.lists(st.sampled_from("xnapvt"), max_size=2)
)


@given(JSON | NAMED)
def test_whatever_is_stored_no_press_gives_two_commands(stored: object) -> None:
    found = rows(ANNOTATE, stored)
    assert [row["name"] for row in found] == [command.name for command in ANNOTATE]
    all_presses = [press for row in found for press in row["presses"]]  # type: ignore[attr-defined]
    assert len(all_presses) == len(set(all_presses))
    assert all(row["keys"] for row in found)


def test_what_clashes_falls_back_and_the_rest_stays() -> None:
    found = keys_of(ANNOTATE, {"adopt": ["n"], "fit": ["e"], "newBox": "x", "grid": ["f"]})
    assert (found["adopt"], found["fit"], found["newBox"], found["grid"]) == (("x",), ("e",), ("n",), ("f",))
    swapped = keys_of(ANNOTATE, {"adopt": ["n"], "newBox": ["x"]})
    assert (swapped["adopt"], swapped["newBox"]) == (("n",), ("x",))
