from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from m3ad.datasets.account import Account, Refused
from m3ad.datasets.deeppcb import CATEGORY, CLASSES
from m3ad.datasets.layouts import LAYOUTS
from m3ad.datasets.names import meaning_of
from m3ad.errors import BadData
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict
from tests.m3ad.datasets.made import SHARED, mask, picture, read

MVTEC_TYPES, PCB_TYPES = LAYOUTS["mvtec"].file, LAYOUTS["deeppcb"].file

# The defect folders of MVTec AD, category by category.
MVTEC_FOLDERS = {
    "bottle": "broken_large broken_small contamination",
    "cable": "bent_wire cable_swap combined cut_inner_insulation cut_outer_insulation missing_cable missing_wire "
    "poke_insulation",
    "capsule": "crack faulty_imprint poke scratch squeeze",
    "carpet": "color cut hole metal_contamination thread",
    "grid": "bent broken glue metal_contamination thread",
    "hazelnut": "crack cut hole print",
    "leather": "color cut fold glue poke",
    "metal_nut": "bent color flip scratch",
    "pill": "color combined contamination crack faulty_imprint pill_type scratch",
    "screw": "manipulated_front scratch_head scratch_neck thread_side thread_top",
    "tile": "crack glue_strip gray_stroke oil rough",
    "toothbrush": "defective",
    "transistor": "bent_lead cut_lead damaged_case misplaced",
    "wood": "color combined hole liquid scratch",
    "zipper": "broken_teeth combined fabric_border fabric_interior rough split_teeth squeezed_teeth",
}


# -- MVTec AD's layout ------------------------------------------------------------------------------------------------


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """A data set folder with one category: a train, a test and a scratched picture."""
    category = tmp_path / "mvtec" / "tile"
    picture(category / "train/good/000.png")
    picture(category / "test/good/000.png")
    picture(category / "test/crack/000.png")
    mask(category / "ground_truth/crack/000_mask.png", (10, 20, 30, 60))
    (category / "license.txt").write_text("CC BY-NC-SA 4.0")
    return tmp_path / "mvtec"


def test_a_category_gives_cases_with_split_scenario_and_verdict(tiles: Path) -> None:
    cases, refused = read("mvtec", tiles)
    assert refused == {}
    assert {key: (case.split, case.verdict) for key, case in cases.items()} == {
        "tile/train/good/000.png": ("train", NORMAL),
        "tile/test/good/000.png": ("test", NORMAL),
        "tile/test/crack/000.png": ("test", Verdict(True, (Defect("crack", Box(0.1, 0.25, 0.3, 0.75)),))),
    }
    crack = cases["tile/test/crack/000.png"]
    assert (crack.dataset, crack.category, crack.scenario) == ("mvtec", "tile", Scenario.TEXTURE)
    assert crack.images == (tiles / "tile/test/crack/000.png",)


def test_one_category_gives_the_same_cases_as_the_folder_above_it(tiles: Path) -> None:
    assert read("mvtec", tiles / "tile") == read("mvtec", tiles)


def test_a_relative_folder_gives_the_same_cases(tiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiles)
    assert read("mvtec", Path(".")) == read("mvtec", tiles)


def test_several_categories_are_read_in_order_with_their_scenarios(tiles: Path) -> None:
    for category in ("bottle", "transistor"):
        picture(tiles / category / "train/good/000.png")
    (tiles / "papers").mkdir()
    cases, _ = read("mvtec", tiles)
    assert [case.category for case in cases.values()] == ["bottle", "tile", "tile", "tile", "transistor"]
    assert {case.category: case.scenario for case in cases.values()} == {
        "bottle": Scenario.WORKPIECE,
        "tile": Scenario.TEXTURE,
        "transistor": Scenario.ELECTRONIC,
    }


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: (path / "a" / "b").mkdir(parents=True)])
def test_a_folder_without_the_layout_is_refused_at_once(tmp_path: Path, make) -> None:
    make(tmp_path / "folder")
    for layout in LAYOUTS.values():
        with pytest.raises(BadData, match="layout"):
            layout.open(tmp_path / "folder")


def test_masks_may_lack_the_suffix(tiles: Path) -> None:
    folder = tiles / "tile/ground_truth/crack"
    (folder / "000_mask.png").rename(folder / "000.png")
    cases, _ = read("mvtec", tiles)
    assert cases["tile/test/crack/000.png"].verdict.anomalous


def boxes_of(tiles: Path) -> list[Box | None]:
    cases, refused = read("mvtec", tiles)
    assert refused == {}
    return [defect.box for defect in cases["tile/test/crack/000.png"].verdict.defects]


def test_every_component_of_a_mask_is_a_defect(tiles: Path) -> None:
    mask(tiles / "tile/ground_truth/crack/000_mask.png", (50, 0, 60, 8), (0, 40, 10, 80), (60, 8, 70, 16))
    # The first and the last touch at a corner: one component.
    assert boxes_of(tiles) == [Box(0, 0.5, 0.1, 1), Box(0.5, 0, 0.7, 0.2)]


@pytest.mark.parametrize(("value", "counts"), [(128, True), (127, False)])
def test_only_more_than_127_is_defect(tiles: Path, value: int, counts: bool) -> None:
    mask(tiles / "tile/ground_truth/crack/000_mask.png", (10, 20, 30, 60), value=value)
    cases, refused = read("mvtec", tiles)
    assert ("tile/test/crack/000.png" in cases) is counts
    assert ("is empty" in refused.get("000.png", "")) is not counts


def test_specks_give_no_box_unless_there_is_nothing_else(tiles: Path) -> None:
    file = tiles / "tile/ground_truth/crack/000_mask.png"
    mask(file, (0, 0, 1, 3), (50, 40, 52, 42))
    assert boxes_of(tiles) == [Box(0.5, 0.5, 0.52, 0.525)]
    mask(file, (0, 0, 1, 3), (50, 40, 51, 42))
    assert boxes_of(tiles) == [Box(0, 0, 0.01, 0.0375)]


def test_the_size_of_a_speck_grows_with_the_picture(tiles: Path) -> None:
    size = (1000, 1000)
    picture(tiles / "tile/test/crack/000.png", size)
    mask(tiles / "tile/ground_truth/crack/000_mask.png", (0, 0, 7, 7), (500, 500, 508, 508), size=size)
    assert boxes_of(tiles) == [Box(0.5, 0.5, 0.508, 0.508)]


def test_a_picture_whose_truth_cannot_be_known_is_refused_with_the_reason(tiles: Path) -> None:
    crack, truth = tiles / "tile/test/crack", tiles / "tile/ground_truth/crack"
    picture(crack / "no_mask.png")
    picture(crack / "empty.png")
    mask(truth / "empty_mask.png")
    picture(crack / "size.png")
    mask(truth / "size_mask.png", (0, 0, 9, 9), size=(80, 100))
    picture(crack / "broken_mask.png")
    (truth / "broken_mask_mask.png").write_bytes(b"no picture")
    (crack / "broken.png").write_bytes(b"no picture")
    mask(truth / "broken_mask.png", (0, 0, 9, 9))
    picture(tiles / "tile/test/wobbly/odd.png")
    picture(tiles / "tile/test/combined/both.png")
    (crack / "notes.txt").write_text("hello")
    (crack / "folder").mkdir()
    picture(tiles / "tile/test/loose.png")
    (crack / "Thumbs.db").write_bytes(b"")
    (crack / ".DS_Store").write_bytes(b"")
    cases, refused = read("mvtec", tiles)
    assert len(cases) == 3
    expected = {
        "no_mask.png": "mask is missing",
        "empty.png": "is empty",
        "size.png": "80 x 100 pixels, the picture 100 x 80",
        "broken_mask.png": "not a picture",
        "broken.png": "not a picture",
        "odd.png": "'wobbly' is neither in the importer's table nor in the taxonomy",
        "both.png": "several kinds of defects",
        "notes.txt": "not a picture by its name",
        "folder": "it is a folder",
        "loose.png": "it lies in test itself",
    }
    assert refused.keys() == expected.keys()
    for name, why in expected.items():
        assert why in refused[name]


def test_the_categorys_own_meaning_of_a_name_comes_first() -> None:
    assert meaning_of("cut", "carpet", MVTEC_TYPES).type == "tear"
    assert meaning_of("cut", "hazelnut", MVTEC_TYPES).type == "scratch"
    assert meaning_of("cut", "somewhere", MVTEC_TYPES).type is None
    assert meaning_of("thread", "carpet", MVTEC_TYPES).type == "foreign object intrusion"
    assert meaning_of("thread_top", "screw", MVTEC_TYPES).type == "deviation"
    assert meaning_of("Colour", "hazelnut", MVTEC_TYPES).type == "contamination"


@pytest.mark.parametrize("category", MVTEC_FOLDERS)
def test_every_folder_of_mvtec_is_mapped_or_refused_on_purpose(category: str) -> None:
    for folder in MVTEC_FOLDERS[category].split():
        meaning = meaning_of(folder, category, MVTEC_TYPES)
        assert meaning.type or "by hand" in meaning.refused, folder


# -- DeepPCB's layout -------------------------------------------------------------------------------------------------


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """A PCBData folder with one tested board, its template, and a template alone."""
    root = tmp_path / "DeepPCB" / "PCBData"
    group = root / "group00041" / "00041"
    for name in ("00041000_test", "00041000_temp", "00041001_temp"):
        picture(group / f"{name}.jpg", (640, 640))
    label(root, "00041000", "64 128 320 192 1", "0 0 64 64 6")
    (root / "trainval.txt").write_text("group00041/00041/00041000.jpg group00041/00041_not/00041000.txt\n")
    (root / "test.txt").write_text("group00041/00041/00041001.jpg group00041/00041_not/00041001.txt")
    return root


def label(root: Path, name: str, *lines: str) -> None:
    path = root / "group00041" / "00041_not" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def test_a_tested_board_has_its_template_as_second_picture(boards: Path) -> None:
    cases, refused = read("deeppcb", boards)
    group = boards / "group00041/00041"
    assert refused == {}
    board = cases["group00041/00041/00041000_test.jpg"]
    assert board.images == (group / "00041000_test.jpg", group / "00041000_temp.jpg")
    assert board.roles == ("primary", "template")
    assert board.verdict == Verdict(
        True, (Defect("broken", Box(0.1, 0.2, 0.5, 0.3)), Defect("hole", Box(0, 0, 0.1, 0.1)))
    )
    assert (board.dataset, board.category, board.scenario, board.split) == (
        "deeppcb",
        "pcb",
        Scenario.ELECTRONIC,
        "train",
    )


def test_templates_are_normal_cases_of_their_own(boards: Path) -> None:
    cases, _ = read("deeppcb", boards)
    normal = {
        key: (case.verdict, case.split, len(case.images)) for key, case in cases.items() if key.endswith("temp.jpg")
    }
    assert normal == {
        "group00041/00041/00041000_temp.jpg": (NORMAL, "train", 1),
        "group00041/00041/00041001_temp.jpg": (NORMAL, "test", 1),
    }


def test_the_folder_above_pcbdata_gives_the_same(boards: Path) -> None:
    assert read("deeppcb", boards.parent) == read("deeppcb", boards)


def test_a_board_without_template_or_lists_is_still_a_case(boards: Path) -> None:
    (boards / "group00041/00041/00041000_temp.jpg").unlink()
    (boards / "trainval.txt").unlink()
    cases, refused = read("deeppcb", boards)
    board = cases["group00041/00041/00041000_test.jpg"]
    assert (len(board.images), board.split, refused) == (1, "", {})


def test_commas_are_read_as_the_readme_of_the_data_set_says(boards: Path) -> None:
    label(boards, "00041000", "64,128,320,192,2")
    cases, _ = read("deeppcb", boards)
    (defect,) = cases["group00041/00041/00041000_test.jpg"].verdict.defects
    assert defect == Defect("assembly error", Box(0.1, 0.2, 0.5, 0.3))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "is empty"),
        (("1 2 3 4",), "not 'x1 y1 x2 y2 type'"),
        (("1 2 3 4 five",), "not 'x1 y1 x2 y2 type'"),
        (("1 2 30 40 0",), "type 0"),
        (("1 2 30 40 7",), "type 7"),
        (("30 2 30 40 1",), "without area"),
        (("30 40 1 2 1",), "without area"),
        (("600 2 641 40 1",), "outside the picture"),
        (("1 2 30 40 1", "-1 2 30 40 1"), "outside the picture"),
        (("9" * 5000 + " 2 30 40 1",), "not 'x1 y1 x2 y2 type'"),
    ],
)
def test_a_label_that_is_wrong_in_any_line_refuses_the_board(boards: Path, lines: Iterable[str], why: str) -> None:
    label(boards, "00041000", *lines)
    cases, refused = read("deeppcb", boards)
    assert list(refused) == ["00041000_test.jpg"]
    assert why in refused["00041000_test.jpg"]
    assert len(refused["00041000_test.jpg"]) < 200
    assert all(case.verdict == NORMAL for case in cases.values())


def test_a_missing_label_an_unreadable_board_and_a_strange_name_are_refused(boards: Path) -> None:
    group = boards / "group00041/00041"
    picture(group / "00041002_test.jpg")
    picture(group / "00041003.jpg")
    (group / "00041000_test.jpg").write_bytes(b"no picture")
    _, refused = read("deeppcb", boards)
    assert "is missing" in refused["00041002_test.jpg"]
    assert "ends neither" in refused["00041003.jpg"]
    assert "not a picture" in refused["00041000_test.jpg"]
    assert len(refused) == 3


def test_all_six_classes_have_a_type_and_no_two_the_same() -> None:
    types = [meaning_of(name, CATEGORY, PCB_TYPES).type for name in CLASSES]
    assert None not in types
    assert len(set(types)) == 6


# -- accounts, and the real subsets where they are there --------------------------------------------------------------


def test_an_account_can_be_shown_whatever_the_file_is_called() -> None:
    account = Account(1, 2, (Refused("bad\udcff<b>.png", "because \udcff"),))
    assert account.to_json() == {
        "added": 1,
        "present": 2,
        "refused": [{"file": "bad\\udcff<b>.png", "why": "because \\udcff"}],
        "revised": 0,
        "clashes": [],
        "unused": {},
    }


@pytest.mark.skipif(not (SHARED / "hazelnut_toy").is_dir(), reason="the shared data is not here")
def test_the_real_hazelnuts_are_read_completely() -> None:
    cases, refused = read("mvtec", SHARED / "hazelnut_toy")
    assert refused == {}
    assert Counter((case.split, case.verdict.anomalous) for case in cases.values()) == {
        ("train", False): 28,
        ("test", False): 6,
        ("test", True): 17,
    }
    types = {defect.type for case in cases.values() for defect in case.verdict.defects}
    assert types == {"contamination"}


@pytest.mark.skipif(not (SHARED / "deeppcb").is_dir(), reason="the shared data is not here")
def test_the_real_boards_are_read_completely() -> None:
    cases, refused = read("deeppcb", SHARED / "deeppcb")
    assert refused == {}
    assert Counter((case.split, case.verdict.anomalous) for case in cases.values()) == {
        ("train", False): 42,
        ("train", True): 42,
        ("test", False): 33,
        ("test", True): 33,
    }
    assert sum(len(case.verdict.defects) for case in cases.values()) == 504


@pytest.mark.skipif(not (SHARED / "mvtec_loco").is_dir(), reason="the shared data is not here")
def test_mvtec_locos_folders_are_refused_because_they_say_no_type() -> None:
    cases, refused = read("mvtec", SHARED / "mvtec_loco")
    assert {case.verdict for case in cases.values()} == {NORMAL}
    assert all("logical_anomalies" in why for why in refused.values())
    assert refused
