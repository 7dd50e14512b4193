"""Tables laid out like the paper's Tables 1 to 5: what it printed, and under or beside it what is measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from m3ad.bench.published import SOURCE, TABLE_1, TABLE_2, TABLE_3, TABLE_4, TABLE_5, Printed
from m3ad.bench.subject import Subject
from m3ad.bench.tables import NOTHING, Cell, Column, Table, grey, percent, printed, score
from m3ad.metrics.defects import IOU_SWEEP
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1, Figure, Figures
from m3ad.records import Scenario

PAPER = (Scenario.TEXTURE.value, Scenario.WORKPIECE.value, Scenario.ELECTRONIC.value)
OURS = "measured here"
READ = f"Grey: as printed ({SOURCE}), on the paper's own set. {OURS.capitalize()}: with 95 % intervals."
MEAN = "Average: over the scenarios that the set has."
Show = Callable[[Figure | None], Cell]


def paper_tables(subjects: Sequence[Subject]) -> list[Table]:
    """All five, in the paper's order."""
    return [detection(subjects), warm_start(subjects), rewards(subjects), analysis(subjects), sweep(subjects)]


def detection(subjects: Sequence[Subject]) -> Table:
    """Table 1."""
    title = "Table 1. Detection: accuracy and balanced accuracy (%)"
    return _by_scenario(title, subjects, TABLE_1, ("Acc", "Bal"), ("accuracy", "balanced_accuracy"), percent)


def analysis(subjects: Sequence[Subject]) -> Table:
    """Table 4."""
    title = "Table 4. Analysis: type and location hard-F1"
    return _by_scenario(title, subjects, TABLE_4, ("Type", "Loc"), (TYPE_F1, LOCATION_F1), score)


def warm_start(subjects: Sequence[Subject]) -> Table:
    """Table 2."""
    rows = [printed(model, learnt, *numbers) for model, cells in TABLE_2.items() for learnt, numbers in cells.items()]
    rows += [(Cell(OURS), Cell(one.name), *_overall(one.judgement.mean)) for one in subjects]
    columns = (Column("Base model"), Column("Model"), *_OVERALL)
    return Table("Table 2. Warm start (mean over scenarios)", columns, tuple(rows), READ)


def rewards(subjects: Sequence[Subject]) -> Table:
    """Table 3."""
    signs = {True: "✓", False: "✗"}
    rows = [
        (*printed("RA-Monitor 4B"), *grey(tuple(Cell(signs[one]) for one in used)), *printed(*numbers))
        for used, numbers in TABLE_3.items()
    ]
    rows += [(Cell(one.name), NOTHING, NOTHING, NOTHING, *_overall(one.judgement.mean)) for one in subjects]
    columns = (Column("Model"), *(Column(name, "Reward") for name in ("Consistency", "Accuracy", "Reflection")))
    return Table("Table 3. Rewards (mean over scenarios)", (*columns, *_OVERALL), tuple(rows), READ)


def sweep(subjects: Sequence[Subject]) -> Table:
    """Table 5."""
    scenarios = _scenarios(subjects)
    columns = [Column("IoU")]
    for scenario in scenarios:
        names = [*(("4B", "8B") if scenario in PAPER else ()), *(one.name for one in subjects)]
        columns += [Column(name, scenario.capitalize()) for name in names]
    rows = []
    for threshold in IOU_SWEEP:
        cells = [Cell(value=threshold, digits=1)]
        for scenario in scenarios:
            cells += printed(*TABLE_5[threshold].get(scenario, ()))
            cells += [score(_of(one, scenario).get(f"location_{threshold:g}_f1")) for one in subjects]
        rows.append(tuple(cells))
    return Table("Table 5. Location hard-F1 by IoU threshold", tuple(columns), tuple(rows), READ)


_OVERALL = (Column("Accuracy"), Column("Balance"), Column("Type"), Column("Loc"))


def _overall(mean: Figures) -> tuple[Cell, ...]:
    return (
        percent(mean["accuracy"]),
        percent(mean["balanced_accuracy"]),
        score(mean[TYPE_F1]),
        score(mean[LOCATION_F1]),
    )


def _by_scenario(
    title: str,
    subjects: Sequence[Subject],
    published: Sequence[Printed],
    short: tuple[str, str],
    names: tuple[str, str],
    show: Show,
) -> Table:
    further = _scenarios(subjects)[len(PAPER) :]
    groups = (*PAPER, "average", *further)
    columns = (
        *(Column(name) for name in ("Category", "Model", "Param")),
        *(Column(name, group.capitalize()) for group in groups for name in short),
    )
    rows = [
        (*printed(one.kind, one.model, one.size, *one.numbers), *grey((NOTHING,) * 2 * len(further)))
        for one in published
    ]
    for one in subjects:
        means = [one.judgement.mean if group == "average" else _of(one, group) for group in groups]
        numbers = [show(found.get(name)) for found in means for name in names]
        rows.append((Cell(OURS), Cell(one.name), Cell(), *numbers))
    return Table(title, columns, tuple(rows), f"{READ} {MEAN}")


def _scenarios(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The paper's three, and what else the sets have."""
    found = {name for one in subjects for name in one.judgement.scenarios}
    return (*PAPER, *sorted(found - set(PAPER)))


def _of(subject: Subject, scenario: str) -> Figures:
    part = subject.judgement.scenarios.get(scenario)
    return part.figures if part else {}
