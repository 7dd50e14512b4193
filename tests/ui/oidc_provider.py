"""A small OpenID Connect provider for tests: a real server of this machine with real keys, which can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

CLIENT, SECRET = "studio", "a secret of the test"


@dataclass
class Provider:
    """Says that everybody is `claims`; `signs_with`, `header` and `omits_token` are what a liar changes."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "ann"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: Any = None
    header: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    omits_token: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def metadata(self, _: Request) -> JSONResponse:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        more = {"id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"]}
        return JSONResponse(
            {"issuer": self.issuer, **{key: f"{self.issuer}/{name}" for key, name in names.items()}, **more}
        )

    def keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        self.asked.append(asked)
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return RedirectResponse(asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]}))

    async def token(self, request: Request) -> JSONResponse:
        sent = dict(parse_qsl((await request.body()).decode()))
        asked = self._codes.pop(sent.get("code", ""), None)
        known = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or (known != f"{CLIENT}:{SECRET.replace(' ', '+')}" and known != f"{CLIENT}:{SECRET}"):
            return JSONResponse({"error": "invalid_client"}, 401)
        if challenge != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", **self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> dict[str, str]:
        if self.omits_token:
            return {}
        now = int(time.time())
        base = {"iss": self.issuer, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce}
        claims = {**base, **self.claims}
        algorithms = ["RS256", "HS256", "none"]
        return {"id_token": jwt.encode(self.header, claims, self.signs_with or self.key, algorithms=algorithms)}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider at work on a free port of this machine."""
    made = Provider()
    routes = [
        Route("/.well-known/openid-configuration", made.metadata),
        Route("/jwks", made.keys),
        Route("/authorize", made.authorize),
        Route("/token", made.token, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    made.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.should_exit = True
        thread.join(20)
