"""What the Trust view and Inspect's line of trust say, forced reflection, and the same numbers on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.metrics.calibration import calibration
from m3ad.records import Mode, Probability, Verdict
from m3ad.reliability.bounds import Rate
from m3ad.reliability.calibrators import Kind
from m3ad.reliability.operating import Cost, Point
from tests.ui.scripted import BENT, FIXED, NORMAL, ScriptedMonitor, add_case, add_inspection, make_context
from ui.inspect_trust import trust_value
from ui.trust_presenter import bars, costs, fit_calibrator, look, measure_pictures, rounded, start, use
from ui.trust_words import chance, cost_sentences, percent

GOOD = Verdict(False)
SURE = "<think>The board is bent.</think><type>bent</type><location>(0.5,0.2) (0.6,0.4)</location><answer>yes</answer>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """24 cases: 12 bent, of which 3 pass for normal; 12 good, of which 2 are called bent. Confident as it goes."""
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(12):
            missed, alarm = number < 3, number < 2
            found = 0.05 if missed else 0.6 + number / 40
            add(opened, f"bent-{number}", BENT, found)
            add(opened, f"good-{number}", GOOD, 0.7 if alarm else 0.1 + number / 40)
        yield opened


def add(store: Store, key: str, truth: Verdict | None, probability: float) -> int:
    case_id = add_case(store, key, truth)
    text = SURE if probability >= 0.5 else NORMAL
    add_inspection(store, case_id, text, probability=Probability(None, probability))
    return case_id


def test_a_point_in_words(store: Store) -> None:
    looked, page = look(store, "demo")
    found = costs(looked, Point(0.5, 0.5))
    assert found["rows"][0] == ["Escapes: defects that pass", "3 of 12 · 25 % (5.5–57.2 %)"]
    assert found["rows"][1] == ["Overkill: good parts rejected", "2 of 12 · 16.7 % (2.1–48.4 %)"]
    assert found["rows"][2][1].startswith("0 of 24 · 0 % (0.0–14.2 %)")
    assert found["said"][0].startswith("With 12 defects and 3 escapes the bound is 52.7 %: at most so many escape")
    assert found["said"][1] == "To claim at most 1 % takes 761 further defects without a further escape."
    assert page["said"] == ["24 cases that are annotated and that demo inspected."]
    assert [row[:2] for row in page["numbers"]] == [["before reflection", "24"], ["after reflection", "24"]]


def test_the_words_of_the_claim() -> None:
    assert cost_sentences(costs_of(0, 300), 0.01) == [
        "With 300 defects and no escape the bound is 1 %: at most so many escape, with 95 % confidence, if new parts "
        "are like these.",
        "That is enough to claim at most 1 % escapes.",
    ]
    assert "1 escape the bound" in cost_sentences(costs_of(1, 300), 0.01)[0]
    assert cost_sentences(costs_of(0, 0), 0.01) == [
        "No annotated case with a defect here: nothing can be said of escapes."
    ]


def costs_of(part: int, whole: int) -> Cost:
    return Cost(Rate(part, whole), Rate(0, 10), Rate(0, 10), Rate(0, 10))


@pytest.mark.parametrize(
    ("share", "says"),
    [(0.01, "1 %"), (0.00336, "0.34 %"), (0.125, "12.5 %"), (0.0, "0 %"), (0.0001, "under 0.1 %"), (1.0, "100 %")],
)  # fmt: skip
def test_shares_in_words(share: float, says: str) -> None:
    assert percent(share) == says


@pytest.mark.parametrize(
    ("probability", "says"),
    [(0.5, "0.50"), (0.0012, "0.0012"), (0.99998, "0.999980"), (0.0, "0"), (1.0, "1"), (1e-9, "0.0000000")],
)  # fmt: skip
def test_probabilities_in_words(probability: float, says: str) -> None:
    assert chance(probability) == says


def test_the_proposed_point_can_be_read_and_looks_at_more_rather_than_less(store: Store) -> None:
    looked, _ = look(store, "demo")
    point = start(store, looked)
    again = rounded(point)
    assert again.pass_below <= point.pass_below
    assert again.reject_from >= point.reject_from
    assert rounded(Point(0.0, 1.0)) == Point(0.0, 1.0)
    drawn = bars(looked.seen)
    assert sum(drawn["good"]) == sum(drawn["defect"]) == 12
    assert sum(drawn["defect"][:14]) == 3  # left of even odds


def test_the_chosen_point_is_the_models_and_inspect_goes_by_it(store: Store) -> None:
    looked, _ = look(store, "demo")
    assert "Pass below 0.10, reject from 0.80" in use(store, looked, Point(0.1, 0.8), "ann")
    assert start(store, looked) == Point(0.1, 0.8)
    kept = store.trust.points("demo")[0]
    assert (kept.author, kept.cases, kept.cost.escapes) == ("ann", "all", Rate(3, 12))
    assert look(store, "demo")[1]["history"][0][0][0] == "Point"
    calls = {
        p: trust_value(store, store.latest_inspection(add(store, str(p), None, p), "demo")) for p in (0.05, 0.5, 0.9)
    }
    assert [value["call"] for value in calls.values()] == ["Pass", "Look again", "Reject"]
    assert calls[0.5]["why"] == "P 0.50 is from 0.10 to below 0.80"
    with pytest.raises(Conflict, match="has inspected no annotated case"):
        use(store, look(store, "other")[0], Point(0.1, 0.8), "ann")


def test_right_in_so_many_like_this_with_those_cases(store: Store) -> None:
    new = add(store, "new", None, 0.72)
    measure_pictures(store, "demo")
    value = trust_value(store, store.latest_inspection(new, "demo"))
    assert value["like"] == "Right in 8 of 10 like this"  # of the 11 called bent, 9 are
    assert sum(one["right"] for one in value["cases"]) == 8
    assert all(store.case(one["id"]).name == one["name"] for one in value["cases"])
    assert value["details"][1] == "Of the same category: 10 of 10; of the same scenario: 10."
    assert "brightness" in value["details"][3]
    assert value["call"] == value["why"] == ""  # nobody has chosen a point


def test_a_calibrator_is_fitted_on_cases_that_no_snapshot_froze(store: Store) -> None:
    fitted = fit_calibrator(store, Kind.LOGISTIC, "demo", "all", "ann")
    assert len(fitted.case_ids) == 24
    names = [line["name"] for line in look(store, "demo")[1]["lines"]]
    assert names[2] == "calibrated, cross-validated"
    value = trust_value(store, store.latest_inspection(1, "demo"))
    assert value["why"] == ""
    use(store, look(store, "demo")[0], Point(0.1, 0.8), "ann")
    assert "(calibrated 0." in trust_value(store, store.latest_inspection(1, "demo"))["why"]
    store.create_snapshot("first", frozen_share=0.5)
    with pytest.raises(Conflict, match="a calibrator needs 10 of either"):
        fit_calibrator(store, Kind.LOGISTIC, "demo", "all", "ann")
    with pytest.raises(NotFound, match="There is no set"):
        fit_calibrator(store, Kind.LOGISTIC, "demo", "everything", "ann")


def test_a_calibrator_is_judged_as_it_is_on_cases_it_never_saw(store: Store) -> None:
    fit_calibrator(store, Kind.ISOTONIC, "demo", "all", "ann")
    kept = store.trust.calibrators("demo")[0]
    for number, truth in enumerate((GOOD, BENT, BENT)):
        case_id = add_case(store, f"later-{number}", truth, category="tile")
        add_inspection(store, case_id, SURE, probability=Probability(None, 0.65))
    snapshot = store.create_snapshot("tests", frozen_share=0.0, frozen_categories=("tile",))
    page = look(store, "demo", f"snapshot-{snapshot.id}")[1]
    expected = calibration([(truth, kept.calibrator(0.65)) for truth in (False, True, True)])
    assert page["numbers"][2] == ["calibrated on others", "3", f"{expected.error:.3f}", f"{expected.brier:.3f}"]


class Two(ScriptedMonitor):
    """Says at once that a part is normal; made to reflect, that it is bent."""

    def stream(self, image, *, mode=Mode.AUTO, **options):
        self.text = FIXED if mode is Mode.REFLECTIVE else NORMAL
        self.probability = Probability(0.03, 0.93 if mode is Mode.REFLECTIVE else 0.03)
        return super().stream(image, mode=mode, **options)


def inspected(store: Store, revise_from: float | None, *, background: bool = False):
    """A new case, inspected while the point asks for forced reflection or not: its newest inspection."""
    looked, _ = look(store, "demo")
    use(store, looked, Point(0.1, 0.8, revise_from), "ann")
    context = make_context(store, lambda source: Two(), model="demo")
    case_id = add_case(store, f"new-{revise_from}-{background}")
    try:
        context.inspections.start(case_id, "demo", Mode.AUTO, 0, "ann", background=background).result.result()
    finally:
        context.inspections.close()
    return store.inspections(case_id)


def test_reflection_is_forced_where_confidence_and_reliability_diverge(store: Store) -> None:
    newest, first = inspected(store, 0.2)  # 0.97 sure, right in 7 of 10
    assert (newest.mode, first.mode) == (Mode.REFLECTIVE, Mode.AUTO)
    assert (newest.trace.verdict.anomalous, first.trace.verdict.anomalous) == (True, False)
    assert trust_value(store, newest)["forced"] == (
        "Reflection was forced: the model said 0.970, and was right in 7 of 10 cases like this. "
        "It changed the decision."
    )
    assert trust_value(store, first)["forced"] == ""


@pytest.mark.parametrize(("revise_from", "background"), [(None, False), (0.5, False), (0.2, True)])
def test_reflection_is_not_forced_by_default_nor_for_what_nobody_waits(
    store: Store, revise_from: float | None, background: bool
) -> None:
    assert [one.mode for one in inspected(store, revise_from, background=background)] == [Mode.AUTO]


def run(store: Store, capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    app.main([*words, "--workspace", str(store.workspace), "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_command_line_gives_the_same_numbers(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(store, capsys, "trust", "show", "--pass-below", "0.5", "--reject-from", "0.5")
    looked, page = look(store, "demo")
    assert shown["numbers"] == page["numbers"]
    assert shown["rows"] == costs(looked, Point(0.5, 0.5))["rows"]
    assert shown["cost"]["escapes"] == {
        "part": 3, "whole": 12, "share": 0.25, "interval": pytest.approx([0.0549, 0.5719], abs=1e-4),
        "bound": pytest.approx(0.5273, abs=1e-4),
    }  # fmt: skip
    run(store, capsys, "trust", "use", "--pass-below", "0.1", "--reject-from", "0.8", "--revise-from", "0.3")
    assert store.trust.point("demo") == Point(0.1, 0.8, 0.3)
    fitted = run(store, capsys, "trust", "fit", "isotonic")
    assert store.trust.calibrators("demo")[0].calibrator.to_json() == fitted["calibrator"]
    assert run(store, capsys, "trust", "like", "1")["like"].startswith("Right in ")
    app.main(["trust", "show", "--workspace", str(store.workspace)])
    assert "Escapes: defects that pass: 3 of 12" in capsys.readouterr().out
