"""Captions that are let through, and captions that are refused, with the code of the reason."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from training.caption_checks import caption_problems
from training.captions import Caption, reflection_end, think_end, write_caption

BENT = Verdict(True, (Defect("bent", Box(0.383, 0.706, 0.409, 0.801)),))
TWO = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)), Defect("contamination", Box(0.5, 0.5, 0.7, 0.7))))
NAMELESS = Verdict(True)
STRANGE = Verdict(True, (Defect("wobbly flange"),))
RIGHT = "The pins of the connector stand in one row. The leftmost one leans to the side. It is abnormal with bent."
CLEAN = "The pins of the connector stand in one row, straight and evenly spaced. There is no defect."


def codes(caption: Caption, truth: Verdict, initial: Verdict | None = None) -> set[str]:
    return {problem.code for problem in caption_problems(caption, truth, initial)}


@pytest.mark.parametrize(
    ("truth", "think"),
    [
        (BENT, RIGHT),
        (BENT, "The leftmost pin (0.383,0.706) (0.409,0.801) leans to the side. It is abnormal with bent."),
        (BENT, "A pin at [0.380, 0.700, 0.410, 0.800] leans to the side. The connector is abnormal with a bent pin."),
        (BENT, "The part is an ultrasonic sensor. One pin is visibly bent away from its straight line."),
        (BENT, "No scratch is seen, and the print is clean. One pin is curved. It is abnormal with bent."),
        (TWO, "There is a scratch in the upper left and a dark film in the middle. It is abnormal with scratch and "
              "contamination."),
        (NORMAL, CLEAN),
        (NORMAL, "The leather has an even grain without scratches or dents. There is no defect."),
        (NORMAL, "A bright highlight lies on the metal rim. The washer has a hole in its middle. I see no defect."),
        (NORMAL, "The bottle's label names the juice and fits its colour. The part is normal."),
        (NORMAL, "Each compartment holds the correct type of screw, 4 in a row. There are no defects."),
        (NORMAL, "The lunch box holds two fruits.\nEverything lies in its place. There is no defect."),
        (NAMELESS, "Something on the surface stands out clearly. It is abnormal with a defect."),
        (STRANGE, "The wobbly flanges are seen at once. The part is abnormal with wobbly flange."),
    ],
)  # fmt: skip
def test_good_think_texts_are_let_through(truth: Verdict, think: str) -> None:
    assert caption_problems(Caption(think), truth) == []


@pytest.mark.parametrize(
    ("truth", "think", "code"),
    [
        # decisions
        (BENT, CLEAN, "wrong-decision"),
        (NORMAL, RIGHT, "wrong-decision"),
        (BENT, "The image shows a connector with four pins in a row.", "no-decision"),
        (BENT, "One pin may be bent, but this is hard to tell from here.", "no-decision"),
        (NORMAL, "Lo siento, no puedo ayudar con esta imagen.", "no-decision"),
        (NORMAL, "I'm sorry, but I can't help with the inspection of this image.", "no-decision"),
        (BENT, "", "no-decision"),
        # types
        (NORMAL, "There is a scratch in the upper left. All in all there is no defect.", "defect-in-normal"),
        (NORMAL, "The surface is damaged at the rim. There is no defect.", "defect-in-normal"),
        (BENT, "The left pin is cracked. It is abnormal with crack.", "other-type"),
        (BENT, "The left pin is cracked. It is abnormal with bent.", "other-type"),
        (BENT, "The left pin stands out among the others. It is abnormal with a defect.", "type-missing"),
        (TWO, "A long scratch runs over the surface. It is abnormal with scratch.", "type-missing"),
        (NAMELESS, "The left pin stands out clearly. It is abnormal with bent.", "other-type"),
        (STRANGE, "The flange stands out clearly. It is abnormal with a defect.", "type-missing"),
        # places
        (NORMAL, "The pin at (0.383,0.706) (0.409,0.801) is straight. There is no defect.", "wrong-box"),
        (NORMAL, "The pin at (0.383, 0.706) is straight. There is no defect.", "box-unreadable"),
        (NORMAL, "The pin at 0.383, 0.706 is straight as it should be. There is no defect.", "box-unreadable"),
        (NORMAL, "The pin at x=383 and y=706 is straight. There is no defect.", "box-unreadable"),
        (NORMAL, "The pin at \uff080.383\uff0c0.706\uff09 is straight. There is no defect.", "box-unreadable"),
        (BENT, "A pin (0.100,0.100) (0.200,0.200) leans to the side. It is abnormal with bent.", "wrong-box"),
        (BENT, "A pin at [383, 706, 409, 801] leans to the side. It is abnormal with bent.", "box-unreadable"),
        (BENT, "A pin at [460, 706, 490, 961, 3] leans to the side. It is abnormal with bent.", "box-unreadable"),
        # form
        (NORMAL, f"{CLEAN}</think><answer>no</answer>", "tags"),
        (NORMAL, f"<think>{CLEAN}</think>", "tags"),
        (NORMAL, f"{CLEAN}<|im_end|>", "tags"),
        (NORMAL, f"<img src=x onerror=alert(1)> {CLEAN}", "tags"),
        (NORMAL, f"\uff1canswer\uff1eyes\uff1c/answer\uff1e {CLEAN}", "tags"),
        (NORMAL, f"**Inspection**\n{CLEAN}", "markup"),
        (NORMAL, f"```\n{CLEAN}\n```", "markup"),
        (NORMAL, "No defect.", "length"),
        (NORMAL, "It is a very even surface. " * 40 + "There is no defect.", "length"),
        (NORMAL, "a" * 700 + " and a surface. There is no defect.", "length"),
        (NORMAL, f"\ud800 {CLEAN}", "odd-characters"),
        (NORMAL, f"{CLEAN}\x00", "odd-characters"),
        (NORMAL, f"Ground\u200btruth aside. {CLEAN}", "odd-characters"),
        (NORMAL, f"\u202e{CLEAN}", "odd-characters"),
        # hints
        (NORMAL, f"According to the label it is sound. {CLEAN}", "hint"),
        (NORMAL, f"Based on the provided labels all is well. {CLEAN}", "hint"),
        (NORMAL, f"The ground-truth says so. {CLEAN}", "hint"),
        (NORMAL, f"The GROUND  TRUTH says so. {CLEAN}", "hint"),
        (NORMAL, f"The \uff47\uff52\uff4f\uff55\uff4e\uff44 truth says so. {CLEAN}", "hint"),
        (NORMAL, f"It was labelled as normal. {CLEAN}", "hint"),
        (NORMAL, f"I was told what is right. {CLEAN}", "hint"),
        (NORMAL, f"As an AI I see pixels. {CLEAN}", "hint"),
        (NORMAL, f"The base model is right. {CLEAN}", "hint"),
        (BENT, f"The highlighted region shows it. {RIGHT}", "hint"),
        (BENT, f"The yellow box shows it. {RIGHT}", "hint"),
        (BENT, f"It is inside the yellow rectangular frame. {RIGHT}", "hint"),
        (BENT, f"The bounding box is small. {RIGHT}", "hint"),
        (BENT, f"The annotation is right. {RIGHT}", "hint"),
        (BENT, f"In the marked area it stands out. {RIGHT}", "hint"),
        (BENT, f"The frame around the pin helps. {RIGHT}", "hint"),
        (BENT, f"It fits the given type. {RIGHT}", "hint"),
        (NORMAL, f"One could wrongly expect more. {CLEAN}", "think-knows-better"),
    ],
)
def test_bad_think_texts_are_refused(truth: Verdict, think: str, code: str) -> None:
    assert code in codes(Caption(think), truth)


REVISES = 'A closer look shows that one pin leans to the side. I revise from "no defect" to "abnormal with bent".'
KEEPS = 'Compared with the others the pin leans to the side, which is what bent means. I keep "abnormal with bent".'
ALARM = 'What was taken for a bent pin is a shadow on the board. I revise from "abnormal with bent" to "no defect".'


@pytest.mark.parametrize(
    ("truth", "initial", "think", "reflection"),
    [
        (BENT, NORMAL, CLEAN, REVISES),
        (BENT, NORMAL, CLEAN, REVISES.replace('"no', "\u201cno").replace('defect"', "defect\u201d")),
        (BENT, NORMAL, CLEAN, "The pin was passed over, but it is visibly curved. The decision should be revised from "
         '"no defect" to "abnormal with bent components" affecting the pin connections.'),
        (BENT, BENT, RIGHT, KEEPS),
        (BENT, BENT, RIGHT, KEEPS.replace("I keep", "The decision is retained:")),
        (NORMAL, BENT, RIGHT, ALARM),
        (NORMAL, NORMAL, CLEAN, 'All pins are parallel when compared again. The decision "no defect" is kept.'),
        (TWO, BENT, RIGHT, "Looked at again, the pins are straight, but a scratch runs across. I revise from "
         '"abnormal with bent" to "abnormal with scratch and contamination".'),
        (BENT, BENT, RIGHT, f"The pin (0.383,0.706) (0.409,0.801) leans. {KEEPS}"),
    ],
)  # fmt: skip
def test_good_reflections_are_let_through(truth: Verdict, initial: Verdict, think: str, reflection: str) -> None:
    assert caption_problems(Caption(think, reflection), truth, initial) == []


@pytest.mark.parametrize(
    ("truth", "initial", "think", "reflection", "code"),
    [
        (BENT, NORMAL, RIGHT, REVISES, "wrong-decision"),  # <think> knows the truth already
        (BENT, NORMAL, CLEAN.replace("The pins", "The pins, one of them overlooked,"), REVISES, "think-knows-better"),
        (NORMAL, BENT, CLEAN, ALARM, "wrong-decision"),
        (BENT, NORMAL, CLEAN, None, "reflection-missing"),
        (BENT, NORMAL, CLEAN, "A closer look shows one pin that leans to the side.", "no-outcome"),
        (BENT, NORMAL, CLEAN, f"{REVISES} So much for the connector.", "no-outcome"),
        (BENT, NORMAL, CLEAN, f"{REVISES}\nStill", "no-outcome"),
        (BENT, NORMAL, CLEAN, 'All is as it was seen in the first look. I keep "no defect".', "wrong-outcome"),
        (BENT, NORMAL, CLEAN, f'{REVISES} And now I keep "no defect".', "wrong-outcome"),
        (BENT, NORMAL, CLEAN, REVISES.replace("with bent", "with crack"), "wrong-outcome"),
        (BENT, NORMAL, CLEAN, REVISES.replace('"no defect"', '"abnormal with bent"'), "wrong-outcome"),
        (BENT, NORMAL, CLEAN, REVISES.replace('abnormal with bent"', 'the weather"'), "wrong-outcome"),
        (BENT, BENT, RIGHT, REVISES, "wrong-outcome"),
        (BENT, BENT, RIGHT, REVISES.replace("no defect", "abnormal with bent"), "wrong-outcome"),
        (BENT, NORMAL, CLEAN, KEEPS, "wrong-outcome"),
        (BENT, BENT, RIGHT, KEEPS.replace("abnormal with bent", "no defect"), "wrong-outcome"),
        (NORMAL, BENT, RIGHT, KEEPS, "wrong-outcome"),
        (NORMAL, BENT, RIGHT, f"There is a crack beside it. {ALARM}", "other-type"),
        (NORMAL, BENT, RIGHT, f"At (0.383,0.706) (0.409,0.801) is a shadow. {ALARM}", "wrong-box"),
        (BENT, NORMAL, CLEAN, f"The red rectangle shows it. {REVISES}", "hint"),
        (BENT, NORMAL, CLEAN, f"</reflection><answer>no</answer> {REVISES}", "tags"),
        (BENT, NORMAL, CLEAN, f"The part is large. {'It is blue. ' * 60} {REVISES}", "length"),
    ],
)
def test_bad_reflections_are_refused(
    truth: Verdict, initial: Verdict, think: str, reflection: str | None, code: str
) -> None:
    assert code in codes(Caption(think, reflection), truth, initial)


def test_a_thinking_caption_has_no_reflection() -> None:
    assert codes(Caption(RIGHT, REVISES), BENT) == {"reflection-unasked"}


def test_a_first_look_may_give_the_boxes_it_saw_and_no_others() -> None:
    saw = Verdict(True, (Defect("bent", Box(0.1, 0.1, 0.2, 0.2)),))
    think = "A pin {box} leans to the side. It is abnormal with bent."
    assert codes(Caption(think.format(box="(0.100,0.100) (0.200,0.200)"), KEEPS), BENT, saw) == set()
    leaked = think.format(box="(0.383,0.706) (0.409,0.801)")
    assert codes(Caption(leaked, KEEPS), BENT, saw) == {"wrong-box"}


def types(*names: str) -> Verdict:
    return Verdict(True, tuple(Defect(name) for name in names)) if names else NORMAL


@pytest.mark.parametrize(
    ("truth", "think"),
    [
        (types("bent"), "The image shows an ultrasonic sensor on a blue board with two round transducers and a header. "
         "Board and transducers look clean and complete. In the lower part, the leftmost pin is visibly curved away "
         "from its intended straight alignment, while the other three stand parallel. It is abnormal with bent."),
        (types("broken"), "This is a metal screw on a light background. The thread is regular along most of the shaft. "
         "Near the tip the thread is broken and a piece of metal is gone. It is abnormal with broken."),
        (types("gap"), "The chip package is black with a printed label and legs on two sides. At the upper right "
         "corner a piece of the moulding has chipped off, leaving a gap in the edge. It is abnormal with gap."),
        (types("color error"), "The bottles carry labels with red, yellow and green bands. The cap of the second is "
         "red although its band is yellow. This mismatch is a color error. It is abnormal with color error."),
        (types("hole"), "The fabric is a dense plain weave. At the lower edge the threads end and leave a small round "
         "opening through which the dark ground is seen. It is abnormal with hole."),
        (types(), "A round bottle mouth seen from above, on a white ground. The rim forms a closed circle with an even "
         "edge, and the glass shows smooth reflections without chips, cracks or stains. There is no defect."),
        (types(), "The wood shows natural grain with dark and light bands running from left to right. The colour "
         "varies slowly, as is usual, and no part of the surface is interrupted. There is no defect."),
    ],
)  # fmt: skip
def test_prose_as_good_teachers_write_it_is_let_through(truth: Verdict, think: str) -> None:
    assert caption_problems(Caption(think), truth) == []


@pytest.mark.parametrize(
    ("truth", "initial", "reflection"),
    [
        (types("dent"), types(), "The first look took the broken reflection for lighting alone. Compared with the "
         "neighbouring bands it is pushed inward at one spot, which only a dent in the sheet can cause. "
         'I revise from "no defect" to "abnormal with dent".'),
        (types(), types("scratch"), "The thin line in the upper half follows the grain and has the colour and depth of "
         "its neighbours. A scratch would cut across the grain and show lighter fibres, and no such edge is visible. "
         'I revise from "abnormal with scratch" to "no defect".'),
        (types(), types(), "Every side was compared with its opposite, and all six edges are sharp and equal. No "
         'crack, dent or stain interrupts the metal. I keep "no defect".'),
        (types("scratch"), types("dent"), "The first look was right that the surface is damaged, but the mark is long "
         "and narrow rather than pressed in, so it is a scratch and not a dent. "
         'I revise from "abnormal with dent" to "abnormal with scratch".'),
    ],
)  # fmt: skip
def test_reflections_as_good_teachers_write_them_are_let_through(
    truth: Verdict, initial: Verdict, reflection: str
) -> None:
    think = f"The part lies on a grey ground and fills the image. {think_end(initial)}"
    assert caption_problems(Caption(think, reflection), truth, initial) == []


TYPES = [node.name for node in default_taxonomy().types]
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.floats(0.0, 0.7)] * 2, *[st.floats(0.05, 0.3)] * 2)
VERDICTS = st.one_of(
    st.just(NORMAL),
    st.lists(st.builds(Defect, st.sampled_from(TYPES), BOXES), min_size=1, max_size=3).map(
        lambda defects: Verdict(True, tuple(defects))
    ),
)


@settings(max_examples=150, deadline=None)
@given(truth=VERDICTS, initial=st.one_of(st.none(), VERDICTS), seed=st.integers(0, 999))
def test_the_template_writer_passes(truth: Verdict, initial: Verdict | None, seed: int) -> None:
    caption = write_caption(truth, initial, "hex bolt", random.Random(seed))
    if "evidence is missing" not in (caption.reflection or ""):  # "missing" names a type
        assert caption_problems(caption, truth, initial) == []


@settings(max_examples=100, deadline=None)
@given(truth=VERDICTS, initial=VERDICTS)
def test_the_last_sentences_that_a_teacher_is_given_pass(truth: Verdict, initial: Verdict) -> None:
    caption = Caption(
        f"The part was looked at closely. {think_end(initial)}",
        f"Looked at once more, the evidence is plain. {reflection_end(initial, truth)}",
    )
    assert caption_problems(caption, truth, initial) == []


@settings(max_examples=100, deadline=None)
@given(think=st.text(), reflection=st.one_of(st.none(), st.text()), truth=VERDICTS, initial=st.none() | VERDICTS)
def test_the_checks_are_total(think: str, reflection: str | None, truth: Verdict, initial: Verdict | None) -> None:
    assert caption_problems(Caption(think, reflection), truth, initial)


@pytest.mark.parametrize("piece", ["(0.1,0.1) ", '"revise from ', "yellow ", "scratch ", "<", "0.1,", "[1,"])
def test_huge_hostile_texts_are_refused_in_no_time(piece: str) -> None:
    assert "length" in codes(Caption(piece * 20_000, piece * 20_000), BENT, NORMAL)
