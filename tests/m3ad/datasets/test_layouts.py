"""The other layouts, on small trees of the documented form: what each gives, and what it refuses."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from m3ad.datasets.layouts import LAYOUTS, find_layout
from m3ad.datasets.views import order
from m3ad.errors import BadData
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict
from tests.m3ad.datasets.made import SHARED, mask, numbers, picture, read

FRAME = (10, 20, 30, 60)
BOX = Box(0.1, 0.25, 0.3, 0.75)
OTHER, OTHER_BOX = (50, 0, 60, 8), Box(0.5, 0, 0.6, 0.1)


def found(layout: str, root: Path) -> tuple[dict[str, NewCase], dict[str, str]]:
    """What is read, where `auto` finds the same layout."""
    assert find_layout(root) == layout
    return read(layout, root)


def defect(kind: str, box: Box = BOX, picture: int = 0) -> Verdict:
    return Verdict(True, (Defect(kind, box, picture),))


# -- MVTec LOCO AD ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bottles(tmp_path: Path) -> Path:
    category = tmp_path / "loco" / "juice_bottle"
    picture(category / "train/good/000.png")
    picture(category / "validation/good/000.png")
    picture(category / "test/logical_anomalies/000.png")
    mask(category / "ground_truth/logical_anomalies/000/000.png", FRAME, value=255)
    mask(category / "ground_truth/logical_anomalies/000/001.png", FRAME, OTHER, value=3)
    names = [{"defect_name": "missing_top_label", "pixel_value": 255}, {"defect_name": "juice_color", "pixel_value": 3}]
    (category / "defects_config.json").write_text(json.dumps(names))
    return tmp_path / "loco"


def test_loco_keeps_the_masks_of_one_picture_apart_by_their_values(bottles: Path) -> None:
    cases, refused = found("loco", bottles)
    assert not refused
    one = cases["juice_bottle/test/logical_anomalies/000.png"]
    missing, wrong, elsewhere = one.verdict.defects
    assert missing == Defect("component missing", BOX)
    assert (wrong, elsewhere) == (Defect("color error", BOX), Defect("color error", OTHER_BOX))
    assert (one.dataset, one.scenario, one.licence) == ("mvtec_loco", Scenario.LOGICAL, "CC BY-NC-SA 4.0")
    assert [case.split for case in cases.values()] == ["train", "validation", "test"]
    assert read("loco", bottles / "juice_bottle") == (cases, {})


@pytest.mark.parametrize(
    ("value", "why"),
    [(9, "number 9"), (0, "is empty"), (None, "masks are missing"), (252, "torn, scratched or peeling")],
)
def test_loco_refuses_a_picture_whole_when_one_mask_says_nothing(bottles: Path, value: int | None, why: str) -> None:
    category = bottles / "juice_bottle"
    config = json.loads((category / "defects_config.json").read_text())
    config.append({"defect_name": "damaged_label", "pixel_value": 252})
    (category / "defects_config.json").write_text(json.dumps(config))
    folder = category / "ground_truth/logical_anomalies/000"
    for path in folder.iterdir() if value is None else ():
        path.unlink()
    if value is not None:
        mask(folder / "001.png", FRAME, value=value)
    cases, refused = read("loco", bottles)
    assert len(cases) == 2
    assert why in refused["000.png"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"pixel_value": "x"}]', "[" * 100_000])
def test_loco_s_list_of_defects_may_be_broken(bottles: Path, text: str) -> None:
    (bottles / "juice_bottle/defects_config.json").write_text(text)
    cases, refused = read("loco", bottles)
    assert len(cases) == 2
    assert "000.png" in refused


# -- kin of MVTec AD --------------------------------------------------------------------------------------------------


def test_btad_says_ok_and_ko_and_nothing_of_the_kind(tmp_path: Path) -> None:
    root = tmp_path / "BTech_Dataset_transformed"
    picture(root / "01/train/ok/0000.bmp")
    picture(root / "01/test/ko/0001.bmp")
    mask(root / "01/ground_truth/ko/0001.bmp", FRAME)
    cases, refused = found("btad", root)
    assert [(case.dataset, case.category, case.verdict) for case in cases.values()] == [("btad", "btad 01", NORMAL)]
    assert "annotate these by hand" in refused["0001.bmp"]
    cases, refused = read("btad", root, own={("01", "ko"): "unknown"})
    assert cases["01/test/ko/0001.bmp"].verdict == defect("unknown")
    assert not refused


@pytest.mark.parametrize(
    ("layout", "category", "kind", "type_", "scenario"),
    [
        ("mpdd", "tubes", "flattening", "distortion", Scenario.WORKPIECE),
        ("wfdd", "grey_cloth", "contaminated", "contamination", Scenario.TEXTURE),
        ("manta", "electronics/capacitor", "scratch", "scratch", Scenario.ELECTRONIC),
        ("manta", "agriculture/maize", "crack", "crack", Scenario.WORKPIECE),
        ("dtd", "Blotchy_099", "bad", None, Scenario.TEXTURE),
    ],
)
def test_named_kin_of_mvtec(tmp_path: Path, layout: str, category: str, kind: str, type_: str, scenario) -> None:
    picture(tmp_path / category / "test/good/000.png")
    picture(tmp_path / category / f"test/{kind}/001.png")
    mask(tmp_path / category / f"ground_truth/{kind}/001_mask.png", FRAME)
    cases, refused = found(layout, tmp_path)
    name = category.split("/")[-1]
    assert {(case.category, case.scenario, case.dataset) for case in cases.values()} == {
        (name, scenario, LAYOUTS[layout].table.name)
    }
    if type_:
        assert cases[f"{name}/test/{kind}/001.png"].verdict == defect(type_)
    else:
        assert list(refused) == ["001.png"]


def test_a_group_of_manta_gives_the_same_cases_as_the_whole(tmp_path: Path) -> None:
    for name in ("agriculture/maize", "agriculture/wheat"):
        picture(tmp_path / name / "train/good/000.png")
    cases, _ = found("manta", tmp_path)
    assert list(cases) == ["maize/train/good/000.png", "wheat/train/good/000.png"]
    assert read("manta", tmp_path / "agriculture")[0] == cases
    assert read("manta", tmp_path / "agriculture/wheat")[0].items() <= cases.items()


def test_a_folder_of_several_data_sets_has_no_layout(tmp_path: Path) -> None:
    picture(tmp_path / "one/bottle/train/good/000.png")
    picture(tmp_path / "other/kos01/Part1.jpg")
    with pytest.raises(BadData, match="none of the layouts"):
        find_layout(tmp_path)


def test_a_category_that_a_named_set_has_not_is_refused_at_once(tmp_path: Path) -> None:
    picture(tmp_path / "tubes/train/good/000.png")
    picture(tmp_path / "teapot/train/good/000.png")
    with pytest.raises(BadData, match="'teapot'"):
        read("mpdd", tmp_path)
    assert find_layout(tmp_path) == "mvtec"


# -- VisA -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    part = tmp_path / "candle"
    picture(part / "Data/Images/Normal/0000.JPG")
    picture(part / "Data/Images/Anomaly/000.JPG")
    numbers(part / "Data/Masks/Anomaly/000.png", (5, FRAME), (4, OTHER))
    lists = tmp_path / "split_csv"
    lists.mkdir()
    (lists / "1cls.csv").write_text(
        "object,split,label,image,mask\n"
        "candle,train,normal,candle/Data/Images/Normal/0000.JPG,\n"
        "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n"
    )
    return tmp_path


def test_visa_keeps_the_defects_of_one_mask_apart_by_their_numbers(candles: Path) -> None:
    cases, refused = found("visa", candles)
    assert not refused
    assert {case.split: case.verdict for case in cases.values()} == {
        "train": NORMAL,
        "test": Verdict(True, (Defect("contamination", OTHER_BOX), Defect("protrusion", BOX))),
    }
    assert read("visa", candles / "candle")[0] == cases


@pytest.mark.parametrize(("value", "why"), [(8, "by hand"), (9, "number 9"), (0, "is empty"), (None, "is missing")])
def test_visa_refuses_what_its_mask_does_not_say(candles: Path, value: int | None, why: str) -> None:
    file = candles / "candle/Data/Masks/Anomaly/000.png"
    file.unlink() if value is None else numbers(file, (value, FRAME))
    cases, refused = read("visa", candles)
    assert len(cases) == 1
    assert why in refused["000.JPG"]


def test_visa_s_list_of_splits_may_be_missing_but_not_be_another_table(candles: Path) -> None:
    file = candles / "split_csv/1cls.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(BadData, match="columns split and image"):
        read("visa", candles)
    file.unlink()
    assert {case.split for case in read("visa", candles)[0].values()} == {""}


# -- Real-IAD ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    place = tmp_path / "realiad_1024/toy"
    entries = []
    for camera in range(1, 6):
        kind = "HS" if camera in (2, 4) else "OK"
        name = f"NG/HS/S0001/toy_0001_NG_HS_C{camera}_20231023"
        picture(place / f"{name}.jpg")
        if kind == "HS":
            mask(place / f"{name}.png", FRAME)
        path = f"{name}.png" if kind == "HS" else None
        entries.append({"category": "toy", "anomaly_class": kind, "image_path": f"{name}.jpg", "mask_path": path})
        picture(place / f"OK/S0001/toy_0001_OK_C{camera}_20231023.jpg")
    sound = [
        {"anomaly_class": "OK", "image_path": f"OK/S0001/toy_0001_OK_C{camera}_20231023.jpg", "mask_path": ""}
        for camera in (3, 1, 2, 5, 4)
    ]
    write_list(tmp_path, {"meta": {"normal_class": "OK"}, "train": sound, "test": entries})
    return tmp_path


def write_list(root: Path, data: object) -> None:
    path = root / "realiad_jsons/realiad_jsons/toy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def test_realiad_makes_one_case_of_the_five_views_with_a_defect_first(toys: Path) -> None:
    cases, refused = found("realiad", toys)
    assert not refused
    bad, good = cases["toy/NG/HS/S0001"], cases["toy/OK/S0001"]
    assert (good.verdict, good.split, bad.split) == (NORMAL, "train", "test")
    assert sorted(good.roles) == sorted(bad.roles) == [f"view C{camera}" for camera in range(1, 6)]
    assert bad.roles[0] in ("view C2", "view C4")
    shown = {bad.roles[one.picture] for one in bad.verdict.defects}
    assert shown == {"view C2", "view C4"}
    assert all(one == Defect("scratch", BOX, one.picture) for one in bad.verdict.defects)
    assert all(f"_{role.removeprefix('view ')}_" in path.name for role, path in zip(bad.roles, bad.images, strict=True))


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("mask_path", "", "has no mask_path"),
        ("mask_path", "gone.png", "is missing"),
        ("anomaly_class", "PS", "by hand"),
        ("anomaly_class", "XX", "'XX' is neither"),
    ],
)
def test_realiad_refuses_a_part_of_which_a_view_says_too_little(toys: Path, field: str, value: str, why: str) -> None:
    data = json.loads((toys / "realiad_jsons/realiad_jsons/toy.json").read_text())
    data["test"][1][field] = value
    write_list(toys, data)
    cases, refused = read("realiad", toys)
    assert list(cases) == ["toy/OK/S0001"]
    assert why in refused["S0001"]


@pytest.mark.parametrize(
    "data", [[], {"train": 3}, {"test": ["x"]}, {"test": [{"image_path": "../../etc/passwd"}]}, {"test": [{}]}]
)
def test_realiad_refuses_a_list_that_is_none_or_leads_out(toys: Path, data: object) -> None:
    write_list(toys, data)
    cases, refused = read("realiad", toys)
    assert not cases
    assert list(refused) == ["toy.json"]


def test_the_first_picture_shows_a_defect_and_otherwise_says_nothing() -> None:
    assert all(order(str(key), [False, True, False])[0] == 1 for key in range(20))
    assert {order(str(key), [False] * 5)[0] for key in range(100)} == set(range(5))
    assert sorted(order("k", [True, False, True])) == [0, 1, 2]


# -- MulSen-AD --------------------------------------------------------------------------------------------------------


@pytest.fixture
def nuts(tmp_path: Path) -> Path:
    for sensor in ("RGB", "Infrared"):
        for name in ("train/0.png", "test/good/0.png", "test/crack/0.png", "test/crack/1.png", "test/crack/2.png"):
            picture(tmp_path / "nut" / sensor / name)
    mask(tmp_path / "nut/RGB/GT/crack/0.png", FRAME)
    mask(tmp_path / "nut/Infrared/GT/crack/0.png", OTHER)
    mask(tmp_path / "nut/RGB/GT/crack/1.png")
    mask(tmp_path / "nut/Infrared/GT/crack/1.png", OTHER)
    return tmp_path


def test_mulsen_pairs_the_photograph_with_the_infrared_picture(nuts: Path) -> None:
    cases, refused = found("mulsen", nuts)
    assert {case.split for case in cases.values()} == {"train", "test"}
    both, infrared = cases["nut/test/crack/0.png"], cases["nut/test/crack/1.png"]
    places = {both.roles[one.picture]: one.box for one in both.verdict.defects}
    assert places == {"photograph": BOX, "infrared": OTHER_BOX}
    assert infrared.roles == ("infrared", "photograph")
    assert infrared.verdict == defect("crack", OTHER_BOX)
    assert list(refused) == ["2.png"]
    assert "point cloud alone" in refused["2.png"]
    assert all(len(case.images) == 2 for case in cases.values())


# -- a mask beside each picture ---------------------------------------------------------------------------------------


def test_kolektor_reads_the_black_mask_as_normal(tmp_path: Path) -> None:
    for part in (0, 1, 2):
        picture(tmp_path / f"kos01/Part{part}.jpg")
    mask(tmp_path / "kos01/Part0_label.bmp")
    mask(tmp_path / "kos01/Part1_label.bmp", FRAME)
    cases, refused = found("kolektor", tmp_path)
    assert [case.verdict for case in cases.values()] == [NORMAL, defect("crack")]
    assert "is missing" in refused["Part2.jpg"]


def test_kolektor2_does_not_know_what_its_defects_are(tmp_path: Path) -> None:
    picture(tmp_path / "train/10000.png")
    mask(tmp_path / "train/10000_GT.png")
    picture(tmp_path / "test/20000.png")
    mask(tmp_path / "test/20000_GT.png", FRAME)
    cases, refused = found("kolektor2", tmp_path)
    assert [(key, case.split) for key, case in cases.items()] == [("train/10000.png", "train")]
    assert "by hand" in refused["20000.png"]


def test_magnetic_tiles_have_their_type_from_the_folder_and_grey_edges_do_not_count(tmp_path: Path) -> None:
    for kind in ("Free", "Break", "Uneven"):
        picture(tmp_path / f"MT_{kind}/Imgs/a.jpg")
    mask(tmp_path / "MT_Free/Imgs/a.png")
    numbers(tmp_path / "MT_Break/Imgs/a.png", (100, (5, 15, 35, 65)), (255, FRAME))
    mask(tmp_path / "MT_Uneven/Imgs/a.png")
    cases, refused = found("magnetic-tile", tmp_path)
    assert {key: case.verdict for key, case in cases.items()} == {
        "MT_Free/Imgs/a.jpg": NORMAL,
        "MT_Break/Imgs/a.jpg": defect("breakage"),
    }
    assert "is empty" in refused["a.jpg"]


def test_dagm_has_a_label_where_there_is_a_defect_and_no_name_for_it(tmp_path: Path) -> None:
    picture(tmp_path / "Class1/Train/0001.PNG")
    picture(tmp_path / "Class1/Test/0002.PNG")
    mask(tmp_path / "Class1/Test/Label/0002_label.PNG", FRAME)
    (tmp_path / "Class1/Test/Label/Labels.txt").write_text("1\n")
    cases, refused = found("dagm", tmp_path)
    assert [(case.split, case.category) for case in cases.values()] == [("train", "dagm class 1")]
    assert "Data tab" in refused["0002.PNG"]
    cases, _ = read("dagm", tmp_path, own={("Class1", "defect"): "scratch"})
    assert cases["Class1/Test/0002.PNG"].verdict == defect("scratch")


# -- CrackForest ------------------------------------------------------------------------------------------------------


def segments(path: Path, *lines: str, size: tuple[int, int] = (100, 80)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = ["format ascii cr", "date x", f"width {size[0]}", f"height {size[1]}", "segments 4", "data"]
    path.write_text("\n".join([*head, *lines]) + "\n")
    return path


def test_cracks_are_segments_1_and_3_and_what_they_enclose_is_road(tmp_path: Path) -> None:
    picture(tmp_path / "image/001.jpg")
    picture(tmp_path / "image/301.jpg")
    rows = [f"1 {row} 10 29" for row in range(20, 60)] + ["2 30 15 20"] + [f"3 {row} 50 59" for row in range(8)]
    segments(tmp_path / "seg/001.seg", *rows)
    cases, refused = found("crackforest", tmp_path)
    assert cases["image/001.jpg"].verdict == Verdict(True, (Defect("crack", BOX), Defect("crack", OTHER_BOX)))
    assert "mostly cracked" in refused["301.jpg"]


@pytest.mark.parametrize(
    ("lines", "size", "why"),
    [
        (["0 0 0 99"], (100, 80), "marks no crack"),
        (["1 80 0 9"], (100, 80), "outside the picture"),
        (["1 0 9 100"], (100, 80), "outside the picture"),
        (["1 0 9"], (100, 80), "no segmentation"),
        (["1 0 0 9"], (80, 100), "80 x 100 pixels"),
        (["1 0 0 9"], (10**6, 10**6), "cannot be right"),
        (["1 0 0 9"], (0, 5), "cannot be right"),
    ],
)
def test_a_wrong_segmentation_is_refused(tmp_path: Path, lines: list[str], size: tuple[int, int], why: str) -> None:
    picture(tmp_path / "image/001.jpg")
    segments(tmp_path / "seg/001.seg", *lines, size=size)
    cases, refused = read("crackforest", tmp_path)
    assert not cases
    assert why in refused["001.jpg"]


# -- AITEX, NEU-DET, a plain folder -----------------------------------------------------------------------------------


def test_aitex_reads_the_code_of_the_defect_and_all_its_masks(tmp_path: Path) -> None:
    for name in ("Defect_images/0001_019_02", "Defect_images/0002_099_02", "Defect_images/0003_006_02"):
        picture(tmp_path / f"{name}.png")
    picture(tmp_path / "NODefect_images/2306881-210020u/0100_000_02.png")
    mask(tmp_path / "Mask_images/0001_019_02_mask1.png", FRAME)
    mask(tmp_path / "Mask_images/0001_019_02_mask2.png", OTHER)
    cases, refused = found("aitex", tmp_path)
    assert [case.verdict for case in cases.values()] == [
        Verdict(True, (Defect("debris", BOX), Defect("debris", OTHER_BOX))),
        NORMAL,
    ]
    assert "'099'" in refused["0002_099_02.png"]
    assert "mask is missing" in refused["0003_006_02.png"]


def annotation(path: Path, filename: str, *objects: tuple[str, int, int, int, int]) -> None:
    parts = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for name, a, b, c, d in objects
    )
    size = "<size><width>100</width><height>80</height><depth>1</depth></size>"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<annotation><filename>{filename}</filename>{size}{parts}</annotation>")


def test_neu_takes_the_class_of_the_box_and_the_name_of_the_file(tmp_path: Path) -> None:
    picture(tmp_path / "IMAGES/crazing_1.jpg")
    annotation(tmp_path / "ANNOTATIONS/crazing_1.xml", "crazing_1", ("scratches", 11, 21, 30, 60))
    annotation(tmp_path / "ANNOTATIONS/patches_2.xml", "patches_2.jpg", ("patches", 11, 21, 30, 60))
    picture(tmp_path / "IMAGES/rolled-in_scale/rolled-in_scale_3.jpg")
    annotation(tmp_path / "ANNOTATIONS/rolled-in_scale_3.xml", "x", ("rolled-in_scale", 11, 21, 30, 60))
    cases, refused = found("neu", tmp_path)
    assert {key: case.verdict for key, case in cases.items()} == {
        "IMAGES/crazing_1.jpg": defect("scratch"),
        "IMAGES/rolled-in_scale/rolled-in_scale_3.jpg": defect("oxidation corrosion"),
    }
    assert "its picture is missing" in refused["patches_2.xml"]


def test_other_voc_sets_are_not_taken_for_neu(tmp_path: Path) -> None:
    picture(tmp_path / "images/cat_1.jpg")
    annotation(tmp_path / "annotations/cat_1.xml", "cat_1.jpg", ("cat", 11, 21, 30, 60))
    with pytest.raises(BadData, match="format voc"):
        read("neu", tmp_path)


def test_a_plain_folder_gives_defects_without_a_place(tmp_path: Path) -> None:
    for name in ("Normal/1.png", "scratches/1.png", "scratches/notes.txt"):
        picture(tmp_path / "cups" / name) if name.endswith("png") else (tmp_path / "cups" / name).write_text("x")
    cases, refused = found("folder", tmp_path / "cups")
    assert {key: case.verdict for key, case in cases.items()} == {
        "Normal/1.png": NORMAL,
        "scratches/1.png": Verdict(True, (Defect("scratch"),)),
    }
    assert not refused


# -- any of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB"])
def test_masks_of_numbers_are_read_as_they_are_stored(candles: Path, mode: str) -> None:
    file = candles / "candle/Data/Masks/Anomaly/000.png"
    with Image.open(file) as opened:
        stored = opened.copy()
    if mode == "P":
        stored.putpalette([7] * 768)  # every number looks the same
    stored = stored.convert(mode) if mode in ("1", "RGB") else stored
    stored.save(file)
    cases, refused = read("visa", candles)
    if mode in ("L", "P"):
        assert len(cases["candle/Data/Images/Anomaly/000.JPG"].verdict.defects) == 2
    else:
        assert refused.keys() == {"000.JPG"}


def test_a_mask_that_is_no_picture_refuses_its_picture(candles: Path) -> None:
    (candles / "candle/Data/Masks/Anomaly/000.png").write_bytes(b"no picture")
    assert "cannot be opened" in read("visa", candles)[1]["000.JPG"]


# -- the real subsets, where they are there ----------------------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "mvtec_loco").is_dir(), reason="the shared data is not here")
def test_the_real_bottles_are_read_with_their_types() -> None:
    cases, refused = found("loco", SHARED / "mvtec_loco")
    assert not refused
    assert Counter((case.split, case.verdict.anomalous) for case in cases.values()) == {
        ("train", False): 6,
        ("validation", False): 4,
        ("test", True): 20,
    }
    both = cases["juice_bottle/test/logical_anomalies/000.png"].verdict
    assert [one.type for one in both.defects] == ["component missing"] * 2


@pytest.mark.skipif(not (SHARED / "kolektorsdd").is_dir(), reason="the shared data is not here")
def test_the_real_commutators_are_read_completely() -> None:
    cases, refused = found("kolektor", SHARED / "kolektorsdd")
    assert not refused
    assert Counter(case.verdict.anomalous for case in cases.values()) == {True: 33, False: 30}


@pytest.mark.skipif(not (SHARED / "magnetic_tile").is_dir(), reason="the shared data is not here")
def test_of_the_real_tiles_only_one_with_an_empty_mask_is_refused() -> None:
    cases, refused = found("magnetic-tile", SHARED / "magnetic_tile")
    assert list(refused) == ["exp4_num_124690.jpg"]
    types = Counter(kind for case in cases.values() for kind in {one.type for one in case.verdict.defects})
    assert types == {"pitting": 25, "breakage": 25, "crack": 25, "abrasion": 25, "irregularity": 24}
