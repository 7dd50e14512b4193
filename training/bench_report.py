"""Evaluations of the store as a report: one folder with Markdown, CSV, LaTeX and a single HTML file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from db.evaluations import EvaluatedCase
from db.store import Store
from m3ad.bench.examples import Example, kind_of, some_of_each
from m3ad.bench.own_tables import cost, own_tables, reflection
from m3ad.bench.page import page
from m3ad.bench.paper_tables import paper_tables
from m3ad.bench.subject import Subject, remarks
from m3ad.bench.tables import Table
from m3ad.bench.written import comma_separated, latex, markdown
from m3ad.errors import ExportError
from training.evaluating import judgement, trained_on

FILES = ("report.md", "report.csv", "report.tex", "report.html", "report.json")


def subject(store: Store, evaluation_id: int) -> Subject:
    """One evaluation, judged now. Raises NotFound."""
    return _subject(store, evaluation_id, store.evaluations.cases(evaluation_id))


def write_report(store: Store, evaluation_ids: Sequence[int], folder: Path) -> list[Subject]:
    """Write FILES into a new folder.

    Raises:
        NotFound: there is no such evaluation.
        ExportError: the folder exists, or cannot be made.
    """
    if folder.exists():
        raise ExportError(f"{folder} is there already. Name a new folder: nothing is overwritten.")
    subjects, texts = report_texts(store, evaluation_ids)
    _write(folder, texts)
    return subjects


def report_texts(store: Store, evaluation_ids: Sequence[int]) -> tuple[list[Subject], dict[str, str]]:
    """The evaluations, judged, and the text of each of FILES. Raises NotFound."""
    cases = {one: store.evaluations.cases(one) for one in dict.fromkeys(evaluation_ids)}
    subjects = [_subject(store, one, found) for one, found in cases.items()]
    tables = report_tables(subjects)
    title = f"{', '.join(one.name for one in subjects)} on {subjects[0].evaluation.set.name}"
    notes = [*(one.identity() for one in subjects), *remarks(subjects)]
    examples = [
        one
        for said, found in zip(subjects, cases.values(), strict=True)
        for one in some_of_each(_examples(said, found))
    ]
    numbers = [{"evaluation": one.evaluation.id, "model": one.name, **one.judgement.to_json()} for one in subjects]
    texts = (
        markdown(title, notes, tables),
        comma_separated(tables),
        latex(tables),
        page(title, notes, tables, examples),
        json.dumps({"remarks": notes, "models": numbers}, indent=1, ensure_ascii=False),
    )
    return subjects, dict(zip(FILES, texts, strict=True))


def report_tables(subjects: Sequence[Subject]) -> list[Table]:
    """The paper's tables with ours, then our own."""
    single = [table for one in subjects for table in own_tables(one)]
    return [*paper_tables(subjects), reflection(subjects), cost(subjects), *single]


def _subject(store: Store, evaluation_id: int, cases: Sequence[EvaluatedCase]) -> Subject:
    evaluation = store.evaluations.get(evaluation_id)
    refused = tuple((one.case.name, one.reason) for one in cases if one.reason)
    learnt = trained_on(store, evaluation.model, [one.case.id for one in cases])
    return Subject(evaluation, judgement(cases), refused, learnt)


def _examples(said: Subject, cases: Sequence[EvaluatedCase]) -> list[Example]:
    pairs = [(one, (one.truth, one.inspection.trace)) for one in cases if one.inspection]
    return [Example(said.name, one.case.name, kind_of(pair), pair, one.case.primary.path) for one, pair in pairs]


def _write(folder: Path, texts: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True)
        for name, text in texts.items():
            # Half a surrogate pair, which a model can write, is no UTF-8.
            (folder / name).write_bytes(text.encode("utf-8", "replace"))
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror}. Choose another place.") from error
