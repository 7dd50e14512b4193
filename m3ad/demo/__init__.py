"""Drawn parts and the small bundled model: everything the app needs to be tried without data, GPU or network."""

from __future__ import annotations

from pathlib import Path


def bundled_model() -> Path:
    """The folder of the bundled demonstration model."""
    return Path(__file__).parent / "model"
