"""The manual check of an example's texts (M3-AD-FT, step 4): a person's words pass the checks that a teacher's do."""

from __future__ import annotations

from db.example_rows import StoredExample
from db.store import Store
from m3ad.errors import CaseRefused
from m3ad.records import Problem
from training.caption_checks import caption_problems
from training.captions import Caption


def problems_of(example: StoredExample, caption: Caption) -> list[Problem]:
    """All that is wrong with texts for an example, each a code and a sentence; empty when they can be learnt from."""
    return caption_problems(caption, example.truth, example.initial)


def save_edit(
    store: Store, example_id: int, caption: Caption, *, author: str, based_on: int, note: str = ""
) -> StoredExample:
    """Save a person's texts as the next revision; approving them is a step of its own (`store.examples.approve`).

    Raises:
        CaseRefused: the texts do not pass the checks; the reasons are its sentence, and nothing is saved.
        StaleCaption: another revision came between; carries both, and nothing is saved.
        NotFound: no such example.
    """
    problems = problems_of(store.examples.one(example_id), caption)
    if problems:
        raise CaseRefused("Nothing was saved. " + " ".join(problem.text for problem in problems))
    return store.examples.edit(
        example_id, caption.think, caption.reflection, author=author, based_on=based_on, note=note
    )
