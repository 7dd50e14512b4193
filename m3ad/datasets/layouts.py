"""Every layout of a source that can be imported, and which of them a folder has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.aitex import read_aitex
from m3ad.datasets.crackforest import read_crackforest
from m3ad.datasets.dagm import read_dagm
from m3ad.datasets.deeppcb import read_deeppcb
from m3ad.datasets.folder import read_folder
from m3ad.datasets.kolektor import read_kolektor, read_kolektor2
from m3ad.datasets.loco import read_loco
from m3ad.datasets.magnetic_tile import read_magnetic_tile
from m3ad.datasets.mulsen import read_mulsen
from m3ad.datasets.mvtec import read_grouped, read_mvtec, read_named
from m3ad.datasets.names import Table, load_table
from m3ad.datasets.neu import read_neu
from m3ad.datasets.realiad import read_realiad
from m3ad.datasets.source import UNTOLD, Own, Source, Told
from m3ad.datasets.visa import read_visa
from m3ad.errors import BadData
from m3ad.formats.jsonl import FILE as LINES
from m3ad.formats.table import FILE as TABLE
from m3ad.records import NewCase

AUTO = "auto"  # instead of a layout's name: the one that the folder has
Entries = Iterator[NewCase | Refused]
_HERE = Path(__file__).parent
_OWN_FILES = {TABLE: "csv", LINES: "m3ad"}


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout with its reader, which raises BadData at once for a folder that has another one, and its table."""

    name: str
    read: Callable[[Path, Source], Entries]

    @property
    def file(self) -> Path:
        """Where the table is."""
        return _HERE / f"{self.name.replace('-', '_')}.toml"

    @property
    def table(self) -> Table:
        """What is known of the source."""
        return load_table(self.file)

    def open(self, folder: Path, own: Own | None = None, told: Told = UNTOLD) -> tuple[Source, Entries]:
        """The source, which notes what it meets, and its entries. Raises BadData for a folder of another layout."""
        source = Source(self.file, own=own, told=told)
        return source, self.read(folder, source)


# The special ones first: a folder has the first layout whose reader takes it.
LAYOUTS = {
    one.name: one
    for one in (
        Layout("deeppcb", read_deeppcb),
        Layout("visa", read_visa),
        Layout("realiad", read_realiad),
        Layout("mulsen", read_mulsen),
        Layout("kolektor", read_kolektor),
        Layout("kolektor2", read_kolektor2),
        Layout("magnetic-tile", read_magnetic_tile),
        Layout("dagm", read_dagm),
        Layout("crackforest", read_crackforest),
        Layout("aitex", read_aitex),
        Layout("neu", read_neu),
        Layout("loco", read_loco),
        Layout("btad", read_named),
        Layout("mpdd", read_named),
        Layout("wfdd", read_named),
        Layout("dtd", read_named),
        Layout("manta", read_grouped),
        Layout("mvtec", read_mvtec),
        Layout("folder", read_folder),
    )
}


def find_layout(folder: Path) -> str:
    """The name of the layout of a data set or of the annotation format that a folder plainly has; BadData for none.

    A table or a list that one of our exports made says so itself; else it is the first layout whose reader takes it.
    """
    for file, format in _OWN_FILES.items():
        if (folder / file).is_file():
            return format
    for layout in LAYOUTS.values():
        try:
            layout.open(folder)
        except BadData:
            continue
        return layout.name
    raise BadData(
        f"{folder} has none of the layouts that are known ({', '.join(LAYOUTS)}). Give the folder that holds the data "
        "set, or put normal pictures into a folder 'good' and others into folders named after their defect."
    )
