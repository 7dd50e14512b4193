"""Who asks: in front of everything the app serves, so that no route can be forgotten.

One person without accounts; else the session in the browser's cookie, or the name that a trusted reverse proxy sends.
Requests that change something and come from another site's page are refused, whoever asks.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.schema import Role
from m3ad.errors import Conflict, SignInRefused
from m3ad.settings import Settings
from ui.access import Person, alone
from ui.context import Context
from ui.page_access import PROGRAM

OPEN = ("/login", "/sso/login", "/sso/callback")  # the way in
SAFE = ("GET", "HEAD", "OPTIONS")


class Proxies:
    """The reverse proxies whose word is believed."""

    def __init__(self, addresses: str) -> None:
        """`addresses` like "10.0.0.5, 10.1.0.0/16"; raises Conflict for what is none."""
        self.names = [each.strip() for each in addresses.split(",") if each.strip()]
        try:
            self._networks = [ipaddress.ip_network(each) for each in self.names]
        except ValueError as error:
            raise Conflict(f"--proxies takes addresses such as 10.0.0.5 or 10.1.0.0/16: {error}.") from error

    def sent(self, request: Request) -> bool:
        """Whether the request comes from one of them, by the address of the connection itself."""
        try:
            peer = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(peer in network for network in self._networks)


class Identity:
    """ASGI middleware: `request.state.person` behind it is who asks; without one only the way in is open."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context
        self._proxies = Proxies(context.settings.proxies)
        if context.settings.proxy_header and not self._proxies.names:
            raise Conflict("--proxy-header needs --proxies: from anybody else the header would be a way in.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and pass the request on or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = await self._refusal(Request(scope))
            await (refusal or self._app)(scope, receive, send)
        else:  # the app has no web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to who may not come in; otherwise the person is noted in the request."""
        if foreign(request):
            return JSONResponse({"detail": "This came from another site's page, and nothing was done."}, 403)
        if request.url.path in OPEN or request.url.path.startswith(PROGRAM):
            return None
        try:
            person = await run_in_threadpool(self._who, request)
        except SignInRefused as error:
            return PlainTextResponse(str(error), 403)
        if person is None:
            return self._way_in(request)
        request.state.person = person
        return None

    def _who(self, request: Request) -> Person | None:
        settings, sign_ins = self._context.settings, self._context.store.sign_ins
        if alone(settings):
            return Person(settings.user, Role.ADMIN)
        if settings.proxy_header and self._proxies.sent(request):
            named = request.headers.getlist(settings.proxy_header)
            if len(named) == 1 and named[0]:
                newcomers = Role(settings.newcomers) if settings.newcomers else None
                user = sign_ins.vouched(named[0], newcomers)
                return Person(user.name, user.role)
        token = request.cookies.get(cookie_name(settings))
        found = sign_ins.user(token) if token else None
        return None if found is None else Person(found.name, found.role, leaves=True)

    def _way_in(self, request: Request) -> Response:
        settings = self._context.settings
        if not (settings.login or settings.oidc):
            return PlainTextResponse("Nobody is signed in: open this page at the address of its reverse proxy.", 401)
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"detail": "Sign in first: open the page and give your name and password."}, 401)
        up = "../" * (request.url.path.count("/") - 1)
        back = f"?to={quote(request.url.query)}" if request.method == "GET" and request.url.query else ""
        return RedirectResponse(f"{up}login{back}", 303)


def cookie_name(settings: Settings) -> str:
    """The session's cookie. Browsers do not tell two ports of a machine apart: the name does."""
    return f"m3ad-{settings.port}"


def foreign(request: Request) -> bool:
    """Whether another site's page sent this, to change something. Who is no browser sends neither header."""
    if request.method in SAFE:
        return False
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
