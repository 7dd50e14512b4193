"""A report as one HTML file that needs nothing else: tables, and example cases with their pictures inside.

Everything that a model, a file or a person named is text: escaped, in a page that allows no script at all.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from itertools import groupby

from m3ad.bench.examples import Example
from m3ad.bench.tables import Cell, Table
from m3ad.errors import BadImage
from m3ad.geometry import Box
from m3ad.images import draw_boxes, encode, open_image, thumbnail
from m3ad.records import Verdict

PICTURE_SIDE = 480  # pixels of the longer side
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1d2430; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
.wide { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e3e6ea; white-space: nowrap; }
thead th { border-bottom-color: #8a93a0; } .group { text-align: center; }
.published { color: #8a93a0; } .interval { color: #5c6673; font-size: 12px; }
.note { color: #5c6673; font-size: 13px; } .remarks { background: #fff5dc; padding: .6rem 1rem .6rem 2rem; }
.example { display: grid; grid-template-columns: minmax(200px, 300px) 1fr; gap: 1.2rem; margin: 1.4rem 0; }
.example img { width: 100%; } .example p { margin: .3rem 0; overflow-wrap: anywhere; } .kind { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #14181e; color: #dfe4ea; } th, td { border-color: #2b323c; } .remarks { background: #3a3117; }
}
"""


def page(title: str, remarks: Sequence[str], tables: Sequence[Table], examples: Sequence[Example]) -> str:
    """The whole file. Pictures are opened here; one that cannot be is replaced by the reason."""
    notes = "".join(f"<li>{escape(one)}</li>" for one in remarks)
    shown = "".join(map(_example, examples))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<ul class="remarks">{notes}</ul>{"".join(map(_table, tables))}'
        f"{f'<h2>Examples</h2>{shown}' if shown else ''}</body></html>\n"
    )


def _table(table: Table) -> str:
    groups = [(name, len(list(columns))) for name, columns in groupby(table.columns, lambda column: column.group)]
    above = "".join(f'<th class="group" colspan="{width}">{escape(name)}</th>' for name, width in groups)
    head = f"<tr>{above}</tr>" if any(name for name, _ in groups) else ""
    head += f"<tr>{''.join(f'<th>{escape(column.name)}</th>' for column in table.columns)}</tr>"
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    body = f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    return f"<h2>{escape(table.title)}</h2>{body}{note}"


def _cell(cell: Cell) -> str:
    number, bracket, interval = cell.shown().partition(" [") if cell.value is not None else (cell.text, "", "")
    small = f' <span class="interval">{escape(bracket.strip() + interval)}</span>' if interval else ""
    look = ' class="published"' if cell.published else ""
    return f"<td{look}>{escape(number)}{small}</td>"


def _example(one: Example) -> str:
    truth, trace = one.pair
    texts = [
        ("Truth", _said(truth)),
        ("Think", trace.think or trace.text),
        ("Reflection", trace.reflection or ""),
        ("Answer", _said(trace.verdict)),
    ]
    lines = "".join(f"<p><b>{name}:</b> {escape(text)}</p>" for name, text in texts if text)
    head = f'<p><span class="kind">{escape(one.kind)}</span> · {escape(one.name)} · {escape(one.model)}</p>'
    return f'<div class="example"><div>{_picture(one)}</div><div>{head}{lines}</div></div>'


def _picture(one: Example) -> str:
    truth, trace = one.pair
    try:
        image = thumbnail(open_image(one.picture), PICTURE_SIDE)
    except BadImage as error:
        return f"<p>{escape(str(error))}</p>"
    drawn = draw_boxes(image, predicted=_boxes(trace.verdict), truth=_boxes(truth))
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(encode(drawn)).decode()}">'


def _boxes(verdict: Verdict | None) -> list[Box]:
    return [defect.box for defect in verdict.defects if defect.box and not defect.picture] if verdict else []


def _said(verdict: Verdict | None) -> str:
    if verdict is None:
        return "cannot be read"
    if not verdict.anomalous:
        return "no defect"
    return "; ".join(defect.type or "a defect" for defect in verdict.defects) or "anomalous"
