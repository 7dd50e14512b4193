"""`serve`: the page, until Ctrl+C."""

from __future__ import annotations

import argparse

from m3ad.monitor import open_monitor
from ui.commands.common import make_settings, open_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing but the settings."""


def run(options: argparse.Namespace) -> None:
    """Open the store, fill it at the first start, and serve the page until Ctrl+C."""
    from training.run_queue import Worker
    from ui.access import require_safe
    from ui.build import serve as serve_page
    from ui.context import Context
    from ui.first_start import fill, inspect_some

    settings = make_settings(options)
    store = open_store(options)
    require_safe(settings, store)  # before the work of a first start
    context = Context.make(
        settings,
        store,
        lambda source: open_monitor(source, device=settings.device, quantization=settings.quantization),
        pinned=hasattr(options, "model"),
    )
    drawn: list[int] = []
    if settings.demo and not store.facets().total:
        print("First start: drawing the demonstration parts …", flush=True)
        drawn = fill(store, settings.workspace / "drawn")

    def ready() -> None:
        print(f"RA-Monitor: http://{settings.host}:{settings.port}  (Ctrl+C ends it; runs go on)", flush=True)
        if drawn:
            inspect_some(context, drawn)
        else:
            context.inspections.warm_up(context.monitors.default)
        context.judging.resume()

    with Worker(store):
        serve_page(context, ready)
