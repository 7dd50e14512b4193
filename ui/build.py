"""The page from its parts: header, tabs, and the FastAPI app around them with our own routes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any, cast

import gradio as gr
import uvicorn
from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from db.schema import Role
from ui import annotate, bench, data, inspect, reflect, reflect_views, retrain_views, trust
from ui.access import alone, make_guard, who_asks
from ui.annotate_keys import CHECK_KEYS
from ui.annotate_keys import KEYS as ANNOTATE_KEYS
from ui.annotate_queue import PRIORITY
from ui.arrival import arrive
from ui.bench_routes import add_bench_routes
from ui.components.example_parts import view_switch
from ui.components.frame import address, chips, header
from ui.components.lens_parts import head as lens_head
from ui.context import Context
from ui.crop_routes import add_crop_routes
from ui.events import READS, SPEAKS, told
from ui.export_routes import add_export_routes
from ui.identity import Identity, Proxies
from ui.key_routes import add_key_routes
from ui.lens_routes import add_lens_routes
from ui.list_routes import add_list_routes
from ui.oidc import add_oidc_routes
from ui.page_access import page_guard
from ui.pictures import add_picture_routes
from ui.reflect_routes import add_reflect_routes
from ui.review_routes import add_review_routes
from ui.shell import Shell, at, open_tab
from ui.sign_in import add_sign_in_routes
from ui.theme import head, theme

TABS: dict[str, tuple[str, Callable[[Context, Shell], None]]] = {
    "inspect": ("Inspect", inspect.build),
    "annotate": ("Annotate", annotate.build),
    "reflect": ("Reflect", reflect_views.build),
    "bench": ("Bench", bench.build),
    "retrain": ("Retrain", retrain_views.build),
    "data": ("Data", data.build),
}

# Whose keys people change; the names are in the store.
KEYS = {
    "inspect": inspect.KEYS,
    "annotate": ANNOTATE_KEYS,
    "examples": CHECK_KEYS,
    "reflect": reflect.KEYS,
    "trust": trust.KEYS,
}


def build_page(context: Context) -> gr.Blocks:
    """The whole page; opens no model and loads no torch."""
    with gr.Blocks(title="RA-Monitor", analytics_enabled=False, fill_width=True, fill_height=True) as page:
        case, model, queue = gr.State(None), gr.State(""), gr.State(PRIORITY)
        top = header(chips(context.monitors.default, ""))
        bar = address()
        with gr.Tabs(elem_id="m3-tabs", selected="inspect") as tabs:
            arrived = _arrivals(context, page, tabs, case, model, queue, bar)
            shell = Shell(
                page, tabs, case, model, queue, bar, top, view_switch("annotate", annotate.VIEWS, render=False), arrived
            )
            for name, (label, _) in TABS.items():
                shell.add(name, gr.Tab(label, id=name))
            for name, (_, build) in TABS.items():
                with shell.tab(name):
                    build(context, shell)
                _remember(name, shell)
    return page


def _arrivals(
    context: Context, page: gr.Blocks, tabs: gr.Tabs, case: gr.State, model: gr.State, queue: gr.State, bar: gr.HTML
) -> Any:
    """Read the deep link when the page opens and when the browser goes back or forward; the event to chain on."""

    def handle(place: dict[str, object] | None, chosen: str, request: gr.Request) -> tuple[object, ...]:
        wanted = place if place and place.get("tab") else dict(request.query_params)
        annotates = who_asks(request).role.covers(Role.ANNOTATOR)
        found = arrive(wanted, TABS, context.store, context.user(request), claims=annotates)
        if found.missing:
            gr.Warning("That case is not there (any more); this is the first one.")
        queue = found.queue or gr.skip()
        chosen = chosen or context.monitors.default  # a new session begins with the model in use
        return open_tab(found.tab), found.case_id, chosen, queue, at(found.tab, found.case_id, found.queue)

    outputs = [tabs, case, model, queue, bar]
    return gr.on([page.load, bar.submit], told(handle, Role.VIEWER), [bar, model], outputs, **SPEAKS)


def _remember(name: str, shell: Shell) -> None:
    """Write the tab into the address bar when it comes to the front; not before the link there was read."""

    def handle(case_id: int | None, queue: str) -> object:
        if case_id is None:
            return gr.skip()
        place = at(name, case_id, queue if name == "annotate" else None)
        # The time makes every value a new one: one that was not written down must not keep the next one from it.
        return {**place, "front": True, "sent": time.time_ns()}

    shell.tab(name).select(told(handle, Role.VIEWER), [shell.case, shell.queue], [shell.address], **READS)


def make_app(context: Context) -> FastAPI:
    """The web app: our own routes, and the page at the root."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    guard = make_guard(context)
    add_sign_in_routes(app, context, guard)
    add_picture_routes(app, context, guard)
    add_crop_routes(app, context, guard)
    add_list_routes(app, context, guard)
    add_lens_routes(app, context, guard)
    add_export_routes(app, context, guard)
    add_review_routes(app, context, guard)
    add_reflect_routes(app, context, guard)
    add_bench_routes(app, context, guard)
    add_key_routes(app, context, guard, KEYS)
    if context.settings.oidc:
        add_oidc_routes(app, context)
    page = build_page(context)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        head=head() + annotate.head() + lens_head(),
        footer_links=[],
        run_history=False,  # Gradio would keep inputs in the browser's local storage
        mcp_server=False,  # it would answer without a login
        ssr_mode=False,
        auth_dependency=lambda request: who_asks(request).name,
        app_kwargs={"dependencies": [Depends(page_guard(context, page))], "openapi_url": None},
    )
    app.state.page = cast(Mount, app.routes[-1]).app  # the Gradio app
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=Proxies(context.settings.proxies).names)
    app.add_middleware(Identity, context=context)  # outermost: it sees who is really connected
    return app


class PageServer(uvicorn.Server):
    """Tells when the page answers: a model loaded before that would keep the first visitor waiting."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then call `ready`."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(context: Context, ready: Callable[[], None]) -> None:
    """Serve the page until the process is asked to end; inspections under way are stopped then."""
    settings = context.settings
    app = make_app(context)
    if alone(settings):  # another site's name that leads to this machine must not open the page either
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", settings.host])
    config = uvicorn.Config(app, host=settings.host, port=settings.port, log_level="warning", proxy_headers=False)
    try:
        PageServer(config, ready).run()
    finally:
        context.inspections.close()
