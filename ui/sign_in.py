"""Signing in and out: a page of our own with a form, and the session's cookie.

The cookie is not for scripts and not for other sites' requests, and only for https where the page came by https.
"""

from __future__ import annotations

import html
from datetime import timedelta
from string import Template
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from db.schema import Role
from m3ad.errors import SignInRefused
from ui.access import Guard, who_asks
from ui.components.base import static
from ui.context import Context
from ui.identity import cookie_name

LONGEST_FORM = 16_384  # bytes
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def add_sign_in_routes(app: FastAPI, context: Context, guard: Guard) -> None:
    """Register `/login`, `/logout` and `/person` on `app`."""
    settings, sign_ins = context.settings, context.store.sign_ins

    @app.get("/login")
    def form(to: str = "") -> Response:
        return sign_in_page(context, to)

    @app.post("/login")
    async def sign_in(request: Request) -> Response:
        given = await _form(request)
        to, name = given.get("to", ""), given.get("username", "")
        if not settings.login:
            return sign_in_page(context, to, "Names and passwords are not used here.", status=403)
        try:
            user = await run_in_threadpool(sign_ins.check, name, given.get("password", ""))
        except SignInRefused as error:
            return sign_in_page(context, to, str(error), status=429 if error.locked else 401)
        return await run_in_threadpool(begin_session, context, request, user.name, to, "password")

    @app.post("/logout")
    def sign_out(request: Request, _: str = Depends(guard(Role.VIEWER))) -> Response:
        sign_ins.end(request.cookies.get(cookie_name(settings), ""))
        answer = RedirectResponse("login", 303)
        answer.delete_cookie(cookie_name(settings), path="/")
        return answer

    @app.get("/person")
    def person(request: Request, _: str = Depends(guard(Role.VIEWER))) -> dict[str, Any]:
        found = who_asks(request)
        return {"name": found.name, "role": found.role, "leaves": found.leaves}


def begin_session(context: Context, request: Request, name: str, to: str, by: str) -> Response:
    """Sign in who is known, and lead to the place in the page that they wanted; raises SignInRefused."""
    lasting = timedelta(hours=context.settings.session_hours)
    token = context.store.sign_ins.begin(name, lasting, by=by)
    up = "../" * (request.url.path.count("/") - 1)
    answer = RedirectResponse(f"{up or './'}{_place(to)}", 303)
    answer.set_cookie(
        cookie_name(context.settings),
        token,
        max_age=int(lasting.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",  # links to a case, in a chat or a mail, lead those who are signed in to it
        secure=request.url.scheme == "https",
    )
    return answer


def sign_in_page(context: Context, to: str, says: str = "", *, up: str = "", status: int = 200) -> HTMLResponse:
    """The page with the form; `says` is why the last attempt failed, `up` leads from the page's address to the root."""
    settings, place = context.settings, _place(to)
    text = Template(static("sign_in.html")).substitute(
        up=up,
        says=html.escape(says),
        to=html.escape(place.removeprefix("?")),
        hours=settings.session_hours,
        form="" if settings.login else "hidden",
        link="" if settings.oidc else "hidden",
        query=html.escape("?" + urlencode({"to": place[1:]}) if place else ""),
    )
    return HTMLResponse(text, status, headers={"content-security-policy": POLICY, "cache-control": "no-store"})


def _place(to: str) -> str:
    """A place in the page, as a query; what was given leads nowhere else, whatever it is."""
    pairs = parse_qsl(to)
    return f"?{urlencode(pairs)}" if pairs else ""


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; empty when there is too much of it."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LONGEST_FORM:
            return {}
    return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))
