"""A run's adapter on a server, over real HTTP with real weights: loaded, tried, chosen, unloaded, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store import Store
from m3ad.errors import Conflict, ModelUnavailable, NotFound
from m3ad.images import open_image
from m3ad.monitor import inspect, open_monitor, resolve
from m3ad.monitor.served_adapters import AdapterServer
from m3ad.records import Model, Stage
from tests.adapter_site import AdapterSite
from tests.training.served_adapters import add_adapter, fill, write_adapter
from training.config import PRESETS
from training.serving import Presence, serve, standings, unserve, unserve_taken_back

NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def process(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterSite]:
    made = AdapterSite(tiny, tmp_path_factory.mktemp("adapters") / "log.txt")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def site(process: AdapterSite) -> AdapterSite:
    """The server, with its usual manners and without adapters."""
    process.behave()
    for name in process.names()[1:]:
        AdapterServer(process.address).unload(name)
    return process


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as store:
        fill(store)
        yield store


@pytest.fixture
def model(filled: Store, tiny: Path) -> Model:
    return add_adapter(filled, tiny)


def test_an_adapter_is_loaded_tried_registered_and_unloaded(filled: Store, model: Model, site: AdapterSite) -> None:
    served = serve(filled, model.name, site.address, actor="ann")
    assert site.names() == ["base", served.name]
    assert served.smoke.difference is not None
    assert served.smoke.difference > 0.01
    assert (served.smoke.noise, served.smoke.picture_tokens, served.remarks) == (0.0, True, ())
    assert filled.model(served.model.name).parent == model.name
    (now,) = standings(filled, model.name)
    assert (now.presence, now.serving.seen["base"]) == (Presence.LOADED, served.smoke.base)

    assert serve(filled, model.name, site.address, actor="ann").model == served.model  # a second click changes nothing
    assert site.names() == ["base", served.name]

    (told,) = unserve(filled, model.name, actor="ann")
    assert served.name in told
    assert site.names() == ["base"]
    assert standings(filled) == []
    with pytest.raises(Conflict, match="on no server"):
        unserve(filled, model.name, actor="ann")


def test_the_served_model_answers_as_the_adapter_does_on_this_machine(
    filled: Store, model: Model, site: AdapterSite
) -> None:
    served = serve(filled, model.name, site.address, actor="ann")
    picture = open_image(filled.cases()[0].primary.path)
    there = inspect(open_monitor(served.model.source, max_new_tokens=12), picture)
    here = inspect(open_monitor(model.source, device="cpu", max_new_tokens=12), picture)
    base = inspect(open_monitor(f"served:{site.address}#base?folder={model.source}", max_new_tokens=12), picture)
    unserve(filled, served.model.name, actor="ann")
    assert there.text == here.text
    assert there.text != base.text
    lost = open_monitor(served.model.source, max_new_tokens=12)
    with pytest.raises(ModelUnavailable, match="Serve it again"):
        inspect(lost, picture)


def test_a_server_that_passes_over_the_adapter_is_found_out(filled: Store, model: Model, site: AdapterSite) -> None:
    site.behave("ignores")
    with pytest.raises(ModelUnavailable, match="answers as base does"):
        serve(filled, model.name, site.address, actor="ann")
    assert site.names() == ["base"]
    assert standings(filled) == []
    assert [one.name for one in filled.models()] == [model.name]


def test_an_adapter_that_learnt_nothing_is_found_out(filled: Store, tiny: Path, site: AdapterSite) -> None:
    empty = add_adapter(filled, tiny, strength=0.0)
    with pytest.raises(ModelUnavailable, match="teaches nothing"):
        serve(filled, empty.name, site.address, actor="ann")
    assert site.names() == ["base"]


def test_a_server_that_shows_other_pictures_than_training_is_found_out(
    filled: Store, model: Model, site: AdapterSite
) -> None:
    site.behave("larger")
    with pytest.raises(
        ModelUnavailable, match=r"another size.*--mm-processor-kwargs '\{\"size\": \{\"shortest_edge\": 4096"
    ):
        serve(filled, model.name, site.address, actor="ann")
    assert site.names() == ["base"]


def test_a_server_that_says_little_is_believed_by_its_texts(filled: Store, model: Model, site: AdapterSite) -> None:
    site.behave("silent")
    served = serve(filled, model.name, site.address, actor="ann")
    assert (served.smoke.difference, served.smoke.picture_tokens) == (None, None)
    assert len(served.remarks) == 2
    site.behave("silent", "ignores")
    with pytest.raises(ModelUnavailable, match="word for word"):
        serve(filled, model.name, site.address, actor="ann")


@pytest.mark.slow
def test_a_restarted_server_has_forgotten_and_is_told_again(filled: Store, model: Model, site: AdapterSite) -> None:
    served = serve(filled, model.name, site.address, actor="ann")
    site.stop()
    site.start()
    (now,) = standings(filled)
    assert (now.presence, "Serve it again" in now.words) == (Presence.FORGOTTEN, True)
    assert serve(filled, model.name, site.address, actor="ann").model == served.model
    assert standings(filled)[0].presence is Presence.LOADED
    site.stop()
    (gone,) = standings(filled)
    assert (gone.presence, "Nothing answers" in gone.words) == (Presence.UNKNOWN, True)
    assert "not unloaded" in unserve_taken_back(filled, model.name, actor="ann")
    site.start()
    (told,) = unserve(filled, model.name, actor="ann")
    assert "not have" in told


def test_a_model_that_was_trained_on_is_another_one_there(
    filled: Store, model: Model, site: AdapterSite, tiny: Path
) -> None:
    first = serve(filled, model.name, site.address, actor="ann")
    settings = PRESETS["cpu demo"][Stage.RAWS]
    write_adapter(Path(model.source), tiny, type(settings)(**{**settings.to_json(), "method": "lora"}), 0.3, seed=2)
    assert standings(filled)[0].presence is Presence.OLDER
    second = serve(filled, model.name, site.address, actor="ann")
    assert first.name != second.name
    assert first.model.name != second.model.name
    assert set(site.names()) == {"base", first.name, second.name}
    assert len(unserve(filled, model.name, actor="ann")) == 2
    assert site.names() == ["base"]


def test_runtime_loading_that_is_not_allowed_says_how_to_start(filled: Store, model: Model, site: AdapterSite) -> None:
    site.behave("forbids")
    with pytest.raises(ModelUnavailable, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING=True"):
        serve(filled, model.name, site.address, actor="ann")


def test_what_the_server_refuses_is_passed_on(filled: Store, tiny: Path, site: AdapterSite) -> None:
    large = add_adapter(filled, tiny, rank=32)
    with pytest.raises(ModelUnavailable, match=r"rank 32 is greater than max_lora_rank 16.*--max-lora-rank 32"):
        serve(filled, large.name, site.address, actor="ann")
    with pytest.raises(ModelUnavailable, match="--server-folder"):
        serve(filled, large.name, site.address, f"{large.source}=/elsewhere", actor="ann")


def test_an_adapter_of_another_base_is_refused(
    filled: Store, model: Model, site: AdapterSite, tiny_model: Path
) -> None:
    stranger = add_adapter(filled, tiny_model)
    with pytest.raises(ModelUnavailable, match=f"belongs to {tiny_model}"):
        serve(filled, stranger.name, site.address, actor="ann")
    assert site.names() == ["base"]


def test_what_is_no_adapter_of_ours_is_refused(filled: Store, model: Model, tiny: Path, site: AdapterSite) -> None:
    whole = filled.add_model(Model("whole", str(tiny)), actor="ann")
    with pytest.raises(ModelUnavailable, match="vllm serve"):
        serve(filled, whole.name, site.address, actor="ann")
    far = filled.add_model(Model("far", f"served:{site.address}#base"), actor="ann")
    with pytest.raises(ModelUnavailable, match="no folder of this machine"):
        serve(filled, far.name, site.address, actor="ann")
    with pytest.raises(NotFound):
        serve(filled, "nobody", site.address, actor="ann")
    with pytest.raises(Conflict, match="--server"):
        serve(filled, model.name, None, actor="ann")
    with pytest.raises(ModelUnavailable, match="not the address of a server"):
        serve(filled, model.name, "file:///etc/passwd", actor="ann")
    with pytest.raises(ModelUnavailable, match="Nothing answers"):
        serve(filled, model.name, NOBODY, actor="ann")
    with pytest.raises(Conflict, match="HERE=THERE"):
        serve(filled, model.name, site.address, "nothing", actor="ann")


def test_a_model_in_use_is_used_through_its_server(filled: Store, model: Model, site: AdapterSite) -> None:
    from tests.ui.scripted import make_context

    filled.promotions.promote(model.name, "good", {}, filled.promotions.rules(), actor="ann")
    monitors = make_context(filled, open_monitor).monitors
    assert monitors.default == model.name
    served = serve(filled, model.name, site.address, actor="ann").model.name
    assert monitors.default == served
    assert (served, served) in monitors.marked()
    assert resolve(monitors.source(served)).kind == "served"
    filled.promotions.take_back(model.name, actor="ann")
    assert served in [name for title, name in monitors.marked() if title.endswith("(not promoted)")]
    assert "was unloaded" in unserve_taken_back(filled, model.name, actor="ann")
    assert unserve_taken_back(filled, model.name, actor="ann") == ""
    assert site.names() == ["base"]
