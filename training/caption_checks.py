"""What is wrong with a caption before a model learns from it: pure functions, an empty list is a good caption.

A student sees the plain image alone. So a caption may say what is true of it and nothing else, must decide readably,
and must not give away that its writer was told the answer. Who wrote it these checks do not know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from m3ad import verdict_lexicon as lexicon
from m3ad.geometry import Box, iou
from m3ad.records import Problem, Verdict
from m3ad.taxonomy import Taxonomy, default_taxonomy, normalise
from m3ad.trace_boxes import read_boxes
from m3ad.trace_fields import UNKNOWN_TYPE
from m3ad.trace_problems import quoted
from m3ad.trace_sections import has_tags
from m3ad.verdict_text import claims_in, initial_verdict
from m3ad.verdict_words import MAX_SENTENCE, Polarity
from training.captions import Caption, decision, rough

# [U] The paper asks for concise texts and prints some of 20 to 80 words.
THINK_WORDS, REFLECTION_WORDS = (4, 150), (8, 150)
# [U] Stricter than the bench's 0.3: the writer was told the box and had only to copy it.
SAME_PLACE = 0.5

_TAG = re.compile(r"<\s?[/|a-z]|\|>", re.IGNORECASE)
_MARKUP = re.compile(r"```|\*\*|__|^\s*#", re.MULTILINE)
_COORDINATES = re.compile(
    r"[(\[{]\s*-?\d+(?:\.\d+)?\s*[,;]\s*-?\d+|(?<![\w.])[01]?\.\d+\s*(?:,|;|to|and|x)\s*[01]?\.\d+"
    r"|\b[xy][12]?\s*[=:]\s*\d|\bbbox"
)
_DRAWN = r"(?:yellow|red|colou?red|drawn|dashed|marked|bounding|annotated|given|indicated|provided)"
_HINTS = re.compile(
    r"\bground[\s-]?truth\b|\bhigh[\s-]?lighted\b|\bannotat\w*|\bbounding\b|\bas (?:an ai|told|instructed)\b"
    rf"|\b{_DRAWN}(?:[\s-]\w+)? (?:box|boxes|frames?|rectangles?|outlines?|contours?|borders?|markings?|markers?)\b"
    r"|\b(?:box|frame|rectangle|outline|marking|marker)s? (?:marks?|indicates?|surrounds?|drawn|around the)\b"
    r"|\b(?:given|provided|supplied|reference) (?:\w+ )?"
    r"(?:labels?|answers?|types?|locations?|boxes|information|verdicts?|truth|coordinates|decisions?)\b"
    r"|\b(?:correct|true) (?:\w+ )?(?:labels?|answers?|boxes|information|verdicts?|truth|coordinates|decisions?)\b"
    r"|\b(?:marked|indicated|outlined|specified) (?:areas?|regions?|places?|spots?|locations?|defects?)\b"
    r"|\b(?:according to|based on) the (?:\w+ )?(?:labels?|information|prompt|instructions?|truth)\b"
    r"|\blabell?ed (?:as )?(?:an? )?(?:normal|good|abnormal|anomalous|defect\w*)\b"
    r"|\b(?:was|were|am|been) told\b|\bthe (?:base|student|teacher) model\b|\bthe prompt\b"
)
# What nobody writes who believes in the first look.
_KNOWS_BETTER = re.compile(
    r"\b(?:mistaken(?:ly)?|erroneous(?:ly)?|incorrectly|wrongly|falsely|overlook\w*|fail(?:s|ed)? to (?:see|notice))\b"
)
_REVISED = re.compile(r'\b(?:revis|chang|correct)\w*\b[^"]{0,60}?\bfrom\s+"([^"]{1,200})"\s+to\s+"([^"]{1,200})"')
_KEPT = re.compile(
    r'\b(?:keep|kept|retain|maintain)\w*\b[^".]{0,60}"([^"]{1,200})"'
    r'|"([^"]{1,200})"[^".]{0,60}\b(?:kept|retained|maintained)\b'
)
_MORE_SENTENCES = re.compile(r"[.!?][\"')]?\s+\S|\n\s*\S")


def caption_problems(
    caption: Caption, truth: Verdict, initial: Verdict | None = None, taxonomy: Taxonomy | None = None
) -> list[Problem]:
    """All that is wrong with a caption, each a stable code and a sentence that its writer can act on.

    Args:
        caption: the texts.
        truth: the case's verdict.
        initial: the decision that <think> shall state where the caption is reflective; None in thinking mode.
        taxonomy: where the names of types come from; the built-in one by default.
    """
    taxonomy = taxonomy or default_taxonomy()
    found = list(_think_problems(caption.think, initial or truth, taxonomy))
    if initial is None:
        if caption.reflection is not None:
            found.append(Problem("reflection-unasked", 'There is a "reflection", but none was asked for.'))
    elif caption.reflection is None:
        found.append(Problem("reflection-missing", 'There is no "reflection".'))
    else:
        found += _reflection_problems(caption.reflection, initial, truth, taxonomy)
    return found


def _think_problems(text: str, wanted: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    yield from _form_problems("think", text, THINK_WORDS)
    yield from _box_problems("think", text, _boxes(wanted))
    yield from _type_problems("think", text, wanted, taxonomy)
    if match := _KNOWS_BETTER.search(_plain(text)):
        yield Problem("think-knows-better", f'"think" calls itself wrong: {quoted(match.group())}.')
    decided = initial_verdict(text, taxonomy)
    if decided is None:
        yield Problem("no-decision", f'"think" does not end with a readable decision, which is "{decision(wanted)}".')
    elif decided.anomalous != wanted.anomalous:
        yield Problem("wrong-decision", f'"think" decides otherwise than "{decision(wanted)}".')


def _type_problems(where: str, text: str, wanted: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    """What is said to be there is all that is wanted and nothing else."""
    said = [claim for claim in claims_in(text, taxonomy) if claim.polarity is Polarity.YES]
    named = {name for claim in said for name in claim.types}
    if said and not wanted.anomalous:
        yield Problem("defect-in-normal", f'"{where}" says of a defect that it is there: {_listed(named)}.')
        return
    if extra := named - _known(wanted, taxonomy):
        yield Problem("other-type", f'"{where}" names other types than those listed: {_listed(extra)}.')
    if missing := _not_named(text, named, wanted, taxonomy):
        yield Problem("type-missing", f'"{where}" does not say of these types that they are there: {_listed(missing)}.')


def _reflection_problems(text: str, initial: Verdict, truth: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    yield from _form_problems("reflection", text, REFLECTION_WORDS)
    # A normal part's reflection has no box at all, not even that of a false alarm: it would teach to look there.
    yield from _box_problems("reflection", text, _boxes(truth, initial) if truth.anomalous else [])
    named = {name for claim in claims_in(text, taxonomy) if claim.polarity is Polarity.YES for name in claim.types}
    if extra := named - _known(truth, taxonomy) - _known(initial, taxonomy):
        yield Problem("other-type", f'"reflection" names other types than those listed: {_listed(extra)}.')
    yield from _ending_problems(_plain(text), initial, truth, taxonomy)


def _ending_problems(text: str, initial: Verdict, truth: Verdict, taxonomy: Taxonomy) -> Iterator[Problem]:
    """The last sentence keeps or revises, from the first decision to the truth."""
    before, after = decision(initial), decision(truth)
    wanted = f'keep "{after}"' if before == after else f'revise from "{before}" to "{after}"'
    matches = sorted([*_REVISED.finditer(text), *_KEPT.finditer(text)], key=lambda match: match.end())
    if not matches or _MORE_SENTENCES.search(text[matches[-1].end() :]):
        yield Problem("no-outcome", f'"reflection" does not end with a sentence that says: {wanted}.')
        return
    last = matches[-1]
    revises = last.re is _REVISED
    final = last[2] if revises else last[1] or last[2]
    right = revises == (before != after) and _decides(final, truth, taxonomy)
    if not right or (revises and not _decides(last[1], initial, taxonomy)):
        yield Problem("wrong-outcome", f'"reflection" ends with {quoted(last.group())}, but shall {wanted}.')


def _decides(words: str, wanted: Verdict, taxonomy: Taxonomy) -> bool:
    """Whether quoted words such as "abnormal with bent" state the wanted decision and types."""
    read = initial_verdict(words, taxonomy)
    return (
        read is not None
        and read.anomalous == wanted.anomalous
        and not list(_type_problems("reflection", words, wanted, taxonomy))
    )


def _form_problems(where: str, text: str, words: tuple[int, int]) -> Iterator[Problem]:
    least, most = words
    count = len(text.split())
    if not least <= count <= most or any(len(part) > MAX_SENTENCE for part in lexicon.SENTENCE.split(text)):
        yield Problem(
            "length", f'"{where}" has {count} words; it needs {least} to {most}, in sentences of ordinary length.'
        )
    if any(unicodedata.category(sign)[0] == "C" and sign != "\n" for sign in text):
        yield Problem("odd-characters", f'"{where}" holds characters that cannot be seen.')
    plain = _plain(text)
    if has_tags(text) or _TAG.search(plain):
        yield Problem("tags", f'"{where}" holds tags. Write plain sentences.')
    if _MARKUP.search(text):
        yield Problem("markup", f'"{where}" holds markdown. Write plain sentences.')
    if match := _HINTS.search(plain):
        yield Problem("hint", f'"{where}" gives away what its writer was told or shown: {quoted(match.group())}.')


def _box_problems(where: str, text: str, allowed: list[Box]) -> Iterator[Problem]:
    plain = _plain(text)
    written = [match.group() for match in lexicon.BOXES.finditer(plain)]
    found = read_boxes("; ".join(written))
    if _COORDINATES.search(lexicon.BOXES.sub(" ", plain)) or found.problems or None in found.boxes:
        yield Problem("box-unreadable", f'"{where}" holds coordinates that are no boxes. Say places in words.')
    wrong = [box for box in found.boxes if box and not any(iou(box, other) >= SAME_PLACE for other in allowed)]
    if wrong:
        yield Problem("wrong-box", f'"{where}" gives {len(wrong)} boxes where nothing is listed. Say places in words.')


def _plain(text: str) -> str:
    """One spelling for what the patterns look for; the clause reader has the same."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[ \t]+", " ", re.sub("[\u201c\u201d]", '"', re.sub("[\u2018\u2019`]", "'", plain)))


def _boxes(*verdicts: Verdict) -> list[Box]:
    """Boxes that a caption may give, exactly or as roughly as a first look."""
    exact = [defect.box for verdict in verdicts for defect in verdict.defects if defect.box]
    return [*exact, *map(rough, exact)]


def _known(verdict: Verdict, taxonomy: Taxonomy) -> set[str]:
    return {node.name for defect in verdict.defects if (node := taxonomy.find(defect.type))}


def _not_named(text: str, named: set[str], wanted: Verdict, taxonomy: Taxonomy) -> set[str]:
    """Wanted types that are not said to be there; of one that the taxonomy does not know, the bare words count."""
    strange = {d.type for d in wanted.defects if d.type not in ("", UNKNOWN_TYPE) and not taxonomy.find(d.type)}
    unsaid = {name for name in strange if _words(name) not in _words(text)}
    return _known(wanted, taxonomy) - named | unsaid


def _words(text: str) -> str:
    """The bare words with a blank on either side, so that one expression can be looked for in another."""
    return " " + normalise(re.sub(r"\W+", " ", text)) + " "


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "a defect"
