"""Reviews on the workbench, without gradio: where the newest revision stands, and what a person may say of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from db.reviews import Review
from db.schema import Decision
from db.second_looks import SecondLook
from db.store import Store
from m3ad.records import Annotation
from ui.annotation_words import history, verdict_words
from ui.lineage_words import case_lines

LONGEST_REASON = 2000

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class SentReview(BaseModel):
    """What a browser sends to `POST /review`; the pin in fractions of the primary picture."""

    case_id: int = Field(ge=1, le=2**53)
    revision: int = Field(ge=1, le=2**31)
    decision: Decision
    reason: str = Field(max_length=LONGEST_REASON)
    pin: tuple[Fraction, Fraction] | None


def review_words(review: Review) -> str:
    """One review in a few words, without its reason."""
    done = {Decision.APPROVE: "approved by", Decision.SEND_BACK: "sent back by", Decision.ASK: "asked by"}
    return f"{done[review.decision]} {review.reviewer}"


def shown(review: Review) -> dict[str, Any]:
    """A review for the browser."""
    return {
        "decision": review.decision.value,
        "words": review_words(review),
        "reason": review.reason,
        "pin": list(review.pin) if review.pin else None,
        "created": review.created.isoformat(),
    }


def standing(reviews: list[Review], revision: int) -> dict[str, Any] | None:
    """The last word on the newest revision; None when nobody has said anything of it."""
    of_it = [one for one in reviews if one.revision == revision]
    return shown(of_it[-1]) if of_it else None


def history_with_reviews(store: Store, revisions: list[Annotation], reviews: list[Review]) -> list[dict[str, Any]]:
    """The revisions, newest first, each with what was said of it, the second looks at it, and where it went since."""
    if not revisions:
        return []
    case_id = revisions[0].case_id
    looks = store.second_looks.done(case_id=case_id)
    went = case_lines(store.lineage.of_case(case_id), revisions)
    said = [(one.revision, shown(one)) for one in reviews] + [(one.revision, _second_look(one)) for one in looks]
    return [
        {
            **row,
            "reviews": [words for revision, words in said if revision == row["revision"]],
            "lineage": went.get(row["revision"], []),
        }
        for row in history(store, revisions)
    ]


def _second_look(look: SecondLook) -> dict[str, Any]:
    words = f"second look by {look.person}: {verdict_words(look.second)}"
    return {"words": words, "reason": look.note, "created": look.created.isoformat()}


def say(store: Store, sent: SentReview, user: str, *, accounts: bool) -> dict[str, Any]:
    """Store what a person says of a revision; the answer has the case's history and standing after it.

    Args:
        accounts: several people work here: nobody approves their own.

    Raises:
        Conflict, NotFound: refused, with a sentence.
    """
    store.reviews.add(
        sent.case_id,
        sent.revision,
        sent.decision,
        reviewer=user,
        reason=sent.reason,
        pin=sent.pin,
        own=not accounts,
    )
    done = {Decision.APPROVE: "approved", Decision.SEND_BACK: "sent back", Decision.ASK: "asked about"}
    reviews, revisions = store.reviews.of_case(sent.case_id), store.annotations(sent.case_id)
    return {
        "case_id": sent.case_id,
        "words": f"r{sent.revision} {done[sent.decision]}.",
        "review": standing(reviews, revisions[-1].revision),
        "history": history_with_reviews(store, revisions, reviews),
    }
