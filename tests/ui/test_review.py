"""History and review without a browser: what a revision changed, who may say what, and that a login guards it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db.schema import Decision, Role
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.ui.scripted import add_case, make_context
from ui.annotate_presenter import open_case
from ui.build import make_app
from ui.review_presenter import SentReview, say
from ui.revision_look import look

A, B = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)
SCRATCH = Verdict(True, (Defect("scratch", A), Defect("dent", B)))
MOVED = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.3, 0.35)), Defect("<b>hole", B)))
NORMAL = Verdict(False)
HEADER = {"x-m3ad-review": "1"}


@pytest.fixture
def case_id(store: Store) -> int:
    """A case with three revisions: two boxes; one moved, one retyped; normal."""
    found = add_case(store, "1")
    start = len(store.annotations(found))
    for number, verdict in enumerate((SCRATCH, MOVED, NORMAL)):
        store.save_annotation(found, verdict, author="ann", based_on=start + number, note=f"n{number}")
    assert start == 0
    return found


def sent(case_id: int, decision: str = "approve", **values: Any) -> SentReview:
    return SentReview.model_validate(
        {"case_id": case_id, "revision": 3, "decision": decision, "reason": "", "pin": None, **values}
    )


def test_a_revision_shows_what_it_changed_and_what_has_changed_since(store: Store, case_id: int) -> None:
    seen = look(store, case_id, 2)
    assert (seen["revision"], seen["newest"], seen["document"]["note"]) == (2, 3, "n1")
    assert seen["changed"]["words"] == ["dent → <b>hole", "scratch: box changed"]
    assert [one["what"] for one in seen["changed"]["items"]] == ["moved", "retyped"]
    assert seen["changed"]["items"][0]["was"] == {"type": "scratch", "box": [0.1, 0.1, 0.3, 0.3]}
    assert [one["what"] for one in seen["since"]["items"]] == ["removed", "removed"]
    assert [one["what"] for one in look(store, case_id, 1)["changed"]["items"]] == ["added", "added"]
    assert look(store, case_id, 3)["since"] is None
    assert seen["seconds"] == []
    json.dumps(seen, allow_nan=False)
    for revision in (0, 4):
        with pytest.raises(NotFound):
            look(store, case_id, revision)


def test_the_sheet_tells_where_the_newest_revision_stands(store: Store, case_id: int) -> None:
    def shown() -> dict[str, Any]:
        return open_case(store, case_id, "ann", None, "all")["sheet"]

    assert shown()["review"] is None
    say(store, sent(case_id, "send back", reason="too wide", pin=(0.2, 0.3)), "bob", accounts=False)
    review = shown()["review"]
    assert (review["words"], review["reason"], review["pin"]) == ("sent back by bob", "too wide", [0.2, 0.3])
    store.save_annotation(case_id, SCRATCH, author="ann", based_on=3)
    assert shown()["review"] is None, "nobody has looked at the new revision"
    assert [len(row["reviews"]) for row in shown()["history"]] == [0, 1, 0, 0], "the reason stays with its revision"


def test_where_several_people_work_they_review_what_others_annotated(store: Store, case_id: int) -> None:
    with pytest.raises(Conflict, match="somebody else"):
        say(store, sent(case_id), "ann", accounts=True)
    assert say(store, sent(case_id, "ask", reason="?"), "bob", accounts=True)["review"]["decision"] == "ask"
    answer = say(store, sent(case_id), "eve", accounts=True)
    assert (answer["words"], answer["review"]["words"]) == ("r3 approved.", "approved by eve")
    assert [one.decision for one in store.reviews.of_case(case_id)] == [Decision.ASK, Decision.APPROVE]


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "reject"},
        {"reason": "x" * 2001},
        {"pin": [0.5]},
        {"pin": [0.5, 1.5]},
        {"pin": [0.5, float("nan")]},
        {"case_id": "1; drop"},
        {"case_id": 2**70},
        {"revision": 0},
    ],
)
def test_what_our_script_would_not_send_is_refused(wrong: dict[str, Any]) -> None:
    good = sent(1).model_dump()
    with pytest.raises(ValueError, match="validation error"):
        SentReview.model_validate({**good, **wrong})


# -- the routes ---


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(make_app(make_context(store))) as opened:
        yield opened


def test_the_routes_answer_and_refuse_with_a_sentence(client: TestClient, store: Store, case_id: int) -> None:
    assert client.get(f"/revision/{case_id}/2").json() == look(store, case_id, 2)
    assert client.get(f"/revision/{case_id}/9").status_code == 404
    assert client.get("/revision/0/1").status_code == 422
    body = json.loads(sent(case_id).model_dump_json())
    assert client.post("/review", json=body).status_code == 422, "another site's form cannot send the header"
    assert client.post("/review", json=body, headers=HEADER).json()["review"]["decision"] == "approve"
    stale = client.post("/review", json={**body, "revision": 2}, headers=HEADER)
    assert (stale.status_code, "revision 3" in stale.json()["detail"]) == (409, True)
    no_reason = client.post("/review", json={**body, "decision": "send back"}, headers=HEADER)
    assert (no_reason.status_code, no_reason.json()["detail"][:7]) == (409, "Say why")
    assert client.post("/review", json={**body, "case_id": 99}, headers=HEADER).status_code == 404


def test_a_login_guards_the_routes_and_a_role_the_decision(store: Store, case_id: int) -> None:
    for name, role in (("bob", Role.ANNOTATOR), ("eve", Role.REVIEWER)):
        store.add_user(name, "long enough", role)
    bodies = [sent(case_id, decision, reason="x").model_dump(mode="json") for decision in ("approve", "send back")]
    question = sent(case_id, "ask", reason="?").model_dump(mode="json")
    with TestClient(make_app(make_context(store, login=True)), base_url="https://testserver") as client:
        assert client.get(f"/revision/{case_id}/1").status_code == 401
        assert client.post("/review", json=question, headers=HEADER).status_code == 401
        client.post("/login", data={"username": "bob", "password": "long enough"})
        assert client.get(f"/revision/{case_id}/1").status_code == 200
        for body in bodies:
            refused = client.post("/review", json=body, headers=HEADER)
            assert (refused.status_code, "for the role reviewer" in refused.json()["detail"]) == (403, True)
        assert store.reviews.of_case(case_id) == []
        client.post("/review", json=question, headers=HEADER).raise_for_status()
        client.post("/login", data={"username": "eve", "password": "long enough"})
        client.post("/review", json=bodies[0], headers=HEADER).raise_for_status()
    assert [one.reviewer for one in store.reviews.of_case(case_id)] == ["bob", "eve"]
