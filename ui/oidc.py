"""Single sign-on by OpenID Connect, with Authlib: the provider says who somebody is, and a session of ours begins.

Authorization code flow with PKCE, state and nonce; the ID token's signature, issuer, audience and time are checked.
"""

from __future__ import annotations

import os
import secrets
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.schema import Role
from m3ad.errors import Conflict, SignInRefused
from m3ad.settings import Settings
from ui.access import loopback
from ui.context import Context
from ui.sign_in import begin_session, sign_in_page

SECRET_VARIABLE = "M3AD_OIDC_SECRET"
FLOW_SECONDS = 600  # to sign in at the provider
PATIENCE = 10  # seconds that the provider has for an answer
FAILED = "The sign-in did not work, and nobody was signed in. Try again; the reason is in the app's log."


def add_oidc_routes(app: FastAPI, context: Context) -> None:
    """Register `/sso/login` and `/sso/callback` on `app`.

    Raises:
        Conflict: the settings do not suffice, or the packages of `--extra sso` are missing.
    """
    issuer = require_provider(context.settings)
    try:
        from authlib.common.errors import AuthlibBaseError
        from authlib.integrations.starlette_client import OAuth
        from joserfc.errors import JoseError
        from starlette.middleware.sessions import SessionMiddleware
    except ImportError as error:
        raise Conflict("Single sign-on needs more packages: start with `uv run --extra sso app.py`.") from error
    provider = OAuth().register(
        "provider",
        client_id=context.settings.oidc_client,
        client_secret=os.environ.get(SECRET_VARIABLE),
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": PATIENCE},
    )
    failures = (AuthlibBaseError, JoseError, httpx2.HTTPError, SignInRefused, ValueError)

    async def leave(request: Request) -> Response:
        request.session["to"] = request.query_params.get("to", "")[:1000]
        try:
            answer: Response = await provider.authorize_redirect(request, request.url_for("callback"))
        except failures as error:
            return await refused(request, error)
        return answer

    async def come_back(request: Request) -> Response:
        try:
            wanted = {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": context.settings.oidc_client},
            }
            token = await provider.authorize_access_token(request, claims_options=wanted)
            name = claimed_name(token.get("userinfo"), context.settings.oidc_claim)
            return await run_in_threadpool(sign_in, request, name)
        except failures as error:
            return await refused(request, error)

    def sign_in(request: Request, name: str) -> Response:
        newcomers = context.settings.newcomers
        user = context.store.sign_ins.vouched(name, Role(newcomers) if newcomers else None)
        return begin_session(context, request, user.name, request.session.pop("to", ""), issuer)

    async def refused(request: Request, error: Exception) -> Response:
        await run_in_threadpool(context.store.log, "user.refused", "unknown", by=issuer, why=repr(error)[:500])
        words = str(error) if isinstance(error, SignInRefused) else FAILED
        return sign_in_page(context, request.session.pop("to", ""), words, up="../", status=401)

    routes = [Route("/login", leave), Route("/callback", come_back, name="callback")]
    # Only the way to the provider and back: state, nonce and PKCE's word, signed, in a cookie of a few minutes.
    flow = Middleware(
        SessionMiddleware, secret_key=secrets.token_hex(32), session_cookie="m3ad-sso", max_age=FLOW_SECONDS
    )
    app.mount("/sso", Starlette(routes=routes, middleware=[flow]))


def require_provider(settings: Settings) -> str:
    """The provider's address (issuer); raises Conflict when it cannot be trusted or we have no name there."""
    issuer = settings.oidc or ""
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname or "")):
        raise Conflict(f"--oidc {issuer}: the provider's address must begin with https://.")
    if not settings.oidc_client:
        raise Conflict("--oidc needs --oidc-client: our name at the provider.")
    return issuer


def claimed_name(claims: dict[str, Any] | None, claim: str) -> str:
    """The person's name in an ID token; raises SignInRefused when it is not there or nobody verified it."""
    name = (claims or {}).get(claim)
    if not isinstance(name, str) or not name:
        raise SignInRefused(f"The provider did not say who you are: its answer has no {claim}.")
    if claim == "email" and (claims or {}).get("email_verified") is not True:
        raise SignInRefused("The provider has not verified your e-mail address.")
    return name
