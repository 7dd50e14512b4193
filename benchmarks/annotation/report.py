"""docs/annotation-benchmark.md from docs/annotation-benchmark.json, which the measuring commands write part by part.

What stands in the document between the marks HAND_BEGIN and HAND_END is written by people and kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
HAND_BEGIN = "<!-- by hand: what stands here is kept by the report -->"
HAND_END = "<!-- /by hand -->"
# Key in a round, words, unit, whether more is better, and by how much ours shall be better than Label Studio.
ROWS: tuple[tuple[str, str, str, bool, float | None], ...] = (
    ("start", "start of the server, until its sign-in page answers", "s", False, None),
    ("import", "10,000 tasks with predictions into the store", "s", False, 1),
    ("opened", "warm open of a case in a browser, until picture and boxes are drawn", "s", False, 4),
    ("submitted", "save in a browser, until the next case's picture and boxes are drawn", "s", False, 4),
    ("rate", "8 annotators over HTTP: annotations a second", "1/s", True, 10),
    ("wait", "the same: save and next case, median", "s", False, None),
    ("wait95", "the same: save and next case, 95th percentile", "s", False, None),
    ("next95", "the same: the request for the next case alone, 95th percentile", "s", False, None),
    ("twice", "the same: share of the cases that two people were given", "", False, None),
    ("errors", "the same: errors", "", False, None),
    ("list", "a filtered list, counted, with its first 100 cases", "s", False, 5),
)


def record(name: str, figures: Any, docs: Path = DOCS) -> None:
    """Put one command's figures in the place of its earlier ones, and write the document again."""
    path = docs / "annotation-benchmark.json"
    known = json.loads(path.read_text()) if path.is_file() else {}
    known[name] = figures
    path.write_text(json.dumps(known, indent=1) + "\n")
    write(known, docs / "annotation-benchmark.md")


def write(known: dict[str, Any], path: Path) -> None:
    """The document; what people wrote into the one before is kept."""
    old = path.read_text() if path.is_file() else ""
    by_hand = old.split(HAND_BEGIN)[1].split(HAND_END)[0] if HAND_BEGIN in old else "\nNothing has been written yet.\n"
    parts = [
        "# The annotation workbench, measured",
        "Made by `benchmarks/annotation` from `annotation-benchmark.json`; each section names the command that "
        "measured it.",
        f"{HAND_BEGIN}{by_hand}{HAND_END}",
    ]
    for name, section in SECTIONS.items():
        if name in known:
            parts.append(section(known[name]))
    path.write_text("\n\n".join(parts) + "\n")


def _side_by_side(found: dict[str, Any]) -> str:
    peer = found["peer"]
    lines = [
        "## Beside Label Studio" if peer else "## Ours alone (no Label Studio was given)",
        "`python -m benchmarks.annotation.side_by_side --label-studio EXECUTABLE`. "
        + (f"{peer}, installed with pip. " if peer else "")
        + f"{found['tasks']:,} tasks over {found['pictures']} pictures of 1600 x 1200 pixels, one prediction with "
        f"three boxes each; {len(found['ours'])} rounds, in each "
        + ("both programs one after the other, who is first changes. " if peer else "ours. ")
        + f"8 annotators for {found['seconds']} s. Medians over the rounds, with the lowest and the highest; "
        "how much better is the median of the rounds' own ratios.",
        "| | ours | Label Studio | ours is better by | goal | |",
        "|---|---|---|---|---|---|",
    ]
    for key, words, unit, more, goal in ROWS:
        ours, theirs = _values(found["ours"], key), _values(found["peers"], key)
        ratio = _ratio(ours, theirs, more)
        reached = "" if goal is None or ratio is None else ("reached" if ratio >= goal else "**not reached**")
        better, wanted = "" if ratio is None else f"{ratio:.1f} ×", "" if goal is None else f"{goal:g} ×"
        lines.append(f"| {words} | {_span(ours, unit)} | {_span(theirs, unit)} | {better} | {wanted} | {reached} |")
    return _table(lines)


def _values(rounds: list[dict[str, Any]], key: str) -> list[float]:
    return [one[key] for one in rounds if one.get(key) is not None]


def _ratio(ours: list[float], theirs: list[float], more: bool) -> float | None:
    """The median of the rounds' ratios: within a round the machine was the same for both."""
    pairs = [(one, other) if more else (other, one) for one, other in zip(ours, theirs, strict=False)]
    ratios = [one / other for one, other in pairs if other]
    return median(ratios) if ratios and any(ratios) else None


def _span(values: list[float], unit: str) -> str:
    if not values:
        return "–"
    text = " – ".join(_number(value) for value in (min(values), max(values)))
    return f"{_number(median(values))} {unit} ({text})".replace("  ", " ")


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}"


def _table(lines: list[str]) -> str:
    """Heading and text as paragraphs, the rows of the table below one another."""
    words = [line for line in lines if not line.startswith("|")]
    return "\n\n".join([*words, "\n".join(line for line in lines if line.startswith("|"))])


def _scale(found: list[dict[str, Any]]) -> str:
    lines = [
        "## Ours at more cases",
        "`python -m benchmarks.annotation.scale CASES …`, over HTTP; milliseconds, median (95th percentile). One "
        "person, then eight at once.",
        "| | " + " | ".join(f"{one['cases']:,} cases" for one in found) + " |",
        "|---" * (len(found) + 1) + "|",
    ]
    for name in found[0]["milliseconds"]:
        cells = [f"{one['milliseconds'][name][0]:.0f} ({one['milliseconds'][name][1]:.0f})" for one in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for key, words in (("rate", "eight people: annotations a second"), ("twice", "cases given to two people")):
        lines.append(f"| {words} | {' | '.join(_number(one[key]) for one in found)} |")
    return _table(lines)


def _hands(found: dict[str, Any]) -> str:
    lines = [
        "## Keys and seconds for a corrected case",
        f"`python -m benchmarks.annotation.hands`: {found['cases']} corrections in a real browser, each checked in the "
        "store. A robot's hands: keys follow one another without a pause, so the seconds are what the program takes, "
        "from the first key until the next case is drawn.",
        "| correction | cases | keys | drags | seconds, median | slowest |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in found["kinds"].items():
        seconds = f"{median(one['seconds']):.2f} | {max(one['seconds']):.2f}"
        lines.append(f"| {name} | {len(one['seconds'])} | {_number(one['keys'])} | {one['drags']} | {seconds} |")
    lines.append(
        f"All: {found['keys']} keys and {found['drags']} drags for {found['cases']} cases, {found['mean']:.2f} keys a "
        f"case. Types of the picker: {found['types']}; keys to choose one, with the key that opens the picker: "
        f"{found['most']} at most."
    )
    return _table(lines)


def _kills(found: dict[str, Any]) -> str:
    return (
        "## Random kills of the server\n\n`python -m benchmarks.annotation.kills`: "
        f"{found['people']} annotators over HTTP for {found['seconds']:.0f} s, the server killed with SIGKILL "
        f"{found['kills']} times at random moments and started again. {found['acknowledged']:,} saves were "
        f"acknowledged; missing afterwards: {found['missing']}; with other content: {found['altered']}; lost updates: "
        f"{found['lost_updates']}; cases that two people held at the same time: {found['held_by_two']}. "
        f"Saves that were stored but whose answer was cut off: {found['unacknowledged']}."
    )


SECTIONS: dict[str, Callable[[Any], str]] = {
    "side by side": _side_by_side,
    "scale": _scale,
    "hands": _hands,
    "kills": _kills,
}
