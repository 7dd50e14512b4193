"""A person's texts pass the checks that a teacher's do, or are not saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from db.example_rows import NewExample, StoredExample
from db.store import Store
from m3ad.errors import CaseRefused, StaleCaption
from m3ad.geometry import Box
from m3ad.records import NORMAL, CaptionState, Defect, Mode, NewCase, Scenario, Verdict
from training.captions import Caption
from training.checking import problems_of, save_edit

BENT = Verdict(True, (Defect("bent", Box(0.5, 0.5, 0.7, 0.7)),))
GOOD = Caption(
    "The pins stand straight in their rows. There is no defect.",
    'Looked at again, one pin leans to the right. I revise from "no defect" to "abnormal with bent".',
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture
def example(store: Store, tmp_path: Path) -> StoredExample:
    """A bent pin that the start model missed."""
    Image.new("RGB", (40, 40), "grey").save(tmp_path / "pin.png")
    new = NewCase("set", "pin", Scenario.ELECTRONIC, "pin header", (tmp_path / "pin.png",), verdict=BENT)
    annotation = store.latest_annotation(store.add_case(new)[0])
    assert annotation is not None
    told = NewExample(annotation.id, "demo", Mode.REFLECTIVE, "hard", NORMAL)
    return store.examples.add(told, "Nothing. There is no defect.", GOOD.reflection, author="template")


def test_a_good_text_is_saved_and_waits_to_be_approved(store: Store, example: StoredExample) -> None:
    assert problems_of(example, GOOD) == []
    saved = save_edit(store, example.id, GOOD, author="ann", based_on=1, note="clearer")
    assert (saved.caption.think, saved.caption.reflection) == (GOOD.think, GOOD.reflection)
    assert (saved.caption.state, saved.caption.note) == (CaptionState.EDITED, "clearer")


@pytest.mark.parametrize(
    ("caption", "why"),
    [
        (Caption("One pin leans. It is abnormal with bent.", GOOD.reflection), "decides otherwise"),
        (Caption("According to the labels it is fine. There is no defect.", GOOD.reflection), "gives away"),
        (Caption(GOOD.think, "Looked at again, one pin clearly leans to the right."), "does not end"),
        (Caption(GOOD.think, None), 'no "reflection"'),
        (Caption("<b>There is no defect.</b> <think> of it all.", GOOD.reflection), "tags"),
    ],
)
def test_a_text_that_teaches_something_wrong_is_not_saved_and_the_reason_told(
    store: Store, example: StoredExample, caption: Caption, why: str
) -> None:
    with pytest.raises(CaseRefused, match=why):
        save_edit(store, example.id, caption, author="ann", based_on=1)
    assert store.examples.one(example.id) == example


def test_a_good_text_on_an_older_revision_is_refused_with_both(store: Store, example: StoredExample) -> None:
    store.examples.approve(example.id, author="bob", based_on=1)
    with pytest.raises(StaleCaption) as refusal:
        save_edit(store, example.id, GOOD, author="ann", based_on=1)
    assert refusal.value.yours == (GOOD.think, GOOD.reflection)
