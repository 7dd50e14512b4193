"""Models that others have trained for industrial anomaly detection, asked as they were trained to be asked.

Both certain from the scripts that their authors (of Anomaly-R1 also the authors of IAD-R1) judge them with.
IAD-R1 is asked the paper's question alone and answers in `<think><location><type><answer>`, the place in words ("upper
left"), so it has no boxes: the paper prints none of its type and location scores either. Anomaly-R1 answers a question
of choice with a letter; of types and places it says nothing in this form. No real weights were met.
"""

from __future__ import annotations

import re

from m3ad.dialects.base import Dialect
from m3ad.prompts import QUESTION

_LETTER = re.compile(r"<answer>\s*\(?([AB])\)?[.:)]?\s*(yes|no)?\s*\.?\s*</answer>", re.IGNORECASE)
_CHOICE = {"A": "yes", "B": "no"}


def _from_letters(text: str) -> str:
    """The letter of the choice as yes or no; a letter beside the other's word is both, which is unreadable."""

    def plain(match: re.Match[str]) -> str:
        meant = _CHOICE[match[1].upper()]
        said = (match[2] or meant).lower()
        return f"<answer>{meant if said == meant else f'{meant} or {said}'}</answer>"

    return _LETTER.sub(plain, text)


ANOMALY_R1 = Dialect(
    "anomaly-r1",
    "Anomaly-R1: a question of choice, answered with a letter; no types, no places",
    None,
    question=f"{QUESTION}\nA. Yes.\nB. No.\n\nFirst output the thinking process in <think> </think> tags and then "
    "output the final answer letter in <answer> </answer> tags.",
    translate=_from_letters,
    usual=frozenset({"verdict-yes-without-defects"}),
)
IAD_R1 = Dialect(
    "iad-r1",
    "IAD-R1: the question alone; places in words, so no boxes",
    None,
    usual=frozenset({"location-in-words"}),
)
