"""Who asks: the same login guards the page and our own routes, so that no picture is seen without permission."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, HTTPException, Request

from ui.context import Context

Guard = Callable[[Request], str]
LARGEST_ID = 2**53 - 1  # the largest whole number a browser can name; a database may not take larger ones


def make_guard(app: FastAPI, context: Context) -> Guard:
    """A FastAPI dependency that gives the person's name, or answers 401 when a login is asked for and missing.

    Gradio keeps its logins in `App.tokens` by a cookie of its own; `app.state.page` must be that App by the first
    request.
    """

    def guard(request: Request) -> str:
        if not context.settings.login:
            return context.settings.user
        page = app.state.page
        for kind in ("access-token", "access-token-unsecure"):
            name = page.tokens.get(request.cookies.get(f"{kind}-{page.cookie_id}"))
            if name is not None:
                return str(name)
        raise HTTPException(401, "Log in first: open the page and give your name and password.")

    return guard
