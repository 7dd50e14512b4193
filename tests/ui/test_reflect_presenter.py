"""What the Reflect tab says over a set, and the same numbers on the command line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from db.filters import CaseFilter
from db.judged import judged, judged_frozen
from db.store import Store
from m3ad.errors import NotFound
from m3ad.metrics.effect import Aspect
from m3ad.metrics.slices import Facet
from m3ad.records import Verdict
from m3ad.reliability.properties import Properties
from tests.ui.scripted import BENT, FIXED, NORMAL, UNREADABLE, add_case, add_inspection, make_context
from ui.reflect_export import KINDS
from ui.reflect_presenter import MOST, Asked, cases_of, choices, group_of, models, page_value
from ui.reflect_words import calibrations, share_words

GOOD = Verdict(False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Fixed, broke, right at once, wrong at once, unreadable; one is not annotated, one not inspected."""
    with Store.open(tmp_path / "workspace") as opened:
        texts = ((BENT, FIXED), (GOOD, FIXED), (GOOD, NORMAL), (BENT, NORMAL), (BENT, UNREADABLE), (None, FIXED))
        for number, (truth, text) in enumerate(texts):
            add_inspection(opened, add_case(opened, str(number), truth), text)
        add_case(opened, "new", BENT)
        yield opened


def counts(value: dict) -> dict[str, int]:
    return {group["way"]: group["count"] for group in value["groups"] if group["count"]}


def test_every_case_went_one_way(store: Store) -> None:
    value = page_value(store, Asked("demo"))
    assert counts(value) == {"fixed": 1, "broke": 1, "right at once": 1, "wrong at once": 2}
    assert [row["way"] for row in value["rows"]] == [
        "fixed", "broke", "right at once", "wrong at once", "wrong at once",
    ]  # fmt: skip
    assert value["sentences"][0] == "5 cases, 2 reflected on."
    assert value["sentences"][1].startswith("Balanced accuracy 0.500 → 0.417 (-0.083, 95 % ")
    assert value["sentences"][1].endswith("McNemar p = 1.000).")
    assert value["sentences"][2].startswith("Overlap of the boxes (IoU) 0.00 → 0.")


def test_probabilities_are_judged_before_and_after(store: Store) -> None:
    before, after = calibrations(cases_of(store, "demo", "all"))
    assert (before.count, after.count) == (5, 5)
    assert after.brier == pytest.approx((3 * 0.07**2 + 2 * 0.93**2) / 5)
    assert before.brier == pytest.approx((0.79**2 + 0.21**2 + 2 * 0.07**2 + 0.93**2) / 5)
    words = page_value(store, Asked("demo"))["sentences"][-1]
    assert words.startswith(f"P(anomalous): Brier score {before.brier:.2f} → {after.brier:.2f}, calibration error")


def test_a_line_tells_what_was_decided_and_how_surely(store: Store) -> None:
    fixed, *_, unreadable = page_value(store, Asked("demo"))["rows"]
    assert (fixed["truth"], fixed["before"], fixed["after"]) == ("anomalous", "normal", "anomalous")
    assert fixed["p"] == [0.21, 0.93]
    assert fixed["words"] == len(re.sub("<[^>]*>", " ", FIXED.split("<type>")[0]).split())
    assert (unreadable["before"], unreadable["after"]) == ("unreadable", "unreadable")
    assert unreadable["problems"]


def test_types_and_boxes_have_ways_of_their_own(store: Store) -> None:
    assert counts(page_value(store, Asked("demo", aspect=Aspect.TYPE))).get("fixed") == 1
    assert counts(page_value(store, Asked("demo", aspect=Aspect.LOCATION))).get("fixed") == 1
    case_id = add_case(store, "elsewhere", BENT)
    add_inspection(store, case_id, FIXED.replace("(0.520,0.198) (0.632,0.370)", "(0.02,0.02) (0.10,0.10)"))
    by_aspect = [page_value(store, Asked("demo", aspect=each))["rows"][-1]["way"] for each in Aspect]
    assert by_aspect == ["fixed", "fixed", "kept wrong"]


def test_two_models_beside_each_other_on_the_cases_of_both(store: Store) -> None:
    for case_id, text in ((1, NORMAL), (2, NORMAL), (3, NORMAL)):
        add_inspection(store, case_id, text, model="other")
    beside = page_value(store, Asked("demo", beside="other"))["beside"]
    assert beside["words"].startswith("demo beside other, 3 cases of both. Balanced accuracy ")
    assert [(group["ids"], group["means"]) for group in beside["groups"]] == [
        ([1], "demo is right, other is not"),
        ([2], "other is right, demo is not"),
    ]
    assert models(make_context(store))[::3] == ["demo", "other"], "the one that is gone comes last"
    assert page_value(store, Asked("demo", beside="demo"))["beside"] is None
    assert page_value(store, Asked("demo", beside="nobody"))["beside"]["words"].endswith("0 cases of both.")


def test_a_set_is_a_filter_or_what_a_snapshot_froze(store: Store) -> None:
    filtered = store.filters.add("bent ones", CaseFilter(type="bent"), actor="ann")
    snapshot = store.create_snapshot("first", CaseFilter(), actor="ann")
    assert [name for _, name in choices(store)] == ["all", f"snapshot-{snapshot.id}", f"filter-{filtered.id}"]
    assert len(page_value(store, Asked("demo", f"filter-{filtered.id}"))["rows"]) == 3
    frozen = {row.case.id: row for row in store.snapshot_rows(snapshot.id) if row.split == "frozen"}
    inspected = {one.case.case_id for one in judged(store, "demo")}
    store.save_annotation(1, GOOD, author="ann", based_on=1)
    found = judged_frozen(store, "demo", snapshot.id)
    assert {one.case.case_id for one in found} == set(frozen) & inspected
    assert all(one.truth == frozen[one.case.case_id].annotation.verdict for one in found)
    for name in ("nonsense", "snapshot-99", "snapshot-x"):
        with pytest.raises(NotFound):
            page_value(store, Asked("demo", name))


def test_an_empty_set_says_what_to_do(store: Store) -> None:
    value = page_value(store, Asked("other"))
    assert (value["rows"], value["sentences"]) == ([], [])
    assert value["empty"].startswith("other has inspected no annotated case of this set.")
    assert share_words(0, 0) == ""
    assert share_words(61, 1000) == "6.1 % (4.8–7.8)"


def test_the_page_is_sent_so_many_rows_and_the_numbers_of_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST == 5000
    monkeypatch.setattr("ui.reflect_presenter.MOST", 2)
    value = page_value(store, Asked("demo"))
    assert (len(value["rows"]), value["missing"], sum(counts(value).values())) == (2, 3, 5)


def test_the_command_tells_the_numbers_of_the_page(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(store.workspace)
    assert app.main(["reflection", "--workspace", place, "--model", "demo", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    value = page_value(store, Asked("demo"))
    assert report["sentences"] == value["sentences"]
    assert {name: len(ids) for name, ids in report["ways"].items() if ids} == counts(value)
    assert report["slices"] == value["slices"]
    assert report["problems"] == value["problems"]
    assert app.main(["reflection", "--workspace", place, "--model", "demo", "--aspect", "type"]) == 0
    assert "fixed: 1" in capsys.readouterr().out
    assert app.main(["reflection", "--workspace", place, "--cases", "nonsense"]) == 1
    assert "Choose one of the list" in capsys.readouterr().err


def test_slices_add_up_and_each_can_be_looked_at_alone(store: Store) -> None:
    whole = page_value(store, Asked("demo", facet=Facet.TYPE))
    found = {part["name"]: part for part in whole["slices"]}
    assert {name: part["count"] for name, part in found.items()} == {"bent": 3, "–": 2}
    assert sum(part["fixed"] for part in found.values()) == counts(whole)["fixed"]
    assert (found["bent"]["before"], found["–"]["broke"]) == (0.0, 1)
    alone = page_value(store, Asked("demo", facet=Facet.TYPE, slice="bent"))
    assert (len(alone["rows"]), alone["slices"]) == (3, whole["slices"])
    assert counts(alone) == {"fixed": 1, "wrong at once": 2}
    assert page_value(store, Asked("demo", facet=Facet.TYPE, slice="no such"))["rows"] == []


def test_slices_by_brightness_follow_what_was_measured(store: Store) -> None:
    store.evidence.keep(store.case(1).primary.sha256, Properties(0.9, 0.05, 0.1))
    found = page_value(store, Asked("demo", facet=Facet.BRIGHTNESS))["slices"]
    same = sum(store.case(number).primary.sha256 == store.case(1).primary.sha256 for number in range(1, 6))
    assert [(part["name"], part["count"]) for part in found if part["name"] != "–"] == [("bright, over 0.6", same)]
    assert sum(part["count"] for part in found) == 5


def test_problems_are_counted_and_open_their_cases(store: Store) -> None:
    found = {group["way"]: group for group in page_value(store, Asked("demo"))["problems"]}
    unreadable = next(name for name in found if name.startswith("problem:no-answer"))
    assert (found[unreadable]["count"], found[unreadable]["ids"]) == (1, [5])
    assert [one.case.case_id for one in group_of(store, Asked("demo"), unreadable)] == [5]


def test_a_group_becomes_a_file(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "=1+1<script>alert(1)</script>"
    add_inspection(store, add_case(store, "hostile", BENT, category=hostile), FIXED)
    place, files = str(store.workspace), {kind: tmp_path / f"cases.{kind}" for kind in KINDS}
    for file in files.values():
        assert app.main(["reflection", "--workspace", place, "--way", "fixed", "--export", str(file)]) == 0
    assert "2 cases in" in capsys.readouterr().out
    rows = list(csv.DictReader(files["csv"].open(encoding="utf-8")))
    assert [row["way"] for row in rows] == ["fixed", "fixed"]
    assert rows[1]["category"] == "'" + hostile  # no spreadsheet runs it
    lines = [json.loads(line) for line in files["jsonl"].read_text(encoding="utf-8").splitlines()]
    assert [line["category"] for line in lines] == [rows[0]["category"], hostile]
    assert lines[0]["text"] == FIXED
    assert Verdict.from_json(lines[0]["verdict"]).anomalous
    page = files["html"].read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("data:image/jpeg;base64,") == 2
    assert page.count('class="truth"') == page.count('class="predicted"') == 2
    assert app.main(["reflection", "--workspace", place, "--export", str(tmp_path / "cases.doc")]) == 1
    assert "choose one of them" in capsys.readouterr().err
