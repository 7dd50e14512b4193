"""The Inspect tab's behaviour: following an inspection, leaving it, stopping it, accepting a verdict."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from db.store import Store
from m3ad.errors import Conflict, ModelUnavailable, NotFound, StaleRevision
from m3ad.monitor.base import Monitor
from m3ad.records import NORMAL as NO_DEFECT
from m3ad.records import Mode, Model
from tests.ui.scripted import BENT, FIXED, UNREADABLE, Gate, ScriptedMonitor, add_case, add_inspection, make_context
from ui.context import Context
from ui.inspect_desk import Desk, View

PATIENCE = 20.0  # seconds; everything here takes milliseconds


class Scene:
    """A store with one case, a monitor that waits for the test, and the desk in front of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.case_id = add_case(store, "0001", BENT)
        self.gate = Gate()
        self.monitor = ScriptedMonitor(gate=self.gate)
        self.context: Context = make_context(store, lambda source: self.monitor)
        self.desk = Desk(self.context)

    def start(self, visitor: str = "page", mode: Mode = Mode.AUTO) -> View:
        """Press Inspect."""
        return self.desk.inspect(visitor, self.case_id, "demo", mode, "ann")


@pytest.fixture
def scene(store: Store) -> Iterator[Scene]:
    made = Scene(store)
    yield made
    made.gate.allow()
    made.context.inspections.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def follow(desk: Desk, visitor: str = "page") -> list[dict | View]:
    """Everything the stream gives until its end."""

    async def collect() -> list[dict | View]:
        return [update async for update in desk.follow(visitor)]

    return asyncio.run(asyncio.wait_for(collect(), PATIENCE))


def test_a_followed_inspection_streams_then_shows_its_verdict_and_is_stored(scene: Scene) -> None:
    assert scene.start().busy
    threading.Timer(0.3, scene.gate.allow).start()
    *streamed, last = follow(scene.desk)
    assert streamed
    assert all(isinstance(update, dict) for update in streamed)
    assert isinstance(last, View)
    assert last.trace["verdict"]["word"] == "Anomalous"
    assert last.trace["verdict"]["outcome"] == "reflection fixed it"
    assert {box["kind"] for box in last.viewer["boxes"]} == {"truth", "predicted"}
    assert (last.busy, last.acceptable) == (False, True)
    found = scene.store.latest_inspection(scene.case_id, "demo")
    assert found is not None
    assert found.trace.text == FIXED


def test_the_chosen_mode_reaches_the_model(scene: Scene) -> None:
    scene.start(mode=Mode.REFLECTIVE)
    scene.gate.allow()
    follow(scene.desk)
    assert scene.monitor.asked == [Mode.REFLECTIVE]


def test_turning_to_another_case_leaves_the_stream_and_keeps_the_inspection(scene: Scene) -> None:
    other = add_case(scene.store, "0002")
    scene.start()
    job = scene.context.inspections.under_way(scene.case_id, "demo")
    assert job is not None
    threading.Timer(0.2, lambda: scene.desk.look("page", other, "demo")).start()
    updates = follow(scene.desk)
    assert not any(isinstance(update, View) for update in updates)
    scene.gate.allow()
    assert job.result.result(PATIENCE) is not None
    assert scene.store.latest_inspection(scene.case_id, "demo") is not None


def test_a_closed_page_does_not_lose_the_inspection(scene: Scene) -> None:
    scene.start()
    job = scene.context.inspections.under_way(scene.case_id, "demo")
    scene.desk.leave("page")
    scene.gate.allow()
    assert job is not None
    assert job.result.result(PATIENCE) is not None


def test_coming_back_to_a_running_inspection_follows_it_again(scene: Scene) -> None:
    scene.start()
    assert scene.desk.look("other page", scene.case_id, "demo").busy
    scene.gate.allow()
    last = follow(scene.desk, "other page")[-1]
    assert isinstance(last, View)
    assert last.acceptable


def test_stop_ends_it_at_the_next_word_and_it_does_not_count(scene: Scene) -> None:
    scene.start()
    scene.gate.allow(3)
    scene.desk.stop(scene.case_id, "demo")
    scene.gate.allow(1)
    last = follow(scene.desk)[-1]
    assert isinstance(last, View)
    assert "Stopped" in last.footer
    assert (last.busy, last.acceptable) == (False, False)
    assert scene.store.latest_inspection(scene.case_id) is None
    assert all(found.cancelled for found in scene.store.inspections(scene.case_id))


def test_an_inspection_that_is_over_before_anybody_follows_is_shown_all_the_same(scene: Scene) -> None:
    scene.gate.allow()
    scene.start()
    until(lambda: scene.store.latest_inspection(scene.case_id) is not None)
    last = follow(scene.desk)[-1]
    assert isinstance(last, View)
    assert last.acceptable


def test_pressing_inspect_twice_inspects_once(scene: Scene) -> None:
    scene.start()
    scene.start("another page")
    scene.gate.allow()
    follow(scene.desk)
    assert len(scene.store.inspections(scene.case_id)) == 1


def test_a_model_that_cannot_be_opened_says_why(store: Store) -> None:
    def refuse(source: str) -> Monitor:
        raise ModelUnavailable("There is no CUDA card here. Choose the demo model.")

    context = make_context(store, refuse)
    desk, case_id = Desk(context), add_case(store, "0001")
    desk.inspect("page", case_id, "demo", Mode.AUTO, "ann")
    last = follow(desk)[-1]
    assert isinstance(last, View)
    assert last.trace["verdict"]["sentence"] == "There is no CUDA card here. Choose the demo model."
    assert not last.busy
    context.inspections.close()


def test_an_unexpected_error_of_a_model_fails_loudly(store: Store) -> None:
    def break_down(source: str) -> Monitor:
        raise ZeroDivisionError("a bug")

    context = make_context(store, break_down)
    desk, case_id = Desk(context), add_case(store, "0001")
    desk.inspect("page", case_id, "demo", Mode.AUTO, "ann")
    with pytest.raises(ZeroDivisionError):
        follow(desk)
    context.inspections.close()


def test_a_person_goes_before_the_background(scene: Scene) -> None:
    inspections = scene.context.inspections
    first, second, third = (add_case(scene.store, key) for key in ("1", "2", "3"))
    running = inspections.start(first, "demo", Mode.AUTO, 0, background=True)
    until(lambda: running.stage == "writing")
    waiting = inspections.start(second, "demo", Mode.AUTO, 0, background=True)
    urgent = inspections.start(third, "demo", Mode.AUTO, 0)
    assert inspections.ahead(urgent) < inspections.ahead(waiting)
    scene.gate.allow()
    assert urgent.result.result(PATIENCE) is not None
    assert waiting.result.result(PATIENCE) is not None
    ids = [scene.store.inspections(case_id)[0].id for case_id in (first, third, second)]
    assert ids == sorted(ids)


def test_accepting_saves_the_verdict_with_where_it_came_from(scene: Scene) -> None:
    inspected = add_inspection(scene.store, scene.case_id)
    view = scene.desk.look("page", scene.case_id, "demo")
    after = scene.desk.accept("page", view.shown, scene.case_id, "demo", "ann")
    saved = scene.store.latest_annotation(scene.case_id)
    assert saved is not None
    assert (saved.revision, saved.author, saved.inspection_id) == (2, "ann", inspected.id)
    assert saved.verdict == inspected.trace.verdict
    assert after.footer == "Saved as revision 2 by ann"
    assert not after.acceptable, "accepting twice would only write the same again"


def test_what_cannot_be_accepted_is_refused_with_a_reason(scene: Scene) -> None:
    view = scene.desk.look("page", scene.case_id, "demo")
    with pytest.raises(Conflict, match="Inspect the case first"):
        scene.desk.accept("page", view.shown, scene.case_id, "demo", "ann")
    add_inspection(scene.store, scene.case_id, UNREADABLE)
    view = scene.desk.look("page", scene.case_id, "demo")
    assert not view.acceptable
    with pytest.raises(Conflict, match="unreadable"):
        scene.desk.accept("page", view.shown, scene.case_id, "demo", "ann")
    assert len(scene.store.annotations(scene.case_id)) == 1


def test_accepting_acts_on_what_was_shown_and_never_on_another_case(scene: Scene) -> None:
    other = add_case(scene.store, "0002")
    add_inspection(scene.store, scene.case_id)
    view = scene.desk.look("page", scene.case_id, "demo")
    with pytest.raises(Conflict, match="another case"):
        scene.desk.accept("page", view.shown, other, "demo", "ann")
    assert scene.store.latest_annotation(other) is None


def test_accepting_over_somebody_elses_newer_revision_is_refused(scene: Scene) -> None:
    add_inspection(scene.store, scene.case_id)
    view = scene.desk.look("page", scene.case_id, "demo")
    scene.store.save_annotation(scene.case_id, NO_DEFECT, author="bob", based_on=1)
    with pytest.raises(StaleRevision, match="bob"):
        scene.desk.accept("page", view.shown, scene.case_id, "demo", "ann")


def test_each_model_has_its_own_answer(scene: Scene) -> None:
    add_inspection(scene.store, scene.case_id, model="demo")
    assert scene.desk.look("page", scene.case_id, "demo").acceptable
    assert not scene.desk.look("page", scene.case_id, "rcrl-1").acceptable


def test_turns_grow_so_that_a_page_can_drop_what_is_late(scene: Scene) -> None:
    first = scene.desk.look("page", scene.case_id, "demo")
    second = scene.desk.look("page", scene.case_id, "demo")
    assert second.trace["turn"] > first.trace["turn"]
    assert second.viewer["turn"] == second.trace["turn"]


def test_no_case_and_a_vanished_case(scene: Scene) -> None:
    assert scene.desk.look("page", None, "demo").shown is None
    with pytest.raises(Conflict, match="no case"):
        scene.desk.inspect("page", None, "demo", Mode.AUTO, "ann")
    with pytest.raises(NotFound):
        scene.desk.inspect("page", 999, "demo", Mode.AUTO, "ann")


# -- the monitors ---


def test_a_monitor_is_opened_once_and_replaced_by_another(store: Store) -> None:
    opened: list[str] = []

    def opener(source: str) -> Monitor:
        opened.append(source)
        return ScriptedMonitor()

    store.add_model(Model("rcrl-1", "models/rcrl-1", parent="demo"))
    monitors = make_context(store, opener).monitors
    for name in ("demo", "demo", "rcrl-1", "demo"):
        with monitors.use(name) as monitor:
            assert monitor.device == "CPU, scripted"
    assert opened == ["demo", "models/rcrl-1", "demo"]
    assert monitors.loaded == ("demo", "CPU, scripted")


def test_names_put_the_default_and_the_newest_models_first(store: Store) -> None:
    store.add_model(Model("raws-1", "models/raws-1", parent="demo"))
    store.add_model(Model("rcrl-1", "models/rcrl-1", parent="raws-1"))
    names = make_context(store).monitors.names()
    assert names[:3] == ["demo", "rcrl-1", "raws-1"]
    assert names.count("demo") == 1
    assert "ra-monitor-4b" in names


def test_what_was_trained_from_the_demonstration_model_is_one(store: Store) -> None:
    store.add_model(Model("raws-1", "models/raws-1", parent="demo"))
    store.add_model(Model("rcrl-1", "models/rcrl-1", parent="raws-1"))
    store.add_model(Model("big", "models/big", parent="ra-monitor-4b"))
    store.add_model(Model("loop", "models/loop", parent="loop"))
    monitors = make_context(store).monitors
    found = {name: monitors.demonstration(name) for name in ("demo", "rcrl-1", "big", "loop", "ra-monitor-4b")}
    assert found == {"demo": True, "rcrl-1": True, "big": False, "loop": False, "ra-monitor-4b": False}
