"""Importers, one per source layout: each reads a folder and yields cases, or what it refused and why.

An importer reads folder names, labels and masks; whether a picture itself can be opened is found out by the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.deeppcb import read_deeppcb
from m3ad.datasets.mvtec import read_mvtec
from m3ad.records import NewCase

# Layout name -> importer. An importer raises BadData at once for a folder that has not its layout.
IMPORTERS: dict[str, Callable[[Path], Iterator[NewCase | Refused]]] = {
    "mvtec": read_mvtec,
    "deeppcb": read_deeppcb,
}
