"""RA-Monitor studio: where it starts.

`uv run app.py` serves the page; `uv run app.py --help` lists what else there is. Every command calls the same plain
functions as the page. Exit status: 0, 1 (refused, the reason on stderr) or 2 (usage).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

# Before any library looks: nothing is sent anywhere, and no hub is asked unless a model is named.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from m3ad.errors import M3ADError
from ui.commands.parser import make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        options.command(options)
    except M3ADError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
