"""The page from its parts: header, tabs, and the FastAPI app around them with our own routes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, cast

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.routing import Mount

from ui import annotate, data, inspect, retrain
from ui.access import make_guard
from ui.annotate_queue import PRIORITY
from ui.arrival import arrive
from ui.components.example_parts import view_switch
from ui.components.frame import address, chips, header
from ui.context import Context
from ui.events import READS, SPEAKS
from ui.export_routes import add_export_routes
from ui.list_routes import add_list_routes
from ui.pictures import add_picture_routes
from ui.shell import Shell, at, open_tab
from ui.theme import head, theme

TABS: dict[str, tuple[str, Callable[[Context, Shell], None]]] = {
    "inspect": ("Inspect", inspect.build),
    "annotate": ("Annotate", annotate.build),
    "retrain": ("Retrain", retrain.build),
    "data": ("Data", data.build),
}


def build_page(context: Context) -> gr.Blocks:
    """The whole page; opens no model and loads no torch."""
    with gr.Blocks(title="RA-Monitor", analytics_enabled=False, fill_width=True, fill_height=True) as page:
        case, model, queue = gr.State(None), gr.State(context.settings.model), gr.State(PRIORITY)
        top = header(chips(context.settings.model, "", context.settings.user))
        bar = address()
        with gr.Tabs(elem_id="m3-tabs", selected="inspect") as tabs:
            arrived = _arrivals(context, page, tabs, case, queue, bar)
            shell = Shell(page, tabs, case, model, queue, bar, top, view_switch(render=False), arrived)
            for name, (label, _) in TABS.items():
                shell.add(name, gr.Tab(label, id=name))
            for name, (_, build) in TABS.items():
                with shell.tab(name):
                    build(context, shell)
                _remember(name, shell)
    return page


def _arrivals(context: Context, page: gr.Blocks, tabs: gr.Tabs, case: gr.State, queue: gr.State, bar: gr.HTML) -> Any:
    """Read the deep link when the page opens and when the browser goes back or forward; the event to chain on."""

    def handle(place: dict[str, object] | None, request: gr.Request) -> tuple[object, ...]:
        wanted = place if place and place.get("tab") else dict(request.query_params)
        found = arrive(wanted, TABS, context.store, context.user(request))
        if found.missing:
            gr.Warning("That case is not there (any more); this is the first one.")
        queue = found.queue or gr.skip()
        return open_tab(found.tab), found.case_id, queue, at(found.tab, found.case_id, found.queue)

    return gr.on([page.load, bar.submit], handle, [bar], [tabs, case, queue, bar], **SPEAKS)


def _remember(name: str, shell: Shell) -> None:
    """Write the tab into the address bar when it comes to the front; not before the link there was read."""

    def handle(case_id: int | None, queue: str) -> object:
        return gr.skip() if case_id is None else at(name, case_id, queue if name == "annotate" else None)

    shell.tab(name).select(handle, [shell.case, shell.queue], [shell.address], **READS)


def make_app(context: Context) -> FastAPI:
    """The web app: our own routes, and the page at the root."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    guard = make_guard(app, context)
    add_picture_routes(app, context, guard)
    add_list_routes(app, context, guard)
    add_export_routes(app, context, guard)
    gr.mount_gradio_app(
        app,
        build_page(context),
        path="/",
        theme=theme(),
        head=head(),
        footer_links=[],
        run_history=False,  # Gradio would keep inputs in the browser's local storage
        mcp_server=False,  # it would answer without a login
        ssr_mode=False,
        auth=_login(context) if context.settings.login else None,
    )
    app.state.page = cast(Mount, app.routes[-1]).app  # the Gradio app, which knows who is logged in
    return app


def _login(context: Context) -> Callable[[str, str], bool]:
    return lambda name, password: context.store.check_user(name, password) is not None


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
    config = uvicorn.Config(make_app(context), host=settings.host, port=settings.port, log_level="warning")
    try:
        PageServer(config, ready).run()
    finally:
        context.inspections.close()
