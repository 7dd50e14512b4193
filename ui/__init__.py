"""The page: Gradio, as thin as possible. Each tab is one file with `build`; behaviour lives in files without gradio.

`ui.commands` is the command line."""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: nothing leaves the factory
