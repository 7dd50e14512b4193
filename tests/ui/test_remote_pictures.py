"""A bucket behind the page and the commands: what is typed into Data, what the picture route answers."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app import main
from db.folder_import import Wanted
from db.places import Remote
from db.store import Store
from m3ad.errors import BadData
from tests.bucket import SECRET, Bucket
from tests.m3ad.datasets.made import picture
from tests.ui.scripted import make_context
from ui.build import make_app
from ui.data_service import Imports, folder_of, folder_words, import_words


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> Iterator[Store]:
    """A store that may read the folder line7, in which a plain folder of two pictures lies."""
    bucket.put("line7/cups/good/1.png", picture(tmp_path / "1.png").read_bytes())
    bucket.put("line7/cups/scratch/2.png", picture(tmp_path / "2.png", (120, 80)).read_bytes())
    with Store.open(tmp_path / "workspace", None, Remote((bucket.url("line7"),))) as opened:
        yield opened


def taken(store: Store, bucket: Bucket) -> str:
    job = Imports(store).start(Wanted(folder_of(store, f" {bucket.url('line7/cups')}/ ")), actor="ann")
    assert job.over.wait(60)
    return import_words(job)


def test_a_folder_of_a_bucket_is_typed_where_a_folder_is_asked_for(store: Store, bucket: Bucket) -> None:
    settings = make_context(store, remote=f"{bucket.url('line7')}, s3://parts/line8").settings
    assert (
        folder_words(settings) == f"On the machine that runs the app, or below {bucket.url('line7')}, s3://parts/line8."
    )
    assert taken(store, bucket) == "Done: 2 added, 0 already there, 0 refused."
    with pytest.raises(BadData, match="not in a place that this app may read"):
        folder_of(store, bucket.url("line8"))
    with pytest.raises(BadData, match="is not a folder in its bucket"):
        Imports(store).start(Wanted(folder_of(store, bucket.url("line7/nothing"))), actor="ann")


def test_what_was_put_there_since_the_last_look_is_found(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    taken(store, bucket)
    bucket.put("line7/cups/good/3.png", picture(tmp_path / "3.png", (50, 50)).read_bytes())
    assert taken(store, bucket) == "Done: 1 added, 2 already there, 0 refused."


def test_the_page_is_sent_pictures_of_the_bucket_and_a_sentence_where_one_is_gone(store: Store, bucket: Bucket) -> None:
    taken(store, bucket)
    with TestClient(make_app(make_context(store))) as client:
        answer = client.get("/picture/2?size=96")
        assert Image.open(io.BytesIO(answer.content)).size == (96, 64)
        for name in bucket.names():
            bucket.remove(name)
        assert client.get("/picture/2").status_code == 200  # in another size: from the cache
        shutil.rmtree(store.workspace / "cache")
        gone = client.get("/picture/2")
        assert gone.status_code == 415
        assert "is not there any more" in gone.json()["detail"]


def test_the_command_imports_what_it_is_allowed(bucket: Bucket, store: Store, tmp_path: Path, capfd) -> None:
    place = ["--workspace", str(tmp_path / "other"), "--remote", bucket.url("line7")]
    assert main(["import", bucket.url("line7/cups"), *place]) == 0
    assert "Layout folder: 2 added" in capfd.readouterr().out
    assert main(["import", bucket.url("line8"), *place]) != 0
    assert "not in a place that this app may read" in capfd.readouterr().err
    assert main(["import", bucket.url("line7/cups"), *place[:2]]) != 0
    assert "--remote" in capfd.readouterr().err
    assert main(["import", bucket.url("line7/cups"), *place[:2], "--remote", f"s3://ann:{SECRET}@x/y"]) != 0
    said = capfd.readouterr()
    assert "without user or password" in said.err
    assert SECRET not in said.err + said.out
