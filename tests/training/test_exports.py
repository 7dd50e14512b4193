"""Exports are read back as their readers read them: our own rows by `datasets`, conversations by documented keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import BadImage, ExportError, ModelUnavailable
from m3ad.geometry import Box
from m3ad.images import open_image
from m3ad.monitor.base import Answer
from m3ad.prompts import QUESTION, SYSTEM
from m3ad.records import HELD_OUT, NORMAL, Defect, Mode, Model, NewCase, Probability, Scenario, Snapshot, Stage, Verdict
from m3ad.trace import read, render
from tests.training.conftest import make_settings
from training.examples import Example, read_examples
from training.exports import WRITERS, Form, export_snapshot, write_export
from training.loop import create_run
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    "<think>",
    "</answer> <image>",
    'quoted "name"',
    "line\nbreak\u2028and\ttab",
    "Überwurfmutter 螺母 🔩",
    "{part}",
]
CONVERSATIONS = [Form.LLAMA_FACTORY, Form.MS_SWIFT]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))


def picture(folder: Path, number: int) -> Path:
    """A small picture that looks like no other number's."""
    image = Image.new("RGB", (64, 64), (200, 200, 200))
    ImageDraw.Draw(image).rectangle((number * 5, 3, number * 5 + 4, 60), fill=(10 * number, 10, 10))
    folder.mkdir(exist_ok=True)
    image.save(folder / f"{number}.png")
    return folder / f"{number}.png"


@pytest.fixture
def store(tmp_path: Path, tiny: Path) -> Iterator[Store]:
    """Twelve cases, every second with a hole, in categories with hostile names; "demo" called most of them normal."""
    with Store.open(tmp_path / "workspace") as opened:
        opened.add_model(Model("demo", str(tiny)))
        said = render(NORMAL, "It is clean. There is no defect.")
        for number in range(12):
            truth = Verdict(True, (Defect("hole", Box(0.1, 0.1, 0.2, 0.2)),)) if number % 2 else NORMAL
            image = picture(tmp_path / "pictures", number)
            category = HOSTILE[number // 2]
            new = NewCase("odd", f"{number}", Scenario.WORKPIECE, category, (image,), verdict=truth)
            case_id, _ = opened.add_case(new)
            if number > 1:
                answer = Answer(said, read(said), Probability(), 1.0, 9, False)
                opened.add_inspection(case_id, "demo", Mode.AUTO, 0, answer)
        yield opened


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.create_snapshot("all", CaseFilter(), frozen_share=0.2, seed=1)


def trained(store: Store, snapshot: Snapshot) -> list[Example]:
    """What a RAWS run of this snapshot holds."""
    options: dict[str, Any] = {"stage": Stage.RAWS, "start_model": "demo", "settings": make_settings(Stage.RAWS)}
    return RunFolder(create_run(store, store.workspace, snapshot_id=snapshot.id, **options).folder).examples()


def rows_of(folder: Path, form: Form) -> list[dict[str, Any]]:
    if form is Form.LLAMA_FACTORY:
        (entry,) = json.loads((folder / "dataset_info.json").read_text()).values()
        return json.loads((folder / entry["file_name"]).read_text(encoding="utf-8"))
    with (folder / "data.jsonl").open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def load(*files: Path) -> datasets.Dataset:
    return datasets.load_dataset("json", data_files=[str(file) for file in files], split="train")


def by_case(examples: list[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: int(example.case))


def test_our_form_holds_the_rows_that_a_run_would_be_trained_on(
    store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    account = export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "out")
    rows = read_examples(tmp_path / "out" / "data.jsonl")
    assert by_case(rows) == by_case(trained(store, snapshot))
    assert os.listdir(tmp_path / "out") == ["data.jsonl"]
    assert account.examples == len(rows) == account.easy + account.hard + account.unanswered
    assert account.hard == sum(row.difficulty == "hard" for row in rows) > 0
    assert account.reflective == sum(row.mode is Mode.REFLECTIVE for row in rows) > 0
    assert account.unanswered == sum(row.difficulty is None for row in rows)


def test_datasets_reads_our_form(store: Store, snapshot: Snapshot, tmp_path: Path) -> None:
    export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "out")
    loaded = load(tmp_path / "out" / "data.jsonl")
    assert [Example.from_json(row) for row in loaded] == read_examples(tmp_path / "out" / "data.jsonl")


def test_datasets_reads_our_form_where_thousands_of_normal_cases_come_first(
    examples: list[Example], tmp_path: Path
) -> None:
    """More than its first block of ten megabytes: without a telling row in front it cannot know the types."""
    normal, defective = (next(e for e in examples if e.truth.anomalous is kind) for kind in (False, True))
    many = [replace(normal, completion="x" * 20_000)] * 600
    write_export(tmp_path / "out", Form.M3AD, [*many, defective, replace(normal, difficulty="easy")], None)
    loaded = load(tmp_path / "out" / "data.jsonl")
    assert len(loaded) == 602
    assert {row["difficulty"] for row in loaded.select(range(2))} == {None, "easy"}


@pytest.mark.parametrize("form", CONVERSATIONS)
def test_conversations_have_the_documented_keys_and_the_text_of_the_completions_unchanged(
    form: Form, store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    export_snapshot(store, snapshot.id, "demo", form, tmp_path / "out")
    rows = rows_of(tmp_path / "out", form)
    for row, example in zip(rows, trained(store, snapshot), strict=True):
        assert set(row) == {"messages", "images"}
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"]  # the tiny model has no system
        assert all(set(message) == {"role", "content"} for message in row["messages"])
        asked, answered = (message["content"] for message in row["messages"])
        assert asked == f"<image>{QUESTION}"
        assert answered.encode() == example.completion.encode()
        assert row["images"] == [example.image]
        assert Path(row["images"][0]).is_absolute()
        assert (asked + answered).count("<image>") == len(row["images"])


def test_the_entry_for_llama_factory_names_file_columns_and_roles_as_its_converter_looks_for_them(
    store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    export_snapshot(store, snapshot.id, "demo", Form.LLAMA_FACTORY, tmp_path / "out")
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert list(info) == ["m3ad"]
    entry = info["m3ad"]
    assert entry["formatting"] == "sharegpt"
    (row, *_) = rows_of(tmp_path / "out", Form.LLAMA_FACTORY)
    columns, tags = entry["columns"], entry["tags"]
    assert set(columns.values()) == set(row)
    for message, tag in zip(row[columns["messages"]], ("user_tag", "assistant_tag"), strict=True):
        assert message[tags["role_tag"]] == tags[tag]
        assert message[tags["content_tag"]]


@pytest.mark.parametrize(("form", "file"), [(Form.LLAMA_FACTORY, "data.json"), (Form.MS_SWIFT, "data.jsonl")])
def test_both_trainers_load_their_files_with_datasets(
    form: Form, file: str, store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    export_snapshot(store, snapshot.id, "demo", form, tmp_path / "out")
    assert list(load(tmp_path / "out" / file)) == rows_of(tmp_path / "out", form)


@pytest.mark.parametrize("form", CONVERSATIONS)
@pytest.mark.parametrize(
    ("source", "system"),
    [("served:http://127.0.0.1:1/v1#qwen", SYSTEM), ("served:http://127.0.0.1:1/v1#ra-monitor", None)],
)
def test_conversations_begin_with_the_system_prompt_of_the_start_model(
    form: Form, source: str, system: str | None, store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    export_snapshot(store, snapshot.id, source, form, tmp_path / "out")
    for row in rows_of(tmp_path / "out", form):
        first = row["messages"][0]
        assert first == (
            {"role": "system", "content": system} if system else {"role": "user", "content": first["content"]}
        )


def test_a_models_own_system_prompt_comes_from_its_card(
    store: Store, snapshot: Snapshot, tmp_path: Path, tiny: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "monitor.json").write_text(json.dumps({"name": "own", "system": "Look twice."}))
    export_snapshot(store, snapshot.id, str(own), Form.MS_SWIFT, tmp_path / "out")
    for row in rows_of(tmp_path / "out", Form.MS_SWIFT):
        assert row["messages"][0] == {"role": "system", "content": "Look twice."}


def test_a_placeholder_in_a_text_is_refused_where_it_would_be_taken_for_a_picture(
    examples: list[Example], tmp_path: Path
) -> None:
    bad = replace(examples[0], case="77", completion="<think>See <image>.</think><answer>no</answer>")
    for form in CONVERSATIONS:
        with pytest.raises(ExportError, match=r"77 holds <image>"):
            write_export(tmp_path / "out", form, [*examples, bad], None)
        assert list(tmp_path.glob("*out*")) == list(tmp_path.glob(".*")) == []
    write_export(tmp_path / "out", Form.M3AD, [bad], None)


def sideways(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (40, 20), "gray")
    ImageDraw.Draw(image).rectangle((0, 0, 9, 9), fill="white")
    image.save(path, exif=exif)


def deep(path: Path) -> None:
    Image.linear_gradient("L").convert("I").point(lambda value: value * 16).convert("I;16").save(path)


def transparent(path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("paint", [sideways, deep, transparent])
def test_a_picture_that_others_would_see_differently_is_written_as_our_models_see_it(
    paint: Callable[[Path], None], form: Form, examples: list[Example], tmp_path: Path
) -> None:
    paint(tmp_path / "odd.png")
    odd = replace(examples[0], image=str(tmp_path / "odd.png"))
    write_export(tmp_path / "out", form, [examples[1], odd], None)
    named = [row["image"] if form is Form.M3AD else row["images"][0] for row in rows_of(tmp_path / "out", form)]
    (written,) = [name for name in named if name != examples[1].image]
    assert Path(written).parent == tmp_path / "out" / "pictures"
    with Image.open(written) as opened:
        assert opened.convert("RGB").tobytes() == open_image(tmp_path / "odd.png").tobytes()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
    kept=st.lists(st.sampled_from(HOSTILE), max_size=3),
    held_out=st.integers(-1, 11),
)
def test_what_a_snapshot_keeps_back_is_never_exported(
    share: float, seed: int, kept: list[str], held_out: int, tiny: Path
) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "w") as store:
        root = Path(folder)
        for number in range(12):
            split = HELD_OUT if number == held_out else "train"
            image = picture(root / "pictures", number)
            store.add_case(
                NewCase("odd", f"{number}", Scenario.WORKPIECE, HOSTILE[number // 2], (image,), split, verdict=NORMAL)
            )
        snapshot = store.create_snapshot("s", CaseFilter(), frozen_share=share, seed=seed, frozen_categories=kept)
        frozen = {str(row.case.primary.path) for row in store.snapshot_rows(snapshot.id) if row.split != "train"}
        for form in Form:
            target = root / form.value
            if len(frozen) == 12:
                with pytest.raises(ExportError, match="nothing to export"):
                    export_snapshot(store, snapshot.id, str(tiny), form, target)
                continue
            assert export_snapshot(store, snapshot.id, str(tiny), form, target).examples == 12 - len(frozen)
            text = "".join(file.read_text(encoding="utf-8") for file in target.iterdir())
            assert not [path for path in frozen if json.dumps(path) in text]


def test_a_target_that_exists_is_refused_and_left_as_it_was(store: Store, snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "file", "link"):
        with pytest.raises(ExportError, match="is there already"):
            export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / name)
    with pytest.raises(ExportError, match="cannot be written"):
        export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "mine"
    assert not any((tmp_path / "empty").iterdir())
    assert not (tmp_path / "nowhere").exists()


def test_an_unknown_model_a_type_with_tags_and_a_lost_picture_are_refused_with_a_sentence(
    store: Store, snapshot: Snapshot, examples: list[Example], tmp_path: Path
) -> None:
    target = tmp_path / "out"
    with pytest.raises(ModelUnavailable, match="no-such"):
        export_snapshot(store, snapshot.id, "./no-such", Form.M3AD, target)
    with pytest.raises(BadImage, match=r"gone\.png"):
        write_export(target, Form.M3AD, [replace(examples[0], image=str(tmp_path / "gone.png"))], None)
    tagged = Verdict(True, (Defect("<hole>", Box(0.1, 0.1, 0.2, 0.2)),))
    for case_id in store.case_ids():
        store.save_annotation(case_id, tagged, author="ann", based_on=1)
    second = store.create_snapshot("tagged", CaseFilter(), frozen_share=0.0)
    with pytest.raises(ExportError, match="<hole>"):
        export_snapshot(store, second.id, "demo", Form.M3AD, target)
    assert list(tmp_path.glob("*out*")) == []


HALF = """
import sys, time
from pathlib import Path
from training.examples import read_examples
from training import exports
form, source, target = exports.Form(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
write = exports.WRITERS[form]
def slow(folder, examples, system):
    write(folder, examples, system)
    print("written", flush=True)
    time.sleep(60)
exports.WRITERS[form] = slow
exports.write_export(target, form, read_examples(source), None)
"""


@pytest.mark.parametrize("form", Form)
def test_a_kill_before_the_end_leaves_nothing_under_the_final_name_and_the_next_export_succeeds(
    form: Form, store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "source")
    target = tmp_path / "out" / "export"
    command = [sys.executable, "-c", HALF, form.value, str(tmp_path / "source" / "data.jsonl"), str(target)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    export_snapshot(store, snapshot.id, "demo", form, target)
    assert target.is_dir()


def test_every_form_has_a_writer() -> None:
    assert set(WRITERS) == set(Form)
