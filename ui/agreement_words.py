"""How well people agree, as rows and JSON: per pair of people, per type, and the cases that they disagree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from db.second_looks import SecondLook
from db.store import Store
from m3ad.agreement import Agreement, TypeAgreement, agreement, by_type, differ
from ui.annotation_words import verdict_words
from ui.bulk_words import case_cell

LISTED = 200  # disagreements on the page; the command line lists all


@dataclass(frozen=True, slots=True)
class Pair:
    """What two people said of the same cases; `known`: the first one's revisions were approved, as known answers."""

    author: str
    person: str
    known: bool
    looks: tuple[SecondLook, ...]

    @property
    def name(self) -> str:
        """Who is compared with whom."""
        return f"{self.person} with known answers" if self.known else f"{self.person} with {self.author}"

    @property
    def both(self) -> list[tuple[Any, Any]]:
        """The verdicts, case by case."""
        return [(one.first, one.second) for one in self.looks]

    def disagreements(self) -> Iterator[SecondLook]:
        """The cases that they do not say the same of."""
        return (one for one in self.looks if differ(one.first, one.second))


def pairs(store: Store, batch: str | None = None) -> list[Pair]:
    """Every pair of people with second looks in common. Known answers of all authors are one pair."""
    found: dict[tuple[str, str, bool], list[SecondLook]] = {}
    for one in store.second_looks.done(batch=batch):
        found.setdefault(("" if one.known else one.author, one.person, one.known), []).append(one)
    return [Pair(*key, tuple(looks)) for key, looks in sorted(found.items())]


def pair_rows(found: list[Pair]) -> list[list[Any]]:
    """(who, cases, kappa of presence, kappa of types, mean IoU) of every pair, and each type under it."""
    rows: list[list[Any]] = []
    for pair in found:
        whole = agreement(pair.both)
        boxes = f"{whole.matched} boxes of both, {whole.alone} of one only"
        rows.append(
            [[pair.name, boxes], f"{whole.agreed}/{whole.cases}", _n(whole.presence), _n(whole.types), _n(whole.iou)]
        )
        rows += [_type_row(one) for one in by_type(pair.both)]
    return rows


def _type_row(one: TypeAgreement) -> list[Any]:
    return [f"  {one.type}", f"{one.both}/{one.one + one.other - one.both}", _n(one.kappa), "", _n(one.iou)]


def disagreement_rows(store: Store, found: list[Pair]) -> list[list[Any]]:
    """(case as a link, who said what) of the first LISTED disagreements."""
    looks = [one for pair in found for one in pair.disagreements()][:LISTED]
    return [[case_cell(store, one.case_id), _both_words(one)] for one in looks]


def report_json(found: list[Pair]) -> list[dict[str, Any]]:
    """The same as JSON: a list of pairs."""
    return [
        {
            "pair": pair.name,
            **asdict(agreement(pair.both)),
            "by_type": [asdict(one) for one in by_type(pair.both)],
            "disagreements": [one.case_id for one in pair.disagreements()],
        }
        for pair in found
    ]


def report_words(found: list[Pair]) -> str:
    """The same as text."""
    if not found:
        return "Nobody has done a second look yet."
    lines = []
    for pair in found:
        lines += [f"{pair.name}: {whole_words(agreement(pair.both))}"]
        lines += [
            f"  {one.type}: in {one.both} of {one.one + one.other - one.both} cases both, kappa {_n(one.kappa)}, "
            f"IoU {_n(one.iou)}"
            for one in by_type(pair.both)
        ]
        lines += [f"  case {one.case_id}: {_both_words(one)}" for one in pair.disagreements()]
    return "\n".join(lines)


def whole_words(whole: Agreement) -> str:
    """One pair's agreement in a line."""
    return (
        f"agree on presence in {whole.agreed} of {whole.cases} cases, kappa {_n(whole.presence)}; types kappa "
        f"{_n(whole.types)} and mean IoU {_n(whole.iou)} of {whole.matched} boxes of both, {whole.alone} of one only"
    )


def _both_words(one: SecondLook) -> str:
    return f"{one.author}: {verdict_words(one.first)} | {one.person}: {verdict_words(one.second)}"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
