"""What a reasoning decides at its end: yes, no or unreadable, never a guess."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.verdict_text import MAX_CHARACTERS, initial_verdict

YES, NO, UNREADABLE = True, False, None

SENTENCES = [
    # --- sound
    ("The part looks normal.", NO),  # plain decision
    ("There is no defect.", NO),  # denied defect at large
    ("There are no defects.", NO),  # plural
    ("I see no defect.", NO),  # first person
    ("The bottle has no defect.", NO),  # product as subject
    ("There are no visible defects or anomalies in the components or the soldering.", NO),  # the paper's figure
    ("The board appears to be intact and properly assembled.", NO),  # the paper's figure
    ("There is no visible scratch.", NO),  # denied type, nothing else said
    ("The surface is free of defects.", NO),  # free of
    ("The surface is free from scratches and dents.", NO),  # free from, types
    ("I cannot see any damage.", NO),  # cannot see
    ("I can't see any damage on the part.", NO),  # contraction
    ("No damage can be seen.", NO),  # denial before
    ("Damage is not visible.", NO),  # denial after
    ("Scratches are absent.", NO),  # absent
    ("The part is without any visible anomaly.", NO),  # without
    ("The hazelnut appears intact.", NO),  # appears is no hedge
    ("Everything looks fine.", NO),  # everything
    ("Everything is as expected.", NO),  # as expected
    ("The part is not defective.", NO),  # negated bad word
    ("The product isn't damaged.", NO),  # contraction of a negated bad word
    ("It is a normal part.", NO),  # attribute after a copula
    ("I would say the part is normal.", NO),  # "would" that states
    ("I classify this image as normal.", NO),  # judged as
    ("Initial decision: normal.", NO),  # label
    ('Decision: "no defect".', NO),  # label with quotes
    ("So the part is normal.", NO),  # conclusion
    ("No.", NO),  # the bare word
    ("Answer: no", NO),  # labelled word
    ("No, the part is fine.", NO),  # word and reason
    ("None of the pins is bent.", NO),  # none of
    ("Neither scratches nor dents are visible.", NO),  # neither nor
    ("Nothing is missing.", NO),  # nothing
    ("No components are missing.", NO),  # type that itself sounds negative
    ("The part is defect-free.", NO),  # compound
    ("The surface is scratch-free.", NO),  # compound with a type
    ("There is no scratch, no dent and no crack.", NO),  # repeated negation is no double negation
    ("The dark line is a shadow, not a scratch.", NO),  # explained away
    ("This is not a defect.", NO),  # one thing explained away
    ("There might be a scratch. On closer inspection there is no scratch.", NO),  # hedge decided later
    ("There is a line on the left. It is only a reflection, so there is no defect.", NO),  # reasoned away
    ("There is a scratch on the rim. No, it is a reflection: there is no scratch.", NO),  # same type taken back
    ("Although there are shadows, the part is normal.", NO),  # concession first
    ("The part is normal although it is dark.", NO),  # concession last
    ("Apart from shadows, there are no defects.", NO),  # exception that is no defect
    ("No potential defects were found.", NO),  # hedge inside a negation
    ("Are there any defects? No, there are no defects.", NO),  # own question answered
    ("A broken part would show sharp edges. There is no defect.", NO),  # condition before
    ("The image shows a washer with a hole. The part looks normal.", NO),  # a hole that belongs there
    ("THE PART LOOKS NORMAL", NO),  # capitals, no stop
    ("\u201cThe part is normal.\u201d", NO),  # curly quotes
    ("I don't see anything abnormal.", NO),  # anything
    ("Nothing looks unusual.", NO),  # nothing, unusual
    ("It does not appear to have any defects.", NO),  # does not appear to have
    ("The object looks like a normal bottle.", NO),  # likeness to a sound part
    ("Therefore, the answer is no.", NO),  # label in a sentence
    ("**Conclusion:** normal", NO),  # markdown
    ("Defects: none", NO),  # list of none
    ('I consider it "normal".', NO),  # judged
    ('The final decision is "normal".', NO),  # quoted decision
    ("No pin shows a bend.", NO),  # the negation reaches over the verb
    ("The screw is properly seated and there's no sign of damage.", NO),  # there's
    ("Hence no defect.", NO),  # telegram
    # --- anomalous
    ("The part is defective.", YES),  # plain decision
    ("The part is anomalous.", YES),  # the format's word
    ("Initial decision: anomalous.", YES),  # label
    ("So there is a scratch in the upper left.", YES),  # conclusion with a place
    ("There is a bent pin.", YES),  # there is
    ("There are two scratches and a dent.", YES),  # there are
    ("One pin is bent.", YES),  # predicate
    ("One pin on the left is clearly bent.", YES),  # predicate with words between
    ("A screw is missing.", YES),  # missing
    ("The surface shows a scratch.", YES),  # shows
    ("The bottle has contamination in the upper left.", YES),  # has
    ("On the bottle I see small scratch in the middle.", YES),  # I see
    ("The bottle is abnormal with bent and scratch.", YES),  # the paper's wording
    ("This is abnormal with component missing.", YES),  # the paper's wording
    ("A crack is visible on the rim.", YES),  # seen after
    ("A scratch runs across the surface.", YES),  # verb of extent
    ("Defect found.", YES),  # telegram
    ("Bent pin in the upper left.", YES),  # fragment
    ("The part is not normal.", YES),  # negated good word
    ("The seal does not look intact.", YES),  # negated good word, auxiliary
    ("The housing is no longer intact.", YES),  # no longer
    ("The part is not free of defects.", YES),  # double negation
    ("Yes.", YES),  # the bare word
    ("Yes, there is a defect.", YES),  # word and reason
    ("There is no doubt that the pin is bent.", YES),  # a negation that is none
    ("The pin is not only bent but also scratched.", YES),  # not only
    ("There is no scratch, but there is a dent.", YES),  # one denied, one found
    ("There is a dent, but no scratch.", YES),  # one found, one denied
    ("The pin is bent. There is no scratch.", YES),  # another type denied afterwards
    ("No defects are visible except a scratch in the corner.", YES),  # exception
    ("Apart from a small scratch, the part is normal.", YES),  # exception first
    ("There is a scratch on the left. The rest of the surface is intact.", YES),  # the rest
    ("There is a scratch. No other defects are visible.", YES),  # no other
    ("The part looks normal. However, there is a crack.", YES),  # last word
    ("The part looks normal at first, but one pin is bent.", YES),  # contrast inside a sentence
    ("The left side shows no scratch and the right side shows a crack.", YES),  # two halves
    ("The board has a wrong component in the middle.", YES),  # logical type
    ("The colour of the cap is wrong: a color error.", YES),  # fragment after a colon
    ("There is a hole in the upper left.", YES),  # ambiguous word, stated
    ("I conclude that the product is faulty.", YES),  # conclude
    ("Overall, the part is damaged.", YES),  # overall
    ("A dark spot that is not part of the normal texture indicates contamination.", YES),  # not is over by then
    ("The pin is not straight, bent to the left.", YES),  # not is over at the comma
    ("The connector without a cap is bent.", YES),  # without is over by then
    ("One of the pins appears slightly bent compared to the others.", YES),  # comparison
    ("There is a small hole visible on the right of the nut, which could be caused by an insect.", YES),  # hedged cause
    ("The cable is missing its insulation.", YES),  # verb
    ("So the answer is yes.", YES),  # label in a sentence
    ("Anomaly: yes", YES),  # labelled word
    ("Defects: scratch", YES),  # labelled type
    ("The decision is 'anomalous'.", YES),  # quoted
    ("Something is wrong with the cap.", YES),  # something
    # --- unreadable
    ("The dark line is crack-like.", UNREADABLE),  # likeness as a suffix
    ("The image quality is good.", UNREADABLE),  # quality of the picture
    ("The background is normal.", UNREADABLE),  # not about the part
    ("The colour is normal.", UNREADABLE),  # one quality
    ("The left side is intact.", UNREADABLE),  # one place
    ("The texture is fine.", UNREADABLE),  # another meaning of fine
    ("ok", UNREADABLE),  # answers anything
    ("", UNREADABLE),  # nothing
    ("The image shows a bottle.", UNREADABLE),  # description only
    ("The pin might be bent.", UNREADABLE),  # might
    ("The surface may be scratched.", UNREADABLE),  # may
    ("There is possibly a crack.", UNREADABLE),  # possibly
    ("The part is probably normal.", UNREADABLE),  # probably
    ("This looks like a scratch.", UNREADABLE),  # likeness
    ("The part looks normal. But there might be a scratch.", UNREADABLE),  # hedge after a decision
    ("It is unclear whether there is a defect.", UNREADABLE),  # unclear
    ("I am not sure if the part is normal.", UNREADABLE),  # not sure
    ("It is hard to tell whether the pin is bent.", UNREADABLE),  # hard to tell
    ("I cannot rule out a crack.", UNREADABLE),  # cannot rule out
    ("Are there any defects in the test image?", UNREADABLE),  # the question itself
    ("I check the part for cracks and scratches.", UNREADABLE),  # task
    ("A broken part would show sharp edges.", UNREADABLE),  # condition
    ("If the pin were bent, it would be visible.", UNREADABLE),  # condition
    ("The washer has a hole in the centre.", UNREADABLE),  # a hole that belongs there
    ("The pin is in the hole.", UNREADABLE),  # place, not predicate
    ("The pin is bent. The housing is intact.", UNREADABLE),  # sound in one part, not in another
    ("Initial decision: uncertain.", UNREADABLE),  # labelled doubt
    ("\u8868\u9762\u6709\u5212\u75d5\u3002", UNREADABLE),  # another language
    ("normalise the abnormally intactness", UNREADABLE),  # words that only contain the words
]


@pytest.mark.parametrize(("think", "expected"), SENTENCES)
def test_a_reasoning_decides_yes_no_or_nothing(think: str, expected: bool | None) -> None:
    verdict = initial_verdict(think)
    assert (verdict.anomalous if verdict else None) is expected


def test_the_last_decision_wins_over_all_before() -> None:
    assert initial_verdict("The part is defective. " * 3 + "The part is normal.") == Verdict(False)
    assert initial_verdict("The part is normal. " * 3 + "The part is defective.") == Verdict(True)


@pytest.mark.parametrize("node", default_taxonomy().types, ids=lambda node: node.name)
def test_every_type_can_be_found_and_denied_in_a_sentence(node) -> None:
    assert initial_verdict(f"So there is a {node.name} in the upper left.") == Verdict(True, (Defect(node.name),))
    assert initial_verdict(f"The part is abnormal with {node.name}.") == Verdict(True, (Defect(node.name),))
    assert initial_verdict(f"There is no {node.name}.") == Verdict(False)


DEFECTS = [
    ("There is a bent pin at (0.383,0.706) (0.409,0.801).", [Defect("bent", Box(0.383, 0.706, 0.409, 0.801))]),  # one
    (
        "There is a dent at (0.1,0.1) (0.2,0.2) and a scratch at (0.5,0.5) (0.7,0.6).",  # two in one sentence
        [Defect("dent", Box(0.1, 0.1, 0.2, 0.2)), Defect("scratch", Box(0.5, 0.5, 0.7, 0.6))],
    ),
    (
        "I see debris at (0.1,0.1) (0.2,0.2), a dent at (0.3,0.1) (0.4,0.2) and debris at (0.5,0.5) (0.7,0.6).",
        [
            Defect("debris", Box(0.1, 0.1, 0.2, 0.2)),
            Defect("dent", Box(0.3, 0.1, 0.4, 0.2)),
            Defect("debris", Box(0.5, 0.5, 0.7, 0.6)),
        ],
    ),  # a type named again with a box of its own
    ("There is a scratch at [100, 200, 300, 400].", [Defect("scratch", Box(0.1, 0.2, 0.3, 0.4))]),  # thousandths
    (
        "There are scratches at (0.1,0.1) (0.2,0.2) and (0.5,0.5) (0.7,0.6).",  # one type, two boxes
        [Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)), Defect("scratch", Box(0.5, 0.5, 0.7, 0.6))],
    ),
    (
        "There is a dent at (0.1,0.1) (0.2,0.2). So there is a dent in the upper left.",  # named again without box
        [Defect("dent", Box(0.1, 0.1, 0.2, 0.2))],
    ),
    ("The part is abnormal with bent, scratch and dent.", [Defect("bent"), Defect("scratch"), Defect("dent")]),  # list
    ("There is no scratch, but there is a dent.", [Defect("dent")]),  # the denied type is not listed
    ("The part is normal. There is a crack. So it is defective.", [Defect("crack")]),  # findings before the decision
    ("There is a crack. No, the part is normal. There is a dent.", [Defect("dent")]),  # a finding taken back
    ("The part is defective.", []),  # no type named
    ("One pin is bent. There is a bent pin.", [Defect("bent")]),  # the same said twice
]


@pytest.mark.parametrize(("think", "expected"), DEFECTS)
def test_the_defects_are_those_named_in_the_deciding_words(think: str, expected: list[Defect]) -> None:
    assert initial_verdict(think) == Verdict(True, tuple(expected))


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_without_an_error(text: str) -> None:
    verdict = initial_verdict(text)
    assert verdict is None or isinstance(verdict, Verdict)


WORDS = [
    "no", "not", "never", "without", "there", "is", "are", "a", "the", "pin", "part", "scratch", "bent", "normal", "of",
    "intact", "might", "but", "and", "although", "yes", ".", ",", "?", ";", "(", ")", "0.1", "hole", "free", "defects",
    "see", "any",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_any_mixture_of_deciding_words_is_read_without_an_error(text: str) -> None:
    verdict = initial_verdict(text)
    assert verdict is None or verdict.anomalous or not verdict.defects


def test_a_huge_reasoning_costs_no_more_than_its_end() -> None:
    rng = random.Random(0)
    babble = " ".join(rng.choice(WORDS) for _ in range(200_000))
    assert initial_verdict(babble + ". The part is normal.") == Verdict(False)
    assert initial_verdict("The part is normal." + " " * MAX_CHARACTERS) is None
