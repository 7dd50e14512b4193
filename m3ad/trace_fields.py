"""The fields of an answer - yes or no, types, places - gathered from tags, labels or bare words.

It decides which words belong to which field and reads types and answers; boxes are read by `trace_boxes`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from m3ad.records import Problem
from m3ad.taxonomy import Taxonomy, normalise
from m3ad.trace_boxes import MAX_DEFECTS, PLACEHOLDERS, read_boxes
from m3ad.trace_problems import problem, quoted
from m3ad.trace_sections import FIELDS, PROSE, Sections, outside_problem, split_sections
from m3ad.verdict_text import decides

UNKNOWN_TYPE = "unknown"  # a defect is there, its type is not known
MAX_TYPE = 200  # characters; what is longer is no type
BARE_WORDS = 30  # an answer without any tag is believed only when it is this short

Finding = tuple[int, Problem]  # where in the text, and what

_LABEL = re.compile(
    r"(?:\A|[\n,{;.])[\s*\"'#>-]{0,8}"
    r"(final[ _]answer|answer|verdict|defect[ _]types?|anomaly[ _]types?|types?|locations?|bounding[ _]box(?:es)?|"
    r"bbox_2d|bbox|think(?:ing)?|reasoning|analysis|reflection)"
    r"[\s*\"']{0,5}[:=\uff1a]",
    re.IGNORECASE,
)
_LEADING = re.compile(r"[\W_]*(yes|no)\b", re.IGNORECASE)
_EITHER = re.compile(r"\byes\W+(?:or\W+)?no\b|\bno\W+(?:or\W+)?yes\b", re.IGNORECASE)
_PLAIN = {
    "yes": True, "true": True, "anomalous": True, "abnormal": True, "defective": True, "defect": True,
    "no": False, "false": False, "normal": False, "no defect": False,
}  # fmt: skip
_OUTER = " \t\r\n.,:;!?\"'`*_\u201c\u201d\u2018\u2019\u3002"
_ENCLOSING = _OUTER + "()[]{}"
_HARD = re.compile(r"[;\n|]")
_SOFT = re.compile(r",|\u3001|\s&\s|\s\+\s|\sand\s|\s/\s|/", re.IGNORECASE)
_PATH = re.compile(r"\s*(?:[-=]?\u203a|\u2192|/|:)\s*")
_BULLET = re.compile(r"^\s*(?:[-*\u2022]|\(?\d{1,2}[.):](?!\d))\s*")
_BRACKETED = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_UNWRITABLE = re.compile(r"[<>\x00-\x1f\x7f]")
_MARKUP = re.compile(r"<[^<>]{0,40}>|```[a-z]{0,10}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """The text of one field and where it stands."""

    text: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class Fields:
    """All fields of a text; `end` is the place that problems of the whole are reported at."""

    think: str
    reflection: str | None
    type: Field
    location: Field
    answers: tuple[str, ...]
    end: int


def gather(text: str, taxonomy: Taxonomy, findings: list[Finding]) -> Fields:
    """The fields of a model's text, from tags if it has any, else from labels ("Answer: yes"), else from bare words."""
    found = split_sections(text)
    findings.extend(found.problems)
    if not text.strip():
        findings.append((0, problem("empty-text")))
    _check_order(found, findings)
    rest = list(found.outside)
    think = _think(found, rest, findings)
    reflection = [section.text for section in found.named("reflection")]
    parts = {name: [(s.start, s.text) for s in found.named(name)] for name in FIELDS}
    _check_repeats(parts, findings)
    if not any(parts.values()):
        think = "\n".join(filter(None, [think, _from_words(rest, parts, taxonomy, findings)]))
    elif nested := _nested(parts):
        parts = nested
        findings.append((len(text), problem("nested-fields", "labels")))
    if rest:
        findings.append((rest[0][0], outside_problem([piece for _, piece in rest])))
    if not think:
        findings.append((0, problem("no-think")))
    return Fields(
        think,
        "\n".join(part for part in reflection if part) if reflection else None,
        _joined(parts["type"]),
        _joined(parts["location"]),
        tuple(answer for _, answer in parts["answer"] if answer),
        len(text),
    )


Parts = dict[str, list[tuple[int, str]]]


def _check_order(found: Sections, findings: list[Finding]) -> None:
    order = {name: place for place, name in enumerate((*PROSE, *FIELDS))}
    latest = -1
    for section in found.sections:
        place = order[section.name]
        if place < latest and section.name not in ("type", "location"):
            findings.append((section.start, problem("wrong-order", section.name)))
        latest = max(latest, place)
        if not section.text:
            findings.append((section.start, problem("empty-tag", section.name)))


def _check_repeats(parts: Parts, findings: list[Finding]) -> None:
    for name, contents in parts.items():
        if len(contents) > 1:
            findings.append((contents[1][0], problem("duplicate-tag", name)))


def _think(found: Sections, rest: list[tuple[int, str]], findings: list[Finding]) -> str:
    """The reasoning; without a <think> it is the text before the first tag, taken out of `rest`."""
    sections = found.named("think")
    if sections:
        if len(sections) > 1:
            findings.append((sections[1].start, problem("duplicate-tag", "think")))
        return "\n".join(section.text for section in sections if section.text)
    if found.sections and rest and rest[0][0] < found.sections[0].start:
        findings.append((rest[0][0], problem("no-think-tag")))
        return rest.pop(0)[1]
    return ""


def _from_words(rest: list[tuple[int, str]], parts: Parts, taxonomy: Taxonomy, findings: list[Finding]) -> str:
    """An answer without tags: labelled, JSON or bare. Fills `parts`, empties `rest`, returns the reasoning in it."""
    if not rest:
        return ""
    place, words = rest[0][0], "\n".join(piece for _, piece in rest)
    labelled = _labelled(words, place)
    if not labelled["answer"] and _names_boxes(words, taxonomy):
        parts.update(answer=[(place, "yes")], location=[(place, words)])
    elif any(labelled[name] for name in FIELDS):
        parts.update({name: labelled[name] for name in FIELDS})
        rest.clear()
        findings.append((place, problem("no-tags", ", ".join(name for name in FIELDS if labelled[name]))))
        return "\n".join(text for _, text in labelled["think"])
    elif _LEADING.match(words) or ("\n" not in words.strip() and len(words.split()) <= BARE_WORDS):
        parts["answer"] = [(place, words)]
    else:
        return ""
    rest.clear()
    findings.append((place, problem("no-answer-tag", quoted(words))))
    return ""


def _names_boxes(words: str, taxonomy: Taxonomy) -> bool:
    """True for JSON boxes whose labels are all defect types: whoever answers with these has found defects."""
    if "{" not in words:
        return False
    labels = read_boxes(words).labels
    return bool(labels) and all(taxonomy.find(label) for label in labels)


def _labelled(words: str, place: int) -> Parts:
    """The fields of "Answer: yes, type: bent, location: (..)" or of JSON with such keys, up to the next label."""
    fields: Parts = {name: [] for name in (*PROSE, *FIELDS)}
    labels = list(islice(_LABEL.finditer(words), 4 * MAX_DEFECTS))
    before = words[: labels[0].start()] if labels else ""
    if before.strip(_ENCLOSING):
        fields["think"].append((place, before.strip()))
    ends = [*(label.start() for label in labels[1:]), len(words)]
    for label, end in zip(labels, ends, strict=False):  # without labels there is one end too many
        content = words[label.end() : end].strip()
        name = _field_of(label[1].lower())
        if content.strip(_ENCLOSING):
            fields[name].append((place + label.end(), content))
    return fields


def _field_of(label: str) -> str:
    if "type" in label:
        return "type"
    if label.startswith(("location", "bounding", "bbox")):
        return "location"
    return "answer" if label.endswith(("answer", "verdict")) else "reflection" if label == "reflection" else "think"


def _nested(parts: Parts) -> Parts | None:
    """The fields inside of <answer>yes, type: bent, location: (..)</answer>; None where there are none."""
    if parts["type"] or parts["location"] or len(parts["answer"]) != 1:
        return None
    place, words = parts["answer"][0]
    inner = _labelled(words, place)
    if not (inner["type"] or inner["location"]):
        return None
    return {name: inner[name] for name in ("type", "location")} | {"answer": inner["answer"] or inner["think"]}


def _joined(contents: Sequence[tuple[int, str]]) -> Field:
    """Several fields of one name as one: <type>a</type>...<type>b</type> lists two types."""
    texts = [text for _, text in contents if text]
    return Field(";".join(texts), contents[0][0]) if texts else Field()


def read_answer(fields: Fields, taxonomy: Taxonomy, findings: list[Finding]) -> bool | None:
    """Yes (True) or no (False); None when there is no answer, or none that can be read, or two that differ."""
    if not fields.answers:
        findings.append((fields.end, problem("no-answer")))
        return None
    read = [_answer(text, taxonomy) for text in fields.answers]
    if len(set(read)) > 1:
        findings.append((fields.end, problem("answers-contradict", ", ".join(map(quoted, fields.answers[:4])))))
        return None
    if read[0] is None:
        findings.append((fields.end, problem("answer-unreadable", quoted(fields.answers[0]))))
    elif fields.answers[0].strip(_ENCLOSING).casefold() not in ("yes", "no"):
        findings.append((fields.end, problem("answer-in-words", quoted(fields.answers[0]))))
    return read[0]


def _answer(text: str, taxonomy: Taxonomy) -> bool | None:
    """One answer: a plain word, or a leading yes or no that the rest does not take back, or a sentence that decides."""
    plain = unicodedata.normalize("NFKC", text).strip(_ENCLOSING).casefold()
    if plain in _PLAIN:
        return _PLAIN[plain]
    if _EITHER.search(plain):
        return None
    leading = _LEADING.match(plain)
    rest = decides(plain[leading.end() :] if leading else plain, taxonomy)
    if leading is None:
        return rest
    first = leading[1] == "yes"
    return None if rest is not None and rest != first else first


def read_types(fields: Fields, taxonomy: Taxonomy, findings: list[Finding]) -> list[str]:
    """The types as written, without bullets and quotes; cut at ';' always, at ',' only between known types."""
    text = _MARKUP.sub(" ", unicodedata.normalize("NFKC", fields.type.text)).strip()
    if not text:
        return []
    types: list[str] = []
    for item in islice(_HARD.split(text.strip(" \n[]{}")), MAX_DEFECTS + 1):
        types.extend(_split_soft(item, taxonomy))
    if len(types) > 1 and (_SOFT.search(text) or "\n" in text or "|" in text):
        findings.append((fields.type.start, problem("type-separator", quoted(text))))
    for name in types:
        if name != UNKNOWN_TYPE and taxonomy.find(name) is None:
            findings.append((fields.type.start, problem("type-unknown", quoted(name))))
    return types


def _split_soft(item: str, taxonomy: Taxonomy) -> list[str]:
    """One item between hard separators: one type, or several where each piece of it is a known type."""
    whole = _one_type(item, taxonomy)
    if not whole:
        return []
    if taxonomy.find(whole) is None and _SOFT.search(item):
        pieces = [_one_type(piece, taxonomy) for piece in islice(_SOFT.split(item), MAX_DEFECTS)]
        if all(piece and taxonomy.find(piece) for piece in pieces if piece) and any(pieces):
            return [piece for piece in pieces if piece]
    return [whole]


def _one_type(item: str, taxonomy: Taxonomy) -> str:
    """One type, cleaned: "- 1. **Bent pin** (structural)" and "Deformation > bent" both give the type; "" for none."""
    name = " ".join(_UNWRITABLE.sub(" ", item[:MAX_TYPE].replace(">", "\u203a")).split())
    while (shorter := _peeled(name)) != name:
        name = shorter
    if name.casefold() in PLACEHOLDERS - {UNKNOWN_TYPE}:
        return ""
    if taxonomy.find(name):
        return name
    explained = _BRACKETED.sub("", name)
    return explained if taxonomy.find(explained) else _end_of_path(name, taxonomy) or name


def _peeled(name: str) -> str:
    """The name without one layer of bullets, quotes, stops, enclosing parentheses or a list's brackets."""
    name = _BULLET.sub("", name).strip(_OUTER + "[]{}")
    return name[1:-1].strip() if name[:1] == "(" and name[-1:] == ")" else name


def _end_of_path(name: str, taxonomy: Taxonomy) -> str | None:
    """The type at the end of "class > group > type", if that is truly its group and class."""
    *above, last = [piece.strip(_OUTER) for piece in _PATH.split(name)]
    node = taxonomy.find(last)
    if node is None:
        return None
    own = {normalise(node.group), normalise(node.classname), normalise(node.classname.split()[0])}
    return last if all(normalise(piece) in own for piece in above) else None
