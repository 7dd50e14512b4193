"""From results.jsonl to docs/ablations.md and its figure. `python -m benchmarks.ablations.report OUT [--docs DOCS]`.

What stands in the document between the marks HAND_BEGIN and HAND_END is written by people and kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ablations.figure import draw, photograph
from benchmarks.ablations.results import read_results
from benchmarks.ablations.tables import Tables
from m3ad.errors import M3ADError

HAND_BEGIN = "<!-- by hand: what stands here is kept by the report -->"
HAND_END = "<!-- /by hand -->"
NOTHING_YET = "\nNothing has been written here yet.\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablations.report", description="Writes the document.")
    parser.add_argument("out", type=Path, help="folder of the ablations")
    parser.add_argument("--docs", type=Path, default=Path(__file__).parents[2] / "docs", help="where to write")
    given = parser.parse_args(arguments)
    try:
        write(Tables.of(read_results(given.out / "results.jsonl")), given.docs)
    except M3ADError as error:
        raise SystemExit(str(error)) from error
    print("ablations.md, ablations.json and ablations.png are written.")


def write(tables: Tables, docs: Path) -> None:
    """The document, its figure and the figure's data. Raises RunError without Chromium, after the document."""
    page = docs / "ablations.md"
    page.write_text(document(tables, page.read_text() if page.exists() else ""))
    figure = draw(tables)
    figure.write_json(docs / "ablations.json")
    photograph(figure, docs / "ablations.png")


def document(tables: Tables, before: str) -> str:
    """The whole document; `before` is the one there is, for its part by hand."""
    hand = before.partition(HAND_BEGIN)[2].partition(HAND_END)[0] or NOTHING_YET
    sections = [
        tables.intro(),
        "## What we make of it\n\n" + HAND_BEGIN + hand + HAND_END,
        "![Reflection over training, what reflections do, before and after, equal rewards](ablations.png)\n\n"
        "The same figure as data for plotly: [ablations.json](ablations.json).",
        tables.table_2(),
        tables.table_3(),
        tables.figure_4(),
        tables.figure_5(),
        tables.training(),
    ]
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


if __name__ == "__main__":
    main()
