"""A real store in a temporary folder, and pictures and cases to put into it.

Every test that asks for `store` runs on SQLite, and with `-m slow`, as in CI, also on a PostgreSQL server that is
started for the tests: a database for each takes its time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Probability, Scenario, Trace, Verdict
from tests.postgres import Server, running


@dataclass(frozen=True)
class Answer:
    """The least that an inspection is stored from."""

    trace: Trace
    probability: Probability = field(default_factory=lambda: Probability(0.25, 0.75))
    seconds: float = 1.5
    tokens: int = 40
    cancelled: bool = False
    doubt: float | None = None
    reading: str = ""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def migrated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with an empty store, to copy: quicker than to migrate anew."""
    url = server.fresh()
    Store.open(tmp_path_factory.mktemp("template"), url).close()
    return url.rsplit("/", 1)[1]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str | None]]:
    """new_database() is the URL of an empty store's database; None for SQLite, in the workspace."""
    if request.param == "sqlite":
        yield lambda: None
        return
    server, template = request.getfixturevalue("server"), request.getfixturevalue("migrated")
    made: list[str] = []

    def make() -> str:
        made.append(server.fresh(template))
        return made[-1]

    yield make
    for url in made:
        server.drop(url)


@pytest.fixture
def store(tmp_path: Path, new_database: Callable[[], str | None]) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace", new_database()) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """For what only a file can suffer."""
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture
def postgresql_store(server: Server, migrated: str, tmp_path: Path) -> Iterator[Store]:
    """For what only a server can suffer."""
    url = server.fresh(migrated)
    with Store.open(tmp_path / "workspace", url) as opened:
        yield opened
    server.drop(url)


def open_again(store: Store) -> Store:
    """The same store as another program sees it."""
    return Store.open(store.workspace, store.engine.url)


def url_of(store: Store) -> str:
    """For other programs, password included."""
    return store.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def paint(tmp_path: Path) -> Callable[..., Path]:
    """paint(name, seed) writes a small picture; the same seed gives the same pixels."""

    def write(name: str, seed: int = 0, **options: object) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return path

    return write


@pytest.fixture
def new_case(paint: Callable[..., Path]) -> Callable[..., NewCase]:
    """new_case(key, seed=…, **fields) is a case with one painted picture."""

    def make(key: str = "a.png", *, seed: int | None = None, **fields: object) -> NewCase:
        values = {"dataset": "set", "scenario": Scenario.TEXTURE, "category": "tile"} | fields
        if "images" not in fields:
            name = key if "." in key else f"{key}.png"
            values["images"] = (paint(name, zlib.crc32(key.encode()) if seed is None else seed),)
        return NewCase(key=key, **values)

    return make


@pytest.fixture
def scratched() -> Verdict:
    return Verdict(True, (Defect("scratch", Box(0.1, 0.2, 0.3, 0.4)),))


@pytest.fixture
def answer() -> Callable[..., Answer]:
    """answer(initial, final, reflected=…) is an answer whose two decisions are True, False or None (unreadable)."""

    def make(initial: bool | None, final: bool | None, *, reflected: bool = True, **fields: object) -> Answer:
        verdicts = [None if decision is None else Verdict(decision) for decision in (initial, final)]
        return Answer(Trace("text", "", "again" if reflected else None, *verdicts), **fields)

    return make
