"""A run's adapter on a server: loaded beside its base, tried, and registered as a served model; unloaded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.schema import Serve
from db.servings import Serving
from db.store import Store
from m3ad.errors import Conflict, ModelUnavailable
from m3ad.images import open_image
from m3ad.monitor.adapters import DIGITS, Adapter, read_adapter
from m3ad.monitor.fingerprint import fingerprint
from m3ad.monitor.names import FOLDER, Source, resolve
from m3ad.records import Model
from training.serving_base import Folders, require_base

if TYPE_CHECKING:
    from m3ad.monitor.served_adapters import AdapterServer
    from m3ad.monitor.served_smoke import Smoke


class Presence(StrEnum):
    """Where a model that was loaded on a server stands now."""

    LOADED = "loaded"  # the server lists it
    FORGOTTEN = "forgotten"  # the server does not list it any more: it was restarted
    OLDER = "older"  # the model was trained on since: the server has its former weights
    UNKNOWN = "unknown"  # the server cannot be asked


@dataclass(frozen=True, slots=True)
class Standing:
    """A serving as its server has it now, in words for people."""

    serving: Serving
    presence: Presence
    words: str


@dataclass(frozen=True, slots=True)
class Served:
    """What serving a model came to.

    Attributes:
        model: the served model.
        name: what the server calls it.
        smoke: what the smoke test saw.
        remarks: sentences on what could not be checked.
    """

    model: Model
    name: str
    smoke: Smoke
    remarks: tuple[str, ...]


def serve(store: Store, model: str, address: str | None, folders: str = "", *, actor: str) -> Served:
    """Load a model's adapter on a server, try it, and register it as a served model. A second call tries it again.

    Args:
        address: of the server, like http://host:8000/v1.
        folders: HERE=THERE, with commas: how the server sees folders of this machine.

    Raises:
        NotFound: there is no such model.
        Conflict: there is no address, or no case whose picture the smoke test could show.
        ModelUnavailable: the adapter cannot be served, the server does not load it or passes over it; nothing stays
            loaded then that was not before.
    """
    known = store.model(model)
    adapter = read_adapter(_folder(known))
    server, seen_as = _server(address), Folders.read(folders)
    picture = _picture(store, known)
    base = server.base()
    remarks = require_base(adapter, base, server.address, seen_as)
    name, path = adapter.name(model), seen_as.there(str(adapter.folder))
    here_already = {card.name: card.root for card in server.cards()}
    if name not in here_already:
        server.load(name, path, adapter.rank)
    try:
        smoke = _tried(server.address, base.name, name, adapter, picture)
    except BaseException:
        if name not in here_already:
            server.unload(name)
        raise
    host = urlsplit(server.address).netloc.rpartition("@")[2]
    served = Model(
        f"{model}@{host}-{adapter.digits}", f"served:{server.address}#{name}{FOLDER}{adapter.folder}", parent=model
    )
    served = store.add_model(served, actor=actor)
    store.servings.add(model, served.name, Serve.LOADED, smoke.to_json(), actor=actor)
    if smoke.picture_tokens is None:
        remarks.append("The server does not count tokens: in what size it shows pictures cannot be seen from here.")
    if smoke.difference is None:
        remarks.append("The server sends no log-probabilities: only the texts were compared.")
    return Served(served, name, smoke, tuple(remarks))


def unserve(store: Store, model: str, *, actor: str) -> list[str]:
    """Unload a model from every server that it was loaded on; it may be named as the served one. Sentences on each.

    Raises:
        NotFound: there is no such model.
        Conflict: it is on no server.
        ModelUnavailable: a server cannot be asked; the others were.
    """
    store.model(model)
    found = [one for one in store.servings.present() if model in (one.model, one.served)]
    if not found:
        raise Conflict(f"{model} is on no server: there is nothing to unload.")
    told, failed = [], []
    for one in found:
        source = resolve_served(store, one.served)
        try:
            removed = _server(source.location).unload(source.model)
        except ModelUnavailable as error:
            failed.append(str(error))
            continue
        store.servings.add(one.model, one.served, Serve.UNLOADED, {}, actor=actor)
        told.append(
            f"{source.model} was unloaded from {source.location}."
            if removed
            else f"{source.location} did not have {source.model} any more."
        )
    if failed:
        raise ModelUnavailable(" ".join([*told, *failed]))
    return told


def unserve_taken_back(store: Store, model: str, *, actor: str) -> str:
    """Unload a model that is not in use any more, where it is served; what came of it, empty where nothing was to do.

    A server that cannot be asked keeps nobody from taking a model back.
    """
    if not store.servings.present(model):
        return ""
    try:
        return " ".join(unserve(store, model, actor=actor))
    except ModelUnavailable as error:
        return f"It was not unloaded: {error} Unload it once the server answers."


def standings(store: Store, model: str | None = None) -> list[Standing]:
    """What was loaded and not unloaded, of one model or of all, as the servers have it now. They are asked."""
    lists: dict[str, Sequence[str] | ModelUnavailable] = {}
    return [_standing(store, one, lists) for one in store.servings.present(model)]


def _standing(store: Store, one: Serving, lists: dict[str, Sequence[str] | ModelUnavailable]) -> Standing:
    try:
        source = resolve_served(store, one.served)
    except ModelUnavailable as error:
        return Standing(one, Presence.UNKNOWN, str(error))
    if source.location not in lists:
        try:
            lists[source.location] = [card.name for card in _server(source.location).cards()]
        except ModelUnavailable as error:
            lists[source.location] = error
    names, where = lists[source.location], f"{source.model} on {source.location}"
    if isinstance(names, ModelUnavailable):
        return Standing(one, Presence.UNKNOWN, f"{where}: {names}")
    if source.model not in names:
        words = f"{where} is not loaded any more: the server was restarted, or somebody unloaded it. Serve it again."
        return Standing(one, Presence.FORGOTTEN, words)
    if not source.model.endswith(fingerprint(Path(source.folder))[:DIGITS]):
        words = f"{where} is an older version: {one.model} was trained on since. Serve it again, and unload this one."
        return Standing(one, Presence.OLDER, words)
    return Standing(one, Presence.LOADED, f"{where} is loaded.")


def resolve_served(store: Store, served: str) -> Source:
    """The source of a served model of the store."""
    return resolve(store.model(served).source)


def _folder(model: Model) -> Path:
    found = resolve(model.source)
    if found.kind != "folder":
        raise ModelUnavailable(
            f"{model.name} is no folder of this machine ({model.source}), so there is no adapter to load. Serve a "
            "run's model."
        )
    return Path(found.location)


def _server(address: str | None) -> AdapterServer:
    if not address:
        raise Conflict("Say on which server: --server http://HOST:8000/v1, for this command or when the app starts.")
    from m3ad.monitor.served_adapters import AdapterServer

    return AdapterServer(resolve(f"served:{address}").location)


def _picture(store: Store, model: Model) -> Path:
    """A case of the run's snapshot, else any case: the adapter differs from its base on every picture."""
    rows = store.snapshot_rows(store.run(model.run).snapshot_id) if model.run else []
    cases = [row.case for row in rows] or store.cases(limit=1)
    if not cases:
        raise Conflict("The smoke test shows the server a picture, and the store has no case. Import one first.")
    return cases[0].primary.path


def _tried(address: str, base: str, name: str, adapter: Adapter, picture: Path) -> Smoke:
    from m3ad.monitor.served import ServedMonitor
    from m3ad.monitor.served_smoke import smoke

    alone, adapted = (
        ServedMonitor(resolve(f"served:{address}#{each}{FOLDER}{adapter.folder}")) for each in (base, name)
    )
    return smoke(alone, adapted, adapter.sight, open_image(picture))
