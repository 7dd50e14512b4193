"""The recipes of the logical scenario; the last category is held out of training."""

from __future__ import annotations

from m3ad.demo.logical_bottle import LABEL_BOTTLE
from m3ad.demo.logical_box import SORTED_BOX
from m3ad.demo.logical_fuses import FUSE_BLOCK
from m3ad.demo.logical_gears import GEAR_ASSEMBLY
from m3ad.demo.logical_strip import TERMINAL_STRIP
from m3ad.demo.logical_tray import SCREW_TRAY
from m3ad.demo.recipe import Recipe

RECIPES: tuple[Recipe, ...] = (SCREW_TRAY, LABEL_BOTTLE, GEAR_ASSEMBLY, SORTED_BOX, TERMINAL_STRIP, FUSE_BLOCK)
