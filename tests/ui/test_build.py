"""The page as a web app: it builds without torch, its routes serve pictures and lists, and a login guards them all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.store import Store
from tests.ui.scripted import add_case, add_inspection, make_context, png
from ui.arrival import arrive
from ui.build import TABS, build_page, make_app
from ui.pictures import SIZES, picture_url, step

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(make_app(make_context(store))) as opened:
        yield opened


def test_building_the_page_loads_no_torch_and_sends_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from db.store import Store; from tests.ui.scripted import make_context;"
        "from ui.build import make_app; make_app(make_context(Store.open(Path(sys.argv[1]))));"
        "import os; assert os.environ['GRADIO_ANALYTICS_ENABLED'] == 'False';"
        "sys.exit([name for name in ('torch', 'transformers') if name in sys.modules] or None)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_is_built_from_every_tab_and_twice_in_one_process(store: Store) -> None:
    context = make_context(store)
    for _ in range(2):
        config = build_page(context).get_config_file()
        labels = [part["props"]["label"] for part in config["components"] if part["type"] == "tabitem"]
        assert labels[: len(TABS)] == [label for label, _ in TABS.values()]


def test_no_handler_is_open_to_other_programs(store: Store) -> None:
    config = build_page(make_context(store)).get_config_file()
    public = [each["api_name"] for each in config["dependencies"] if each["api_visibility"] == "public"]
    assert public == []


def test_the_page_answers_and_asks_no_other_host(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "RA-Monitor" in answer.text
    assert "fonts.googleapis" not in answer.text


# -- deep links ---


def test_links_lead_to_what_they_name(store: Store) -> None:
    first, second = add_case(store, "1"), add_case(store, "2")
    for wanted, expected in (
        ({"tab": "annotate", "case": str(second)}, ("annotate", second, None)),
        ({"case": second}, ("inspect", second, None)),
        ({}, ("inspect", first, None)),
        ({"tab": "nonsense", "case": "999"}, ("inspect", first, "999")),
        ({"case": "1; drop table"}, ("inspect", first, "1; drop table")),
        ({"tab": None, "case": None}, ("inspect", first, None)),
        ({"case": "9" * 400}, ("inspect", first, "9" * 400)),
    ):
        place = arrive(wanted, TABS, store)
        assert (place.tab, place.case_id, place.missing) == expected


def test_an_empty_store_has_no_case_to_arrive_at(store: Store) -> None:
    assert arrive({}, TABS, store).case_id is None


# -- pictures ---


def test_a_picture_comes_by_id_in_full_or_small(client: TestClient, store: Store) -> None:
    picture = store.case(add_case(store, "1", size=(400, 300))).primary
    full = client.get(f"/{picture_url(picture.id)}")
    assert full.headers["content-type"] == "image/png"
    small = client.get(f"/{picture_url(picture.id, 90)}")
    assert small.headers["content-type"] == "image/jpeg"
    for answer, size in ((full, (400, 300)), (small, (96, 72))):
        (store.workspace / "got").write_bytes(answer.content)
        assert Image.open(store.workspace / "got").size == size


def test_the_full_picture_has_every_pixel_as_it_was(client: TestClient, store: Store) -> None:
    picture = store.case(add_case(store, "1")).primary
    (store.workspace / "got").write_bytes(client.get(f"/picture/{picture.id}").content)
    with Image.open(store.workspace / "got") as got, Image.open(picture.path) as original:
        assert got.tobytes() == original.convert("RGB").tobytes()


def test_the_browser_keeps_a_picture_and_asks_with_its_tag(client: TestClient, store: Store) -> None:
    picture = store.case(add_case(store, "1")).primary
    first = client.get(f"/picture/{picture.id}?size=96")
    assert first.headers["cache-control"].startswith("private")
    again = client.get(f"/picture/{picture.id}?size=96", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/picture/{picture.id}?size=192", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_sizes_are_steps_so_that_nobody_fills_the_disk(client: TestClient, store: Store) -> None:
    picture = store.case(add_case(store, "1")).primary
    for size in (1, 50, 96, 97, 5000, 0, -3):
        assert client.get(f"/picture/{picture.id}?size={size}").status_code == 200
    kept = [path for path in (store.workspace / "cache").rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert [step(size) for size in (None, 1, 97, SIZES[-1] + 1)] == [None, 96, 192, None]


def test_pictures_that_are_gone_or_broken_say_so(client: TestClient, store: Store) -> None:
    gone, broken = (store.case(add_case(store, key)).primary for key in ("1", "2"))
    gone.path.unlink()
    broken.path.write_bytes(b"no picture")
    assert client.get("/picture/999").status_code == 404
    assert client.get(f"/picture/{gone.id}").status_code == 404
    answer = client.get(f"/picture/{broken.id}")
    assert answer.status_code == 415
    assert "not a picture" in answer.json()["detail"]
    assert client.get("/picture/..%2f..%2fetc%2fpasswd").status_code in (404, 422)


# -- the list's routes and uploads ---


def test_the_list_comes_as_counts_and_rows(client: TestClient, store: Store) -> None:
    ids = [add_case(store, str(number)) for number in range(3)]
    add_inspection(store, ids[1])
    asked = {"model": "demo", "filter": "new"}
    found = client.get("/cases", params={**asked, "selected": ids[2]}).json()
    assert (found["count"], found["at"]) == (2, 1)
    rows = client.get("/rows", params={**asked, "after": ids[0]}).json()
    assert [row["id"] for row in rows] == [ids[2]]
    for after in ("x", "-1", "99999999999999999999"):
        assert client.get("/rows", params={"after": after}).status_code == 422
    assert client.get("/cases", params={"selected": -5}).json()["at"] is None


def test_an_upload_needs_our_header_so_that_no_other_site_can_send_one(
    client: TestClient, store: Store, tmp_path: Path
) -> None:
    body = png(tmp_path)
    assert client.post("/upload", content=body).status_code == 422
    sent = client.post("/upload", content=body, headers={"x-m3ad-upload": "my%20part.png"}).json()
    assert store.case(sent["id"]).key.startswith("my part")


def test_a_bad_upload_is_answered_with_a_sentence(client: TestClient) -> None:
    answer = client.post("/upload", content=b"nothing", headers={"x-m3ad-upload": "bad.png"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("bad.png is not a picture")
