"""Drawn parts: repeatable, truthful boxes, every type of every category, nothing that depends on global state."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from m3ad.demo import paint, parts
from m3ad.demo.camera import photograph, spoil
from m3ad.demo.distractors import distract
from m3ad.demo.flaws import SURFACE_TYPES, bite, paint_flaw, paint_flaws
from m3ad.demo.parts import CATEGORIES, Category, bounds, draw
from m3ad.geometry import iou
from m3ad.records import Scenario
from m3ad.taxonomy import default_taxonomy

SIZE = 112  # enough to judge the rules, and quick
EACH_CATEGORY = pytest.mark.parametrize("category", CATEGORIES, ids=lambda c: c.name)


def _painted(category: Category, seed: int, types: tuple[str, ...]) -> parts.Drawn:
    rng = np.random.default_rng([seed, 5])
    return parts.recipe_of(category.name).paint(rng, SIZE, types)


def test_there_are_at_least_16_categories_in_four_scenarios_and_one_of_each_scenario_is_held_out() -> None:
    assert len(CATEGORIES) >= 16
    assert len({c.name for c in CATEGORIES}) == len(CATEGORIES)
    for scenario in Scenario:
        members = [c for c in CATEGORIES if c.scenario is scenario]
        assert len(members) >= 4
        assert any(c.held_out for c in members)
        assert any(not c.held_out for c in members)


def test_the_categories_show_at_least_15_taxonomy_types_of_all_three_classes() -> None:
    taxonomy = default_taxonomy()
    names = {name for category in CATEGORIES for name in category.types}
    nodes = [node for name in names if (node := taxonomy.find(name)) is not None]
    assert {node.name for node in nodes} == names  # every one is the taxonomy's own name, not an alias
    assert len(names) >= 15
    assert len({node.classname for node in nodes}) == 3


def test_types_of_held_out_categories_are_mostly_seen_in_training() -> None:
    seen = {name for c in CATEGORIES if not c.held_out for name in c.types}
    unseen = [name for c in CATEGORIES if c.held_out for name in c.types if name not in seen]
    total = sum(len(c.types) for c in CATEGORIES if c.held_out)
    assert len(unseen) <= total / 3


@EACH_CATEGORY
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_bytes(category: Category) -> None:
    first, again, other = (draw(category.name, seed, size=SIZE) for seed in (3, 3, 4))
    assert first.image.tobytes() == again.image.tobytes()
    assert first.verdict == again.verdict
    assert first.image.tobytes() != other.image.tobytes()


@EACH_CATEGORY
def test_a_normal_part_has_no_defects_and_an_anomalous_one_to_three(category: Category) -> None:
    assert draw(category.name, 1, anomalous=False, size=SIZE).verdict.defects == ()
    for seed in range(6):
        part = draw(category.name, seed, anomalous=True, size=SIZE)
        assert part.image.size == (SIZE, SIZE)
        assert part.image.mode == "RGB"
        assert part.scenario is category.scenario
        assert part.verdict.anomalous
        assert 1 <= len(part.verdict.defects) <= 3
        for defect in part.verdict.defects:
            box = defect.box
            assert box is not None
            assert defect.type in category.types
            assert 0 <= box.x1 < box.x2 <= 1
            assert 0 <= box.y1 < box.y2 <= 1
        order = [(d.box.x1, d.box.y1) for d in part.verdict.defects if d.box]
        assert order == sorted(order)


@EACH_CATEGORY
def test_every_type_of_a_category_is_seen_where_its_mask_says(category: Category) -> None:
    for seed in range(3):
        normal = _painted(category, seed, ())
        assert normal.flaws == []
        for kind in category.types:
            drawn = _painted(category, seed, (kind,))
            assert [name for name, _ in drawn.flaws] == [kind]
            mask = drawn.flaws[0][1]
            assert mask.mean() >= parts.SMALLEST, (kind, seed)
            assert np.abs(drawn.rgb - normal.rgb).max(axis=2)[mask].max() > 0.02, (kind, seed)


DESIGNED = ("coated surface", "patterned surface", "machined part", "moulded part")
EXACT = ("wood board", "leather", "metal washer", "machined bracket", *DESIGNED)
SURFACE = [c for c in CATEGORIES if c.name in EXACT]


@pytest.mark.parametrize("category", SURFACE, ids=lambda c: c.name)
def test_boxes_of_surface_flaws_exactly_bound_the_pixels_that_differ(category: Category) -> None:
    for seed in range(4):
        normal = _painted(category, seed, ())
        for kind in [kind for kind in category.types if kind in SURFACE_TYPES]:
            drawn = _painted(category, seed, (kind,))
            differs = (drawn.rgb != normal.rgb).any(axis=2)
            assert bounds(drawn.flaws[0][1]) == bounds(differs), (kind, seed)


@pytest.mark.parametrize("name", DESIGNED)
def test_a_designed_part_is_new_in_every_picture_and_its_defects_leave_the_rest_of_it_alone(name: str) -> None:
    category = next(c for c in CATEGORIES if c.name == name)
    means = [_painted(category, seed, ()).rgb[SIZE // 4 : -SIZE // 4].mean(axis=(0, 1)) for seed in range(20)]
    assert np.std(means, axis=0).min() > 0.08
    for seed in range(4):
        normal = _painted(category, seed, ())
        for kind in category.types:
            drawn = _painted(category, seed, (kind,))
            box, differs = bounds(drawn.flaws[0][1]), np.abs(drawn.rgb - normal.rgb).max(axis=2) > 0.1
            rows, columns = (np.flatnonzero(differs.any(axis=k)) / SIZE for k in (1, 0))
            margin = 0.05  # its shadow
            for places, low, high in ((rows, box.y1, box.y2), (columns, box.x1, box.x2)):
                assert low - margin < places[0] <= places[-1] < high + margin, (kind, seed)


def test_a_verdicts_boxes_are_the_bounds_of_the_painted_masks() -> None:
    for seed in range(6):
        part = draw("metal washer", seed, anomalous=True, size=SIZE)
        rng = np.random.default_rng([zlib.crc32(b"metal washer"), seed, 0])
        types = parts.choose_types(rng, parts.recipe_of("metal washer"), True)
        drawn = parts.recipe_of("metal washer").paint(rng, SIZE, types)
        if all(mask.mean() >= parts.SMALLEST for _, mask in drawn.flaws):
            expected = {(kind, bounds(mask)) for kind, mask in drawn.flaws}
            assert {(d.type, d.box) for d in part.verdict.defects} == expected


def test_bounds_of_a_single_pixel_and_of_a_block_are_exact() -> None:
    mask = np.zeros((10, 20), bool)
    mask[3, 4] = True
    assert bounds(mask).as_tuple() == (0.2, 0.3, 0.25, 0.4)
    mask[9, 19] = True
    assert bounds(mask).as_tuple() == (0.2, 0.3, 1.0, 1.0)


def test_half_of_the_parts_are_anomalous_and_most_of_those_have_one_defect() -> None:
    rng = np.random.default_rng(0)
    recipe = parts.recipe_of("leather")
    counts = [len(parts.choose_types(rng, recipe, None)) for _ in range(4000)]
    assert 0.46 < np.mean([c > 0 for c in counts]) < 0.54
    assert 0.6 < counts.count(1) / sum(c > 0 for c in counts) < 0.85


def test_the_camera_does_not_move_the_part() -> None:
    rgb = paint.canvas(SIZE, (0.3, 0.3, 0.3))
    rgb[30:50, 60:80] = 0.9
    for seed in range(5):
        image = np.asarray(photograph(np.random.default_rng(seed), rgb)).mean(axis=2)
        rows, columns = np.nonzero(image > (image[40, 70] + image[90, 20]) / 2)
        assert abs(rows.mean() - 39.5) < 1
        assert abs(columns.mean() - 69.5) < 1


def test_a_plain_picture_shows_the_same_part_without_distractors_and_well_taken() -> None:
    pairs = [(draw("hex bolt", seed, size=SIZE), draw("hex bolt", seed, size=SIZE, plain=True)) for seed in range(60)]
    assert all(one.verdict == two.verdict for one, two in pairs)
    same = np.mean([one.image.tobytes() == two.image.tobytes() for one, two in pairs])
    assert 0.3 < same < 0.7  # (1 - DISTRACTED) (1 - SPOILT) = 0.49


def test_distractors_change_the_picture_but_no_flaw() -> None:
    flaw = np.zeros((SIZE, SIZE), bool)
    flaw[40:70, 40:70] = True
    changed = []
    for seed in range(40):
        rgb = paint.canvas(SIZE, (0.4, 0.5, 0.4))
        before = rgb.copy()
        distract(np.random.default_rng(seed), rgb, [flaw])
        opaque = np.abs(rgb / rgb.mean(axis=2, keepdims=True) - before / before.mean(axis=2, keepdims=True)) > 0.1
        assert not opaque.any(axis=2)[flaw].any()  # a shadow may fall on a flaw, nothing may cover it
        changed.append((rgb != before).any())
    assert np.mean(changed) > 0.9


def test_a_badly_taken_picture_keeps_its_content_in_place_but_loses_contrast_or_sharpness() -> None:
    rgb = paint.canvas(SIZE, (0.2, 0.2, 0.2))
    rgb[30:50, 60:80] = 0.8
    good = photograph(np.random.default_rng(0), rgb)
    for seed in range(12):
        bad = np.asarray(spoil(np.random.default_rng(seed), good), dtype=float).mean(axis=2)
        assert bad[35:45, 65:75].mean() - bad[85:, :20].mean() > 15  # of 255: fainter, still there
        rows, columns = np.nonzero(bad > (bad[35:45, 65:75].mean() + bad[60:, :].mean()) / 2)
        assert abs(np.median(rows) - 39.5) < 4
        assert abs(np.median(columns) - 69.5) < 4


def test_two_defects_of_one_part_rarely_overlap() -> None:
    overlaps = []
    for seed in range(30):
        boxes = [d.box for d in draw("wood board", seed, anomalous=True, size=SIZE).verdict.defects if d.box]
        overlaps += [iou(a, b) for k, a in enumerate(boxes) for b in boxes[k + 1 :]]
    assert overlaps
    assert np.mean([o > 0.05 for o in overlaps]) < 0.1


@pytest.mark.parametrize("kind", SURFACE_TYPES)
def test_a_flaw_stays_on_its_surface_and_its_mask_is_what_changed(kind: str) -> None:
    surface = np.zeros((SIZE, SIZE), bool)
    surface[20:90, 30:100] = True
    for seed in range(5):
        rgb = paint.canvas(SIZE, (0.5, 0.45, 0.4))
        before = rgb.copy()
        mask = paint_flaw(np.random.default_rng([seed, 9]), rgb, kind, surface)
        assert mask.any()
        assert not (mask & ~surface).any()
        assert np.array_equal(mask, (rgb != before).any(axis=2))


def test_several_flaws_are_kept_apart_and_a_surface_without_room_gives_an_empty_mask() -> None:
    rgb = paint.canvas(SIZE)
    flaws = paint_flaws(np.random.default_rng(1), rgb, ["dent", "rusty", "hole"], np.ones((SIZE, SIZE), bool))
    assert [kind for kind, _ in flaws] == ["dent", "rusty", "hole"]
    assert not (flaws[0][1] & flaws[1][1]).any()
    assert not (flaws[1][1] & flaws[2][1]).any()
    nowhere = np.zeros((SIZE, SIZE), bool)
    assert not paint_flaw(np.random.default_rng(1), rgb, "dent", nowhere).any()


def test_a_bite_takes_a_piece_off_the_outline_only() -> None:
    x, y = paint.grid(SIZE)
    disc = paint.cover(paint.circle(x - 0.5, y - 0.5, 0.3), 1 / SIZE)
    less, gone = bite(np.random.default_rng(2), disc)
    assert gone.any()
    assert (less <= disc).all()
    assert not (gone & (disc < 0.3)).any()


def test_an_unknown_category_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        draw("teapot", 1)


def test_drawing_leaves_numpys_global_generator_alone() -> None:
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    draw("hex bolt", 1, size=SIZE)
    assert np.random.random() == expected
