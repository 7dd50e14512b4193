"""From a snapshot to stored examples, from these to a run: written, checked, approved, cut off and taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.example_rows import ExampleFilter, StoredExample
from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import ExportError, Halted, RunError
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import (
    NORMAL,
    CaptionState,
    Defect,
    Mode,
    Model,
    NewCase,
    Probability,
    Scenario,
    Snapshot,
    Stage,
    Verdict,
)
from m3ad.trace import read, render
from tests.training.conftest import make_settings
from training.captioning import Ended, Progress
from training.config import RawsSettings
from training.examples import Example, build_examples, template
from training.exports import Form, export_snapshot
from training.launch import ROOT
from training.loop import create_run
from training.run import RunFolder
from training.snapshot_captions import TEMPLATE, caption_snapshot, plan_captions
from training.snapshots import example_source, labelled_cases, snapshot_examples
from training.teacher import Teacher
from training.teacher_limits import Limits

pytestmark = pytest.mark.usefixtures("short_pauses")

BENT = Verdict(True, (Defect("bent", Box(0.5, 0.5, 0.7, 0.7)),))
SAID = render(NORMAL, "The pins are straight. There is no defect.")
FAST = Limits(requests_per_minute=60_000)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def add_case(store: Store, number: int, *, category: str = "pin header", answered: bool = True) -> int:
    """A case that "demo" calls normal: every other one is bent, so hard."""
    pixels = (number * 7 % 256, number * 31 % 256, 90)
    path = store.workspace.parent / f"{number}.png"
    Image.effect_noise((48, 48), 90 + number).convert("RGB").save(path)
    with Image.open(path) as picture:
        picture.paste(pixels, (number % 4 * 12, number // 4 % 4 * 12, number % 4 * 12 + 12, number // 4 % 4 * 12 + 12))
        picture.save(path)
    truth = BENT if number % 2 else NORMAL
    case_id, _ = store.add_case(NewCase("set", f"{number}", Scenario.ELECTRONIC, category, (path,), verdict=truth))
    if answered:
        answer = Answer(SAID, read(SAID), Probability(), 1.0, 9, False)
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer)
    return case_id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        opened.add_model(Model("demo", str(tmp_path)))
        for number in range(12):
            add_case(opened, number)
        yield opened


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.create_snapshot("all", CaseFilter(), frozen_share=0)


def captioned(store: Store, snapshot: Snapshot, write: Any = template, writer: str = TEMPLATE, **options: Any) -> Ended:
    work = plan_captions(store, snapshot.id, "demo", writer)
    return caption_snapshot(store, work, "demo", write, writer, **options)


def teacher(server: str, store: Store, model: str = "good", **options: Any) -> Teacher:
    return Teacher(f"served:{server}/v1#{model}", store.workspace / "captions.jsonl", **{"limits": FAST, **options})


def examples_of(store: Store, snapshot: Snapshot, **settings: Any) -> list[Example]:
    return snapshot_examples(store, snapshot.id, "demo", RawsSettings(**settings))


def approve(store: Store, *examples: StoredExample) -> None:
    for one in examples:
        store.examples.approve(one.id, author="ann", based_on=one.caption.revision)


# Writing


def test_the_template_writes_what_would_be_made_on_the_spot(store: Store, snapshot: Snapshot) -> None:
    seen: list[Progress] = []
    made = examples_of(store, snapshot)
    ended = captioned(store, snapshot, tell=seen.append)
    assert (ended.written, ended.left_out, ended.stopped, seen[-1]) == (12, (), "", Progress(12, 12, 0))
    for one in store.examples.find():
        assert (one.caption.state, one.writer, one.model) == (CaptionState.WRITTEN, TEMPLATE, "demo")
        assert one.difficulty == ("hard" if one.truth.anomalous else "easy")
        assert (one.initial is None) == (one.mode is Mode.THINKING)
    assert sum(one.mode is Mode.REFLECTIVE for one in store.examples.find(ExampleFilter(difficulty="hard"))) in (4, 5)
    approve(store, *store.examples.find())
    assert examples_of(store, snapshot) == made


def test_what_is_there_is_not_written_again(store: Store, snapshot: Snapshot) -> None:
    captioned(store, snapshot)
    before = store.examples.find()
    work = plan_captions(store, snapshot.id, "demo", TEMPLATE)
    assert (work.plans, work.present, work.unanswered) == ((), 12, 0)
    assert captioned(store, snapshot) == Ended(0, (), "")
    assert store.examples.find() == before


def test_a_case_that_the_start_model_has_not_answered_waits(store: Store) -> None:
    waiting = add_case(store, 20, answered=False)
    snapshot = store.create_snapshot("more", CaseFilter(), frozen_share=0)
    work = plan_captions(store, snapshot.id, "demo", TEMPLATE)
    assert (len(work.plans), work.unanswered) == (12, 1)
    captioned(store, snapshot)
    assert waiting not in {one.case_id for one in store.examples.find()}
    assert "1 of cases that have none yet" in example_source(store, snapshot.id, "demo").sentence()


def test_a_teacher_writes_into_the_store_and_what_it_answers_badly_is_left_out(server: str, store: Store) -> None:
    bad = [add_case(store, number, category="puzzling part") for number in (20, 21)]
    snapshot = store.create_snapshot("with bad", CaseFilter(), frozen_share=0)
    ended = captioned(store, snapshot, write := teacher(server, store), write.name)
    assert ended.written == 12
    assert [int(one.case) for one in ended.left_out] == bad
    assert all("Refused after 3 answers" in one.reason for one in ended.left_out)
    assert {one.writer for one in store.examples.find()} == {"good"}
    approve(store, *store.examples.find())
    for example in examples_of(store, snapshot):
        trace = read(example.completion)
        assert trace.problems == ()
        assert trace.verdict == example.truth


def test_the_templates_words_give_way_to_a_teachers_unless_somebody_saw_them(
    server: str, store: Store, snapshot: Snapshot
) -> None:
    captioned(store, snapshot)
    first, second, *_ = store.examples.find()
    approve(store, first)
    store.examples.edit(second.id, second.caption.think, second.caption.reflection, author="bob", based_on=1)
    write = teacher(server, store)
    assert captioned(store, snapshot, write, write.name).written == 10
    kept, edited, *others = store.examples.find()
    assert (kept.writer, edited.writer, {one.writer for one in others}) == (TEMPLATE, TEMPLATE, {"good"})
    modes = [first.mode, second.mode, *(one.mode for one in others)]
    assert [one.mode for one in store.examples.find()] == modes
    assert captioned(store, snapshot).written == 0  # and never the other way round


def test_what_was_sent_back_is_written_again_and_the_teacher_told_why(
    server: str, store: Store, snapshot: Snapshot
) -> None:
    captioned(store, snapshot, write := teacher(server, store, "told-why"), write.name)
    one = next(one for one in store.examples.find() if one.mode is Mode.REFLECTIVE)
    store.examples.send_back(one.id, author="ann", based_on=1, note="the third pin, not the second")
    write = teacher(server, store, "told-why")
    assert captioned(store, snapshot, write, write.name).written == 1
    again = store.examples.one(one.id)
    assert (again.caption.revision, again.caption.state, again.mode) == (3, CaptionState.WRITTEN, one.mode)
    assert again.initial == one.initial
    with urllib.request.urlopen(f"{server}/seen") as reply:
        told = [request for request in json.load(reply) if "the third pin, not the second" in request["question"]]
    assert len(told) == 1


def test_the_template_says_it_in_other_words_when_it_was_sent_back(store: Store, snapshot: Snapshot) -> None:
    captioned(store, snapshot)
    for one in store.examples.find():
        store.examples.send_back(one.id, author="ann", based_on=1)
    assert captioned(store, snapshot).written == 12
    texts = [[caption.think for caption in store.examples.revisions(one.id)] for one in store.examples.find()]
    assert sum(first != again for first, _, again in texts) > 4
    assert store.examples.counts()[CaptionState.WRITTEN] == 12


def test_a_case_corrected_since_the_snapshot_is_not_written(store: Store, snapshot: Snapshot) -> None:
    case_id = store.case_ids()[0]
    store.save_annotation(case_id, BENT, author="ann", based_on=1)
    ended = captioned(store, snapshot)
    assert [one.case for one in ended.left_out] == [str(case_id)]
    assert "take a new snapshot" in ended.left_out[0].reason


def test_a_type_that_the_format_cannot_carry_is_left_out_with_a_sentence(store: Store) -> None:
    case_id = add_case(store, 20)
    store.save_annotation(case_id, Verdict(True, (Defect("bent; <x>"),)), author="ann", based_on=1)
    snapshot = store.create_snapshot("odd", CaseFilter(), frozen_share=0)
    assert [one.case for one in captioned(store, snapshot).left_out] == [str(case_id)]


def test_cancelling_keeps_what_was_written_and_the_rest_follows(store: Store, snapshot: Snapshot) -> None:
    ended = captioned(store, snapshot, at_once=1, cancelled=lambda: len(store.examples.ids()) >= 3)
    assert ended.stopped.startswith("Cancelled")
    assert ended.written == len(store.examples.find()) == 3
    assert captioned(store, snapshot).written == 9
    reflective = [one.mode is Mode.REFLECTIVE for one in store.examples.find(ExampleFilter(difficulty="hard"))]
    assert sum(reflective) in (4, 5)


def test_two_captionings_at_once_leave_one_example_for_each_case(store: Store, snapshot: Snapshot) -> None:
    work = plan_captions(store, snapshot.id, "demo", TEMPLATE)
    captioned(store, snapshot)
    late = caption_snapshot(store, work, "demo", template, TEMPLATE)
    assert (late.written, len(late.left_out)) == (0, 12)
    assert len(store.examples.find()) == 12


@pytest.mark.parametrize(
    "limits", [{"answers": 0}, {"requests_per_minute": 0.0}, {"requests_per_minute": float("nan")}, {"tokens": 0}]
)
def test_limits_under_which_nothing_could_be_asked_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(Halted, match=r"at least 1|more than 0"):
        Limits(**limits)


CAPTION = "import sys; from app import main; sys.exit(main(sys.argv[1:]))"


def caption_command(store: Store, server: str, model: str) -> list[str]:
    words = ["caption", "all", "--model", "demo", "--teacher", f"{server}/v1", "--teacher-model", model]
    words += ["--requests-per-minute", "60000", "--at-once", "2", "--workspace", str(store.workspace), "--json"]
    return [sys.executable, "-c", CAPTION, *words]


def signalled_in_the_middle(command: list[str], store: Store, how: signal.Signals) -> subprocess.CompletedProcess[str]:
    """The command, which gets the signal when its first examples are stored."""
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while len(store.examples.ids()) < 2:
            assert process.poll() is None, process.stderr.read()  # type: ignore[union-attr]
            time.sleep(0.005)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_was_cut_off_goes_on_and_pays_for_nothing_twice(
    server: str, store: Store, snapshot: Snapshot, how: signal.Signals
) -> None:
    for number in range(20, 44):
        add_case(store, number, category=f"slow header {how.name}")
    store.create_snapshot("all of them", CaseFilter(), frozen_share=0)
    command = caption_command(store, server, "slow")
    command[command.index("all")] = "all of them"
    cut = signalled_in_the_middle(command, store, how)
    written = len(store.examples.ids())
    assert 2 <= written < 36
    if how is signal.SIGINT:
        assert cut.returncode == 1
        assert "Cancelled. What was written is kept" in cut.stderr
        assert "Traceback" not in cut.stderr
    paid = len((store.workspace / "captions.jsonl").read_text().splitlines())
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    first, *_, account = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["total"], first["present"]) == (36 - written, written)
    assert (account["unchecked"], account["stored"], account["cases"]) == (36, 36, 36)
    assert len(store.examples.ids()) == 36
    answers = (store.workspace / "captions.jsonl").read_text().splitlines()
    assert len(answers) in (36, 37)  # one for each case, and perhaps the torn line of the killed process
    assert paid >= written


# Learning


def test_with_nothing_stored_all_cases_are_made_on_the_spot(store: Store, snapshot: Snapshot) -> None:
    assert examples_of(store, snapshot) == build_examples(labelled_cases(store, snapshot.id, "demo"))
    assert "None is stored" in example_source(store, snapshot.id, "demo").sentence()


def test_only_approved_examples_enter_a_run_unless_asked(store: Store, snapshot: Snapshot) -> None:
    captioned(store, snapshot)
    one, two, three, four, *_ = sorted(store.examples.find(), key=lambda example: example.case_id)
    approve(store, one, two)
    store.examples.edit(
        three.id, "Read anew. " + three.caption.think, three.caption.reflection, author="bob", based_on=1
    )
    store.examples.send_back(four.id, author="ann", based_on=1)
    assert [example.case for example in examples_of(store, snapshot)] == [str(one.case_id), str(two.case_id)]
    unchecked = examples_of(store, snapshot, unchecked=True)
    assert len(unchecked) == 11
    assert str(four.case_id) not in {example.case for example in unchecked}
    assert "<think>Read anew. " in next(e.completion for e in unchecked if e.case == str(three.case_id))
    source = example_source(store, snapshot.id, "demo")
    assert source.sentence() == "Texts: 2 approved. Left out: 9 not approved yet, 1 sent back."
    assert example_source(store, snapshot.id, "demo", unchecked=True).sentence() == (
        "Texts: 2 approved and 9 that nobody has approved. Left out: 1 sent back."
    )
    run = create_run(
        store, store.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot.id,
        settings=make_settings(Stage.RAWS),
    )  # fmt: skip
    assert {example.case for example in RunFolder(run.folder).examples()} == {str(one.case_id), str(two.case_id)}
    rcrl = snapshot_examples(store, snapshot.id, "demo", make_settings(Stage.RCRL))
    assert len(rcrl) == 12  # it learns from the truth alone, which is the annotations'


def test_a_run_of_which_nothing_is_approved_is_refused_with_the_numbers(
    store: Store, snapshot: Snapshot, tmp_path: Path
) -> None:
    captioned(store, snapshot)
    with pytest.raises(RunError, match=r"0 approved\. Left out: 12 not approved yet\. Approve some"):
        create_run(
            store, store.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot.id,
            settings=make_settings(Stage.RAWS),
        )  # fmt: skip
    assert store.runs() == []
    with pytest.raises(ExportError, match="wait to be approved"):
        export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "out")
    assert export_snapshot(store, snapshot.id, "demo", Form.M3AD, tmp_path / "out", unchecked=True).examples == 12


def test_another_start_model_and_another_annotation_have_examples_of_their_own(
    store: Store, snapshot: Snapshot
) -> None:
    captioned(store, snapshot)
    approve(store, *store.examples.find())
    assert len(snapshot_examples(store, snapshot.id, "other", RawsSettings())) == 12
    assert example_source(store, snapshot.id, "other").stored == 0
    case_id = store.case_ids()[0]
    store.save_annotation(case_id, BENT, author="ann", based_on=1)
    later = store.create_snapshot("later", CaseFilter(), frozen_share=0)
    assert len(examples_of(store, snapshot)) == 12  # what was frozen is still what was approved
    assert str(case_id) not in {example.case for example in examples_of(store, later)}


def test_what_a_snapshot_keeps_back_is_neither_written_nor_learnt_from(store: Store) -> None:
    kept = store.create_snapshot("kept", CaseFilter(), frozen_share=0.4, seed=3)
    frozen = {row.case.id for row in store.snapshot_rows(kept.id) if row.split != "train"}
    assert frozen
    captioned(store, kept)
    assert not frozen & {one.case_id for one in store.examples.find()}
    assert not frozen & {int(example.case) for example in examples_of(store, kept, unchecked=True)}


def test_settings_that_are_no_shares_are_refused(store: Store, snapshot: Snapshot) -> None:
    with pytest.raises(RunError, match="easy_reflective"):
        plan_captions(store, snapshot.id, "demo", TEMPLATE, replace(RawsSettings(), easy_reflective=2.0))


def test_a_box_on_a_further_picture_teaches_its_type_and_no_place(store: Store, tmp_path: Path) -> None:
    views = (store.workspace.parent / "0.png", store.workspace.parent / "1.png")
    verdict = Verdict(True, (*BENT.defects, Defect("scratch", Box(0.1, 0.1, 0.4, 0.4), 1)))
    new = NewCase("set", "two views", Scenario.ELECTRONIC, "pin header", views, verdict=verdict)
    case_id = store.add_case(new)[0]
    snapshot = store.create_snapshot("views", CaseFilter(ids=(case_id,)), frozen_share=0)
    (example,) = snapshot_examples(store, snapshot.id, "demo", RawsSettings())
    learnt = Verdict(True, (*BENT.defects, Defect("scratch")))
    assert example.truth == learnt
    assert read(example.completion).verdict == learnt
    words = "the places of 1 box on further pictures; the model sees the primary picture alone."
    assert words in example_source(store, snapshot.id, "demo").sentence()
    store.add_inspection(case_id, "demo", Mode.AUTO, 0, Answer(SAID, read(SAID), Probability(), 1.0, 9, False))
    captioned(store, snapshot)
    (stored,) = store.examples.find()
    assert stored.truth == learnt
    assert words in example_source(store, snapshot.id, "demo").sentence()
