"""RA-Monitor: models that look at a picture and answer in the format of `m3ad.trace`. Importing this loads no torch."""

from m3ad.monitor.base import Answer, Choice, Lens, Monitor, TokenChances, inspect, never
from m3ad.monitor.names import NAMES, Source, open_monitor, resolve

__all__ = [
    "NAMES",
    "Answer",
    "Choice",
    "Lens",
    "Monitor",
    "Source",
    "TokenChances",
    "inspect",
    "never",
    "open_monitor",
    "resolve",
]
