"""Models of other families are judged as RA-Monitor is: by the command line, on this machine and served."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import main
from db.store import Store
from m3ad.bench.records import EvaluationState
from m3ad.dialects import DIALECTS
from tests.m3ad.dialect_models import build
from tests.server_process import free_port, started
from tests.training.bench_parts import make_workspace
from training.bench_report import subject

SERVER = Path(__file__).parents[1] / "m3ad" / "family_server.py"
PARTS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process = started([sys.executable, str(SERVER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


@pytest.fixture
def workspace(tmp_path: Path) -> list[str]:
    make_workspace(tmp_path, PARTS)
    return ["--workspace", str(tmp_path / "workspace"), "--json"]


def last(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("kind", ["qwen2_vl", "internvl"])
def test_a_model_of_this_machine_is_judged(
    kind: str, workspace: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("m3ad.monitor.local_plain.MAX_NEW_TOKENS", 6)
    folder = build(kind, tmp_path / "best")
    assert main(["model", "add", "other", str(folder), *workspace]) == 0
    assert main(["bench", "run", "bench", "--model", "other", "--device", "cpu", *workspace]) == 0
    with Store.open(tmp_path / "workspace") as store:
        (one,) = store.evaluations.all()
        assert (one.model, one.state) == ("other", EvaluationState.FINISHED)
        cases = store.evaluations.cases(one.id)
        assert all(case.inspection.trace.text for case in cases)
        assert subject(store, one.id).judgement.whole.count == PARTS


def test_served_families_are_judged_and_told_apart_by_their_prompts(
    server: str, workspace: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = {
        "gpt": (f"served:{server}/v1#gpt-5.1-mini", []),
        "gemini": (f"served:{server}/v1#gemini-2.5-flash-lite", []),
        "best": (f"served:{server}/v1#best", ["--dialect", "internvl"]),
        "qwen": (f"served:{server}/v1#Qwen2.5-VL-7B-Instruct", []),
    }
    for name, (source, options) in sources.items():
        assert main(["model", "add", name, source, *options, *workspace]) == 0
        run = ["bench", "run", "bench", "--model", name, "--requests-per-minute", "60000"]
        assert main([*run, *workspace]) == 0
    capsys.readouterr()
    with Store.open(tmp_path / "workspace") as store:
        found = {one.model: one for one in store.evaluations.all()}
        prompts = {name: found[name].prompt for name in sources}
        wanted = zip(sources, ("openai", "gemini", "internvl", "qwen2.5-vl"), strict=True)
        assert prompts == {name: DIALECTS[dialect].prompt for name, dialect in wanted}
        for one in found.values():
            for case in store.evaluations.cases(one.id):  # read again from the store
                (defect,) = case.inspection.trace.verdict.defects
                assert defect.type == "scratch"
                assert defect.box.as_tuple() == pytest.approx((0.1, 0.25, 0.3, 0.5), abs=0.003)
    numbers = [str(found[name].id) for name in ("gpt", "gemini")]
    assert main(["bench", "report", str(tmp_path / "report"), *numbers, *workspace]) == 0
    assert "prompts differ" in (tmp_path / "report" / "report.md").read_text()


@pytest.mark.parametrize(
    ("name", "source", "options", "said"),
    [
        ("demo", "served:http://127.0.0.1:9/v1#m", [], "built-in"),
        ("", "served:http://127.0.0.1:9/v1#m", [], "1 to 80"),
        ("a\nb", "served:http://127.0.0.1:9/v1#m", [], "in one line"),
        ("other", "/no/such/folder", [], "no model"),
        ("other", "served:http://127.0.0.1:9/v1#m?dialect=klingon", [], "no dialect"),
    ],
)
def test_a_model_that_cannot_be_is_not_added(
    name: str, source: str, options: list[str], said: str, workspace: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "add", name, source, *options, *workspace]) == 1
    assert said in capsys.readouterr().err
    main(["model", "list", *workspace])
    assert capsys.readouterr().out == ""


def test_a_name_is_given_once(workspace: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    add = ["model", "add", "other", *workspace]
    first, second = "served:http://127.0.0.1:9/v1#a", "served:http://127.0.0.1:9/v1#b"
    assert main([*add[:3], first, *workspace]) == 0
    assert main([*add[:3], first, *workspace]) == 0
    assert main([*add[:3], second, *workspace]) == 1
    assert "already" in capsys.readouterr().err
