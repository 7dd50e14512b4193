"""Who may do what, over HTTP: every event and route has a role, and a call by hand is refused like the page's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from db.schema import Role
from db.store import Store
from m3ad.errors import Conflict
from m3ad.settings import Settings
from tests.ui.scripted import add_case, make_context, png
from ui.access import alone, require_safe
from ui.build import make_app
from ui.events import role_needed
from ui.page_access import API, CLOSED, ROUTES, event_role, template

GOOD = "a good password"
ADDRESS = "https://testserver"
Site = Callable[[str | None], TestClient]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for this file, with a person of each role, named after it, and a case."""
    with Store.open(tmp_path_factory.mktemp("access")) as opened:
        for role in Role:
            opened.add_user(role.value, GOOD, role)
        add_case(opened, "1")
        yield opened


@pytest.fixture(scope="module")
def app(store: Store) -> FastAPI:
    return make_app(make_context(store, login=True))


@pytest.fixture(scope="module")
def site(app: FastAPI, store: Store) -> Iterator[Site]:
    """site("viewer") is the browser of somebody with this role, signed in; site(None) of somebody who is not."""
    with TestClient(app, base_url=ADDRESS) as client:

        def open_as(name: str | None) -> TestClient:
            client.cookies.clear()
            if name is not None:
                client.cookies.set("m3ad-7860", store.sign_ins.begin(name, timedelta(hours=1), by="test"))
            return client

        yield open_as


def refusals(store: Store, name: str) -> list[Any]:
    """What the log says was refused to this person, newest first."""
    return [each for each in store.events(event="access.refused", limit=10_000) if each.actor == name]


def handlers(app: FastAPI) -> list[Any]:
    """The events of the page that have a Python handler."""
    return [each for each in app.state.page.get_blocks().fns.values() if each.fn is not None]


def calls(client: TestClient, event: Any) -> dict[str, int]:
    """The statuses of the same event, called in every way there is."""
    body = {"data": [], "fn_index": event._id, "session_hash": "by-hand"}
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "queue": (f"{API}/queue/join", body),
        "run": (f"{API}/run/x", body),
        "run/": (f"{API}/run/x/", body),
        "api": (f"{API}/api/x", body),
        "name": (f"{API}/run/{event.api_name}", {"data": []}),
        "call": (f"{API}/call/{event.api_name}", {"data": []}),
        # What names another event here must not be asked instead of the one that runs.
        "call, disguised": (f"{API}/call/{event.api_name}", {"data": [], "fn_index": 0}),
        "call v2": (f"{API}/call/v2/{event.api_name}", {}),
        "text": (f"{API}/run/x", {**body, "fn_index": str(event._id)}),
    }
    return {way: client.post(path, json=json).status_code for way, (path, json) in ways.items()}


# -- declarations ---


def test_every_event_declares_a_role(app: FastAPI) -> None:
    assert [each.api_name for each in handlers(app) if role_needed(each.fn) is None] == []


def test_an_event_without_a_role_is_for_admins() -> None:
    assert event_role(lambda: None) is Role.ADMIN


def test_every_route_of_gradio_is_declared_or_closed_and_none_twice(app: FastAPI) -> None:
    paths = set()
    for route in app.state.page.routes:
        inner = getattr(route, "effective_route_contexts", None)
        paths |= {template(each.original_route.path) for each in inner()} if inner else {template(route.path)}
    assert paths - set(ROUTES) - CLOSED == set()
    assert set(ROUTES) & CLOSED == set()
    assert f"{API}/queue/join" in paths  # it did look into the included ones


def test_every_route_of_our_own_declares_a_role_but_for_the_way_in(app: FastAPI) -> None:
    undeclared = [
        route.path  # type: ignore[attr-defined]
        for route in app.routes[:-1]
        if not [each for each in route.dependant.dependencies if getattr(each.call, "needs", None)]  # type: ignore[attr-defined]
    ]
    assert undeclared == ["/login", "/login"]


# -- without an account ---


def test_nothing_but_the_way_in_answers_who_is_not_signed_in(site: Site, store: Store) -> None:
    picture = store.picture(1)
    stranger = site(None)
    for path in (
        *(
            "/cases",
            "/rows?ids=1",
            f"/picture/{picture.id}",
            "/person",
            "/keys",
            "/crop?type=dent",
            "/",
            "/config",
            "/theme.css",
            "/monitoring",
        ),
        *(f"{API}/info", f"{API}/user", f"{API}/app_id", f"{API}/startup-events", f"{API}/heartbeat/x"),
        *(f"{API}/queue/data?session_hash=x", f"{API}/file={picture.path}", "/nonsense", "//login", "/login/../cases"),
    ):
        assert stranger.get(path).status_code == 401, path
    for path in (f"{API}/cancel", f"{API}/reset", f"{API}/upload", f"{API}/queue/join", "/upload", "/logout"):
        assert stranger.post(path, json={}).status_code == 401, path
    assert stranger.get("/", headers={"accept": "text/html"}).url.path == "/login"


def test_closed_routes_are_closed_to_admins_too(site: Site) -> None:
    admin = site("admin")
    for path in ("/monitoring", f"{API}/token", f"{API}/proxy=http://127.0.0.1/", f"{API}/deep_link", "/openapi.json"):
        assert admin.get(path).status_code == 404, path
    assert admin.post(f"{API}/component_server", json={}).status_code == 404


def test_a_web_socket_is_not_opened(site: Site) -> None:
    with pytest.raises(WebSocketDisconnect), site("admin").websocket_connect("/queue/join"):
        pytest.fail("it was opened")


# -- with too small a role ---


def test_an_event_above_a_viewers_role_answers_403_however_it_is_called_and_is_logged(
    app: FastAPI, site: Site, store: Store
) -> None:
    client = site("viewer")
    above = [each for each in handlers(app) if event_role(each.fn) is not Role.VIEWER]
    assert len(above) > 15
    for event in above:
        assert set(calls(client, event).values()) == {403}, event.api_name
    found = refusals(store, "viewer")
    assert len(found) == 9 * len(above)
    assert {each.data["what"] for each in found} == {f"event {each.api_name}" for each in above}


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.REVIEWER])
def test_other_roles_meet_their_own_limit(role: Role, app: FastAPI, site: Site) -> None:
    client = site(role.value)
    for event in handlers(app):
        if not role.covers(event_role(event.fn)):
            body = {"data": [], "fn_index": event._id, "session_hash": "by-hand"}
            assert client.post(f"{API}/queue/join", json=body).status_code == 403, event.api_name


def test_an_event_within_ones_role_runs(app: FastAPI, site: Site, store: Store) -> None:
    held = next(each for each in handlers(app) if any(target[1] == "select" for target in each.targets))
    assert role_needed(held.fn) is Role.VIEWER
    before = len(refusals(store, "viewer"))
    body = {"data": [None] * len(held.inputs), "fn_index": held._id, "session_hash": "page"}
    assert site("viewer").post(f"{API}/run/x", json=body).status_code == 200
    assert len(refusals(store, "viewer")) == before


def test_a_viewer_turns_to_another_case_and_leaves_no_draft(app: FastAPI, site: Site, store: Store) -> None:
    target = add_case(store, "next")
    (turn,) = [each for each in handlers(app) if each.api_name == "turn" and each.targets[0][1] == "open"]
    place = {"serial": 1, "case_id": 1, "based_on": 0, "rev": 1, "queue": "all", "step": 0, "target": target}
    work = {**place, "dirty": True, "anomalous": False, "defects": [], "note": "", "inspection_id": None}
    for name, drafts in (("viewer", 0), ("annotator", 1)):
        body = {"data": [work, None], "fn_index": turn._id, "session_hash": name}
        answer = site(name).post(f"{API}/run/x", json=body)
        assert answer.status_code == 200, answer.text
        assert f'"case_id":{target}' in answer.text
        assert len(store.drafts(name)) == drafts


def test_what_is_no_event_is_answered_and_not_run(site: Site) -> None:
    viewer = site("viewer")
    for body, status in (
        ({"data": [], "fn_index": 10**6, "session_hash": "x"}, 404),
        ({"data": [], "fn_index": -1}, 404),
        ({"data": [], "fn_index": "many"}, 422),
        ([], 422),
        ({}, 422),
    ):
        assert viewer.post(f"{API}/run/none", json=body).status_code == status, body
    broken = {"content": b"\xff{", "headers": {"content-type": "application/json"}}
    assert viewer.post(f"{API}/run/none", **broken).status_code in (400, 422)
    assert viewer.post(f"{API}/call/none", json={"data": []}).status_code == 404


def test_our_own_routes_ask_for_their_role(site: Site, store: Store, tmp_path: Path) -> None:
    upload: dict[str, Any] = {"content": png(tmp_path), "headers": {"x-m3ad-upload": "a.png"}}
    viewer = site("viewer")
    assert viewer.get("/picture/1").status_code == 200
    answer = viewer.post("/upload", **upload)
    assert answer.status_code == 403
    assert "this is for the role annotator" in answer.json()["detail"]
    assert refusals(store, "viewer")[0].data == {"what": "/upload", "role": "viewer", "needs": "annotator"}
    archive = {"files": ("a.zip", b"x")}
    sent = {role: site(role).post(f"{API}/upload", files=archive).status_code for role in Role}
    assert sent == {Role.VIEWER: 403, Role.ANNOTATOR: 403, Role.REVIEWER: 200, Role.ADMIN: 200}
    assert site("annotator").post("/upload", **upload).status_code == 200
    assert store.events(event="case.added", limit=1)[0].actor == "annotator"


def test_a_viewer_changes_their_own_keys_and_nobody_elses(site: Site) -> None:
    header = {"x-m3ad-keys": "1"}
    given = {"tab": "annotate", "name": "adopt", "place": 0, "key": "e"}

    def adopt(answer: Any) -> Any:
        return next(row["keys"] for row in answer.json()["annotate"] if row["name"] == "adopt")

    assert site(None).get("/keys").status_code == 401
    viewer = site("viewer")
    assert viewer.post("/keys", json=given).status_code == 422, "another site's page cannot send the header"
    assert viewer.delete("/keys/annotate").status_code == 422
    assert adopt(viewer.post("/keys", json=given, headers=header)) == ["E"]
    assert adopt(site("admin").get("/keys")) == ["X"]
    viewer = site("viewer")
    assert adopt(viewer.get("/keys")) == ["E"]
    refused = viewer.post("/keys", json={**given, "key": "n"}, headers=header)
    assert (refused.status_code, refused.json()["detail"]) == (409, "N is taken: new box. Give that another key first.")
    for change in ({"name": "none"}, {"tab": "none"}, {"place": 3}):
        assert viewer.post("/keys", json={**given, **change}, headers=header).status_code == 404
    for change in ({"key": "p" * 41}, {"place": -1}, {"key": None}):
        assert viewer.post("/keys", json={**given, **change}, headers=header).status_code == 422
    assert viewer.delete("/keys/none", headers=header).status_code == 404
    assert adopt(viewer.delete("/keys/annotate", headers=header)) == ["X"]


def test_another_role_counts_from_the_next_request_on(site: Site, store: Store) -> None:
    store.add_user("eve", None, Role.REVIEWER)
    assert site("eve").get("/person").json() == {"name": "eve", "role": "reviewer", "leaves": True}
    cookies = dict(site("eve").cookies)
    store.set_role("eve", Role.VIEWER)
    client = site(None)
    client.cookies.update(cookies)
    assert client.get("/cases").status_code == 401
    assert site("eve").get("/person").json()["role"] == "viewer"


# -- from another site ---


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "https://testserver.evil.example"}, True),
        ({"origin": ADDRESS}, False),
        ({"sec-fetch-site": "same-origin", "origin": ADDRESS}, False),
        ({}, False),
    ],
)
def test_another_sites_page_changes_nothing_neither_with_a_cookie_nor_by_a_login(
    headers: dict[str, str], refused: bool, site: Site, tmp_path: Path
) -> None:
    client = site("annotator")
    upload = client.post("/upload", content=png(tmp_path), headers={"x-m3ad-upload": "a.png", **headers})
    assert upload.status_code == (403 if refused else 200)
    login = client.post("/login", data={"username": "nobody", "password": GOOD}, headers=headers)
    assert (login.status_code == 403) == refused
    assert client.post("/logout", headers=headers).status_code == (403 if refused else 200)


# -- one person, no accounts ---


def test_alone_on_this_machine_nobody_is_asked_and_everything_is_allowed(store: Store) -> None:
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        require_safe(Settings(workspace=store.workspace, host=host), store)
    with TestClient(make_app(make_context(store))) as client:
        assert client.get("/person").json() == {"name": "ann", "role": "admin", "leaves": False}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.7", "127.0.0.1.example.org", "8.8.8.8"])
def test_an_address_that_others_reach_needs_accounts(host: str, store: Store, tmp_path: Path) -> None:
    settings = Settings(workspace=store.workspace, host=host)
    assert alone(settings)
    with pytest.raises(Conflict, match="user add NAME --role admin"):
        require_safe(settings, store)
    with_login = Settings(workspace=store.workspace, host=host, login=True)
    require_safe(with_login, store)
    with Store.open(tmp_path) as empty, pytest.raises(Conflict, match="Nobody could sign in"):
        require_safe(with_login, empty)
