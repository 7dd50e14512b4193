"""Pictures that lie in a bucket: imported, shown, kept in the cache, and what happens when the bucket changes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.annotation_export import export_annotations
from db.filters import EVERYTHING, CaseFilter
from db.folder_import import Imported, Wanted, import_folder
from db.places import Remote
from db.store import Store
from m3ad.datasets.source import Told
from m3ad.errors import BadData, BadImage
from m3ad.geometry import Box
from m3ad.images import is_plain, load_image, open_image
from m3ad.records import Defect, Verdict
from m3ad.remote.paths import RemotePath
from tests.bucket import SECRET, Bucket, BucketServer, bucket_server
from tests.m3ad.datasets.made import mask, picture

ROOT = Path(__file__).resolve().parents[2]
FRAME, BOX = (10, 20, 30, 60), Box(0.1, 0.25, 0.3, 0.75)


def png(seed: int) -> bytes:
    """A picture unlike that of another seed."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (80, 100, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def fill(bucket: Bucket, folder: Path) -> None:
    """A category in the MVTec layout: two normal parts and one with a scratch and its mask."""
    bucket.put("line7/bottle/train/good/0.png", png(0))
    bucket.put("line7/bottle/test/good/1.png", png(1))
    bucket.put("line7/bottle/test/scratch/2.png", png(2))
    made = mask(folder / "mask.png", FRAME)
    bucket.put("line7/bottle/ground_truth/scratch/2_mask.png", made.read_bytes())


@pytest.fixture
def remote_store(bucket: Bucket, tmp_path: Path, new_database: Callable[[], str | None]) -> Iterator[Store]:
    """A store that may read the folder line7 of the bucket, which holds a category."""
    fill(bucket, tmp_path)
    with Store.open(tmp_path / "workspace", new_database(), Remote((bucket.url("line7"),))) as opened:
        yield opened


def take(store: Store, bucket: Bucket, key: str = "line7/bottle", **options: object) -> Imported:
    return import_folder(store, Wanted(store.places.given(bucket.url(key)), **options), "ann")


def cached(store: Store) -> list[Path]:
    return [path for path in (store.workspace / "cache" / "remote").glob("*/*") if path.is_file()]


def empty_cache(store: Store) -> None:
    shutil.rmtree(store.workspace / "cache")


def test_a_folder_of_a_bucket_is_imported_like_one_of_the_machine(
    remote_store: Store, bucket: Bucket, tmp_path: Path
) -> None:
    done = take(remote_store, bucket)
    assert (done.layout, done.account.added, done.account.refused) == ("mvtec", 3, ())
    cases = {case.key: case for case in remote_store.cases()}
    assert cases.keys() == {"bottle/train/good/0.png", "bottle/test/good/1.png", "bottle/test/scratch/2.png"}
    scratched = cases["bottle/test/scratch/2.png"]
    assert remote_store.latest_annotation(scratched.id).verdict == Verdict(True, (Defect("scratch", BOX),))
    shown = remote_store.picture(scratched.primary.id)
    assert str(shown.path) == bucket.url("line7/bottle/test/scratch/2.png")
    assert load_image(shown.path)[1].sha256 == shown.sha256
    assert is_plain(shown.path)
    again = take(remote_store, bucket)
    assert (again.account.added, again.account.present, again.account.refused) == (0, 3, ())


def test_the_same_tree_gives_the_same_cases_here_and_there(remote_store: Store, bucket: Bucket, tmp_path: Path) -> None:
    root = tmp_path / "trees"
    picture(root / "dagm/Class1/Train/0001.PNG")
    picture(root / "dagm/Class1/Test/0002.PNG")
    mask(root / "dagm/Class1/Test/Label/0002_label.PNG", FRAME)
    picture(root / "kolektor/kos01/Part0.jpg")
    mask(root / "kolektor/kos01/Part0_label.bmp", FRAME)
    picture(root / "mulsen/cap/RGB/train/0.png")
    picture(root / "mulsen/cap/Infrared/train/0.png")
    picture(root / "cups/good/1.png")
    picture(root / "cups/scratch/2.png")
    bucket.put_folder(root, "line7/trees")

    def found(folder: Path) -> object:
        with Store.open(tmp_path / f"seen-{isinstance(folder, RemotePath)}") as scratch:
            scratch.places.buckets = remote_store.places.buckets
            for name in ("dagm", "kolektor", "mulsen", "cups"):
                scratch.meanings.say("dagm", "any", "defect", "scratch", "ann")
                import_folder(scratch, Wanted(folder / name), "ann")
            return sorted(
                (case.dataset, case.key, case.category, case.split, str(scratch.latest_annotation(case.id).verdict))
                for case in scratch.cases()
            )

    there = found(remote_store.places.given(bucket.url("line7/trees")))
    assert there == found(root)
    assert len(there) == 6


def test_lines_that_name_pictures_by_address_are_imported_from_a_file_of_the_machine(
    remote_store: Store, bucket: Bucket, tmp_path: Path
) -> None:
    scratch = {"anomalous": True, "defects": [{"type": "scratch", "box": BOX.as_tuple()}]}
    lines = [
        {"url": bucket.url("line7/bottle/test/scratch/2.png"), "verdict": scratch},
        {"picture": "one.png", "url": bucket.url("line7/bottle/test/good/1.png"), "width": 100, "height": 80},
        {"picture": "large.png", "url": bucket.url("line7/bottle/train/good/0.png"), "width": 1, "height": 1},
        {"url": bucket.url("line7/bottle/test/good/gone.png")},
        {"url": bucket.url("secret/salaries.png")},
        {"url": "s3://other-bucket/a.png"},
        {"url": f"s3://ann:hunter2@{bucket.name}/line7/a.png"},
        {"url": bucket.url("line7/../secret/salaries.png")},
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": 7},
    ]
    bucket.put("secret/salaries.png", png(9))
    before = bucket.server.requests("secret"), bucket.server.requests("other-bucket")
    file = tmp_path / "annotations.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = import_folder(remote_store, Wanted(file, "m3ad"), "ann")
    assert done.account.added == 2
    cases = {case.key: case for case in remote_store.cases()}
    assert cases.keys() == {"line7/bottle/test/scratch/2.png", "one.png"}
    first = cases["line7/bottle/test/scratch/2.png"]
    assert remote_store.latest_annotation(first.id).verdict == Verdict(True, (Defect("scratch", BOX),))
    assert open_image(first.primary.path).size == (100, 80)
    refused = {one.file: one.why for one in done.account.refused}
    for name, words in {
        "large.png": "its size is not that of its picture",
        "line7/bottle/test/good/gone.png": "is not there any more",
        "secret/salaries.png": "not in a place that this app may read",
        "a.png": "not in a place that this app may read",
        "line 7": "without user or password",
        "line 8": "cannot be used as an address",
        "line 9": "is no address of a bucket",
        "line 10": "its url is no text",
    }.items():
        assert words in refused.pop(name)
    assert not refused
    assert "hunter2" not in str(done)
    assert (bucket.server.requests("secret"), bucket.server.requests("other-bucket")) == before


def test_an_export_names_the_address_and_comes_back_from_another_workspace(
    remote_store: Store, bucket: Bucket, tmp_path: Path
) -> None:
    take(remote_store, bucket)
    export_annotations(remote_store, "m3ad", tmp_path / "out", EVERYTHING, copy=False)
    lines = [json.loads(line) for line in (tmp_path / "out/annotations.jsonl").read_text().splitlines()]
    assert {line["url"] for line in lines} == {str(case.primary.path) for case in remote_store.cases()}
    with Store.open(tmp_path / "other", None, Remote((bucket.url("line7"),))) as other:
        assert import_folder(other, Wanted(tmp_path / "out"), "bob").account.added == 3
        assert [case.key for case in other.cases()] == [case.key for case in remote_store.cases()]
        assert {case.primary.sha256 for case in other.cases()} == {one.primary.sha256 for one in remote_store.cases()}


def test_an_export_with_pictures_holds_them(remote_store: Store, bucket: Bucket, tmp_path: Path) -> None:
    take(remote_store, bucket)
    empty_cache(remote_store)
    export_annotations(remote_store, "coco", tmp_path / "out.zip", CaseFilter(verdict="anomalous"), copy=True)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".png")]
        assert archive.read(name) == png(2)


def test_an_archive_in_a_bucket_is_unpacked_here(remote_store: Store, bucket: Bucket, tmp_path: Path) -> None:
    take(remote_store, bucket)
    export_annotations(remote_store, "coco", tmp_path / "out.zip", EVERYTHING, copy=True)
    bucket.put("line7/out.zip", (tmp_path / "out.zip").read_bytes())
    with Store.open(tmp_path / "other", None, Remote((bucket.url("line7"),))) as other:
        assert take(other, bucket, "line7/out.zip", layout="coco").account.added == 3
        assert all((other.workspace / "images") in case.primary.path.parents for case in other.cases())


def test_pictures_in_the_cache_are_shown_while_the_server_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket_server(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        bucket = server.bucket()
        fill(bucket, tmp_path)
        with Store.open(tmp_path / "workspace", None, Remote((bucket.url(),))) as store:
            take(store, bucket)
            server.end()
            for case in store.cases():
                assert open_image(store.picture(case.primary.id).path).size == (100, 80)
            empty_cache(store)
            began = time.monotonic()
            with pytest.raises(BadImage, match="Check that its server is up"):
                open_image(store.picture(1).path)
            with pytest.raises(BadImage, match="cannot be read now"):
                take(store, bucket)
            assert time.monotonic() - began < 20
            assert len(store.cases()) == 3


def test_an_object_that_was_changed_is_noticed(remote_store: Store, bucket: Bucket) -> None:
    take(remote_store, bucket)
    bucket.put("line7/bottle/test/good/1.png", png(77))
    (case,) = [case for case in remote_store.cases() if case.key.endswith("1.png")]
    assert load_image(case.primary.path)[1].sha256 == case.primary.sha256  # the cache has the one that was imported
    (refused,) = take(remote_store, bucket).account.refused
    assert "in the store already, with other pictures" in refused.why
    empty_cache(remote_store)
    with pytest.raises(BadImage, match="was changed after it was imported"):
        open_image(remote_store.picture(case.primary.id).path)


def test_an_object_that_is_gone_is_missed_in_a_sentence_and_followed_when_it_has_moved(
    remote_store: Store, bucket: Bucket, tmp_path: Path
) -> None:
    take(remote_store, bucket)
    bucket.remove("line7/bottle/test/good/1.png")
    empty_cache(remote_store)
    (case,) = [case for case in remote_store.cases() if case.key.endswith("1.png")]
    with pytest.raises(BadImage, match="is not there any more"):
        open_image(remote_store.picture(case.primary.id).path)
    bucket.put("line7/moved/bottle/test/good/1.png", png(1))
    done = take(remote_store, bucket, "line7/moved/bottle", told=Told(case.dataset))
    assert (done.account.added, done.account.present) == (0, 1)
    moved = remote_store.picture(case.primary.id)
    assert str(moved.path) == bucket.url("line7/moved/bottle/test/good/1.png")
    assert open_image(moved.path).size == (100, 80)


def test_a_place_that_is_not_allowed_any_more_is_not_asked(remote_store: Store, bucket: Bucket, tmp_path: Path) -> None:
    take(remote_store, bucket)
    empty_cache(remote_store)
    asked = bucket.server.requests("line7")
    with Store.open(remote_store.workspace, remote_store.engine.url, Remote((bucket.url("line8"),))) as other:
        with pytest.raises(BadImage, match="not in a place that this app may read"):
            open_image(other.picture(1).path)
        with pytest.raises(BadData, match="not in a place that this app may read"):
            other.places.given(bucket.url("line7/bottle"))
        with pytest.raises(BadData, match="not in a place that this app may read"):
            other.places.given(bucket.url("line88"))
    assert bucket.server.requests("line7") == asked


@pytest.mark.parametrize(
    "address",
    ["s3://", "s3:///key", "s3://ann:secret@factory/line7", "s3://factory/a//b", "s3://factory/../x", "s3://UP/x", "gs://a/b"],
)  # fmt: skip
def test_an_address_that_is_none_ends_the_start_in_a_sentence(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadData) as caught:
        Store.open(tmp_path, None, Remote((address,)))
    assert "secret" not in str(caught.value)


def test_a_reader_that_climbs_out_of_the_allowed_folder_finds_nothing(remote_store: Store, bucket: Bucket) -> None:
    bucket.put("LICENSE", b"secret")
    root = remote_store.places.given(bucket.url("line7"))
    assert list(root.parent.iterdir()) == []
    assert not (root.parent / "LICENSE").exists()
    with pytest.raises(BadImage, match="not in a place"):
        (root.parent / "LICENSE").read_bytes()


def test_the_cache_makes_room_and_what_made_room_is_fetched_again(bucket: Bucket, tmp_path: Path) -> None:
    fill(bucket, tmp_path)
    with Store.open(tmp_path / "workspace", None, Remote((bucket.url(),))) as store:
        store.places.buckets.cache.bound = len(png(0)) * 2
        take(store, bucket)
        (last,) = [case for case in store.cases() if case.key.endswith("2.png")]
        for path in cached(store):
            os.utime(path, (time.time() - 3600,) * 2)
        for case in store.cases():
            assert load_image(case.primary.path)[1].sha256 == case.primary.sha256
            for path in cached(store):
                os.utime(path, (time.time() - 3600,) * 2)
        bucket.put("line7/more/good/5.png", png(5))
        take(store, bucket, "line7/more")
        assert sum(path.stat().st_size for path in cached(store)) <= store.places.buckets.cache.bound
        assert load_image(last.primary.path)[1].sha256 == last.primary.sha256


def test_two_who_want_the_same_picture_at_once_fetch_it_once(remote_store: Store, bucket: Bucket) -> None:
    take(remote_store, bucket)
    empty_cache(remote_store)
    before = bucket.server.requests("GET /" + bucket.name + "/line7/bottle/test/good/1.png")
    (case,) = [case for case in remote_store.cases() if case.key.endswith("1.png")]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: load_image(remote_store.picture(case.primary.id).path)[1].sha256, range(12)))
    assert set(found) == {case.primary.sha256}
    assert bucket.server.requests("GET /" + bucket.name + "/line7/bottle/test/good/1.png") == before + 1


def test_copied_pictures_are_kept_in_the_bucket_for_all_machines(bucket: Bucket, tmp_path: Path) -> None:
    picture(tmp_path / "cups/good/1.png")
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    remote = Remote(keep=bucket.url("studio"))
    with Store.open(tmp_path / "one", url, remote) as one, Store.open(tmp_path / "two", url, remote) as two:
        import_folder(one, Wanted(tmp_path / "cups", copy=True), "ann")
        import_folder(one, Wanted(tmp_path / "cups", copy=True), "ann")
        (case,) = two.cases()
        assert bucket.names() == [f"studio/images/{case.primary.sha256[:2]}/{case.primary.sha256}.png"]
        assert open_image(two.picture(case.primary.id).path).size == (100, 80)
        assert not (one.workspace / "images").exists()


def test_nothing_is_written_through_a_path_into_a_bucket(remote_store: Store, bucket: Bucket) -> None:
    path = remote_store.places.given(bucket.url("line7/bottle/test/good/1.png"))
    with pytest.raises(PermissionError):
        path.write_bytes(b"other")
    assert path.read_bytes() == png(1)


def test_secrets_are_neither_in_the_store_nor_told(
    bucket: Bucket, buckets: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(tmp_path / "workspace", None, Remote((bucket.url(),))) as store:
        fill(bucket, tmp_path)
        take(store, bucket)
        events = str(store.events())
    data = b"".join(path.read_bytes() for path in (tmp_path / "workspace").glob("store.db*"))
    assert SECRET.encode() not in data
    assert SECRET not in events


CODE = """
import sys
from pathlib import Path
from db.places import Remote
from db.store import Store
Store.open(Path(sys.argv[1])).close()
assert "s3fs" not in sys.modules and "botocore" not in sys.modules
sys.modules["s3fs"] = None  # as where it is not installed
try:
    Store.open(Path(sys.argv[1]), None, Remote(("s3://factory/line7",)))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_without_a_bucket_the_storage_library_is_not_loaded_and_need_not_be_there(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], cwd=ROOT, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Conflict ")
    assert "uv sync --extra remote" in done.stdout
