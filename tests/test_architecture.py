"""Imports point down, and opening the page does not load torch. The tables are the whole policy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {"m3ad", "db", "training", "ui", "app", "benchmarks"}
MAY_IMPORT = {
    "m3ad": {"m3ad"},
    "db": {"db", "m3ad"},
    "training": {"training", "db", "m3ad"},
    "ui": {"ui", "training", "db", "m3ad"},
    "app": {"app", "ui", "training", "db", "m3ad"},
    "benchmarks": {"benchmarks", "training", "db", "m3ad"},
}
HEAVY = {
    "torch",
    "torchvision",
    "transformers",
    "peft",
    "trl",
    "bitsandbytes",
    "accelerate",
    "safetensors",
    "tokenizers",
}
MAY_NOT_IMPORT = {
    "m3ad": HEAVY | {"gradio", "fastapi", "sqlalchemy", "alembic", "plotly", "pandas", "datasets"},
    "db": HEAVY | {"gradio", "fastapi", "pandas", "plotly", "datasets"},
    "training": HEAVY | {"gradio", "fastapi", "sqlalchemy", "plotly", "datasets"},
    "ui": HEAVY | {"sqlalchemy", "alembic", "datasets"},
    "app": HEAVY | {"sqlalchemy", "alembic", "datasets"},
    "benchmarks": HEAVY | {"gradio", "fastapi", "sqlalchemy", "alembic", "datasets"},
}
# The only places that may touch the heavy libraries.
TORCH_FILES = (
    "m3ad/monitor/local",
    "m3ad/demo/architecture.py",
    "training/raws.py",
    "training/rcrl.py",
    "training/callbacks.py",
    "training/following.py",
    "training/images_once.py",
    "training/collate.py",
    "training/loading.py",
    "training/processor.py",
    "training/sharding.py",
    "training/seen.py",
    "training/demo_model.py",
    "training/demo_answers.py",
    "training/demo_cells.py",
    "training/demo_eyes.py",
    "training/demo_vision.py",
    "benchmarks/training/one.py",
)
# What the trainers run must not know the database: the run folder is the interface.
WITHOUT_DB = (
    *TORCH_FILES,
    "training/run.py",
    "training/config.py",
    "training/process.py",
    "training/modes.py",
    "training/examples.py",
    "training/checkpoints.py",
    "training/history.py",
)


def sources() -> list[Path]:
    return [
        ROOT / "app.py",
        *(path for room in sorted(ROOMS - {"app"}) for path in sorted((ROOT / room).rglob("*.py"))),
    ]


def imported(path: Path) -> set[str]:
    """Dotted names of everything a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    where = str(path.relative_to(ROOT))
    room = where.split("/")[0].removesuffix(".py")
    roots = {name.split(".")[0] for name in imported(path)}
    assert not (roots & ROOMS) - MAY_IMPORT[room]
    forbidden = MAY_NOT_IMPORT[room]
    if where.startswith(TORCH_FILES):
        forbidden = forbidden - HEAVY - {"datasets"}
    assert not roots & forbidden
    if where.startswith(WITHOUT_DB):
        assert "db" not in roots
    assert "tests" not in roots


def test_tabs_do_not_import_one_another() -> None:
    tabs = {"ui.inspect", "ui.annotate", "ui.retrain", "ui.data"}
    for tab in tabs:
        names = imported(ROOT / f"{tab.replace('.', '/')}.py")
        assert not {name for name in names for other in tabs - {tab} if name == other or name.startswith(other + ".")}


def test_building_the_page_does_not_load_torch() -> None:
    code = "import sys, ui.build, app; sys.exit(1 if {'torch', 'transformers', 'trl'} & set(sys.modules) else 0)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
