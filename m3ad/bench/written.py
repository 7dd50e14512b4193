"""A report's tables as Markdown, CSV and LaTeX. Names of models and cases are anybody's: each form escapes them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import groupby

from m3ad.bench.tables import Cell, Table

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "✓": r"\checkmark{}", "✗": r"$\times$", "–": "--",
    "·": r"$\cdot$",
}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def markdown(title: str, remarks: Sequence[str], tables: Sequence[Table]) -> str:
    """A Markdown page; what the paper printed is in italics, because Markdown knows no grey."""
    blocks = [f"# {escape_markdown(title)}", *(f"* {escape_markdown(one)}" for one in remarks)]
    for table in tables:
        head = [escape_markdown(column.whole) for column in table.columns]
        rows = [[_markdown_cell(cell) for cell in row] for row in table.rows]
        lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
        note = table.note.replace("Grey:", "Italics:")
        blocks += [f"## {escape_markdown(table.title)}", "\n".join(lines), escape_markdown(note)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape_markdown(text: str) -> str:
    """The text so that it is shown and nothing in it does anything; line breaks become spaces."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.shown())
    return f"*{text}*" if cell.published and text else text


def comma_separated(tables: Sequence[Table]) -> str:
    """One line for each cell that holds a number: table, row, column, value, low, high, source."""
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    out.writerow(["table", "row", "column", "value", "low", "high", "source"])
    for table in tables:
        for row in table.rows:
            name = " / ".join(cell.text for cell in row if cell.value is None and cell.text) or row[0].shown()
            for column, cell in zip(table.columns, row, strict=True):
                if cell.value is not None:
                    edges = cell.interval or ("", "")
                    source = "paper" if cell.published else "measured"
                    texts = [_harmless(text) for text in (table.title, name, column.whole)]
                    out.writerow([*texts, cell.value, *edges, source])
    return buffer.getvalue()


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def latex(tables: Sequence[Table]) -> str:
    """Tables for a paper; needs the packages booktabs, xcolor and amssymb."""
    return "\n".join(_latex_table(table) for table in tables)


def _latex_table(table: Table) -> str:
    groups = [(name, len(list(columns))) for name, columns in groupby(table.columns, lambda column: column.group)]
    heads = [[f"\\multicolumn{{{width}}}{{c}}{{{escape_latex(name)}}}" for name, width in groups]]
    heads = heads if any(name for name, _ in groups) else []
    heads.append([escape_latex(column.name) for column in table.columns])
    rows = [[_latex_cell(cell) for cell in row] for row in table.rows]
    lines = [
        *(r"\begin{table}[t]", r"\centering", f"\\caption{{{escape_latex(table.title)}. {escape_latex(table.note)}}}"),
        f"\\begin{{tabular}}{{{'l' * len(table.columns)}}}",
        *(r"\toprule", *(f"{' & '.join(head)} \\\\" for head in heads), r"\midrule"),
        *(f"{' & '.join(row)} \\\\" for row in rows),
        *(r"\bottomrule", r"\end{tabular}", r"\end{table}", ""),
    ]
    return "\n".join(lines)


def escape_latex(text: str) -> str:
    """The text with all signs that TeX would act on replaced."""
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


def _latex_cell(cell: Cell) -> str:
    text = escape_latex(cell.shown())
    return f"\\textcolor{{gray}}{{{text}}}" if cell.published and text else text
