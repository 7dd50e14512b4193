from __future__ import annotations

from training.history import history


def test_steps_that_were_trained_again_count_once() -> None:
    first = [{"kind": "start", "step": 0}, *({"kind": "log", "step": n, "loss": 9} for n in (1, 2, 3))]
    drawn = [{"kind": "sample", "step": n, "case": "a"} for n in (1, 2)]
    asked = [{"kind": "sample", "step": 2, "case": "b", "followed": True}]
    note = {"kind": "note", "text": "checkpoint-4 was not written to its end"}
    again = [{"kind": "start", "step": 2}, {"kind": "log", "step": 3, "loss": 1}]
    kept = history([*first, *drawn, *asked, note, *again])
    assert [(one["step"], one["loss"]) for one in kept if one["kind"] == "log"] == [(1, 9), (2, 9), (3, 1)]
    assert [(one["step"], one["case"]) for one in kept if one["kind"] == "sample"] == [(1, "a"), (2, "b")]
    assert note in kept


def test_a_run_that_was_never_cut_off_is_told_as_it_is() -> None:
    events = [{"kind": "start", "step": 0}, {"kind": "log", "step": 1}, {"kind": "sample", "step": 1, "case": "a"}]
    assert history(events) == events
