"""The recipes of the electronic scenario; the last category is held out of training."""

from __future__ import annotations

from m3ad.demo.electronic_array import COMPONENT_ARRAY
from m3ad.demo.electronic_board import CIRCUIT_BOARD
from m3ad.demo.electronic_chip import CHIP_PACKAGE
from m3ad.demo.electronic_connector import PIN_CONNECTOR
from m3ad.demo.electronic_housing import PIN_HOUSING
from m3ad.demo.electronic_sensor import SENSOR_MODULE
from m3ad.demo.recipe import Recipe

RECIPES: tuple[Recipe, ...] = (CIRCUIT_BOARD, PIN_CONNECTOR, CHIP_PACKAGE, PIN_HOUSING, COMPONENT_ARRAY, SENSOR_MODULE)
