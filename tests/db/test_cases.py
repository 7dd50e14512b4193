from __future__ import annotations

import hashlib
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.authors import SOURCE_AUTHOR
from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.datasets.account import Refused
from m3ad.errors import BadData, BadImage, Conflict, NotFound
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict

Make = Callable[..., NewCase]


def test_an_added_case_is_read_back_with_its_pictures_facts(store: Store, new_case: Make) -> None:
    new = new_case("tile/1.png", split="test")
    case_id, added = store.add_case(new)
    case = store.case(case_id)
    assert added
    assert (case.dataset, case.key, case.scenario, case.category, case.split) == (
        "set",
        "tile/1.png",
        Scenario.TEXTURE,
        "tile",
        "test",
    )
    assert case.name == "tile 1.png"
    picture = case.primary
    assert (picture.width, picture.height, picture.role, picture.path) == (32, 24, "primary", new.images[0])
    assert picture.sha256 == hashlib.sha256(new.images[0].read_bytes()).hexdigest()


def test_the_same_case_again_is_present_not_added(store: Store, new_case: Make) -> None:
    first, _ = store.add_case(new_case())
    assert store.add_case(new_case()) == (first, False)
    assert store.count_cases() == 1


def test_the_same_key_with_another_picture_is_refused(store: Store, new_case: Make) -> None:
    store.add_case(new_case(seed=1))
    with pytest.raises(Conflict, match="with other pictures"):
        store.add_case(new_case(seed=2))


def test_imported_truth_becomes_the_first_revision(store: Store, new_case: Make, scratched: Verdict) -> None:
    case_id, _ = store.add_case(new_case(verdict=scratched))
    (annotation,) = store.annotations(case_id)
    assert (annotation.revision, annotation.verdict, annotation.author) == (1, scratched, SOURCE_AUTHOR)


def test_a_contradictory_verdict_leaves_nothing_behind(store: Store, new_case: Make) -> None:
    with pytest.raises(Conflict, match="normal part has no defects"):
        store.add_case(new_case(verdict=Verdict(False, (Defect("scratch"),))))
    assert store.count_cases() == 0
    assert store.events() == []


def test_further_pictures_keep_their_order_and_roles(store: Store, new_case: Make, paint: Callable[..., Path]) -> None:
    images = tuple(paint(f"{n}.png", n) for n in range(3))
    plain, _ = store.add_case(new_case("views", images=images))
    named, _ = store.add_case(new_case("template", images=images[:2], roles=("primary", "template")))
    assert [picture.role for picture in store.case(plain).pictures] == ["primary", "view", "view"]
    assert [picture.role for picture in store.case(named).pictures] == ["primary", "template"]
    assert [picture.path for picture in store.case(plain).pictures] == list(images)


def test_a_case_without_pictures_is_refused(store: Store, new_case: Make) -> None:
    with pytest.raises(BadData, match="no picture"):
        store.add_case(new_case(images=()))


def test_a_copied_picture_lives_in_the_workspace_by_its_hash(store: Store, new_case: Make) -> None:
    new = new_case()
    data = new.images[0].read_bytes()
    case_id, _ = store.add_case(new, copy=True)
    new.images[0].unlink()
    picture = store.picture(store.case(case_id).primary.id)
    digest = hashlib.sha256(data).hexdigest()
    assert picture.path == store.workspace / "images" / digest[:2] / f"{digest}.png"
    assert picture.path.read_bytes() == data


def test_a_copy_is_named_by_its_content_not_by_its_wrong_suffix(store: Store, new_case: Make, tmp_path: Path) -> None:
    path = tmp_path / "wrong.png"
    Image.new("RGB", (8, 8)).save(path, "JPEG")
    case_id, _ = store.add_case(new_case(images=(path,)), copy=True)
    assert store.case(case_id).primary.path.suffix == ".jpg"


def test_a_workspace_can_be_moved_with_its_copied_pictures(store: Store, new_case: Make, tmp_path: Path) -> None:
    case_id, _ = store.add_case(new_case(), copy=True)
    store.close()
    moved = store.workspace.rename(tmp_path / "moved")
    with Store.open(moved, None if store.engine.dialect.name == "sqlite" else store.engine.url) as opened:
        assert opened.picture(opened.case(case_id).primary.id).path.is_relative_to(moved)


def test_a_picture_whose_file_is_gone_is_not_found_and_named(store: Store, new_case: Make) -> None:
    new = new_case()
    case_id, _ = store.add_case(new)
    new.images[0].unlink()
    picture = store.case(case_id).primary
    with pytest.raises(NotFound, match=r"is gone: .*a\.png"):
        store.picture(picture.id)


def test_importing_moved_files_again_follows_them(store: Store, new_case: Make, tmp_path: Path) -> None:
    new = new_case()
    case_id, _ = store.add_case(new)
    moved = new.images[0].rename(tmp_path / "elsewhere.png")
    assert store.add_case(replace(new, images=(moved,))) == (case_id, False)
    assert store.picture(store.case(case_id).primary.id).path == moved


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_picture_that_cannot_be_opened_adds_no_case(
    store: Store, new_case: Make, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(BadImage):
        store.add_case(new_case(images=(path,)))
    assert store.count_cases() == 0


def test_unknown_ids_are_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no case 7"):
        store.case(7)
    with pytest.raises(NotFound, match="no picture 7"):
        store.picture(7)


def test_an_import_accounts_for_every_entry(store: Store, new_case: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    store.add_case(new_case("old.png"))
    entries = [
        new_case("old.png"),
        new_case("new.png"),
        new_case("new.png"),
        new_case("broken.png", images=(broken,)),
        new_case("odd.png", verdict=Verdict(True, (Defect("scratch", Box(2, 2, 3, 3)),))),
        Refused("label.txt", "its label is empty"),
    ]
    seen: list[tuple[int, str]] = []
    account = store.import_cases(entries, lambda done, name: seen.append((done, name)))
    assert (account.added, account.present) == (1, 2)
    assert [refused.file for refused in account.refused] == [str(broken), "label.txt", str(entries[4].images[0])]
    assert account.added + account.present + len(account.refused) == len(entries)
    assert [done for done, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert account.to_json()["refused"][1] == {"file": "label.txt", "why": "its label is empty"}


def test_an_import_larger_than_a_batch_adds_all(store: Store, new_case: Make, paint: Callable[..., Path]) -> None:
    image = paint("one.png", 1)
    entries = [new_case(f"{n}.png", images=(image,)) for n in range(120)]
    assert store.import_cases(entries).added == 120
    assert store.import_cases(entries).present == 120


def test_what_was_imported_before_a_crash_of_the_importer_stays(store: Store, new_case: Make) -> None:
    def entries():
        yield from (new_case(f"{n}.png", seed=n) for n in range(60))
        raise RuntimeError("the reader has a bug")

    with pytest.raises(RuntimeError):
        store.import_cases(entries())
    assert store.count_cases() == 50


def test_a_name_that_is_no_text_is_refused(store: Store, new_case: Make) -> None:
    account = store.import_cases([new_case("good.png"), replace(new_case("x.png"), key="bad\udcff.png")])
    assert account.added == 1
    assert "not valid text" in account.refused[0].why


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (CaseFilter(), ["a.png", "b_1.png", "C%.png"]),
        (CaseFilter(scenario=Scenario.LOGICAL), ["b_1.png"]),
        (CaseFilter(category="bottle"), ["C%.png"]),
        (CaseFilter(dataset="other"), ["C%.png"]),
        (CaseFilter(split="test"), ["b_1.png"]),
        (CaseFilter(text="c%"), ["C%.png"]),
        (CaseFilter(text="%"), ["C%.png"]),
        (CaseFilter(text="_"), ["b_1.png"]),
        (CaseFilter(text="OTHER bott"), ["C%.png"]),
        (CaseFilter(text="'; drop table cases"), []),
        (CaseFilter(status=Status.ANNOTATED), ["a.png", "b_1.png"]),
        (CaseFilter(status=Status.UNANNOTATED), ["C%.png"]),
        (CaseFilter(verdict="normal"), ["a.png"]),
        (CaseFilter(verdict="anomalous"), ["b_1.png"]),
        (CaseFilter(ids=(3, 1)), ["a.png", "C%.png"]),
        (CaseFilter(ids=()), []),
        (CaseFilter(scenario=Scenario.LOGICAL, verdict="normal"), []),
    ],
)
def test_filters_let_through_what_they_say(
    store: Store, new_case: Make, scratched: Verdict, wanted: CaseFilter, keys: list[str]
) -> None:
    store.add_case(new_case("a.png", verdict=NORMAL))
    store.add_case(new_case("b_1.png", verdict=scratched, scenario=Scenario.LOGICAL, split="test"))
    store.add_case(new_case("C%.png", dataset="other", category="bottle"))
    assert [case.key for case in store.cases(wanted)] == keys
    assert [row.key for row in store.case_rows(wanted)] == keys
    assert store.count_cases(wanted) == len(keys)
    assert store.case_ids(wanted) == [case.id for case in store.cases(wanted)]
    assert CaseFilter.from_json(wanted.to_json()) == wanted


def test_pages_follow_one_another(store: Store, new_case: Make, paint: Callable[..., Path]) -> None:
    image = paint("one.png", 1)
    store.import_cases(new_case(f"{n}", images=(image,)) for n in range(7))
    pages = [store.cases(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [[case.key for case in page] for page in pages] == [["0", "1", "2"], ["3", "4", "5"], ["6"], []]


def test_facets_count_every_property(store: Store, new_case: Make, scratched: Verdict) -> None:
    store.add_case(new_case("a", verdict=NORMAL))
    store.add_case(new_case("b", verdict=scratched, category="bottle", split="test"))
    case_id, _ = store.add_case(new_case("c", verdict=NORMAL, scenario=Scenario.LOGICAL))
    store.save_annotation(case_id, scratched, author="ann", based_on=1)
    store.add_case(new_case("d"))
    facets = store.facets()
    assert (facets.total, facets.anomalous, facets.normal, facets.unannotated) == (4, 2, 1, 1)
    assert facets.categories == {"tile": 3, "bottle": 1}
    assert list(facets.scenarios) == [Scenario.TEXTURE, Scenario.LOGICAL]
    assert facets.splits == {"": 3, "test": 1}
    assert facets.datasets == {"set": 4}


def sound(path: Path, hertz: int) -> Path:
    """A tenth of a second of a sine."""
    samples = np.round(20_000 * np.sin(2 * np.pi * hertz * np.arange(4_800) / 48_000)).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def test_a_sound_is_stored_as_the_picture_of_its_spectrogram(
    store: Store, new_case: Make, paint: Callable[..., Path], tmp_path: Path
) -> None:
    path = sound(tmp_path / "motor.wav", 1_000)
    new = new_case("motor", images=(paint("motor.png", 1), path))
    case_id, _ = store.add_case(new)
    primary, heard = store.case(case_id).pictures
    assert (primary.role, heard.role) == ("primary", "spectrogram")
    assert heard.path.name.endswith("-spectrogram.png")
    assert heard.path.is_relative_to(store.workspace)
    assert heard.sha256 == hashlib.sha256(heard.path.read_bytes()).hexdigest()
    with Image.open(heard.path) as image:
        assert image.size == (heard.width, heard.height) == (9, 512)
    assert store.add_case(new) == (case_id, False)
    heard.path.unlink()
    assert store.import_cases([new]).present == 1
    assert store.case(case_id).pictures[1].path.is_file(), "what is gone is made again"
    with pytest.raises(Conflict, match="with other pictures"):
        store.add_case(replace(new, images=(new.images[0], sound(tmp_path / "other.wav", 9_000))))


def test_a_sound_alone_is_a_case_and_a_damaged_one_is_listed(store: Store, new_case: Make, tmp_path: Path) -> None:
    good, bad = sound(tmp_path / "good.wav", 500), tmp_path / "bad.wav"
    bad.write_bytes(good.read_bytes()[:1000])
    account = store.import_cases([new_case("good", images=(good,)), new_case("bad", images=(bad,))])
    assert (account.added, len(account.refused)) == (1, 1)
    assert "cut off" in account.refused[0].why
    assert store.case(1).primary.role == "spectrogram"
