"""The problems a trace can have: one stable code and one sentence each. Counted in reports, shown on the page."""

from __future__ import annotations

from m3ad.records import Problem

# Codes are stored and counted: add new ones, never rename. `{what}` is filled with the place or the words concerned.
SENTENCES: dict[str, str] = {
    # the form as a whole
    "empty-text": "The model wrote nothing.",
    "special-token": "Control tokens of the model ({what}) were left out.",
    "no-tags": "The answer has no tags; it was read from its labels ({what}).",
    "no-answer-tag": "The answer has no <answer> tag; it was read from the words {what}.",
    "no-think": "There is no <think> part, so there is no initial decision.",
    "no-think-tag": "The reasoning stands outside of <think>; the text before the first tag was taken for it.",
    "missing-open-tag": "<{what}> is never opened, only closed.",
    "missing-close-tag": "<{what}> is never closed.",
    "stray-tag": "The tag {what} stands where it means nothing and was left out.",
    "tag-name": "The tag {what} has another name in this format and was read all the same.",
    "duplicate-tag": "<{what}> is there more than once.",
    "empty-tag": "<{what}> is there, but empty.",
    "wrong-order": "<{what}> stands before the part that has to precede it.",
    "text-outside-tags": "Text outside of the tags was not used: {what}.",
    "nested-fields": "The answer holds the other fields within itself ({what}).",
    # the answer
    "no-answer": "There is no answer, so the verdict cannot be read.",
    "answer-unreadable": "The answer {what} is neither yes nor no, so the verdict cannot be read.",
    "answer-in-words": "The answer is not plain yes or no, but {what}.",
    "answers-contradict": "The answers contradict each other ({what}), so the verdict cannot be read.",
    "verdict-no-with-defects": "The answer is no, yet defects are listed; they were left out: {what}.",
    "verdict-yes-without-defects": "The answer is yes, but no defect is named and no place is given.",
    # types
    "type-unknown": "The taxonomy does not know the type {what}.",
    "type-missing": "No type is given for {what}; it is called unknown.",
    "type-separator": "The types are separated by other signs than ';': {what}.",
    # boxes
    "count-mismatch": "The numbers of types and boxes differ: {what}.",
    "box-missing": "No place is given for {what}.",
    "location-in-words": "A place is given in words only: {what}.",
    "json-boxes": "The boxes are written as JSON.",
    "y-first": "The boxes are written with y before x, as box_2d has them; x and y were exchanged.",
    "width-height": "Box {what} is written as corner, width and height.",
    "bad-coordinates": "{what} does not give four numbers for each box.",
    "coordinates-0-1000": "The coordinates are thousandths (0..1000); they were divided by 1000.",
    "coordinates-fractions": "The coordinates are fractions, which this model was not asked for; they were read so.",
    "coordinates-percent": "The coordinates are percentages; they were divided by 100.",
    "coordinates-pixels": "The coordinates are pixels of an image of unknown size; the boxes were left out.",
    "coordinates-mixed": "The coordinates mix fractions with larger numbers; the boxes were left out.",
    "coordinates-not-finite": "Box {what} has a coordinate that is not a finite number; it was left out.",
    "reversed-corners": "Box {what} has its corners the wrong way round; they were put in order.",
    "clipped-box": "Box {what} reaches out of the image; it was cut at the edge.",
    "degenerate-box": "Box {what} has no area; it was left out.",
    "too-many-defects": "More than {what} defects are listed; the rest was left out.",
    "duplicate-defect": "The same defect is listed more than once ({what}).",
    # the text against the answer (`m3ad.contradictions`)
    "text-against-answer": "The text and the answer decide differently: {what}.",
    "text-names-other-type": "The text names other types than the answer: {what}.",
    "text-names-other-place": "The text speaks of another place than the boxes: {what}.",
    "revises-but-keeps": "The reflection says {what}, and nothing was revised.",
    "keeps-but-revises": "The reflection says {what}, and the decision was revised.",
}

_SHOWN = 60  # characters of the model's own words quoted in a sentence


def problem(code: str, what: object = "") -> Problem:
    """The problem `code`, its sentence filled with `what` (quoted words are cut to a length fit for a list)."""
    return Problem(code, SENTENCES[code].format(what=what))


def quoted(text: str) -> str:
    """The model's words in quotes, on one line and cut, for a sentence."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"}"'
