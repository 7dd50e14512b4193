"""What the Inspect tab says and shows, from records alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from m3ad.geometry import Box
from m3ad.records import NORMAL as NO_DEFECT
from m3ad.records import Case, Defect, Inspection, Mode, Picture, Probability, Scenario, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import read
from tests.ui.scripted import BENT, FIXED, NORMAL, UNREADABLE
from ui import inspect_presenter as present
from ui.inspections import Job

TAXONOMY = default_taxonomy()
SEEN_AT_ONCE = FIXED.replace("There are no visible defects; the board appears intact.", "A pin is bent.")
CASE = Case(7, "made", "0042", Scenario.ELECTRONIC, "sensor board", "", (Picture(9, Path("x.png"), "ab", 640, 480),))


def inspection(text: str) -> Inspection:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return Inspection(1, 7, "demo", Mode.AUTO, 7, read(text), Probability(0.21, 0.93), 1.94, 142, False, now)


def stored(text: str, truth: Verdict | None = None, **options: bool) -> dict:
    return present.stored_value(inspection(text), truth, TAXONOMY, demonstration=options.get("demonstration", False))


def test_the_card_gives_verdict_path_definition_and_outcome() -> None:
    card = stored(FIXED, BENT)["verdict"]
    assert (card["word"], card["tone"]) == ("Anomalous", "bad")
    (line,) = card["types"]
    assert line["path"] == ["Structural", "Deformation"]
    assert line["name"] == "bent"
    assert line["definition"] == TAXONOMY.find("bent").definition
    assert (card["outcome"], card["outcome_tone"]) == ("reflection fixed it", "good")


@pytest.mark.parametrize(
    ("text", "truth", "words"),
    [
        (FIXED, BENT, "reflection fixed it"),
        (FIXED, NO_DEFECT, "reflection broke it"),
        (NORMAL, NO_DEFECT, "decision right"),
        (NORMAL, BENT, "escape: missed a defect"),
        (SEEN_AT_ONCE, BENT, "right, kept"),
        (SEEN_AT_ONCE, NO_DEFECT, "wrong, kept"),
        ("<think>A pin is bent.</think><type>bent</type><answer>yes</answer>", NO_DEFECT, "overkill: false alarm"),
        (UNREADABLE, BENT, "unreadable"),
    ],
)
def test_the_judgement_says_what_happened_where_the_truth_is_known(text: str, truth: Verdict, words: str) -> None:
    assert present.judgement(truth, read(text))[0].startswith(words)


def test_no_outcome_is_claimed_without_truth() -> None:
    assert "outcome" not in stored(FIXED)["verdict"]


def test_an_unreadable_answer_is_never_shown_as_normal() -> None:
    value = stored(UNREADABLE)
    assert value["verdict"]["word"] == "Unreadable"
    assert "cannot be read" in value["verdict"]["sentence"]
    assert value["problems"]


def test_a_type_outside_the_taxonomy_stands_alone_and_says_so() -> None:
    (line,) = present.type_lines(Verdict(True, (Defect("flurbed"),)), TAXONOMY)
    assert line == {
        "path": [],
        "name": "flurbed",
        "definition": "This type is not in the taxonomy.",
        "times": 1,
    }


def test_several_defects_of_a_type_share_a_line() -> None:
    lines = present.type_lines(Verdict(True, (Defect("bent"), Defect("scratch"), Defect("bent"))), TAXONOMY)
    assert [(line["name"], line["times"]) for line in lines] == [("bent", 2), ("scratch", 1)]


def test_boxes_of_truth_initial_and_prediction_are_told_apart() -> None:
    initial = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),))
    trace = replace(read(FIXED), initial=initial)
    value = present.viewer_value(CASE, BENT, trace)
    assert [(box["kind"], box["label"]) for box in value["boxes"]] == [
        ("truth", "bent"),
        ("initial", "initial: scratch"),
        ("predicted", "bent"),
    ]
    assert value["boxes"][2]["box"] == [0.52, 0.198, 0.632, 0.37]
    assert (value["url"], value["width"], value["height"]) == ("picture/9", 640, 480)


def test_without_a_reflection_the_first_look_is_not_drawn_twice() -> None:
    trace = read("<think>Bent.</think><type>bent</type><location>(0.1,0.1) (0.2,0.2)</location><answer>yes</answer>")
    assert trace.initial is not None
    kinds = [box["kind"] for box in present.viewer_value(CASE, None, replace(trace, initial=trace.verdict))["boxes"]]
    assert kinds == ["predicted"]


def test_a_box_that_leaves_the_picture_is_clipped() -> None:
    verdict = Verdict(True, (Defect("bent", Box(-0.5, 0.2, 1.7, 0.4)),))
    (box,) = present.viewer_value(CASE, verdict, None)["boxes"]
    assert box["box"] == [0.0, 0.2, 1.0, 0.4]


@pytest.mark.parametrize(
    ("probability", "reflected", "says"),
    [
        (Probability(0.21, 0.93), True, ("before reflection 0.21", "after 0.93")),
        (Probability(0.9, 0.93), False, ("P(anomalous)", "0.93")),
        (Probability(None, 0.93), True, ("before reflection unknown", "after 0.93")),
        (Probability(), True, ("This model gives no probabilities.", None)),
    ],
)
def test_probabilities_in_words(probability: Probability, reflected: bool, says: tuple[str, str | None]) -> None:
    bar = present.probability_bar(probability, reflected=reflected)
    assert (bar["before_says"], bar.get("after_says")) == says


def test_a_zero_probability_is_a_number_and_not_unknown() -> None:
    assert present.probability_bar(Probability(0.0, 0.0), reflected=True)["after_says"] == "after 0.00"


def test_the_words_of_a_revised_decision_are_marked_in_the_reasoning() -> None:
    kinds = {kind for _, kind in stored(FIXED)["think"]}
    assert "existence revised" in kinds
    assert "existence revised" not in {kind for _, kind in stored(NORMAL)["think"]}


def test_pieces_lose_no_character_of_the_text() -> None:
    value, trace = stored(FIXED), read(FIXED)
    assert "".join(piece for piece, _ in value["think"]) == trace.think
    assert "".join(piece for piece, _ in value["reflection"]) == trace.reflection


def test_the_answer_is_coloured_field_by_field() -> None:
    assert stored(FIXED)["answer"] == [
        ["bent", "type"],
        [" · ", ""],
        ["(0.520,0.198) (0.632,0.370)", "location"],
        [" · ", ""],
        ["yes", "existence"],
    ]


def test_text_that_streams_in_goes_to_its_lane_and_says_what_the_model_does() -> None:
    job = Job(7, "demo", Mode.AUTO, 0, "ann", False, stage="writing")
    said = []
    for end in range(0, len(FIXED) + 1, 20):
        job.text = FIXED[:end]
        value = present.running_value(job, 0, TAXONOMY, demonstration=True)
        said.append(value["says"])
        assert "<" not in "".join(piece for lane in ("think", "reflection", "answer") for piece, _ in value[lane])
    assert list(dict.fromkeys(said)) == ["Thinking…", "Reflecting…", "Answering…"]
    assert value["note"] == present.DEMO_NOTE


def test_a_waiting_job_says_how_many_are_before_it() -> None:
    job = Job(7, "demo", Mode.AUTO, 0, "ann", False)
    assert present.running_value(job, 2, TAXONOMY, demonstration=False)["says"] == "Waiting: 2 before this one…"
    job.stage = "loading"
    assert present.running_value(job, 0, TAXONOMY, demonstration=False)["says"] == "Loading demo…"


def test_only_the_demonstration_model_is_called_one() -> None:
    assert stored(NORMAL, demonstration=True)["note"] == present.DEMO_NOTE
    assert stored(NORMAL, demonstration=False)["note"] == ""
    assert "Demonstration model for drawn parts" in present.DEMO_NOTE


def test_the_footer_tells_the_cost() -> None:
    assert present.footer_words(inspection(FIXED), CASE) == "Inspected in 1.9 s · 142 tokens · seed 7"
    assert present.footer_words(None, CASE) == "sensor board 0042 · made · 640 × 480 px"
    assert present.footer_words(None, None) == "No cases yet"


def test_an_empty_store_says_what_to_do() -> None:
    assert "Drop an image" in present.viewer_value(None, None, None)["notice"]


def test_the_device_chip_tells_the_pace_once_it_is_known() -> None:
    assert present.device_words(None, None) == ""
    assert present.device_words("CPU", None) == "CPU"
    assert present.device_words("CPU", 1.94) == "CPU · 1.9 s a part"


@pytest.mark.parametrize(
    ("doubt", "mode", "threshold", "words"),
    [
        (0.12, Mode.AUTO, 0.09, ["Doubt 12 %", "reflects from 9 %"]),
        (0.034, Mode.AUTO, None, ["Doubt 3.4 %"]),
        (1.0, Mode.REFLECTIVE, 0.09, ["Doubt 100 %"]),
        (None, Mode.AUTO, 0.09, []),
    ],
)
def test_the_doubt_stands_beside_the_threshold_where_the_model_chose_by_it(
    doubt: float | None, mode: Mode, threshold: float | None, words: list[str]
) -> None:
    found = replace(inspection(FIXED), doubt=doubt, mode=mode)
    value = present.stored_value(found, None, TAXONOMY, demonstration=False, threshold=threshold)
    assert value["doubt"] == words
