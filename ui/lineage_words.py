"""Lineage in words: where an annotation went, what a model is made of, what a run did to its corrected cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.corrected import Corrected, tally
from db.lineage import Ancestor, CaseLineage, Entered, Making, Passed
from db.splits import FROZEN
from db.store import Store
from m3ad.lineage import Became, since_words
from m3ad.metrics.effect import Aspect
from m3ad.records import Annotation

LISTED = 200  # corrected cases a page lists; the command line lists all


def case_lines(lineage: CaseLineage, revisions: Sequence[Annotation]) -> dict[int, list[str]]:
    """By revision number, where it went, a line each; since when models are right stands with the newest."""
    lines = {one.revision: passed_lines(lineage.passed[one.id]) for one in revisions if one.id in lineage.passed}
    if revisions and lineage.looks:
        newest = revisions[-1]
        lines.setdefault(newest.revision, []).append(since_words(newest.verdict, lineage.looks))
    return lines


def passed_lines(passed: Passed) -> list[str]:
    """The runs that a revision entered, or, without any, the snapshots it is in."""
    if passed.runs:
        return [f"in {run_words(one)}" for one in passed.runs]
    kept = [name for name, split in passed.snapshots if split == FROZEN]
    if kept:
        return [f"kept back from training in snapshot {', '.join(kept)}"]
    return [f"in snapshot {', '.join(name for name, _ in passed.snapshots)}, in no run yet"]


def run_words(one: Entered) -> str:
    """A run with the model that came of it."""
    return f"{one.stage.upper()} run {one.run}" + (f" → {one.model}" if one.model else ", of which no model came")


def case_facts(store: Store, case_id: int) -> list[dict[str, Any]]:
    """Each revision of a case, the oldest first, with where it went; NotFound when there is no such case."""
    case, lineage = store.case(case_id), store.lineage.of_case(case_id)
    revisions = store.annotations(case_id)
    lines = case_lines(lineage, revisions)
    facts = []
    for one in revisions:
        passed = lineage.passed.get(one.id, Passed((), ()))
        facts.append(
            {
                "case": case_id,
                "name": case.name,
                "revision": one.revision,
                "author": one.author,
                "created": one.created.isoformat(),
                "snapshots": [list(pair) for pair in passed.snapshots],
                "runs": [{"run": run.run, "stage": run.stage.value, "model": run.model} for run in passed.runs],
                "words": lines.get(one.revision, []),
            }
        )
    return facts


def ancestor_lines(one: Ancestor) -> list[str]:
    """What a model is made of, a line for each kind of fact."""
    if one.making is None:
        source = f": {one.model.source}" if one.model else ""
        return [f"{one.name}{source}", "not trained here"]
    return [f"{one.name}, by {_stage(one.making)} from {one.making.run.start_model}", *making_lines(one.making)]


def making_lines(made: Making) -> list[str]:
    """Data, code, environment, settings of a run."""
    frozen = made.snapshot
    data = f" (data.jsonl {made.data_hash[:12]}…)" if made.data_hash else ""
    return [
        f"created {made.run.created:%Y-%m-%d %H:%M} UTC",
        f"snapshot {frozen.name} ({frozen.hash[:12]}…, {frozen.size} cases): {made.examples} examples{data}",
        f"code {code_words(made.environment)}",
        f"environment {environment_words(made.environment)}",
        f"settings {settings_words(made.settings)}",
    ]


def code_words(environment: Mapping[str, Any] | None) -> str:
    """The version of the program that trained."""
    return "not known" if environment is None else str(environment.get("code", "not known: an earlier version trained"))


def environment_words(environment: Mapping[str, Any] | None) -> str:
    """Device, Python and packages that a run's process wrote down."""
    if environment is None:
        return "not known: no model of the run is registered"
    packages = environment.get("packages") or {}
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    first = f"{environment.get('device', 'device not known')}, Python {environment.get('python', 'not known')}"
    return f"{first}, {versions}" if versions else first


def settings_words(settings: Mapping[str, Any] | None) -> str:
    """All settings, name and value."""
    if settings is None:
        return "not kept: an earlier version made the run"
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _stage(made: Making) -> str:
    return f"{made.run.stage.upper()} run {made.run.name}"


def ancestor_json(one: Ancestor) -> dict[str, Any]:
    """A model with what it is made of, as JSON values."""
    found: dict[str, Any] = {"model": one.name, "source": one.model.source if one.model else None}
    made = one.making
    if made is None:
        return found
    return found | {
        "run": made.run.name,
        "stage": made.run.stage.value,
        "parent": made.run.start_model,
        "created": made.run.created.isoformat(),
        "snapshot": {"name": made.snapshot.name, "hash": made.snapshot.hash, "cases": made.snapshot.size},
        "examples": made.examples,
        "data_hash": made.data_hash,
        "settings": made.settings,
        "environment": made.environment,
    }


def corrected_summary(cases: Sequence[Corrected]) -> str:
    """What became of a run's corrected cases, in a line; each by the worst of presence, types and boxes."""
    if not cases:
        return "No case among its examples was annotated by a person."
    new = sum(one.new for one in cases)
    counts = ", ".join(f"{number} {word}" for word, number in tally(cases).items() if number)
    plural = "" if len(cases) == 1 else "s"
    return f"{len(cases)} corrected case{plural}, {new} of them new to this run: {counts}."


def aspect_rows(cases: Sequence[Corrected]) -> list[list[str]]:
    """How many cases became what in each aspect: a row for each aspect, a cell for each word."""
    return [[str(aspect), *(str(number) for number in tally(cases, aspect).values())] for aspect in Aspect]


def corrected_words(one: Corrected) -> str:
    """What the run did to a case, and in what a model is wrong about it."""
    word = one.became()
    if word is Became.NOT_INSPECTED:
        models = [name for name, look in (("start model", one.before), ("new model", one.after)) if look is None]
        return f"{word} by the {' and the '.join(models)}"
    assert one.before is not None
    assert one.after is not None
    if word is Became.STILL_RIGHT:
        return str(word)
    if word is Became.NOW_RIGHT:
        return f"{word} (was wrong: {one.before.fault(one.truth)})"
    fault = "unreadable" if one.after.verdict is None else next(each for each in Aspect if one.became(each) is word)
    return f"{word} ({fault})"


def corrected_rows(cases: Sequence[Corrected]) -> list[list[Any]]:
    """The first LISTED cases for a table: what became of it, and the case, which leads to Annotate."""
    return [
        [[one.name, f"r{one.revision} by {one.author}", f"?tab=annotate&case={one.case_id}"], corrected_words(one)]
        for one in cases[:LISTED]
    ]
