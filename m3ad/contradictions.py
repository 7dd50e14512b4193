"""What a trace says that does not go together: its prose against its verdict, its reflection against what it did.

The form of the answer is checked where it is read (`m3ad.trace_problems`); here are the faults of a well-formed answer.
Careful in one direction: what can be read in two ways is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from m3ad.geometry import Box
from m3ad.records import Problem, Trace, Verdict
from m3ad.spans import places
from m3ad.taxonomy import Taxonomy, default_taxonomy
from m3ad.trace_problems import problem, quoted
from m3ad.verdict_text import claims_in, initial_verdict
from m3ad.verdict_words import Polarity

_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_LONGEST = 600  # characters of a sentence that are looked at
_SIDES: tuple[tuple[re.Pattern[str], str, str], ...] = (  # words, axis, and the half that they speak of
    (re.compile(r"\bleft\b"), "x", "low"),
    (re.compile(r"\bright\b"), "x", "high"),
    (re.compile(r"\b(?:upper|top)\b"), "y", "low"),
    (re.compile(r"\b(?:lower|bottom)\b"), "y", "high"),
)
# What a reflection revises is not what it decides: 'from "no defect" to "abnormal with scratch"'.
_FORMER = re.compile(r"""\bfrom\s+(?:"[^"]{0,300}"|“[^”]{0,300}”|'[^']{0,300}')""", re.IGNORECASE)
_REVISES = re.compile(
    r"\b(?:decision|verdict|answer|conclusion|judge?ment|type)\s+"
    r"(?:is|was|must be|has to be|should be|needs? to be)?\s*"
    r"(?:revised|changed|changes|corrected|overturned|reversed)\b|\bI (?:revise|change|correct|overturn)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:decision|verdict|answer|conclusion|judge?ment)\s+(?:is|was|can be|should be)?\s*"
    r"(?:kept|stays|stands|remains|holds|confirmed|unchanged)\b|\bI (?:keep|confirm)\b",
    re.IGNORECASE,
)


def contradictions(trace: Trace, taxonomy: Taxonomy | None = None) -> tuple[Problem, ...]:
    """The contradictions of a trace whose verdict can be read; none of one that cannot.

    The prose that counts is the last: the reflection where there is one, else the thinking.
    """
    if trace.verdict is None:
        return ()
    taxonomy = taxonomy or default_taxonomy()
    prose, decided = trace.think, trace.initial
    if trace.reflection is not None:
        prose = _FORMER.sub("", trace.reflection)
        decided = initial_verdict(prose, taxonomy)
    found = [*_decision(decided, trace.verdict, taxonomy), *_places(prose, trace.verdict, taxonomy)]
    return (*found, *_revision(trace, taxonomy))


def all_problems(trace: Trace) -> tuple[Problem, ...]:
    """Everything that a reader should know about a trace: the problems of its form, then its contradictions."""
    return (*trace.problems, *contradictions(trace))


def _decision(decided: Verdict | None, verdict: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    """Whether the prose decides what the answer says, and names a type of the answer's."""
    if decided is None:
        return
    if decided.anomalous != verdict.anomalous:
        yield problem(
            "text-against-answer", " and ".join(("anomalous" if v.anomalous else "normal") for v in (decided, verdict))
        )
        return
    said, answered = _types(decided, taxonomy), _types(verdict, taxonomy)
    if said and answered and not said & answered:
        yield problem("text-names-other-type", quoted(f"{', '.join(sorted(said))}; {', '.join(sorted(answered))}"))


def _places(prose: str, verdict: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    """Whether some box lies in some place that the prose speaks of, where it says of a defect that it is there."""
    boxes = [defect.box for defect in verdict.defects if defect.box is not None and not defect.picture]
    named = [place for sentence in _SENTENCE.findall(prose) for place in _named(sentence[:_LONGEST], taxonomy)]
    if boxes and named and not any(fits(box, place) for box in boxes for place in named):
        yield problem("text-names-other-place", quoted(", ".join(named)))


def _named(sentence: str, taxonomy: Taxonomy) -> list[str]:
    found = places(sentence)
    finds = found and any(claim.polarity is Polarity.YES for claim in claims_in(sentence, taxonomy))
    return found if finds else []


def fits(box: Box, place: str) -> bool:
    """Whether a box reaches into every half of the picture that the words of a place speak of."""
    reaches = {
        ("x", "low"): box.x1 < 0.5,
        ("x", "high"): box.x2 > 0.5,
        ("y", "low"): box.y1 < 0.5,
        ("y", "high"): box.y2 > 0.5,
    }
    return all(reaches[axis, half] for words, axis, half in _SIDES if words.search(place.casefold()))


def _revision(trace: Trace, taxonomy: Taxonomy) -> Iterator[Problem]:
    """Whether the reflection did what it says: revise or keep."""
    first, final = trace.initial, trace.verdict
    if trace.reflection is None or first is None or final is None:
        return
    revises, keeps = _REVISES.search(trace.reflection), _KEEPS.search(trace.reflection)
    if bool(revises) == bool(keeps):
        return
    same = first.anomalous == final.anomalous and _types(first, taxonomy) == _types(final, taxonomy)
    if revises and same and _counted(first) == _counted(final):
        yield problem("revises-but-keeps", quoted(revises.group()))
    elif keeps and first.anomalous != final.anomalous:
        yield problem("keeps-but-revises", quoted(keeps.group()))


def _types(verdict: Verdict, taxonomy: Taxonomy) -> frozenset[str]:
    """The types in the taxonomy's own names; what it does not know says nothing."""
    return frozenset(node.name for defect in verdict.defects if (node := taxonomy.find(defect.type)))


def _counted(verdict: Verdict) -> int:
    return len(verdict.defects)
