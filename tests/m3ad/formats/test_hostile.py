"""Files that anybody may have sent: refused with a sentence, never read beyond their folder, never half used."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from m3ad.datasets.account import Refused
from m3ad.errors import BadData, ExportError, M3ADError
from m3ad.formats import FORMATS, read_format
from m3ad.formats.archive import unpack
from m3ad.formats.base import AnnotatedPicture
from m3ad.formats.pictures import frame
from m3ad.formats.sink import Sink, pack
from m3ad.geometry import Box
from m3ad.records import Verdict
from tests.m3ad.formats.made import pictures_of, write

FILES = {
    "coco": "annotations.json",
    "csv": "annotations.csv",
    "cvat": "annotations.xml",
    "label-studio": "tasks.json",
    "labelme": "part.json",
    "m3ad": "annotations.jsonl",
    "masks": "classes.txt",
    "voc": "part.xml",
    "yolo": "data.yaml",
}
LEADS_OUT = [
    "../secret.png",
    "/etc/secret.png",
    "a/../../secret.png",
    "..\\secret.png",
    "C:\\secret.png",
    "a\0.png",
    "",
]


def read(name: str, place: Path) -> tuple[list[AnnotatedPicture], list[Refused]]:
    found = list(read_format(name, place, Counter()))
    return (
        [one for one in found if isinstance(one, AnnotatedPicture)],
        [one for one in found if isinstance(one, Refused)],
    )


def coco(file_name: object, box: object, **more: object) -> str:
    image = {"id": 1, "file_name": file_name, "width": 64, "height": 48}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": box, **more}
    return json.dumps({"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "dent"}]})


@pytest.mark.parametrize("file_name", LEADS_OUT)
def test_names_that_lead_out_of_the_folder_are_refused(file_name: str, tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    Image.new("RGB", (64, 48)).save(tmp_path / "secret.png")
    (place / "annotations.json").write_text(coco(file_name, [1, 1, 5, 5]))
    taken, refused = read("coco", place)
    assert not taken
    assert "file name" in refused[0].why
    row = {"picture": file_name, "width": 64, "height": 48, "verdict": None}
    (place / "annotations.jsonl").write_text(json.dumps(row))
    assert not read("m3ad", place)[0]
    (place / "annotations.json").unlink()
    (place / "annotations.xml").write_text(
        f'<annotations><image name="{file_name.replace(chr(0), "")}" width="64" height="48"/></annotations>'
    )
    assert all(one.picture is None for one in read("cvat", place)[0])


@pytest.mark.parametrize(
    "box",
    [None, [1, 2, 3], [1, 2, "x", 4], [1, 2, 0, 4], [90, 2, 3, 4], [1, 2, -1, -1e300], [True, 1, 5, 5], [1e308] * 4],
)
def test_one_box_that_cannot_be_right_refuses_the_whole_picture(box: object, tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text(coco("a.png", box))
    taken, refused = read("coco", tmp_path)
    assert not taken
    assert refused[0].file == "a.png"


def test_a_box_over_the_edge_is_cut_and_counted(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text(coco("a.png", [-10, -10, 30, 30], segmentation=[[1, 2, 3, 4, 5, 6]]))
    unused: Counter[str] = Counter()
    (one,) = read_format("coco", tmp_path, unused)
    assert isinstance(one, AnnotatedPicture)
    assert one.verdict is not None
    assert one.verdict.defects[0].box == Box.from_pixels(0, 0, 20, 20, 64, 48)
    assert unused == {"boxes cut at the picture's edge": 1, "outlines: the box beside them is used": 1}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_rubbish_is_refused_in_words(name: str, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    place = tmp_path_factory.mktemp("rubbish")
    (place / FILES[name]).write_bytes(data)
    try:
        taken, _ = read(name, place)
    except M3ADError:
        return
    assert not any(one.verdict for one in taken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
KEYS = ["images", "annotations", "categories", "data", "result", "value", "shapes", "points", "label", "imagePath",
        "imageWidth", "imageHeight", "flags", "verdict", "defects", "box", "picture", "image", "type", "width",
        "height", "id", "file_name", "bbox", "image_id", "category_id", "was_cancelled",
        "predictions", "name"]  # fmt: skip
SHAPED = st.recursive(
    JSON | st.just("a.png") | st.just("rectanglelabels"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme", "m3ad"])
@settings(max_examples=150, deadline=None)
@given(data=SHAPED)
def test_json_of_any_shape_is_refused_or_read(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    place = tmp_path_factory.mktemp("shaped")
    (place / FILES[name]).write_text(json.dumps(data))
    try:
        taken, refused = read(name, place)
    except M3ADError:
        return
    assert all(one.picture is None for one in taken), "there is no picture that could be named"
    assert all(one.why for one in refused)


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme", "m3ad"])
def test_deep_json_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / FILES[name]).write_text("[" * 200_000)
    try:
        taken, _ = read(name, tmp_path)
    except BadData:
        return
    assert not taken


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<annotations><image name="&b;" width="1" height="1"/></annotations>"""


@pytest.mark.parametrize("name", ["cvat", "voc"])
@pytest.mark.parametrize("text", [BOMB, BOMB.replace("UTF-8", "UTF-16"), "<a>" * 5000])
def test_xml_with_a_document_type_or_endless_nesting_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / FILES[name]).write_text(text)
    try:
        taken, refused = read(name, tmp_path)
    except BadData as error:
        refused, taken = [Refused("", str(error))], []
    assert not taken
    assert "DOCTYPE" in refused[0].why or "nested" in refused[0].why


def test_yaml_cannot_run_anything_or_swell(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: !!python/object/apply:os.system ['touch hit']")
    with pytest.raises(BadData, match="YAML"):
        read("yolo", tmp_path)
    swell = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (tmp_path / "data.yaml").write_text(swell + "names: *i\n")
    with pytest.raises(BadData, match="names"):
        read("yolo", tmp_path)


def packed(members: dict[str, bytes], **attributes: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = attributes.get("mode", 0o644) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..\\x", "C:/x", "a" * 500])
def test_an_archive_whose_names_lead_out_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"good.txt": b"1", name: b"2"}))
    with pytest.raises(BadData, match="leads out"):
        unpack(tmp_path / "a.zip", tmp_path / "in" / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_links_in_an_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"images": b"/etc"}, mode=stat.S_IFLNK | 0o777))
    with pytest.raises(BadData, match="link"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_archives_that_are_too_many_too_large_or_swell_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({f"{n}": b"12345678" for n in range(20)}))
    with pytest.raises(BadData, match="more than 10 files"):
        unpack(tmp_path / "a.zip", tmp_path / "out", most_files=10)
    with pytest.raises(BadData, match="MB"):
        unpack(tmp_path / "a.zip", tmp_path / "out", most_bytes=100)
    (tmp_path / "b.zip").write_bytes(packed({"zeros": bytes(40 * 2**20)}))
    with pytest.raises(BadData, match="swells"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    lying = packed({"zeros": bytes(2**20)})
    lying = lying.replace((2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "c.zip").write_bytes(lying)
    with pytest.raises(BadData):
        unpack(tmp_path / "c.zip", tmp_path / "out2")
    assert sum(path.stat().st_size for path in (tmp_path / "out2").rglob("*")) <= 10


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_what_is_no_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(BadData, match="no ZIP archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_an_archive_of_ours_unpacks_to_what_was_packed(tmp_path: Path) -> None:
    made = pictures_of([Verdict(False)], tmp_path / "p")
    write("voc", made, tmp_path / "a.zip")
    unpack(tmp_path / "a.zip", tmp_path / "out")
    (one,), refused = read("voc", tmp_path / "out")
    assert (one.verdict, refused) == (Verdict(False), [])


def fail(sink: Sink) -> None:
    sink.put("a", b"1")
    raise RuntimeError


def test_a_failed_export_leaves_nothing_and_never_overwrites(tmp_path: Path) -> None:
    for name in ("new.zip", "new"):
        with pytest.raises(RuntimeError), pack(tmp_path / name) as sink:
            fail(sink)
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "there.zip").write_bytes(b"mine")
    with pytest.raises(ExportError, match="there already"), pack(tmp_path / "there.zip"):
        pass
    assert (tmp_path / "there.zip").read_bytes() == b"mine"


# Turned by 180 degrees or mirrored (2 to 4), the stored size is the upright one and cannot tell which is meant: the
# upright picture is, as people see it.
@pytest.mark.parametrize(
    ("orientation", "stored"),
    [(number, stored) for number in range(1, 9) for stored in (True, False) if not (stored and 2 <= number <= 4)],
)
def test_boxes_follow_the_pixels_when_a_picture_is_turned(orientation: int, stored: bool, tmp_path: Path) -> None:
    from PIL import ImageOps

    image = Image.new("L", (64, 48))
    image.paste(255, (3, 4, 17, 21))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "a.png"))
    corners = (3, 4, 17, 21) if stored else upright.getbbox()
    size = image.size if stored else upright.size
    assert corners is not None
    box = frame(*size, tmp_path / "a.png").box(*corners)
    assert box.to_pixels(*upright.size) == pytest.approx(upright.getbbox())


def test_pictures_of_one_id_are_refused_but_for_the_last(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text('{"images": [{}, {}, {"id": 1}]}')
    _, refused = read("coco", tmp_path)
    assert "another picture" in refused[0].why
    assert len(refused) == 3  # the others have no name


def test_a_size_that_is_not_the_pictures_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    (tmp_path / "annotations.json").write_text(coco("a.png", [1, 1, 5, 5]))
    assert "64 x 48" in read("coco", tmp_path)[1][0].why


@pytest.mark.parametrize("picture", [-1, "1", 1.5, True, None, [1]])
def test_a_box_on_a_picture_that_is_no_number_is_refused(picture: object, tmp_path: Path) -> None:
    defect = {"type": "dent", "box": [0.1, 0.1, 0.5, 0.5], "picture": picture}
    row = {"picture": "a.png", "width": 64, "height": 48, "verdict": {"anomalous": True, "defects": [defect]}}
    (tmp_path / "annotations.jsonl").write_text(json.dumps(row))
    read_in, refused = read("m3ad", tmp_path)
    assert read_in == []
    assert "no number from 0" in refused[0].why
