"""Surface flaws on a canvas: the painters of `flaws`, tried again where a mark would drown in the colour below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from m3ad.demo.canvas import Canvas
from m3ad.demo.flaws import Site, paint_flaw
from m3ad.demo.paint import Colour
from m3ad.demo.recipe import FlawMask
from m3ad.demo.shapes import Array

_VISIBLE = 0.18  # mean change of brightness under the mask; less is lost in the camera's noise
_FAINT_SHARE = 0.15  # of the marks may stay as faint as they came out: hard cases
_TRIES = 4
_DARK = 0.30  # mean brightness of a surface on which a dark line would not show


def mark(
    rng: np.random.Generator,
    canvas: Canvas,
    kinds: Sequence[str],
    where: Callable[[], Array],
    flaws: Sequence[FlawMask],
    *,
    core: Colour = (0.75, 0.72, 0.66),
    behind: Colour = (0.05, 0.05, 0.06),
) -> list[FlawMask]:
    """`flaws` and one surface flaw more for each of `kinds`, painted inside `where()` (bool), clear of all others."""
    marked = list(flaws)
    if not kinds:
        return marked
    surface = where()
    dark = canvas.rgb[surface].mean() < _DARK
    site = Site(canvas.light[:2], (1.5, 1.5, 1.5) if dark else behind, core)  # fresh edges of dark plastic are pale
    for kind in kinds:
        used = [mask for _, mask in marked]
        before = canvas.rgb.copy(order="K")
        faint = rng.random() < _FAINT_SHARE
        mask = np.zeros_like(surface)
        for _ in range(_TRIES):
            canvas.rgb[mask] = before[mask]
            mask = paint_flaw(rng, canvas.rgb, kind, surface, used=used, site=site)
            change = float(np.abs(canvas.rgb[mask] - before[mask]).mean()) if mask.sum() > 12 else 0.0
            if change and (faint or change > _VISIBLE):
                break
        marked.append((kind, mask))
    return marked
