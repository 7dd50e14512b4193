"""What the editor takes from a browser: exact boxes pass, anything our own script would not send is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from ui.components.base import STATIC
from ui.components.box_editor import LONGEST_NOTE, MOST_DEFECTS, SCRIPTS, received, script

SENT: dict[str, Any] = {
    "serial": 7,
    "case_id": 3,
    "based_on": 2,
    "rev": 5,
    "dirty": True,
    "anomalous": True,
    "defects": [{"type": "bent", "box": [1 / 8000, 0.25, 2 / 8000, 1], "picture": 1}, {"type": "hole", "box": None}],
    "note": "left edge",
    "inspection_id": None,
    "queue": "all",
    "step": 1,
    "target": None,
}


def test_a_sent_document_becomes_a_verdict_with_unrounded_boxes() -> None:
    work = received(SENT)
    assert work.verdict == Verdict(True, (Defect("bent", Box(1 / 8000, 0.25, 2 / 8000, 1.0), 1), Defect("hole")))
    assert (work.case_id, work.based_on, work.serial, work.step) == (3, 2, 7, 1)


def test_an_undecided_document_has_no_verdict() -> None:
    assert received({**SENT, "anomalous": None}).verdict is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"case_id": "../../etc/passwd"},
        {"case_id": None},
        {"based_on": -1},
        {"step": 5},
        {"anomalous": "maybe"},
        {"note": "x" * (LONGEST_NOTE + 1)},
        {"queue": "x" * 1000},
        {"defects": [{"type": "bent", "box": [0, 0, 1, 1]}] * (MOST_DEFECTS + 1)},
        {"defects": [{"type": "b" * 1000, "box": None}]},
        {"defects": [{"type": "bent", "box": [0, 0, float("nan"), 1]}]},
        {"defects": [{"type": "bent", "box": [0, 0, float("inf"), 1]}]},
        {"defects": [{"type": "bent", "box": [0, 0, 1.5, 1]}]},
        {"defects": [{"type": "bent", "box": [0, 0, 1]}]},
        {"defects": [{"type": ["bent"], "box": None}]},
        {"defects": [{"type": "bent", "box": [0, 0, 1, 1], "picture": -1}]},
        {"defects": [{"type": "bent", "box": [0, 0, 1, 1], "picture": 10**9}]},
    ],
)
def test_what_our_script_would_not_send_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        received({**SENT, **wrong})


@pytest.mark.parametrize("payload", [None, [], "case 3", {}])
def test_anything_else_is_refused(payload: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        received(payload)


def test_the_script_writes_no_html_and_names_its_events() -> None:
    text = script([])
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text)
    for event in ("draft", "save", "open"):
        assert f'"{event}"' in text, "Gradio finds a custom event by its quoted name"
    assert "http:" not in text
    assert "https:" not in text


def test_every_script_file_is_used() -> None:
    files = {path.name for path in STATIC.glob("box_editor*.js")}
    assert files == {"box_editor.js", *(f"box_editor_{name}.js" for name in SCRIPTS)}
