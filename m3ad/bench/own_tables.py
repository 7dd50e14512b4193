"""Tables that the paper does not have, or draws as figures: reflection, categories, types, sizes, confusion, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from m3ad.bench.judgement import Part
from m3ad.bench.subject import Subject
from m3ad.bench.tables import NOTHING, Cell, Column, Table, count, percent, score, share
from m3ad.metrics.fates import INVENTED, MISSED, UNKNOWN, Tally, at_level
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1
from m3ad.records import Outcome
from m3ad.taxonomy import default_taxonomy


def own_tables(subject: Subject) -> list[Table]:
    """All of one model."""
    judged = subject.judgement
    return [
        _parts(f"{subject.name}: by category", "Category", judged.categories),
        _tallies(f"{subject.name}: true defects by type", "Type", judged.types),
        _tallies(f"{subject.name}: true defects by size", "Area of the picture", _sizes(judged.sizes)),
        *(confusion(subject, level) for level in (0, 1)),
        problems(subject),
    ]


def reflection(subjects: Sequence[Subject]) -> Table:
    """Before and after reflection, by scenario (the paper's Figure 5)."""
    rows = []
    for one in subjects:
        parts = {"all cases": one.judgement.whole, **one.judgement.scenarios}
        for name, part in parts.items():
            found = part.figures
            names = ("first_accuracy", "accuracy", "first_balanced_accuracy", "balanced_accuracy", "gain")
            rows.append((Cell(one.name), Cell(name), count(part.count), *(percent(found[each]) for each in names)))
    columns = (
        *(Column(name) for name in ("Model", "Scenario", "Cases")),
        *(Column(when, what) for what in ("Accuracy", "Balanced accuracy") for when in ("before", "after")),
        Column("Gain"),
    )
    note = "An answer without a reflection stands on both sides. Gain: balanced accuracy after, less before."
    return Table("Before and after reflection (%)", columns, tuple(rows), note)


def cost(subjects: Sequence[Subject]) -> Table:
    """What came of the reflections, how well answers can be read, and what one takes."""
    rows = []
    for one in subjects:
        judged, spent = one.judgement, one.judgement.cost
        rows.append(
            (
                Cell(one.name),
                count(judged.whole.count),
                *(count(judged.outcomes[kind]) for kind in Outcome),
                count(judged.unreadable),
                count(judged.inconsistent),
                Cell(value=spent.seconds, digits=2) if spent else NOTHING,
                Cell(value=spent.tokens, digits=0) if spent else NOTHING,
            )
        )
    columns = (
        *(Column(name) for name in ("Model", "Cases")),
        *(Column(kind.value, "Reflections") for kind in Outcome),
        *(Column(name) for name in ("Unreadable", "Not in the exact form", "Seconds a case", "Tokens a case")),
    )
    return Table("Reflections, form and cost", columns, tuple(rows), "Unreadable answers count as wrong.")


def confusion(subject: Subject, level: int) -> Table:
    """True against said: classes (level 0) or groups (1) of the taxonomy."""
    counts = at_level(subject.judgement.confusion, level)
    order = list(dict.fromkeys(path[level] for node in default_taxonomy().types if (path := _path(node.name))))
    names = [name for name in (*order, UNKNOWN) if any(name in pair for pair in counts)]
    rows = [
        (Cell(truth), *(Cell(str(counts[truth, said]) if counts[truth, said] else "·") for said in (*names, MISSED)))
        for truth in (*names, INVENTED)
    ]
    columns = (Column("True \\ said"), *(Column(name) for name in (*names, MISSED)))
    note = "Defects of a case are paired so that likeness and overlap together are largest."
    what = ("classes", "groups")[level]
    return Table(f"{subject.name}: confusion of {what} of types", columns, tuple(rows), note)


def problems(subject: Subject) -> Table:
    """What had to be repaired in the answers, or could not be read."""
    rows = tuple((Cell(code), count(often)) for code, often in subject.judgement.problems.most_common())
    return Table(f"{subject.name}: problems of the answers", (Column("Problem"), Column("Times")), rows)


def _parts(title: str, name: str, parts: Mapping[str, Part]) -> Table:
    rows = tuple(
        (
            Cell(each),
            count(part.count),
            count(part.anomalous),
            percent(part.figures["accuracy"]),
            percent(part.figures["balanced_accuracy"]),
            score(part.figures[TYPE_F1]),
            score(part.figures[LOCATION_F1]),
        )
        for each, part in parts.items()
    )
    columns = tuple(Column(each) for each in (name, "Cases", "Anomalous", "Accuracy", "Balance", "Type", "Loc"))
    return Table(title, columns, rows)


def _tallies(title: str, name: str, tallies: Mapping[str, Tally]) -> Table:
    rows = tuple(
        (
            Cell(each),
            count(one.count),
            share(one.seen, one.count),
            share(one.named, one.count),
            share(one.akin, one.count),
            share(one.placed, one.boxes, one.placed_interval),
        )
        for each, one in tallies.items()
    )
    columns = tuple(Column(each) for each in (name, "Defects", "Part found", "Type named", "Group named", "Placed"))
    note = "In %. Placed: of those with a box, a box with an IoU of at least 0.3 lies on it."
    return Table(title, columns, rows, note)


def _sizes(sizes: Mapping[tuple[float, float], Tally]) -> dict[str, Tally]:
    return {f"{100 * low:g} to {100 * high:g} %": one for (low, high), one in sizes.items()}


def _path(name: str) -> tuple[str, str, str] | None:
    return default_taxonomy().path(name)
