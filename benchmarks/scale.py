"""What a store of many cases takes: measured on this machine, and reckoned from there to 10^9 images.

    python -m benchmarks.scale measure --cases 20000 [--to postgresql://…]   # writes docs/scale.json
    python -m benchmarks.scale                                               # prints the tables of the page

The tables stand in docs/from-one-machine-to-many.md; a test holds the page against them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from db.moving import copy_store
from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, NewCase, Probability, Scenario, Verdict
from m3ad.trace import read, render
from training.config import RawsSettings

MEASURED = Path(__file__).resolve().parents[1] / "docs" / "scale.json"
IMAGES = (10**5, 10**7, 10**9)
IMAGE_BYTES = 500_000  # assumed: a JPEG of two megapixels
ANSWER, QUESTION = 384, 128  # tokens, as training.memory takes them
SIDE = 32  # pixels of one image token: 16 x 16 patches, 2 x 2 merged (Qwen3-VL)
RATES = (1, 10, 50)  # images a second on one card: the reader's own figure stands between them
EACH = 10  # one case in so many is inspected and annotated while measuring
PROSE = "The surface is even and its edges are where they should be; one mark may be a scratch or a reflection. "


def measure(cases: int, to: str | None) -> dict[str, Any]:
    """Fill a store by the real import, and weigh it; with `to`, copy it there and time that."""
    with tempfile.TemporaryDirectory() as place:
        workspace = Path(place)
        entries = _entries(workspace / "pictures", cases)
        with Store.open(workspace / "studio") as store:
            empty, begun = _weigh(store), time.monotonic()
            store.import_cases(iter(entries))
            seconds = time.monotonic() - begun
            imported = _weigh(store)
            chosen = store.case_ids()[::EACH]
            text = render(_verdict(), PROSE * 12)
            for case_id in chosen:
                store.add_inspection(
                    case_id, "demo", Mode.AUTO, 0, Answer(text, read(text), Probability(0.2, 0.9), 1.0, 400, False)
                )
            inspected = _weigh(store)
            for case_id in chosen:
                store.save_annotation(case_id, _verdict(), author="ann", based_on=0)
            annotated = _weigh(store)
            found = {
                "cases": cases,
                "import_seconds": round(seconds, 1),
                "case_bytes": round((imported - empty) / cases),
                "inspection_bytes": round((inspected - imported) / len(chosen)),
                "inspection_letters": len(text),
                "revision_bytes": round((annotated - inspected) / len(chosen)),
            }
            return found | (_copied(store, to) if to else {})


def _copied(store: Store, to: str) -> dict[str, Any]:
    begun = time.monotonic()
    with Store.open(store.workspace, to) as target:
        rows = sum(table.rows for table in copy_store(store, target, lambda _: None))
        seconds = time.monotonic() - begun
        with target.engine.connect() as connection:
            size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    return {
        "copied_rows": rows,
        "copy_seconds": round(seconds, 1),
        "postgresql_bytes": size,
        "sqlite_bytes": _weigh(store),
    }


def _entries(folder: Path, count: int) -> list[NewCase]:
    folder.mkdir()
    made = []
    for number in range(count):
        path = folder / f"{number:07}.png"
        colour = (number % 256, number // 256 % 256, number // 65536)
        Image.new("RGB", (16, 16), colour).save(path)
        made.append(
            NewCase(
                f"part {number % 40:02}/{path.name}", "line 1", Scenario.WORKPIECE, f"part {number % 40:02}", (path,)
            )
        )
    return made


def _verdict() -> Verdict:
    return Verdict(True, (Defect("scratch", Box(0.1, 0.2, 0.3, 0.4)),))


def _weigh(store: Store) -> int:
    """Bytes of the database's file, with everything in it."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
    return (store.workspace / "store.db").stat().st_size


def tables(found: dict[str, Any]) -> dict[str, str]:
    """The tables of the page by name, in Markdown, from what was measured."""
    return {"measured": _measured(found), "storage": _storage(found), "tokens": _tokens(), "hours": _hours()}


def _measured(found: dict[str, Any]) -> str:
    letters, ratio = found["inspection_letters"], found["postgresql_bytes"] / found["sqlite_bytes"]
    rows = [
        ("a case with one picture, in SQLite", f"{found['case_bytes']:,} bytes"),
        (f"an inspection of {letters:,} letters, with standing and words", f"{found['inspection_bytes']:,} bytes"),
        ("a revision of an annotation", f"{found['revision_bytes']:,} bytes"),
        ("import of cases with small pictures", f"{_imports(found):,.0f} a second"),
        ("`store copy` to PostgreSQL", f"{found['copied_rows'] / found['copy_seconds']:,.0f} rows a second"),
        ("the same store in PostgreSQL", f"{ratio:.1f} times the bytes in SQLite"),
    ]
    return _table(("measured", "value"), rows)


def _imports(found: dict[str, Any]) -> float:
    return float(found["cases"] / found["import_seconds"])


def _storage(found: dict[str, Any]) -> str:
    case, inspection = found["case_bytes"], found["inspection_bytes"]
    rows = [
        (
            *(_power(n), _bytes(n * IMAGE_BYTES), _bytes(n * case), _bytes(n * (case + inspection))),
            _duration(n / _imports(found)),
        )
        for n in IMAGES
    ]
    head = ("images", "pictures", "database, cases alone", "database, each inspected once", "import by one program")
    return _table(head, rows)


def _tokens() -> str:
    rows = []
    for pixels in (250_000, RawsSettings().max_pixels, 1_000_000):
        image = pixels // SIDE**2
        rows.append((f"{pixels:,}", image, *(f"{n * (image + QUESTION + ANSWER):.1e}" for n in IMAGES)))
    return _table(("max_pixels", "tokens of an image, at most", *(f"all tokens of {_power(n)}" for n in IMAGES)), rows)


def _hours() -> str:
    rows = [(_power(n), *(_hours_of(n / rate) for rate in RATES)) for n in IMAGES]
    return _table(("images", *(f"at {rate} a second" for rate in RATES)), rows)


def _hours_of(seconds: float) -> str:
    return f"{seconds / 3600:,.0f} card-hours"


def _power(count: int) -> str:
    return f"10^{len(str(count)) - 1}"


def _bytes(count: float) -> str:
    for unit in ("MB", "GB", "TB"):
        count /= 1000 if unit != "MB" else 1_000_000
        if count < 1000:
            break
    return f"{count:,.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"


def _duration(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:,.0f} minutes"
    return f"{seconds / 3600:,.0f} hours" if seconds < 48 * 3600 else f"{seconds / 86400:,.0f} days"


def _table(head: tuple[object, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def main() -> None:
    """Measure, or print the tables."""
    parser = argparse.ArgumentParser(description="What a store of many cases takes.")
    parser.add_argument("what", nargs="?", choices=("measure", "tables"), default="tables")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--to", help="URL of an empty PostgreSQL database, to time the copy")
    options = parser.parse_args()
    if options.what == "measure":
        found = measure(options.cases, options.to)
        MEASURED.write_text(json.dumps(found, indent=1) + "\n")
        return
    for name, table in tables(json.loads(MEASURED.read_text())).items():
        print(f"{name}\n\n{table}\n")


if __name__ == "__main__":
    main()
