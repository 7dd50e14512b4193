"""The lens without a browser: what is asked of a real, tiny model through our routes, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor import open_monitor
from m3ad.recipes import BranchKind
from m3ad.records import Defect, Inspection, NewCase, Scenario, Verdict
from m3ad.trajectories import tally
from tests.conftest import ANSWER_NORMAL, THINK_DEFECT, THINK_NORMAL
from tests.ui.scripted import add_inspection, make_context
from ui.build import make_app
from ui.context import Context
from ui.lens_desk import drawn_words

HEADER = {"X-M3AD-Lens": "1"}
SCRATCH = Verdict(True, (Defect("scratch", Box(0.25, 0.25, 0.75, 0.75)),))
WRITTEN = THINK_NORMAL + "<reflection>Looked at again, it stays so.</reflection>" + ANSWER_NORMAL  # of a dark plate
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, plates: tuple[Image.Image, ...]):
    folder = tmp_path_factory.mktemp("lens")
    plates[1].save(folder / "dark.png")
    with Store.open(folder / "workspace") as store:
        new = NewCase("made", "dark", Scenario.TEXTURE, "plate", (folder / "dark.png",), verdict=SCRATCH)
        store.add_case(new)
        made = make_context(store, lambda source: open_monitor(str(tiny_model)), model="tiny")
        yield made
        made.inspections.close()


@pytest.fixture(scope="module")
def client(context: Context) -> Iterator[TestClient]:
    with TestClient(make_app(context), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture
def root(context: Context) -> Inspection:
    """A new inspection, so that every test has a tree of its own: the defect was missed, and missed again."""
    return add_inspection(context.store, 1, WRITTEN, model="tiny")


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """ask(route, **body) asks and waits; the work as it ended, with the error that begins so, or with none."""

    def asking(route: str, error: str = "", **body: Any) -> dict[str, Any]:
        sent = {"case": 1, "model": "tiny", "node": "root"} | body
        answer = client.post(f"/lens/{route}", json=sent, headers=HEADER)
        assert answer.status_code == 200, answer.text
        deadline = time.monotonic() + 60
        while (work := client.get("/lens/task/1", params={"model": "tiny"}).json())["running"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert work["error"].startswith(error)
        assert bool(work["error"]) == bool(error)
        return work

    return asking


def page(client: TestClient, node: str = "root") -> dict[str, Any]:
    answer = client.get("/lens/case/1", params={"model": "tiny", "node": node})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sentence(shown: dict[str, Any], lane: int = 0, number: int = 0) -> dict[str, int]:
    return {name: shown["lanes"][lane]["sentences"][number][name] for name in ("start", "end")}


def test_an_edited_sentence_is_gone_on_from_and_kept(
    client: TestClient, context: Context, root: Inspection, ask: Ask
) -> None:
    shown = page(client)
    assert [lane["name"] for lane in shown["lanes"]] == ["think", "reflection"]
    assert shown["verdict"] == {
        "word": "normal", "tone": "good", "outcome": "wrong, kept by reflection", "outcome_tone": "bad"
    }  # fmt: skip
    work = ask("branch", kind="edited", words="The dark square is a scratch.", **sentence(shown))
    (made,) = context.store.branches.of_inspection(root.id)
    assert work["made"] == [str(made.id)]
    assert made.recipe.text == "<think>The dark square is a scratch."
    assert made.trace.text == THINK_DEFECT + made.trace.text.removeprefix(THINK_DEFECT)
    assert made.trace.verdict is not None
    assert made.trace.verdict.anomalous
    assert (made.kind, made.author, made.parent_id) == (BranchKind.EDITED, "ann", None)

    branch = page(client, str(made.id))
    assert branch["shown"] == str(made.id)
    assert branch["differences"][-1][1].startswith('The decision turns from normal to anomalous. "scratch" is new.')
    assert [row["title"] for row in branch["rows"]] == ["as written", 'edit: "The dark square is a scratch."']
    written, edited = (row["rewards"] for row in branch["rows"])
    assert written["d"][:4] == [1.0, 0.0, -0.5, 0.5]
    assert written["a"][:4] == [1.0, 0.0, 0.2, 1.2]
    assert edited["d"][3] > written["d"][3]
    assert edited["d"][4] == pytest.approx(-written["d"][4])
    assert edited["d"][4] > 0
    assert branch["lanes"][0]["sentences"][0]["boxes"] == [0]  # "scratch" speaks of the box of the scratch


def test_a_branch_is_replayed_word_for_word(client: TestClient, context: Context, root: Inspection, ask: Ask) -> None:
    ask("branch", kind="edited", words="The dark square is a scratch.", **sentence(page(client)))
    (made,) = context.store.branches.of_inspection(root.id)
    assert ask("ask", what="replay", node=str(made.id))["says"] == "Replayed: the same text, word for word."
    assert context.store.branches.of_inspection(root.id) == [made]


def test_reflection_is_forbidden_and_forced_again(
    client: TestClient, context: Context, root: Inspection, ask: Ask
) -> None:
    ask("branch", kind="reflection forbidden")
    (plain,) = context.store.branches.of_inspection(root.id)
    assert not plain.trace.reflected
    assert plain.trace.text.startswith(THINK_NORMAL)
    refused = client.post(
        "/lens/branch",
        json={"case": 1, "model": "tiny", "node": str(plain.id), "kind": "reflection forbidden"},
        headers=HEADER,
    )
    assert refused.status_code == 409
    assert "there is nothing to forbid" in refused.json()["detail"]
    ask("branch", kind="reflection forced", node=str(plain.id))
    forced = context.store.branches.of_inspection(root.id)[-1]
    assert forced.trace.reflected
    assert forced.parent_id == plain.id


def test_the_curve_and_the_tokens_are_measured_along_the_text(client: TestClient, root: Inspection, ask: Ask) -> None:
    assert page(client)["curve"] is None
    ask("ask", what="curve")
    shown = page(client)
    points = shown["curve"]["points"]
    ends = [one["end"] for lane in shown["lanes"] for one in lane["sentences"]]
    assert [at for at, _ in points[1:]] == ends
    known = [p for _, p in points if p is not None]  # so small a model does not know the form at every place
    assert len(known) >= 2
    assert all(0 <= p <= 1 for p in known)
    assert shown["curve"]["reflection"] == sentence(shown, 1)["start"]
    assert shown["tokens"] is None
    ask("ask", what="tokens")
    tokens = page(client)["tokens"]
    assert "".join(text for _, text, _, _ in tokens) == WRITTEN
    assert all(0 <= p <= 1 and others for _, _, p, others in tokens)


def test_a_changed_picture_is_asked_and_shown(client: TestClient, context: Context, root: Inspection, ask: Ask) -> None:
    covered = {"kind": "mask", "box": [0.2, 0.2, 0.8, 0.8], "amount": 1.0}
    ask("branch", kind="picture changed", change=covered)
    cut = {"kind": "crop", "box": [0.5, 0.0, 1.0, 1.0], "amount": 1.0}
    first = context.store.branches.of_inspection(root.id)[0]
    ask("branch", kind="picture changed", change=cut, node=str(first.id))
    second = context.store.branches.of_inspection(root.id)[1]
    assert [one.kind.value for one in second.recipe.changes] == ["mask", "crop"]
    shown = page(client, str(second.id))
    picture = client.get(f"/{shown['url']}")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    boxes = [one["box"] for one in shown["boxes"] if one["kind"] == "predicted"]
    assert all(box[0] >= 0.5 for box in boxes)  # a place in the cut-out is a place in its half of the whole


def test_answers_are_drawn_and_paid_in_their_own_group(
    client: TestClient, context: Context, root: Inspection, ask: Ask
) -> None:
    ask("branch", kind="reflection forbidden")
    kept = context.store.branches.of_inspection(root.id)[0]
    work = ask("ask", what="samples", node=str(kept.id))
    assert (work["done"], work["whole"], len(work["made"])) == (8, 8, 8)
    assert work["says"].startswith("8 answers drawn: ")
    drawn = context.store.branches.of_inspection(root.id)[1:]
    assert {one.parent_id for one in drawn} == {None}  # they begin anew: nothing of the branch is in them
    assert [one.recipe.drawn for one in drawn] == [(number, 8) for number in range(8)]
    rows = [row for row in page(client)["rows"] if row["group"]]
    decided = [one.trace.verdict for one in drawn]
    assert work["says"] == drawn_words(tally(decided))
    assert len(rows) == 8
    assert sum(row["rewards"]["d"][4] for row in rows) == pytest.approx(0, abs=1e-6)
    assert ask("ask", what="replay", node=str(drawn[5].id))["says"] == "Replayed: the same text, word for word."


def test_the_map_is_made_after_the_thinking_that_is_there(client: TestClient, root: Inspection, ask: Ask) -> None:
    work = ask("ask", what="map")
    assert (work["done"], work["whole"]) == (64, 64)
    assert page(client)["map"] is not None
    assert page(client)["map_cost"].startswith("64 patches")


def test_what_a_model_cannot_tell_is_said(client: TestClient, context: Context, root: Inspection, ask: Ask) -> None:
    ask("branch", kind="other definitions", words="Name scratches only.")
    node = str(context.store.branches.of_inspection(root.id)[0].id)
    work = ask("ask", what="map", node=node, error="This branch was asked with other instructions")
    assert (work["map"], work["running"]) == (None, False)
    assert page(client, node)["map"] is None


def test_work_is_stopped_and_nothing_of_it_kept(client: TestClient, context: Context, root: Inspection) -> None:
    sent = {"case": 1, "model": "tiny", "node": "root"}
    with context.monitors.use("tiny"):  # somebody else asks the model: the question waits
        begun = client.post("/lens/ask", json=sent | {"what": "samples"}, headers=HEADER).json()
        assert (begun["running"], begun["says"]) == (True, "Waiting for tiny…")
        second = client.post("/lens/branch", json=sent | {"kind": "another seed"}, headers=HEADER)
        assert (second.status_code, "still at work" in second.json()["detail"]) == (409, True)
        client.post("/lens/stop", json=sent, headers=HEADER)
    deadline = time.monotonic() + 60
    while (work := client.get("/lens/task/1", params={"model": "tiny"}).json())["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (work["says"], work["error"]) == ("Stopped.", "")
    assert context.store.branches.of_inspection(root.id) == []


def test_what_makes_no_sense_is_refused_in_words(client: TestClient, root: Inspection) -> None:
    shown = page(client)
    sent = {"case": 1, "model": "tiny", "node": "root", "kind": "edited", **sentence(shown)}
    for words, reason in (("<answer>no</answer>", "a tag of the format"), ("The surface is even.", "as it was")):
        answer = client.post("/lens/branch", json=sent | {"words": words}, headers=HEADER)
        assert (answer.status_code, reason in answer.json()["detail"]) == (409, True)
    assert client.post("/lens/branch", json=sent | {"node": "77"}, headers=HEADER).status_code == 404
    assert client.post("/lens/branch", json=sent | {"case": 9}, headers=HEADER).status_code == 409
    assert client.post("/lens/branch", json=sent | {"words": "Other."}).status_code == 422  # without our header
    assert client.get("/lens/case/9", params={"model": "tiny"}).status_code == 404
    assert client.get("/lens/picture/999").status_code == 404
    nothing = page_of(client, "never asked")
    assert nothing["empty"] == "never asked has not inspected this case yet."


def page_of(client: TestClient, model: str) -> dict[str, Any]:
    return client.get("/lens/case/1", params={"model": model}).json()
