"""Exports from the page: they run beside it, end in an account and an archive that only its owner can fetch."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from db.folder_import import Wanted
from db.schema import Role
from db.store import Store
from m3ad.datasets.source import Told
from m3ad.errors import BadData, NotFound
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from tests.ui.scripted import add_case, make_context
from ui.build import make_app
from ui.data_export import Exports, export_address, export_filter, export_status, lost_rows
from ui.data_service import Imports, import_words

PATIENCE = 60.0  # seconds; an export of three small pictures takes far less
PLACED = Verdict(True, (Defect("scratch", Box(0.25, 0.25, 0.5, 0.5)),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        for key, verdict in (("one", NORMAL), ("two", PLACED), ("three", None)):
            add_case(opened, key, verdict)
        yield opened


def test_an_export_ends_in_an_account_and_an_archive_of_its_owner(store: Store) -> None:
    exports = Exports(store)
    assert export_status(exports.latest("ann"))["title"] == "No export yet"
    job = exports.start("coco", export_filter("", None, "annotated"), copy=True, actor="ann")
    assert job.over.wait(PATIENCE)
    assert export_status(job)["message"] == "2 pictures as COCO: 1 decided, 1 defects."
    assert ["normal verdicts: they look like undecided ones", "1"] in lost_rows(job)
    assert export_address(job) == f"export/{job.file.name}"
    names = zipfile.ZipFile(exports.file(job.file.name, "ann")).namelist()
    assert {"annotations/instances_default.json", "cases.csv"} < set(names)
    for name, actor in ((job.file.name, "bob"), ("../store.db", "ann"), ("other.zip", "ann")):
        with pytest.raises(NotFound):
            exports.file(name, actor)
    again = exports.start("voc", export_filter("two", "made", ""), copy=False, actor="ann")
    assert again.over.wait(PATIENCE)
    assert not job.file.exists()  # a person's next export replaces the last one


def test_an_export_of_nothing_or_of_an_unknown_format_is_refused_in_words(store: Store) -> None:
    exports = Exports(store)
    with pytest.raises(BadData, match="coco"):
        exports.start("word", export_filter("", None, None), copy=True, actor="ann")
    job = exports.start("coco", export_filter("no such", None, None), copy=True, actor="ann")
    assert job.over.wait(PATIENCE)
    assert "nothing to export" in export_status(job)["message"]
    assert export_address(job) is None


def test_the_route_gives_an_archive_to_its_owner_only(store: Store) -> None:
    for name in ("ann", "bob"):
        store.add_user(name, "a good password", Role.ANNOTATOR)
    context = make_context(store, login=True)
    job = context.exports.start("coco", export_filter("", None, None), copy=True, actor="ann")
    assert job.over.wait(PATIENCE)
    statuses = []
    for name in ("ann", "bob", None):
        with TestClient(make_app(context)) as client:
            if name:
                client.post("/login", data={"username": name, "password": "a good password"})
            statuses.append(client.get(f"/export/{job.file.name}").status_code)
    assert statuses == [200, 404, 401]


def test_an_archive_is_imported_from_the_page(store: Store, tmp_path: Path) -> None:
    exports, imports = Exports(store), Imports(store)
    job = exports.start("labelme", export_filter("", None, None), copy=True, actor="ann")
    assert job.over.wait(PATIENCE)
    taken = imports.start(Wanted(job.file, "labelme", Told("set")), actor="ann")
    assert taken.over.wait(PATIENCE)
    assert import_words(taken) == "Done: 0 added, 3 already there, 0 refused."
    assert not list(store.workspace.glob(".incoming-*"))
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    bad = imports.start(Wanted(tmp_path / "bad.zip", "labelme"), actor="ann")
    assert bad.over.wait(PATIENCE)
    assert "no ZIP archive" in import_words(bad)
