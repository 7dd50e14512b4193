"""What we write is read as it was meant by pycocotools and supervision, and the other way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from m3ad.formats.coco import FILE
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from tests.m3ad.formats.made import HEIGHT, WIDTH, pictures_of, read, write

EDGES = {"scratch": (3, 4, 17, 21), "bent pin": (0, 0, 64, 48), "dent": (63, 47, 64, 48)}
FOUND = Verdict(True, tuple(Defect(kind, Box.from_pixels(*edges, WIDTH, HEIGHT)) for kind, edges in EDGES.items()))


@pytest.fixture
def supervision():
    return pytest.importorskip("supervision", reason="a development dependency")


def seen_by(dataset: object) -> dict[str, tuple[float, ...]]:
    """Type -> edges, of the one picture that has boxes."""
    classes = dataset.classes  # type: ignore[attr-defined]
    found = [one for _, _, one in dataset if len(one)]  # type: ignore[attr-defined]
    assert len(found) == 1
    return {classes[kind]: tuple(map(float, box)) for kind, box in zip(found[0].class_id, found[0].xyxy, strict=True)}


def test_pycocotools_reads_our_coco(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco", reason="a development dependency")
    write("coco", pictures_of([FOUND, NORMAL], tmp_path / "p"), tmp_path / "out")
    read_by = coco.COCO(str(tmp_path / "out" / FILE))
    names = {one["id"]: one["name"] for one in read_by.loadCats(read_by.getCatIds())}
    assert {one["file_name"] for one in read_by.loadImgs(read_by.getImgIds())} == {"part-0.png", "part-1.png"}
    boxes = {names[one["category_id"]]: one["bbox"] for one in read_by.loadAnns(read_by.getAnnIds())}
    assert boxes == {kind: [x1, y1, x2 - x1, y2 - y1] for kind, (x1, y1, x2, y2) in EDGES.items()}
    masks = {names[one["category_id"]]: one["area"] for one in read_by.loadAnns(read_by.getAnnIds(iscrowd=False))}
    assert masks["bent pin"] == WIDTH * HEIGHT


def test_supervision_reads_our_coco(supervision, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write("coco", pictures_of([FOUND, NORMAL], tmp_path / "p"), tmp_path / "out")
    dataset = supervision.DetectionDataset.from_coco(str(tmp_path / "out/images"), str(tmp_path / "out" / FILE))
    assert seen_by(dataset) == {kind: tuple(map(float, edges)) for kind, edges in EDGES.items()}


def test_supervision_reads_our_yolo(supervision, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write("yolo", pictures_of([FOUND, NORMAL], tmp_path / "p"), tmp_path / "out")
    out = tmp_path / "out"
    dataset = supervision.DetectionDataset.from_yolo(str(out / "images"), str(out / "labels"), str(out / "data.yaml"))
    for kind, edges in seen_by(dataset).items():
        assert edges == pytest.approx(EDGES[kind], abs=1e-4)


def test_supervision_reads_our_voc(supervision, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write("voc", pictures_of([FOUND, NORMAL], tmp_path / "p"), tmp_path / "out")
    dataset = supervision.DetectionDataset.from_pascal_voc(
        str(tmp_path / "out/JPEGImages"), str(tmp_path / "out/Annotations")
    )
    assert seen_by(dataset) == {kind: tuple(map(float, edges)) for kind, edges in EDGES.items()}


@pytest.fixture
def theirs(supervision, tmp_path: Path):  # type: ignore[no-untyped-def]
    """A data set that supervision holds, of one picture with boxes."""
    (made,) = pictures_of([FOUND], tmp_path / "p")
    boxes = supervision.Detections(xyxy=np.array([*EDGES.values()], float), class_id=np.arange(len(EDGES)))
    name = str(made.picture)
    return supervision.DetectionDataset(classes=[*EDGES], images=[name], annotations={name: boxes})


def ours(name: str, place: Path) -> dict[str, tuple[float, ...]]:
    verdict = read(name, place)["part-0"].verdict
    assert verdict is not None
    return {one.type: one.box.to_pixels(WIDTH, HEIGHT) for one in verdict.defects if one.box}


def test_we_read_the_coco_of_supervision(theirs, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    theirs.as_coco(str(tmp_path / "out/images"), str(tmp_path / "out/annotations.json"))
    for kind, edges in ours("coco", tmp_path / "out").items():
        assert edges == pytest.approx(EDGES[kind], abs=1e-3)


def test_we_read_the_yolo_of_supervision(theirs, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    theirs.as_yolo(str(out / "images"), str(out / "labels"), str(out / "data.yaml"))
    for kind, edges in ours("yolo", out).items():
        assert edges == pytest.approx(EDGES[kind], abs=1e-3)  # it writes five decimals


def test_we_read_the_voc_of_supervision(theirs, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    theirs.as_pascal_voc(str(tmp_path / "out/JPEGImages"), str(tmp_path / "out/Annotations"))
    for kind, edges in ours("voc", tmp_path / "out").items():
        assert edges == pytest.approx(EDGES[kind])
