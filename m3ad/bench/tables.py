"""Tables as values, whatever they are written as; Markdown, CSV, LaTeX and HTML are made from these."""

from __future__ import annotations

from dataclasses import dataclass, replace

from m3ad.metrics.figures import Figure


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, or a number with the decimals that it is shown with, and its 95 % interval where it has one."""

    text: str = ""
    value: float | None = None
    interval: tuple[float, float] | None = None
    digits: int = 0
    published: bool = False

    def shown(self) -> str:
        """As a person reads it: "80.3 [78.1, 82.2]"; "–" for a figure that there is not."""
        if self.value is None:
            return self.text
        number = f"{self.value:.{self.digits}f}"
        if self.interval is None:
            return number
        low, high = (f"{edge:.{self.digits}f}" for edge in self.interval)
        return f"{number} [{low}, {high}]"


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; columns of one `group` next to each other stand under it."""

    name: str
    group: str = ""

    @property
    def whole(self) -> str:
        """Group and name in one."""
        return f"{self.group} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title and what has to be known to read it. All texts are plain: whoever writes them escapes."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


NOTHING = Cell("–")


def percent(figure: Figure | None) -> Cell:
    """A share as percent, one decimal, as the paper prints accuracies."""
    return _scaled(figure, 100, 1)


def score(figure: Figure | None) -> Cell:
    """A share with three decimals, as the paper prints F1."""
    return _scaled(figure, 1, 3)


def count(number: int) -> Cell:
    """A whole number."""
    return Cell(value=number)


def share(part: int, whole: int, interval: tuple[float, float] | None = None) -> Cell:
    """part / whole in percent; "–" of nothing."""
    return percent(Figure(part / whole, interval)) if whole else NOTHING


def _scaled(figure: Figure | None, scale: float, digits: int) -> Cell:
    if figure is None or figure.value is None:
        return NOTHING
    interval = None if figure.interval is None else (scale * figure.interval[0], scale * figure.interval[1])
    return Cell(value=scale * figure.value, interval=interval, digits=digits)


def printed(*values: float | str, digits: int = 1) -> tuple[Cell, ...]:
    """Cells as the paper printed them; F1 are told from percentages by their size."""
    return tuple(
        Cell(value, published=True)
        if isinstance(value, str)
        else Cell(value=value, digits=digits if value > 1 else 3, published=True)
        for value in values
    )


def grey(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The cells as published ones."""
    return tuple(replace(cell, published=True) for cell in cells)
