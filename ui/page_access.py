"""What Gradio's own routes need, and each event: asked before any handler runs, whoever calls, by page or by hand.

An event's role is declared where it is wired (`ui.events.told`). Routes are declared here; a route that is not, such as
one that a newer Gradio brings, answers 404 to everybody.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr
from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from gradio.data_classes import PredictBody
from gradio.route_utils import FnIndexInferError, get_fn
from pydantic import ValidationError

from db.schema import Role
from ui.access import require, who_asks
from ui.context import Context
from ui.events import role_needed

API = "/gradio_api"
# Gradio's own program files: the same for everybody, so nobody is asked who they are.
PROGRAM = ("/assets/", "/static/")
# Where an event is called by the number of its handler or by its name, and where by its name alone.
BY_NUMBER = (f"{API}/queue/join", f"{API}/run/{{api_name}}", f"{API}/api/{{api_name}}")
BY_NAME = (f"{API}/call/{{api_name}}", f"{API}/call/v2/{{api_name}}")
ROUTES = {
    **dict.fromkeys(
        (
            *("/", "/{page}", "/{page}/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"),
            *("/assets/{path:path}", "/static/{path:path}", "/svelte/{path:path}", "/pwa_icon", "/pwa_icon/{size}"),
            *(f"{API}/{name}" for name in ("theme.css", "user", "login_check", "app_id", "info", "startup-events")),
            *(f"{API}/{name}" for name in ("queue/data", "queue/status", "heartbeat/{session_hash}", "reset")),
            *(f"{API}/{name}" for name in ("cancel", "file={path_or_url:path}", "upload_progress")),
            *(f"{API}/call/{{api_name}}/{{event_id}}", f"{API}/call/v2/{{api_name}}/{{event_id}}"),
            *BY_NUMBER,  # and then by the event
            *BY_NAME,
        ),
        Role.VIEWER,
    ),
    f"{API}/upload": Role.REVIEWER,  # only the import of an archive takes files
}
# Known and not used by this page: closed to everybody.
CLOSED = frozenset(
    (
        *("/login", "/logout", "/monitoring", "/monitoring/summary", "/monitoring/{key}", "/openapi.json"),
        *(f"{API}/{name}" for name in ("token", "deep_link", "dev/reload", "openapi.json", "component_server", "runs")),
        *(f"{API}/{name}" for name in ("proxy={url_path:path}", "file/{path:path}", "process_recording")),
        *(f"{API}/{name}" for name in ("vibe-edit", "undo-vibe-edit", "vibe-code", "vibe-starter-queries")),
        *(f"{API}/{name}" for name in ("stream/{event_id}", "stream/{event_id}/close")),
        f"{API}/custom_component/{{id}}/{{environment}}/{{type}}/{{file_name}}",
        f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist.m3u8",
        f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist-file",
        f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/{{segment_id}}.{{ext}}",
    )
)


def page_guard(context: Context, page: gr.Blocks) -> Callable[[Request], Awaitable[None]]:
    """A dependency for all routes of the Gradio app: 403 and an entry in the log for who may not do what they ask."""

    async def check(request: Request) -> None:
        route = template(request.scope["route"].path)
        if route not in ROUTES:
            raise HTTPException(404, "There is no such address here.")
        if request.url.path.startswith(PROGRAM):
            return
        needed, what = ROUTES[route], request.url.path
        if route in (*BY_NUMBER, *BY_NAME):
            needed, what = await _event(request, page, by_name=route in BY_NAME)
        if not who_asks(request).role.covers(needed):
            await run_in_threadpool(require, context.store, request, needed, what)

    return check


def template(path: str) -> str:
    """A route's path as ROUTES and CLOSED write it: Gradio has most routes with and without a slash at the end."""
    return path.rstrip("/") or "/"


def event_role(function: Any) -> Role:
    """What a handler of the page needs; one that says nothing is for admins. Without a handler, scripts alone act."""
    return Role.VIEWER if function is None else role_needed(function) or Role.ADMIN


async def _event(request: Request, page: gr.Blocks, *, by_name: bool) -> tuple[Role, str]:
    """(role needed, name for the log) of the event that is called, found as Gradio itself will find it."""
    try:
        sent = await request.json()
        if by_name:
            sent = {"data": []}
        body = PredictBody(**sent)
        found = get_fn(page, request.path_params.get("api_name"), body)
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, ValidationError) as error:
        raise HTTPException(422, "This is no call of an event.") from error
    except (KeyError, FnIndexInferError) as error:
        raise HTTPException(404, "There is no such event.") from error
    return event_role(found.fn), f"event {found.api_name}"
