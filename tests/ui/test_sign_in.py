"""Signing in and out over HTTP, by password and by what a reverse proxy says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from db import sign_ins
from db.schema import Role
from db.sign_ins import LOCKED_WORDS, MOST_ATTEMPTS, WRONG
from db.store import Store
from m3ad.errors import Conflict
from tests.ui.scripted import add_case, make_context
from ui.build import make_app

GOOD = "a good password"
HTTPS, HTTP = "https://testserver", "http://testserver"


@contextmanager
def opened(store: Store, address: str = HTTPS, peer: str = "203.0.113.9", **settings: object) -> Iterator[TestClient]:
    app = make_app(make_context(store, **settings))
    with TestClient(app, base_url=address, client=(peer, 50000)) as client:
        yield client


def sign_in(client: TestClient, name: str = "ann", password: str = GOOD, **more: str) -> object:
    return client.post("/login", data={"username": name, "password": password, **more}, follow_redirects=False)


def test_signing_in_and_out(store: Store) -> None:
    store.add_user("ann", GOOD, Role.ANNOTATOR)
    with opened(store, login=True) as client:
        assert "Sign in" in client.get("/login").text
        assert sign_in(client).status_code == 303
        assert client.get("/cases").status_code == 200
        cookies = dict(client.cookies)
        assert client.post("/logout").url.path == "/login"
        assert client.get("/cases").status_code == 401
        client.cookies.update(cookies)  # the old cookie is worth nothing
        assert client.get("/cases").status_code == 401
    assert [each.event for each in store.events(limit=2)] == ["user.signed_out", "user.signed_in"]


@pytest.mark.parametrize(("address", "secure"), [(HTTPS, True), (HTTP, False)])
def test_the_cookie_is_for_this_site_and_not_for_scripts(store: Store, address: str, secure: bool) -> None:
    store.add_user("ann", GOOD)
    with opened(store, address, login=True, session_hours=2) as client:
        cookie = sign_in(client).headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=7200", "Path=/", "m3ad-7860="):
        assert part in cookie
    assert ("Secure" in cookie) == secure


def test_a_session_outlives_the_app_and_not_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_user("ann", GOOD)
    with opened(store, login=True) as client:
        sign_in(client)
        cookies = dict(client.cookies)
    with opened(store, login=True) as again:
        again.cookies.update(cookies)
        assert again.get("/person").json()["name"] == "ann"
        later = sign_ins.now() + timedelta(hours=13)
        monkeypatch.setattr(sign_ins, "now", lambda: later)
        assert again.get("/person").status_code == 401


def test_failures_are_answered_alike_and_lock_a_name(store: Store) -> None:
    store.add_user("ann", GOOD)
    with opened(store, login=True) as client:
        for name in ("ann", "nobody"):
            for _ in range(MOST_ATTEMPTS):
                answer = sign_in(client, name, "wrong")
                assert answer.status_code == 401
                assert WRONG in answer.text
            answer = sign_in(client, name)
            assert answer.status_code == 429
            assert LOCKED_WORDS in answer.text
        assert client.get("/cases").status_code == 401


def test_what_is_typed_into_the_form_is_text_and_leads_nowhere_else(store: Store) -> None:
    store.add_user("ann", GOOD)
    with opened(store, login=True) as client:
        page = client.get("/login", params={"to": 'case=1&"><script>alert(1)</script>'})
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for to, location in (
            ("tab=annotate&case=12", "./?tab=annotate&case=12"),
            ("https://evil.example", "./"),
            ("//evil.example/?a=b", "./?%2F%2Fevil.example%2F%3Fa=b"),
            ("\r\nset-cookie: a=b", "./?%0D%0Aset-cookie%3A+a=b"),
        ):
            assert sign_in(client, to=to).headers["location"] == location
        assert sign_in(client, password="x" * 100_000).status_code == 401


def test_a_link_to_a_case_survives_the_sign_in(store: Store) -> None:
    store.add_user("ann", GOOD)
    with opened(store, login=True) as client:
        asked = client.get("/?tab=annotate&case=7", headers={"accept": "text/html"}, follow_redirects=False)
        assert (asked.status_code, asked.headers["location"]) == (303, "login?to=tab%3Dannotate%26case%3D7")
        page = client.get("/" + asked.headers["location"]).text
        assert 'name="to" value="tab=annotate&amp;case=7"' in page


def test_without_accounts_there_is_no_way_to_sign_in(store: Store) -> None:
    store.add_user("ann", GOOD)
    with opened(store) as client:
        assert sign_in(client).status_code == 403


# -- a reverse proxy ---

PROXY = {"proxy_header": "X-Remote-User", "proxies": "10.0.0.5, 10.1.0.0/16"}


@pytest.mark.parametrize("peer", ["10.0.0.5", "10.1.200.3"])
def test_the_proxys_word_is_believed(store: Store, peer: str) -> None:
    store.add_user("ann", None, Role.REVIEWER)
    with opened(store, peer=peer, **PROXY) as client:
        answer = client.get("/person", headers={"X-Remote-User": "ann"})
        assert answer.json() == {"name": "ann", "role": "reviewer", "leaves": False}
        assert client.get("/person").status_code == 401
        assert client.get("/person", headers=[("X-Remote-User", "ann"), ("X-Remote-User", "eve")]).status_code == 401
        assert client.get("/person", headers={"X-Remote-User": ""}).status_code == 401
        store.remove_user("ann")
        assert client.get("/person", headers={"X-Remote-User": "ann"}).status_code == 403


@pytest.mark.parametrize("peer", ["10.0.0.6", "127.0.0.1", "::1", "testclient"])
def test_nobody_else_is_believed_whatever_they_say(store: Store, peer: str) -> None:
    store.add_user("ann", None, Role.ADMIN)
    case = add_case(store, "1")
    with opened(store, peer=peer, **PROXY) as client:
        for more in ({}, {"X-Forwarded-For": "10.0.0.5"}, {"Forwarded": "for=10.0.0.5"}, {"X-Real-IP": "10.0.0.5"}):
            headers = {"X-Remote-User": "ann", **more}
            assert client.get("/person", headers=headers).status_code == 401
            assert client.get(f"/picture/{case}", headers=headers).status_code == 401
        page = client.get("/", headers={"accept": "text/html", "X-Remote-User": "ann"})
        assert "address of its reverse proxy" in page.text


def test_who_has_no_account_is_refused_or_gets_the_newcomers_role(store: Store) -> None:
    with opened(store, peer="10.0.0.5", **PROXY) as client:
        answer = client.get("/person", headers={"X-Remote-User": "eve"})
        assert (answer.status_code, answer.text) == (403, "eve has no account here. Ask an admin for one.")
    assert store.users() == []
    with opened(store, peer="10.0.0.5", newcomers="viewer", **PROXY) as client:
        assert client.get("/person", headers={"X-Remote-User": "eve"}).json()["role"] == "viewer"
        assert client.get("/person", headers={"X-Remote-User": "e\tve"}).status_code == 403
    assert [user.name for user in store.users()] == ["eve"]


def test_a_proxy_in_front_of_accounts_says_that_the_page_came_by_https(store: Store) -> None:
    store.add_user("ann", GOOD)
    for peer, believed in (("10.0.0.5", True), ("10.0.0.6", False)):
        with opened(store, HTTP, peer, login=True, proxies="10.0.0.5") as client:
            client.headers["X-Forwarded-Proto"] = "https"
            assert ("Secure" in sign_in(client).headers["set-cookie"]) == believed


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"proxy_header": "X-Remote-User"}, "needs --proxies"), ({"proxies": "the proxy"}, "--proxies takes addresses")],
)
def test_a_proxy_that_is_not_named_by_its_address_is_refused(store: Store, settings: dict, why: str) -> None:
    with pytest.raises(Conflict, match=why), opened(store, **settings):
        pytest.fail("it was served")
