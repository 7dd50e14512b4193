"""The bench's figures beside other people's code where they share a definition, by hand where they do not."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from contextlib import redirect_stdout

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from m3ad.geometry import Box
from m3ad.metrics import location_sweep, report
from m3ad.metrics.detection import Pair
from m3ad.metrics.fates import (
    INVENTED,
    MISSED,
    UNKNOWN,
    Tally,
    at_level,
    by_size,
    by_type,
    confusion,
    fates,
    tally,
)
from m3ad.metrics.figures import COUNTED, METRICS, count_case, figures, mean_figures
from m3ad.records import NORMAL, Defect, Trace, Verdict

LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)
SCRATCH = Verdict(True, (Defect("scratch", LEFT),))
TYPES = ("scratch", "scuff", "bent", "crack", "component missing")


def trace(final: Verdict | None, initial: Verdict | None = None, reflected: bool = False) -> Trace:
    return Trace("", "t", "r" if reflected else None, initial, final)


def some_verdict(chance: random.Random) -> Verdict:
    if chance.random() < 0.4:
        return NORMAL
    boxes = [Box(x := chance.random() * 0.6, y := chance.random() * 0.6, x + 0.3, y + 0.3) for _ in range(2)]
    return Verdict(True, tuple(Defect(chance.choice(TYPES), box) for box in boxes[: chance.randint(1, 2)]))


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """400 cases; a third of the answers are right, some cannot be read, some reflected."""
    chance, made = random.Random(0), []
    for _ in range(400):
        truth = some_verdict(chance)
        final = chance.choice([truth, some_verdict(chance), some_verdict(chance)])
        said = None if chance.random() < 0.05 else final
        made.append((truth, trace(said, some_verdict(chance), chance.random() < 0.5)))
    return made


def test_detection_is_what_scikit_learn_says(pairs: Sequence[Pair]) -> None:
    truth = [one.anomalous for one, _ in pairs]
    said = [not one.anomalous if seen.verdict is None else seen.verdict.anomalous for one, seen in pairs]
    found = figures(map(count_case, pairs))
    assert found["accuracy"].value == pytest.approx(accuracy_score(truth, said))
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, said))
    assert found["recall_anomalous"].value == pytest.approx(recall_score(truth, said))
    assert found["recall_normal"].value == pytest.approx(recall_score(truth, said, pos_label=False))


def test_exact_types_are_what_scikit_learn_says_of_one_type_each() -> None:
    chance = random.Random(1)
    kinds = [(chance.choice(TYPES), chance.choice(TYPES)) for _ in range(200)]
    rows = [count_case((Verdict(True, (Defect(a),)), trace(Verdict(True, (Defect(b),))))) for a, b in kinds]
    expected = f1_score([a for a, _ in kinds], [b for _, b in kinds], average="micro")
    assert figures(rows)["type_exact_f1"].value == pytest.approx(expected)


def test_boxes_match_as_pycocotools_matches_them() -> None:
    """Truths lie apart, so that the order in which boxes are matched decides nothing."""
    chance = random.Random(2)
    pairs, truths, found = [], [], []
    for image in range(60):
        corners = [(x, y) for x in (0.0, 0.5) for y in (0.0, 0.5)]
        wanted = [Box(x + 0.1, y + 0.1, x + 0.4, y + 0.4) for x, y in chance.sample(corners, chance.randint(1, 4))]
        said = [moved(box, chance) for box in wanted if chance.random() < 0.8]
        pairs.append((verdict(wanted), trace(verdict(said))))
        truths += [(image, box) for box in wanted]
        found += [(image, box) for box in said]
    for threshold, f1 in location_sweep(pairs).items():
        assert f1.tp == matched_by_coco(truths, found, threshold), threshold
        assert (f1.fp, f1.fn) == (len(found) - f1.tp, len(truths) - f1.tp)


def verdict(boxes: Sequence[Box]) -> Verdict:
    return Verdict(True, tuple(Defect("scratch", box) for box in boxes))


def moved(box: Box, chance: random.Random) -> Box:
    by = chance.uniform(-0.1, 0.1)
    return Box(box.x1 + by, box.y1, box.x2 + by, box.y2 - chance.uniform(0, 0.2))


def matched_by_coco(truths: Sequence[tuple[int, Box]], found: Sequence[tuple[int, Box]], threshold: float) -> int:
    def entry(number: int, image: int, box: Box) -> dict[str, object]:
        x1, y1, x2, y2 = box.to_pixels(1000, 1000)
        sides = [x1, y1, x2 - x1, y2 - y1]
        return {"id": number + 1, "image_id": image, "category_id": 1, "bbox": sides, "area": sides[2] * sides[3]}

    with redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": image} for image in {image for image, _ in truths}],
            "categories": [{"id": 1}],
            "annotations": [{**entry(n, *one), "iscrowd": 0} for n, one in enumerate(truths)],
        }
        coco.createIndex()
        said = coco.loadRes([{**entry(n, *one), "score": 1.0} for n, one in enumerate(found)])
        judged = COCOeval(coco, said, "bbox")
        judged.params.iouThrs = [threshold]
        judged.params.areaRng, judged.params.areaRngLbl = [[0, 1e10]], ["all"]
        judged.evaluate()
    return sum(int((image["dtMatches"] > 0).sum()) for image in judged.evalImgs if image)


def test_counting_cases_one_by_one_gives_the_report_of_the_set(pairs: Sequence[Pair]) -> None:
    found, whole = figures(map(count_case, pairs)), report(pairs)
    assert found["type_f1"].value == pytest.approx(whole.type_hard.value)
    assert found["type_exact_f1"].value == pytest.approx(whole.type_exact.value)
    assert found["readable"].value == whole.readable
    for threshold, f1 in whole.sweep.items():
        assert found[f"location_{threshold:g}_f1"].value == pytest.approx(f1.value)


def test_before_reflection_is_the_final_answer_where_there_was_none() -> None:
    rows = [
        count_case((SCRATCH, trace(SCRATCH))),  # no first decision in the text, and no reflection
        count_case((SCRATCH, trace(SCRATCH, NORMAL, reflected=True))),  # fixed
        count_case((NORMAL, trace(NORMAL, None, reflected=True))),  # the first decision cannot be read: wrong
        count_case((NORMAL, trace(SCRATCH, NORMAL, reflected=True))),  # broke
    ]
    found = figures(rows)
    assert (found["first_accuracy"].value, found["accuracy"].value) == (0.5, 0.75)
    assert found["gain"].value == pytest.approx(0.75 - 0.5)


def test_intervals_are_those_of_shares_drawn_within_the_classes(pairs: Sequence[Pair]) -> None:
    rows = [count_case(pair) for pair in pairs]
    column = {name: number for number, name in enumerate(COUNTED)}
    found = figures(rows)["balanced_accuracy"]
    variance = 0.0
    for kind in ("normal", "anomalous"):
        count, right = (sum(row[column[name]] for row in rows) for name in (kind, f"right_{kind}"))
        variance += (right / count) * (1 - right / count) / count / 4
    assert found.interval is not None
    low, high = found.interval
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.05)
    assert low < found.value < high


def test_the_mean_of_scenarios_leaves_out_what_one_cannot_measure() -> None:
    normal, found = count_case((NORMAL, trace(NORMAL))), count_case((SCRATCH, trace(SCRATCH)))
    missed = count_case((SCRATCH, trace(NORMAL)))
    mean = mean_figures({"texture": [normal], "workpiece": [found, missed, normal], "logical": []})
    assert mean["accuracy"].value == pytest.approx((1 + 2 / 3) / 2)
    assert mean["type_f1"].value == pytest.approx(2 / 3)  # texture has no types at all


def test_of_nothing_nothing_is_known() -> None:
    for found in (figures([]), mean_figures({})):
        assert set(found) == set(METRICS)
        assert {figure.value for figure in found.values()} == {None}


def test_fates_add_up_to_the_true_positives(pairs: Sequence[Pair]) -> None:
    whole, all_fates = report(pairs), [fate for pair in pairs for fate in fates(pair)]
    counted = tally(all_fates)
    assert counted.placed == whole.location.tp
    assert counted.akin == whole.type_hard.tp
    assert counted.named == whole.type_exact.tp
    assert sum(one.count for one in by_type(all_fates).values()) == counted.count
    assert sum(one.placed for one in by_size(all_fates).values()) == counted.placed


def test_fates_by_hand() -> None:
    truth = Verdict(True, (Defect("scratch", LEFT), Defect("bent"), Defect("dent", RIGHT, picture=1)))
    said = Verdict(True, (Defect("scuff", LEFT), Defect("dent")))
    scratch, bent, dent = fates((truth, trace(said)))
    assert (scratch.seen, scratch.named, scratch.akin, scratch.placed, scratch.area) == (True, False, True, True, 0.5)
    assert (bent.named, bent.placed, bent.area) == (False, None, None)
    assert (dent.named, dent.placed) == (True, None)  # the model has not seen that picture
    assert not any(fate.seen for fate in fates((truth, trace(NORMAL))))


def test_sizes_begin_where_the_one_before_ends() -> None:
    truth = Verdict(True, tuple(Defect("dent", Box(0, 0, side, 1)) for side in (0.01, 0.0099, 1.0)))
    sizes = by_size(fates((truth, trace(NORMAL))))
    assert {edges: one.count for edges, one in sizes.items()} == {(0.003, 0.01): 1, (0.01, 0.03): 1, (0.1, 1.0): 1}
    assert sizes[0.1, 1.0] == Tally(1, 0, 0, 0, 1, 0)
    low, high = sizes[0.1, 1.0].placed_interval
    assert (low, high) == (pytest.approx(0), pytest.approx(0.793, abs=0.001))  # Wilson: z² / (n + z²)


@pytest.mark.parametrize(
    ("truth", "said", "expected"),
    [
        (SCRATCH, SCRATCH, {("scratch", "scratch"): 1}),
        (SCRATCH, NORMAL, {("scratch", MISSED): 1}),
        (NORMAL, SCRATCH, {(INVENTED, "scratch"): 1}),
        (SCRATCH, None, {("scratch", MISSED): 1}),
        (SCRATCH, Verdict(True, (Defect("bent", LEFT),)), {("scratch", "bent"): 1}),  # the same place
        (SCRATCH, Verdict(True, (Defect("bent", RIGHT),)), {("scratch", MISSED): 1, (INVENTED, "bent"): 1}),
        (SCRATCH, Verdict(True, (Defect("gremlins", LEFT),)), {("scratch", UNKNOWN): 1}),
    ],
)
def test_confusion_by_hand(truth: Verdict, said: Verdict | None, expected: dict[tuple[str, str], int]) -> None:
    assert confusion([(truth, trace(said))]) == expected


def test_confusion_of_groups_and_classes_keeps_every_count(pairs: Sequence[Pair]) -> None:
    types = confusion(pairs)
    assert at_level(types, 2) == types
    for level in (0, 1):
        assert at_level(types, level).total() == types.total()
    assert at_level(confusion([(SCRATCH, trace(Verdict(True, (Defect("bent", LEFT),))))]), 0) == {
        ("Surface Anomaly", "Structural Anomaly"): 1
    }
