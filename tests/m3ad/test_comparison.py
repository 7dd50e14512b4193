"""Two models on the same cases, counted by hand; and the rules for a promotion."""

from __future__ import annotations

import pytest

from m3ad.bench.comparison import Both, Turn, compare, turns
from m3ad.bench.rules import Rules, checks
from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.metrics.effect import Aspect
from m3ad.metrics.figures import count_case, figures
from m3ad.records import NORMAL, Defect, Trace, Verdict
from m3ad.reliability.bounds import Rate

SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.4, 0.4)),))
DENT = Verdict(True, (Defect("dent", Box(0.1, 0.1, 0.4, 0.4)),))


def said(verdict: Verdict | None) -> Trace:
    return Trace("", "", None, None, verdict)


def both(case_id: int, truth: Verdict, before: Verdict | None, after: Verdict | None) -> Both:
    return Both(case_id, truth, said(before), said(after))


CASES = [
    both(1, SCRATCH, SCRATCH, NORMAL),  # broken: an escape
    both(2, SCRATCH, NORMAL, SCRATCH),  # fixed
    both(3, SCRATCH, SCRATCH, DENT),  # right in presence both times, the type is broken
    both(4, SCRATCH, NORMAL, None),  # still wrong: unreadable
    both(5, NORMAL, SCRATCH, NORMAL),  # fixed
    both(6, NORMAL, NORMAL, NORMAL),
    both(7, NORMAL, NORMAL, NORMAL),
    both(8, NORMAL, NORMAL, SCRATCH),  # broken: an overkill
]


def test_shares_and_differences_are_those_counted_by_hand() -> None:
    found = compare(CASES)
    assert (found.count, found.anomalous) == (8, 4)
    escape, readable = found.figures["escape"], found.figures["readable"]
    assert (escape.before.value, escape.after.value, escape.difference.value) == (0.5, 0.5, 0.0)
    assert escape.after.interval == Rate(2, 4).interval
    assert (readable.before.value, readable.after.value) == (1.0, 0.875)
    assert readable.difference.value == pytest.approx(-0.125)
    assert found.figures["overkill"].after.value == 0.25
    assert (found.presence.gained, found.presence.lost, found.presence.p) == (2, 2, 1.0)


def test_none_of_a_few_is_no_certainty() -> None:
    found = compare([both(n, SCRATCH, NORMAL, SCRATCH) for n in range(5)])
    low, high = found.figures["escape"].after.interval
    assert (found.figures["escape"].after.value, low) == (0.0, 0.0)
    assert high == pytest.approx(0.5218, abs=1e-4)


def test_each_models_figures_are_those_of_the_bench_and_the_difference_is_paired() -> None:
    found = compare(CASES).figures["balanced_accuracy"]
    rows = [
        [count_case((one.truth, trace)) for one in CASES for trace in [getattr(one, when)]]
        for when in ("before", "after")
    ]
    assert found.before.value == figures(rows[0])["balanced_accuracy"].value
    assert found.after.value == figures(rows[1])["balanced_accuracy"].value
    same = compare([both(one.case_id, one.truth, one.after.verdict, one.after.verdict) for one in CASES])
    assert same.figures["balanced_accuracy"].difference.interval == (0.0, 0.0)  # unpaired draws would differ
    assert same.figures["balanced_accuracy"].after.interval != (0.0, 0.0)


def test_what_became_of_each_case_depends_on_what_shall_be_right() -> None:
    assert turns(CASES) == {
        Turn.BROKEN: (1, 8),
        Turn.FIXED: (2, 5),
        Turn.STILL_WRONG: (4,),
        Turn.STILL_RIGHT: (3, 6, 7),
    }
    assert turns(CASES, Aspect.TYPE)[Turn.BROKEN] == (1, 3, 8)
    assert next(iter(turns(CASES))) is Turn.BROKEN


def test_without_cases_nothing_is_measured_and_every_rule_blocks() -> None:
    found = compare([])
    assert found.figures["escape"].after.value is None
    passed = {one.rule: one.passed for one in checks(Rules(), found)}
    assert passed == dict.fromkeys(("escape", "overkill", "readable", "loss", "cases"), False)


def test_rules_say_which_figure_blocks_and_what_to_do() -> None:
    rules = Rules(escape=0.5, overkill=None, readable=0.98, loss=0.0, cases=8)
    found = {one.rule: one for one in checks(rules, compare(CASES))}
    assert {name: one.passed for name, one in found.items()} == {
        "escape": True, "readable": False, "loss": True, "cases": True
    }  # fmt: skip
    assert found["readable"].words.startswith("Readable answers, at least 98 %: 87.5 [47.3, 99.7] %")
    assert found["readable"].advice
    worse = compare([*CASES, both(9, NORMAL, NORMAL, SCRATCH)])
    (loss,) = checks(Rules(None, None, None, 0.02, None), worse)
    assert not loss.passed
    assert loss.figure.value == pytest.approx(0.1)
    assert loss.figure.interval[0] < 0.1 < loss.figure.interval[1]


def test_rules_survive_the_store_and_refuse_what_is_no_limit() -> None:
    rules = Rules(0.05, None, 1.0, None, 3)
    assert Rules.from_json(rules.to_json()) == rules
    for wrong in ({"escape": 5.0}, {"readable": -0.1}, {"cases": 0}, {"cases": 2.5}):
        with pytest.raises(Conflict, match="Give"):
            Rules(**wrong)
