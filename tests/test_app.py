"""The command line: what it prints, and its exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from app import main
from db.store import Store
from m3ad.monitor import Answer
from m3ad.records import Mode, Probability
from m3ad.trace import read

ROOT = Path(__file__).resolve().parents[1]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def bottle(tmp_path: Path) -> Path:
    """Two normal bottles and one with a contamination, in the MVTec layout, and one broken file."""
    root = tmp_path / "source" / "bottle"
    for folder in ("train/good", "test/contamination", "ground_truth/contamination"):
        (root / folder).mkdir(parents=True)
    for number in range(2):
        Image.new("RGB", (64, 48), (number * 9, 90, 90)).save(root / f"train/good/{number:03}.png")
    Image.new("RGB", (64, 48), "white").save(root / "test/contamination/000.png")
    mask = Image.new("L", (64, 48))
    mask.paste(255, (16, 12, 32, 24))
    mask.save(root / "ground_truth/contamination/000_mask.png")
    (root / "train/good/009.png").write_bytes(b"no picture")
    return root


def test_import_gives_an_account_and_the_second_time_finds_all_present(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["import", str(bottle), "--workspace", str(tmp_path / "w"), "--json"]
    assert main(command) == 0
    (account,) = lines(capsys)
    assert (account["added"], account["present"]) == (3, 0)
    (refused,) = account["refused"]  # type: ignore[misc]
    assert refused["file"].endswith("009.png")
    assert refused["why"]
    assert main(command) == 0
    assert lines(capsys)[0]["present"] == 3


def test_an_import_tells_the_layout_that_it_found_and_the_names_that_it_met(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w")]
    assert main(["import", str(bottle), "--scenario", "logical", "--dataset", "cellar", *workspace, "--json"]) == 0
    (account,) = lines(capsys)
    assert account["layout"] == "mvtec"
    meaning = {"type": "contamination", "refused": None}
    assert account["names"] == [{"category": "bottle", "name": "contamination", "meaning": meaning, "count": 1}]
    with Store.open(tmp_path / "w") as store:
        assert {(case.dataset, case.scenario) for case in store.cases()} == {("cellar", "logical")}
    assert main(["import", str(bottle), "--layout", "visa", *workspace]) == 1
    assert "VisA's layout" in capsys.readouterr().err


def test_a_snapshot_keeps_back_the_categories_of_the_bench(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *workspace])
    main(["import", str(bottle), "--dataset", "floors", "--category", "carpet", *workspace])
    capsys.readouterr()
    assert main(["snapshot", "first", "--m3ad-split", *workspace]) == 0
    (snapshot,) = lines(capsys)
    assert snapshot["split"]["categories"] == ["carpet"]  # type: ignore[index]


def test_imported_masks_become_boxes_in_fractions(bottle: Path, tmp_path: Path) -> None:
    main(["import", str(bottle), "--workspace", str(tmp_path / "w")])
    with Store.open(tmp_path / "w") as store:
        verdicts = [store.latest_annotation(case.id).verdict for case in store.cases()]  # type: ignore[union-attr]
    (defect,) = [defect for verdict in verdicts for defect in verdict.defects]
    assert defect.type == "contamination"
    assert defect.box is not None
    assert defect.box.as_tuple() == pytest.approx((0.25, 0.25, 0.5, 0.5))


def test_snapshot_freezes_annotated_cases_and_refuses_a_taken_name(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *workspace])
    capsys.readouterr()
    assert main(["snapshot", "first", *workspace]) == 0
    (snapshot,) = lines(capsys)
    assert (snapshot["name"], snapshot["cases"], snapshot["anomalous"]) == ("first", 3, 1)
    assert main(["snapshot", "bench", "--keep-back", "bottle", *workspace]) == 0
    (bench,) = lines(capsys)
    assert (bench["split"]["frozen"], bench["split"]["categories"]) == (3, ["bottle"])  # type: ignore[index]
    assert main(["snapshot", "first", *workspace]) == 1
    assert "first" in capsys.readouterr().err


def test_a_model_answers_the_cases_of_a_snapshot_once(
    bottle: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *there])
    main(["snapshot", "first", *there])
    kept = lines(capsys)[-1]["split"]["frozen"]  # type: ignore[index]
    command = ["answer", "--snapshot", "first", "--model", str(tiny_model), "--device", "cpu", *there]
    assert main(command) == 0
    *answered, mix = lines(capsys)
    assert len(answered) == 3 - kept
    assert mix["easy"] + mix["hard"] == 3 - kept  # type: ignore[operator]
    assert mix["unanswered"] == 0
    assert main(command) == 0
    assert len(lines(capsys)) == 1
    assert main(["answer", "--snapshot", "second", *there]) == 1
    assert "no such snapshot" in capsys.readouterr().err


def test_captions_are_written_once_and_counted(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *there])
    main(["snapshot", "first", *there])
    count = 3 - lines(capsys)[-1]["split"]["frozen"]  # type: ignore[index]
    with Store.open(tmp_path / "w") as store:
        text = "<think>There is no defect.</think><answer>no</answer>"
        for case_id in store.case_ids():
            answer = Answer(text, read(text), Probability(), 1.0, 9, False)
            store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer)
    assert main(["caption", "first", *there]) == 0
    begin, *_, account = lines(capsys)
    assert (begin["writer"], begin["total"], begin["present"]) == ("template", count, 0)
    assert (account["unchecked"], account["approved"], account["cases"]) == (count, 0, count)
    assert main(["caption", "first", *there]) == 0
    assert lines(capsys)[0]["present"] == count
    assert main(["export", "first", str(tmp_path / "out"), "--form", "m3ad", *there]) == 1
    assert "wait to be approved" in capsys.readouterr().err
    assert main(["export", "first", str(tmp_path / "out"), "--form", "m3ad", "--unchecked", *there]) == 0
    assert lines(capsys)[0]["examples"] == count


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--teacher", "http://127.0.0.1:9/v1", "--requests-per-minute", "0"], "more than 0 times a minute"),
        (["--teacher", "http://127.0.0.1:9/v1", "--tokens", "0"], "limit of tokens"),
        (["--set", "hard_reflective=3"], "hard_reflective is a share"),
    ],
)
def test_captions_with_limits_that_cannot_be_are_refused(
    options: list[str], said: str, bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--workspace", str(tmp_path / "w")]
    main(["import", str(bottle), *there])
    main(["snapshot", "first", *there])
    assert main(["caption", "first", *options, *there]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("form", ["m3ad", "llama-factory", "ms-swift"])
def test_export_gives_an_account_and_refuses_a_folder_that_is_there(
    form: str, bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w")]
    target = tmp_path / "new" / "out"
    main(["import", str(bottle), *workspace])
    main(["snapshot", "first", *workspace])
    capsys.readouterr()
    command = ["export", "first", str(target), "--form", form, *workspace]
    assert main([*command, "--json"]) == 0
    (account,) = lines(capsys)
    assert account.pop("source")["stored"] == 0  # type: ignore[index]
    count = account["examples"]
    expected = {"examples": count, "easy": 0, "hard": 0, "unanswered": count, "reflective": 0}
    assert account == {"folder": str(target), "form": form, **expected}
    assert main(command) == 1
    assert "already" in capsys.readouterr().err
    assert main(["export", "1", str(tmp_path / "again"), "--form", form, *workspace]) == 0
    assert f"{count} examples in {tmp_path / 'again'}" in capsys.readouterr().out


def test_inspect_prints_one_object_per_image(
    tiny_model: Path, plates: tuple[Image.Image, Image.Image], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [tmp_path / "good.png", tmp_path / "b c.png"]
    for picture, plate in zip(pictures, plates, strict=True):
        plate.save(picture)
    command = ["inspect", *map(str, pictures), "--model", str(tiny_model), "--mode", "thinking", "--json"]
    assert main([*command, "--workspace", str(tmp_path / "w")]) == 0
    good, bad = lines(capsys)
    assert [good["image"], bad["image"]] == [str(picture) for picture in pictures]
    keys = {"image", "verdict", "initial", "reflected", "probability", "problems", "text"}
    assert set(good) == set(bad) == keys
    assert good["verdict"] == {"anomalous": False, "defects": []}
    assert bad["verdict"] == {"anomalous": True, "defects": [{"type": "scratch", "box": [0.25, 0.25, 0.75, 0.75]}]}
    assert bad["initial"] == {"anomalous": True}
    assert bad["reflected"] is False
    assert bad["probability"]["final"] > 0.5 > good["probability"]["final"]  # type: ignore[index]
    assert not (tmp_path / "w").exists()  # looking at a picture makes no workspace


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["inspect", "gone.png", "--model", "demo"], "gone.png"),
        (["import", "nowhere"], "nowhere"),
        (["train", "raws"], "snapshot"),
        (["export", "first", "out", "--form", "m3ad"], "snapshot"),
        (["inspect", "x.png", "--model", "./no-such-folder"], "no-such-folder"),
    ],
)
def test_what_is_refused_ends_with_1_and_a_sentence(
    command: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--workspace", str(tmp_path / "w")]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["fly"],
        ["inspect"],
        ["import"],
        ["train", "sgd"],
        ["export", "a", "b"],
        ["caption"],
        ["caption", "a", "--at-once", "0"],
        ["--port", "many"],
    ],
)
def test_wrong_usage_ends_with_2(command: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command)
    assert stopped.value.code == 2


def test_users_are_added_with_a_password_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("M3AD_PASSWORD", "long enough to pass")
    workspace = ["--workspace", str(tmp_path / "w"), "--json"]
    assert main(["user", "add", "ann", "--role", "reviewer", *workspace]) == 0
    assert lines(capsys) == [{"user": "ann", "role": "reviewer"}]
    with Store.open(tmp_path / "w") as store:
        assert store.sign_ins.check("ann", "long enough to pass").name == "ann"


def test_users_are_changed_and_removed_and_keep_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("M3AD_PASSWORD", "long enough to pass")
    workspace = ["--workspace", str(tmp_path / "w"), "--user", "root", "--json"]
    assert main(["user", "add", "ann", *workspace]) == 0
    assert main(["user", "add", "bob", "--no-password", *workspace]) == 0
    assert main(["user", "role", "ann", "admin", *workspace]) == 0
    monkeypatch.setenv("M3AD_PASSWORD", "another one to pass")
    assert main(["user", "password", "ann", *workspace]) == 0
    assert main(["user", "remove", "bob", *workspace]) == 0
    capsys.readouterr()
    assert main(["user", "list", *workspace]) == 0
    assert lines(capsys) == [
        {"user": "ann", "role": "admin", "removed": False},
        {"user": "bob", "role": "annotator", "removed": True},
    ]
    with Store.open(tmp_path / "w") as store:
        assert store.sign_ins.check("ann", "another one to pass").name == "ann"
        assert {entry.actor for entry in store.events(limit=9)} == {"root"}
    assert main(["user", "remove", "bob", *workspace]) == 1
    assert "no user named bob" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "Other machines could reach"),
        (["--host", ""], "Other machines could reach"),
        (["--host", "::"], "Other machines could reach"),
        (["--host", "example.org"], "Other machines could reach"),
        (["--host", "0.0.0.0", "--login"], "Nobody could sign in"),
        (["--login"], "Nobody could sign in"),
    ],
)
def test_a_page_open_to_others_or_to_nobody_is_not_served(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options, "--workspace", str(tmp_path / "w")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "w" / "drawn").exists()


def test_models_of_an_empty_store_are_listed_as_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "list", "--workspace", str(tmp_path / "w"), "--json"]) == 0
    assert lines(capsys) == []


def test_annotations_leave_and_come_back_by_the_command_line(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *workspace])
    archive = str(tmp_path / "out.zip")
    assert main(["annotations", "export", "voc", archive, "--category", "bottle", *workspace]) == 0
    exported = lines(capsys)[-1]
    assert (exported["pictures"], exported["decided"], exported["defects"]) == (3, 3, 1)
    assert main(["annotations", "import", "voc", archive, *workspace]) == 0
    assert {name: lines_of for name, lines_of in lines(capsys)[0].items() if lines_of} == {"present": 3}
    assert main(["annotations", "export", "voc", archive, *workspace]) == 1
    assert "there already" in capsys.readouterr().err
    assert main(["annotations", "import", "coco", str(tmp_path / "nothing"), *workspace]) == 1
    assert "is not there" in capsys.readouterr().err


@pytest.mark.slow
def test_an_import_that_is_interrupted_says_what_it_took_and_goes_on_later(tmp_path: Path) -> None:
    folder, workspace = tmp_path / "labelled", tmp_path / "w"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [scratch]\n")
    pictures = 600
    for number in range(pictures):
        Image.new("RGB", (8, 8), (number % 256, number // 256, 0)).save(folder / "images" / f"{number}.png")
        (folder / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    command = [sys.executable, "app.py", "annotations", "import", "yolo", str(folder), "--workspace", str(workspace)]
    with Store.open(workspace) as store:
        with subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            while not store.facets().total:
                assert process.poll() is None, process.communicate()
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            told, refused = process.communicate(timeout=60)
        taken = store.facets().total
        assert process.returncode == 1, refused
        assert 0 < taken < pictures
        assert f"{taken} added" in told
        assert "Start it again to go on" in refused
        assert "Traceback" not in refused
        assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
        assert store.facets().total == pictures


def test_many_annotations_are_changed_and_taken_back_by_the_command_line(
    bottle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = ["--workspace", str(tmp_path / "w"), "--json"]
    main(["import", str(bottle), *workspace])
    with Store.open(tmp_path / "w") as store:
        [old] = [d.type for n in store.case_ids() for d in store.annotations(n)[-1].verdict.defects]
    capsys.readouterr()
    assert main(["annotations", "retype", old, "dent", "--preview", *workspace]) == 0
    assert lines(capsys)[0]["cases"] == 1
    assert main(["annotations", "retype", old, "dent", *workspace]) == 0
    assert lines(capsys) == [{"bulk": 1, "cases": 1, "left": []}]
    assert main(["annotations", "retype", old, "dent", *workspace]) == 1
    assert "No annotation has the type" in capsys.readouterr().err
    assert main(["annotations", "undo", "1", *workspace]) == 0
    assert lines(capsys) == [{"bulk": 2, "cases": 1, "left": []}]
    assert main(["annotations", "retype", "bottle", "flask", "--category", *workspace]) == 0
    assert lines(capsys)[0]["cases"] == 3
    assert main(["annotations", "draw", "first", "--share", "1", *workspace]) == 0
    assert lines(capsys) == [{"draw": "first", "second": 1, "known": 0}], "a data set's own truth is not drawn"
    assert main(["annotations", "agreement", *workspace]) == 0
    assert lines(capsys) == [{"pairs": []}]
