"""The real page for browser tests: served by uvicorn from a thread, on a free port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ui.build import make_app
from ui.context import Context

PORTS = range(7870, 7880)
PATIENCE = 120.0  # seconds; a busy machine builds the page in that time


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def served(context: Context) -> Iterator[str]:
    """Serve the page; yields its address and ends everything afterwards."""
    port = next(port for port in PORTS if _free(port))
    server = uvicorn.Server(
        uvicorn.Config(make_app(context), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(20)
        context.inspections.close()
