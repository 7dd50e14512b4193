"""README says what is true: its map, its settings table, its commands."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from m3ad.demo.parts import CATEGORIES
from m3ad.settings import setting_rows
from training.demo_parts import SEEDS
from ui.commands.parser import make_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
ROOMS = ("m3ad", "db", "training", "ui", "benchmarks")


def modules() -> dict[str, str]:
    """Every source file with the first sentence of its docstring."""
    paths = [ROOT / "app.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))]
    found = {}
    for path in paths:
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        if text or path.name != "__init__.py":
            found[str(path.relative_to(ROOT))] = re.split(r"(?<=[.!?;])\s", text.replace("\n", " "))[0].rstrip(".;")
    return found


def file_map() -> str:
    """The map as README shows it, made from the docstrings."""
    found = modules()
    width = max(len(name) for name in found) + 2
    return "\n".join(f"{name:{width}}{text}" for name, text in found.items())


def settings_table() -> str:
    """The settings table as README shows it."""
    rows = [f"| `{flag}` | {default} | {text} |" for flag, default, text in setting_rows()]
    return "\n".join(["| flag | default | what it does |", "|---|---|---|", *rows])


def test_every_module_says_what_it_is() -> None:
    assert [name for name, text in modules().items() if not text] == []


def test_the_file_map_is_the_files() -> None:
    block = README.split("## Where things are")[1].split("```")[1].strip()
    assert block == file_map()


def test_the_settings_table_is_the_settings() -> None:
    table = re.search(r"<!-- settings:.*?-->\n(.*?)<!-- /settings -->", README, re.DOTALL)
    assert table is not None
    assert table.group(1).strip() == settings_table()


@pytest.mark.parametrize("line", re.findall(r"^    uv run app\.py ?(.*)$", README, re.MULTILINE))
def test_every_command_of_the_readme_is_understood(line: str) -> None:
    assert callable(make_parser().parse_args(shlex.split(line, comments=True)).command)


def test_the_model_card_names_the_parts_that_nothing_may_be_tuned_on() -> None:
    card = (ROOT / "m3ad/demo/model/README.md").read_text()
    for name in ("ft", "thresholds", "evaluate", "bench"):
        assert f"{SEEDS[name]:,}" in card, name
    for category in CATEGORIES:
        assert not category.held_out or category.name in " ".join(card.split()), category.name


def test_pictures_of_the_readme_are_there() -> None:
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).is_file(), name
