"""Single sign-on by OpenID Connect, against a real provider on this machine that is honest or lies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("authlib", reason="the packages of `--extra sso` are not installed")

import httpx2
from fastapi.testclient import TestClient
from joserfc.jwk import OctKey, RSAKey

from db.schema import Role
from db.store import Store
from m3ad.errors import Conflict
from tests.ui.oidc_provider import CLIENT, SECRET, Provider, provider
from tests.ui.scripted import make_context
from ui.build import make_app


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("M3AD_OIDC_SECRET", SECRET)
    with provider() as made:
        yield made


def browser(store: Store, made: Provider, **settings: object) -> TestClient:
    context = make_context(store, oidc=made.issuer, oidc_client=CLIENT, **settings)
    return TestClient(make_app(context), base_url="https://testserver")


def walk(client: TestClient, to: str = "", change: Callable[[str], str] = str) -> Any:
    """From our page to the provider and back, as a browser goes; `change` meddles with the way back."""
    left = client.get("/sso/login", params={"to": to}, follow_redirects=False)
    back = httpx2.get(left.headers["location"]).headers["location"]
    return client.get(change(back), follow_redirects=False)


def test_who_the_provider_knows_is_signed_in_where_they_wanted_to_be(store: Store, at_work: Provider) -> None:
    store.add_user("ann", None, Role.REVIEWER)
    with browser(store, at_work) as client:
        assert client.get("/cases").status_code == 401
        page = client.get("/?tab=data", headers={"accept": "text/html"}).text
        assert 'href="sso/login?to=tab%3Ddata"' in page
        answer = walk(client, "tab=data")
        assert (answer.status_code, answer.headers["location"]) == (303, "../?tab=data")
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert client.get("/person").json() == {"name": "ann", "role": "reviewer", "leaves": True}
        client.post("/logout")
        assert client.get("/cases").status_code == 401
    (asked,) = at_work.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "https://testserver/sso/callback"
    assert store.events(event="user.signed_in")[0].data == {"by": at_work.issuer}


LATE = time.time() - 10_000
LIES: dict[str, dict[str, Any]] = {
    "another key": {"signs_with": RSAKey.generate_key(2048, {"kid": "one"})},
    "no signature": {"header": {"alg": "none"}, "signs_with": OctKey.generate_key(256)},
    "our secret as the key": {"header": {"alg": "HS256"}, "signs_with": OctKey.import_key(SECRET * 2)},
    "for another client": {"claims": {"preferred_username": "ann", "aud": "another"}},
    "from another issuer": {"claims": {"preferred_username": "ann", "iss": "https://evil.example"}},
    "for another visit": {"claims": {"preferred_username": "ann", "nonce": "replayed"}},
    "expired": {"claims": {"preferred_username": "ann", "exp": int(LATE)}},
    "nobody": {"claims": {}},
    "a number": {"claims": {"preferred_username": 7}},
    "no token": {"omits_token": True},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_signs_nobody_in(lie: str, store: Store, at_work: Provider) -> None:
    store.add_user("ann", None, Role.ADMIN)
    for name, value in LIES[lie].items():
        setattr(at_work, name, value)
    with browser(store, at_work) as client:
        answer = walk(client)
        assert answer.status_code == 401
        assert "Sign in with single sign-on" in answer.text
        assert client.get("/cases").status_code == 401
    assert store.events(event="user.signed_in") == []
    assert len(store.events(event="user.refused")) == 1


def test_a_way_back_that_was_not_begun_here_signs_nobody_in(store: Store, at_work: Provider) -> None:
    store.add_user("ann", None)
    with browser(store, at_work) as client, browser(store, at_work) as stranger:
        for change in (lambda url: url.replace("state=", "state=x"), lambda url: url.split("?")[0]):
            assert walk(client, change=change).status_code == 401
        left = stranger.get("/sso/login", follow_redirects=False)
        back = httpx2.get(left.headers["location"]).headers["location"]
        assert client.get(back, follow_redirects=False).status_code == 401  # a login that somebody else began
        assert walk(client, change=lambda url: url.split("?")[0] + "?error=access_denied").status_code == 401


def test_who_has_no_account_is_refused_or_gets_the_newcomers_role(store: Store, at_work: Provider) -> None:
    at_work.claims = {"preferred_username": "eve<b>"}
    with browser(store, at_work) as client:
        answer = walk(client)
        assert answer.status_code == 401
        assert "eve&lt;b&gt; has no account here" in answer.text
    with browser(store, at_work, newcomers="viewer") as client:
        assert walk(client).status_code == 303
        assert client.get("/person").json()["role"] == "viewer"


def test_an_email_address_counts_once_the_provider_has_verified_it(store: Store, at_work: Provider) -> None:
    store.add_user("ann@example.org", None)
    for verified, status in ((False, 401), ("yes", 401), (True, 303)):
        at_work.claims = {"email": "ann@example.org", "email_verified": verified}
        with browser(store, at_work, oidc_claim="email") as client:
            assert walk(client).status_code == status


def test_a_provider_that_does_not_answer_is_told_in_a_sentence(store: Store, at_work: Provider) -> None:
    at_work.issuer = "http://127.0.0.1:9"
    with browser(store, at_work) as client:
        answer = client.get("/sso/login")
        assert answer.status_code == 401
        assert "Try again" in answer.text


@pytest.mark.parametrize(
    ("issuer", "name", "why"),
    [
        ("http://example.org", CLIENT, "must begin with https"),
        ("file:///etc/passwd", CLIENT, "must begin with https"),
        ("https://example.org", None, "needs --oidc-client"),
    ],
)
def test_a_provider_that_cannot_be_trusted_is_refused(store: Store, issuer: str, name: str | None, why: str) -> None:
    with pytest.raises(Conflict, match=why):
        make_app(make_context(store, oidc=issuer, oidc_client=name))
