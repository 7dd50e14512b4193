"""The words and forms by which English prose speaks of defects, as patterns for `m3ad.verdict_words`.

All are meant for text in lower case with plain blanks, in which each type is the sign T and each box the sign B.
"""

from __future__ import annotations

import re

T, B = "\ue001", "\ue002"  # signs of the private use area, which are taken out of every text first


def _any(phrases: str) -> str:
    """A group of alternatives out of a list with commas; a phrase may be a pattern itself."""
    return "(?:" + "|".join(phrase for part in phrases.split(",") if (phrase := " ".join(part.split()))) + ")"


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b{pattern}\b")


# --- what is spoken of
GENERIC = _any(
    """defect, anomal(?:y|ie), abnormalit(?:y|ie), flaw, fault, imperfection, damage, blemish(?:e)?, issue, problem,
    nonconformit(?:y|ie)"""
)
BAD = _any(
    """anomalous, abnormal, defective, damaged, bad, faulty, flawed, nok, compromised, unacceptable, imperfect, unusual,
    wrong, amiss, out of place"""
)
GOOD = _any(
    """normal, intact, undamaged, unharmed, flawless, faultless, unblemished, (?:defect|anomaly)[ -]free, fine, good,
    okay, ok, sound, perfect, clean, acceptable, as expected, as it should be, in order,
    in (?:good|perfect|normal) (?:condition|order)"""
)
ITEM = re.compile(rf"(?P<type>{T})|\b(?P<generic>{GENERIC}s?)\b|\b(?P<bad>{BAD})\b|\b(?P<good>{GOOD})\b")
# Said of anything; only said of the whole part it is a decision.
POLITE = _word(_any("good, fine, ok, okay, sound, perfect"))
WHOLE = _word(
    _any(
        """part, image, picture, photo, object, product, sample, item, unit, piece, specimen, workpiece, board, it,
        this, everything, overall, entire, whole, i, decision, verdict, conclusion, answer, result, judge?ment, so,
        therefore, thus, hence"""
    )
)
# Looks of the picture, and single qualities: that these are normal says nothing about defects.
QUALITY = _word(
    _any(
        """quality, light, lighting, resolution, contrast, background, focus, exposure, shadows?, colou?rs?, texture,
        shape, size, grain, print, lettering, spacing, alignment, orientation, position"""
    )
)
PLACE = _word(_any("left, right, upper, lower, top, bottom, corner, cent(?:er|re), middle, here"))
PARTLY = _word(_any("others?, rest, remaining, remainder, otherwise, elsewhere, further, additional, more, else"))
# Types whose names also describe sound parts ("a washer has a hole"): they need more than "has" to be a finding.
AMBIGUOUS = frozenset(
    {"hole", "gap", "protrusion", "indentation", "moisture", "deviation", "discontinuity", "roughness"}
)

# --- verbs and forms that state something
BE = _any(
    """is, are, was, were, be, been, being, looks?, looked, appears?, appeared, seems?, seemed, remains?, remained,
    becomes?, became, stays?, gets?, got"""
)
HAS = _any("has, have, had, having, with, contains?, containing, features?")
SHOWS = _any(
    """shows?, showing, showed, exhibits?, exhibiting, reveals?, revealing, displays?, displaying, presents?,
    presenting, suffers?, sees?, saw, seen, finds?, found, detect(?:s|ed)?, observed?, noticed?, spot, spotted,
    identify, identified, indicates?, indicating, constitutes?, confirms?, confirmed, evidence, signs?, due to,
    because of, caused by, affected by, exists?, missed, (?:abnormal|anomalous|defective) with, namely"""
)
JUDGED = _any(
    """judged?, consider(?:ed)?, deem(?:ed)?, classif(?:y|ied), labell?ed, rated?, call(?:ed)?, regard(?:ed)?,
    concluded?, decided?, say, think, believe"""
)
VISIBLE = _any(
    """visible, present, seen, found, observed, detected, evident, apparent, noticeable, identified, discernible, there,
    located, recogni[sz]able, to be seen, to be found"""
)
EXTENDS = _any("runs?, extends?, cross(?:es)?, stretch(?:es)?, interrupts?, affects?, covers?, occurs?, stands? out")
VERB = _word(_any(f"{BE}, {HAS}, {SHOWS}, can, could, will, would, may, might, should, must, do, does, did"))
LABEL = _any(
    """decision, verdict, answer, conclusion, result, judge?ment, assessment, classification, diagnosis, finding,
    status, type, defect, anomaly"""
)
CONCLUDES = _any("so, therefore, thus, hence, overall, consequently, conclusion, accordingly")
MARKER = rf"(?:\b{LABEL}s?\s?(?::|=|-|\bis\b)|\b{CONCLUDES}\b,?)"

_PREPOSITION = _any(
    "in, at, on, near, from, of, by, around, inside, between, through, for, along, over, under, into, than"
)
_TOKEN = rf"(?:[\w'\"-]+,?|{T},?|{B})"
LINK = rf"(?:(?!{_PREPOSITION}\b){_TOKEN}\s+)"  # a word that may stand between a verb and what it states
THERE = re.compile(rf"\bthere\s+(?:\w+\s+){{0,2}}?(?:{BE}|exists?)\b")
STATED = re.compile(rf"\b{SHOWS}\b|{MARKER}|\b{JUDGED}\b|:\s+{LINK}{{0,4}}$")
OWNED = _word(HAS)
PREDICATED = re.compile(rf"\b(?:{BE}|as|{JUDGED}|(?:any|some|no|every)thing)\s+{LINK}{{0,5}}[\"']?$")
MARKED = re.compile(rf"{MARKER}\s*(?:{_TOKEN}\s+){{0,3}}[\"']?$")
SEEN_AFTER = re.compile(rf"^(?:\s+{_TOKEN}){{0,6}}?\s+(?:{VISIBLE}|{EXTENDS})\b")
BOXED_AFTER = re.compile(rf"^(?:\s+{_TOKEN}){{0,6}}?\s+{B}")
FRAGMENT = re.compile(rf"^\W{{0,5}}{LINK}{{0,4}}[\"']?$")
ANSWERED = re.compile(
    rf"^\W{{0,5}}(?:[\w ,'-]{{0,60}}\b{LABEL}\s?(?::|=|is\b|would be\b)\s?)?"
    r"[\"']?(yes|no)(?=\W{0,9}$|\s?[,.:!\u2013-])"
)

# --- negation: how far it reaches depends on its kind
NEGATOR = re.compile(
    r"\b(?:(?P<all>no|none|neither|nor|nothing|nowhere|zero|fails? to show|exclud(?:es?|ed|ing)|rul(?:es?|ed|ing) out)"
    r"|(?P<verb>not|never)"
    r"|(?P<noun>without|free (?:of|from)|absence of|lack(?:s|ing)?(?: of)?|devoid of|instead of|rather than|unlike))\b"
)
_STATEMENT = rf"\b{SHOWS}\b"
PAST_NOT = re.compile(rf"^(?:\s+\S+){{2,}}?\s+{_STATEMENT}|^(?:(?!{_STATEMENT})\s+[\w'-]+){{1,2}},\s")
PAST_WITHOUT = re.compile(rf"\b{BE}\b|{_STATEMENT}")
UNDONE = re.compile(r"\b(?:not|never) (?:\w+ )?(?:without|free (?:of|from)|devoid of|lack)|\bno lack of\b")
DENIED_AFTER = re.compile(
    rf"^[^{T}]{{0,40}}?\b(?:not|never|nowhere)\s(?:\w+\s){{0,3}}?{VISIBLE}\b"
    rf"|^[^{T}]{{0,30}}?\b(?:is|are|was|were) absent\b|^\s?[:=]\s?(?:none|no|nil|not|0)\b"
)
ONE_THING = re.compile(r"\bnot (?:an? |the )?(?:\w+ )?$")  # "this is not a defect" denies one thing only
FREE_AFTER = re.compile(r"^[\s-]free\b")
LIKE_AFTER = re.compile(r"^[\s-]like\b")

# --- doubt, and what claims nothing
UNSURE = _word(
    _any(
        r"""unclear, uncertain, unsure, undecided, inconclusive, ambiguous, questionable, borderline, unlikely,
        not (?:\w+ )?(?:sure|certain|clear|possible to), (?:hard|difficult|impossible) to,
        (?:can|could) not (?:\w+ )?(?:tell|say|determine|decide|exclude|rule out|confirm|judge|assess),
        (?:can|could) not (?:\w+ )?be (?:ruled out|excluded|determined|sure|certain|decided),
        may or may not, either way, or not"""
    )
)
HEDGE = _word(
    _any(
        """might, may, could(?! not), possibl[ey], possibility, potential(?:ly)?, perhaps, maybe, probabl[ey], likely,
        presumably, suspect(?:s|ed)?, suspicious, suggest(?:s|ed|ing|ive)?, hints?, arguably, resembl(?:e|es|ing),
        within (?:the )?(?:normal )?tolerances?, negligible, harmless, hardly"""
    )
)
LIKENESS = re.compile(r"\b(?:look|appear|seem)(?:s|ed|ing)? like\b")  # of a scratch a hedge, of a normal part none
NO_CLAIM = re.compile(
    r"\b(?:would|should|if|whether|unless|(?:check|look|search|inspect|examin|scan)\w*\b[^,]{0,40}\b(?:for|whether))\b"
)

# --- sentences and clauses
BLANKS = re.compile(r"[^\S\n]+")
SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]?\s+|\n+|;")
_STARTS = "the|there|it|this|that|i|we|its"
BREAK = re.compile(
    r",?\s+(?:but|however|yet|nevertheless|nonetheless|while|whereas|because|since|which|where)\b,?"
    r"|,?\s+(?=(?:so|therefore|thus|hence|although|though|even though|despite|in spite of)\b)"
    rf"|,\s+(?=(?:and|{_STARTS}|an?|showing|indicating|revealing)\b)"
    rf"|,?\s+and\s+(?=(?:{_STARTS}|{BE}|shows?|has|have|exhibits?|contains?)\b)"
)
CONCESSION = re.compile(r"^(?:although|though|even though|despite|in spite of)\b")
EXCEPT = re.compile(r"\b(?:except(?: for)?|apart from|aside from|other than|besides|save for)\b([^,;]{0,200})")
_POINT = r"\(\s?[\d.]{1,9}\s?,\s?[\d.]{1,9}\s?\)"
BOXES = re.compile(rf"{_POINT}[\s,to\u2013-]{{0,6}}{_POINT}|\[\s?[\d.]{{1,9}}(?:\s?,\s?[\d.]{{1,9}}){{3}}\s?\]")
EXPANSIONS = (
    (re.compile("[\ue000-\uf8ff]"), ""),
    (re.compile(r"[\u2018\u2019`]"), "'"),
    (re.compile(r"[\u201c\u201d]"), '"'),
    (re.compile(r"[*#]+"), ""),  # markdown
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(it|that|there|here|what)'s\b"), r"\1 is"),
    # words that look like a negation or a condition and are none
    (re.compile(r"\bnot (?:only|just|merely|simply)\b"), " "),
    (re.compile(r"\b(?:(?:there is )?no (?:doubt|question)|without (?:a |any )?(?:doubt|question))(?: that)?\b"), " "),
    (re.compile(r"\bi would (say|conclude|judge|classify|call|consider)\b"), r"i \1"),
)
