"""`bench report`: evaluations as Markdown, CSV, LaTeX, JSON and one HTML file."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.bench_report import FILES, write_report
from ui.commands.common import open_store, tell

WORDS = "Write evaluations, side by side and beside the paper's, as Markdown, CSV, LaTeX, JSON and HTML."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to, and which."""
    parser.add_argument("folder", type=Path, help="A new folder.")
    parser.add_argument("evaluations", type=int, nargs="+", metavar="NUMBER", help="As `bench list` shows them.")


def run(options: argparse.Namespace) -> None:
    """Write the files and tell where they are."""
    with open_store(options) as store:
        subjects = write_report(store, options.evaluations, options.folder)
    names = ", ".join(one.name for one in subjects)
    data = {"folder": str(options.folder), "files": list(FILES), "models": [one.name for one in subjects]}
    tell(options, data, f"{names}: {options.folder / 'report.html'} and {', '.join(FILES[:-2])}, {FILES[-1]} beside it")
