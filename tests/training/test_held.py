"""Pictures in a bucket get a file that stays before a run or an export names them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.filters import CaseFilter
from db.folder_import import Wanted, import_folder
from db.places import Remote
from db.store import Store
from m3ad.errors import BadImage
from m3ad.images import load_image
from m3ad.records import Model, RunState, Snapshot, Stage
from tests.bucket import Bucket
from tests.training.conftest import make_settings, train_here
from tests.training.test_exports import picture
from training.examples import read_examples
from training.exports import Form, export_snapshot
from training.loop import create_run
from training.run import RunFolder


@pytest.fixture
def store(tmp_path: Path, tiny: Path, bucket: Bucket) -> Iterator[Store]:
    """Eight cases in a bucket, of which nothing is in the cache."""
    for number in range(8):
        kind = "hole" if number % 2 else "good"
        bucket.put(f"parts/nuts/{kind}/{number}.png", picture(tmp_path / "drawn", number).read_bytes())
    with Store.open(tmp_path / "workspace", None, Remote((bucket.url("parts"),))) as opened:
        opened.add_model(Model("demo", str(tiny)))
        done = import_folder(opened, Wanted(opened.places.given(bucket.url("parts/nuts"))), "ann")
        assert (done.layout, done.account.added) == ("folder", 8)
        shutil.rmtree(opened.workspace / "cache")
        yield opened


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.create_snapshot("all", CaseFilter(), frozen_share=0.25, seed=1)


def train(store: Store, snapshot: Snapshot) -> RunFolder:
    settings = make_settings(Stage.RAWS, max_steps=2)
    made = create_run(
        store, store.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot.id, settings=settings
    )
    return RunFolder(made.folder)


def test_a_run_is_trained_on_files_that_stay_when_cache_and_bucket_are_gone(
    store: Store, snapshot: Snapshot, bucket: Bucket
) -> None:
    run = train(store, snapshot)
    for key in bucket.names():
        bucket.remove(key)
    shutil.rmtree(store.workspace / "cache")
    hashes = {str(case.id): case.primary.sha256 for case in store.cases()}
    examples = run.examples()
    assert examples
    for example in examples:
        assert Path(example.image).is_relative_to(store.workspace / "held")
        assert load_image(example.image)[1].sha256 == hashes[example.case]
    assert train_here(run) is RunState.FINISHED


@pytest.mark.parametrize("form", list(Form))
def test_an_export_names_files_of_this_machine(store: Store, snapshot: Snapshot, form: Form, tmp_path: Path) -> None:
    export_snapshot(store, snapshot.id, "demo", form, tmp_path / "out")
    held = {str(path) for path in (store.workspace / "held").glob("*/*.png")}
    assert held
    if form is Form.M3AD:
        assert {example.image for example in read_examples(tmp_path / "out/data.jsonl")} == held
    else:
        (file,) = (tmp_path / "out").glob("data.json*")
        assert all(name in file.read_text() for name in held)


def test_a_picture_that_cannot_be_fetched_ends_the_making_of_a_run_in_a_sentence(
    store: Store, snapshot: Snapshot, bucket: Bucket
) -> None:
    for key in bucket.names():
        bucket.remove(key)
    with pytest.raises(BadImage, match="is not there any more"):
        train(store, snapshot)
    assert store.runs() == []
    assert list((store.workspace / "runs").iterdir()) == []
