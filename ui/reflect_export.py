"""The cases of a group of the Reflect tab as a file: CSV, JSON Lines, or one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from db.judged import Judged
from db.store import Store
from m3ad.errors import BadImage, ExportError
from m3ad.formats.origins import cell
from m3ad.images import encode, open_image, thumbnail
from m3ad.metrics.effect import first_look, way
from m3ad.records import Verdict
from ui.reflect_presenter import Asked, group_of
from ui.reflect_words import cases_words, decision

MOST_ON_A_PAGE = 200  # cases of an HTML page, which holds their pictures
SIDE = 384  # pixels of a picture's longer side there
KINDS = {"csv": "text/csv", "jsonl": "application/x-ndjson", "html": "text/html"}


def export_group(store: Store, asked: Asked, way_name: str, target: Path, user: str = "") -> int:
    """Write the cases of a group (see `group_of`) by the ending of `target`; how many. Raises ExportError."""
    kind = target.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ExportError(
            f"{target.name} ends in none of {', '.join(f'.{each}' for each in KINDS)}: choose one of them."
        )
    found = group_of(store, asked, way_name, user)
    target.write_text(written(store, asked, found, kind, way_name), encoding="utf-8", newline="")
    return len(found)


def written(store: Store, asked: Asked, found: list[Judged], kind: str, title: str) -> str:
    """The text of the file."""
    writers: dict[str, Callable[[], str]] = {
        "csv": lambda: _csv(asked, found),
        "jsonl": lambda: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _lines(store, asked, found)),
        "html": lambda: _html(store, asked, found, title),
    }
    return writers[kind]()


def _facts(asked: Asked, one: Judged) -> dict[str, Any]:
    inspection, case = one.inspection, one.case
    return {
        "case": case.case_id,
        "dataset": case.dataset,
        "name": case.name,
        "scenario": case.scenario.value,
        "category": case.category,
        "model": asked.model,
        "way": way(asked.aspect, *one.pair).value,
        "truth": decision(one.truth),
        "before": decision(first_look(inspection.trace)),
        "after": decision(inspection.verdict),
        "p_before": inspection.probability.initial,
        "p_after": inspection.probability.final,
        "words": inspection.words,
        "seconds": round(inspection.seconds, 3),
        "problems": [problem.code for problem in inspection.problems],
    }


def _csv(asked: Asked, found: list[Judged]) -> str:
    rows = [_facts(asked, one) for one in found]
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(_facts(asked, found[0]) if found else ())
    for row in rows:
        cells = {**row, "problems": " ".join(row["problems"])}
        writer.writerow([cell(value) if isinstance(value, str) else value for value in cells.values()])
    return target.getvalue()


def _lines(store: Store, asked: Asked, found: list[Judged]) -> Iterator[dict[str, Any]]:
    for one in found:
        yield {
            **_facts(asked, one),
            "text": store.inspection(one.inspection.inspection_id).trace.text,
            "truth_verdict": one.truth.to_json(),
            "verdict": one.inspection.verdict.to_json() if one.inspection.verdict else None,
        }


def _html(store: Store, asked: Asked, found: list[Judged], title: str) -> str:
    shown = found[:MOST_ON_A_PAGE]
    of = f"The first {len(shown)} of {cases_words(len(found))}" if len(shown) < len(found) else cases_words(len(found))
    heading = f"{title}: {asked.model}, {asked.aspect.value}"
    articles = "\n".join(_article(store, asked, one) for one in shown)
    return _PAGE.format(title=escape(heading), of=escape(of), style=_STYLE, articles=articles)


def _article(store: Store, asked: Asked, one: Judged) -> str:
    facts, trace = _facts(asked, one), store.inspection(one.inspection.inspection_id).trace
    frames = _frames(one.truth, "truth") + _frames(trace.verdict, "predicted")
    numbers = " · ".join(
        f"{name} {facts[key]:.2f}"
        for name, key in (("P before", "p_before"), ("P after", "p_after"))
        if facts[key] is not None
    )
    problems = "".join(f"<li>{escape(problem.text)}</li>" for problem in one.inspection.problems)
    return (
        f'<article><div class="picture">{_picture(store, one)}{frames}</div><div><h2>{escape(facts["name"])}</h2>'
        f"<p>{escape(facts['way'])}: {facts['before']} → {facts['after']}, truth {facts['truth']}. {numbers}</p>"
        f"<h3>Think</h3><p>{escape(trace.think)}</p>"
        + (f"<h3>Reflection</h3><p>{escape(trace.reflection)}</p>" if trace.reflection is not None else "")
        + (f"<ul>{problems}</ul>" if problems else "")
        + "</div></article>"
    )


def _picture(store: Store, one: Judged) -> str:
    try:
        data = encode(thumbnail(open_image(store.picture(one.case.picture_id).path), SIDE), "JPEG")
    except BadImage as error:
        return f"<p>{escape(str(error))}</p>"
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _frames(verdict: Verdict | None, kind: str) -> str:
    found = ""
    for defect in verdict.defects if verdict else ():
        if defect.box is None or defect.picture:
            continue
        x1, y1, x2, y2 = defect.box.clipped().as_tuple()
        place = f"left:{x1:.2%};top:{y1:.2%};width:{x2 - x1:.2%};height:{y2 - y1:.2%}"
        found += f'<i class="{kind}" style="{place}" title="{escape(defect.type)}"></i>'
    return found


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1b1f26}
article{display:grid;grid-template-columns:384px 1fr;gap:1.2rem;border-top:1px solid #dde1e7;padding:1.2rem 0}
.picture{position:relative;align-self:start;display:inline-block;justify-self:start}.picture img{display:block}
.picture i{position:absolute;box-sizing:border-box;border:2px solid}.truth{border-color:#f2c200!important}
.predicted{border-color:#e03131!important}h1{font-size:22px}h2{font-size:16px;margin:0}
h3{font-size:12px;text-transform:uppercase;color:#69707d;margin:.8rem 0 0}p{margin:.2rem 0;overflow-wrap:anywhere}
@media(max-width:800px){article{grid-template-columns:1fr}}
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"><title>{title}</title>
<style>{style}</style></head>
<body><h1>{title}</h1><p>{of}. Yellow: ground truth. Red: predicted.</p>
{articles}
</body></html>
"""
