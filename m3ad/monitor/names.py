"""From the name a person gives to a model to the model: which names there are, what they stand for, how to open one.

Loads neither torch nor the openai client before a model is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from m3ad.demo import bundled_model
from m3ad.dialects import CHOICE, Dialect, named, recognise
from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Monitor
from m3ad.monitor.folders import architecture, existing, read_card

Quantization = Literal["4bit", "8bit"]
FOLDER = "?folder="  # at the end of a served model's source


@dataclass(frozen=True, slots=True)
class Source:
    """What a name stands for.

    Attributes:
        kind: a folder on this machine, a repository of the Hugging Face hub, or a server.
        location: the folder's path, the repository "owner/name", or the server's base URL.
        subfolder: of the repository; empty for its root.
        base: the repository whose processor is used where the model's own folder has none.
        model: the model's name on the server; empty: the only one it has.
        folder: of a served model: where its files are on this machine; it is asked as they say. Empty: not known.
        bare: True for models trained on the question alone; others are told the format (`m3ad.prompts.SYSTEM`).
        dialect: the name of the dialect that was asked for; empty: to be recognised (`dialect_of`).
    """

    kind: Literal["folder", "hub", "served"]
    location: str
    subfolder: str = ""
    base: str = ""
    model: str = ""
    folder: str = ""
    bare: bool = False
    dialect: str = ""


def _published(size: str) -> Source:
    """One of the published RA-Monitor weights. [F]"""
    return Source(
        "hub", "yanhui01/RA-Monitor", f"RA-Monitor(Qwen3-VL-{size})", f"Qwen/Qwen3-VL-{size}-Instruct", bare=True
    )


NAMES: dict[str, str] = {
    "demo": "the bundled demonstration model, for drawn parts only",
    "ra-monitor-4b": "RA-Monitor on Qwen3-VL-4B, as published by the paper's authors",
    "ra-monitor-8b": "RA-Monitor on Qwen3-VL-8B, as published by the paper's authors",
}


def resolve(source: str) -> Source:
    """What `source` stands for: one of NAMES, `served:URL#model`, a folder, or a Hugging Face id "owner/name".

    `?dialect=NAME` at its end chooses how the model is asked and read, where that cannot be recognised. `?folder=PATH`
    after a served model says where its files are on this machine: it is asked with their system prompt, and pictures
    are sized as their processor says. Nothing is loaded or downloaded; a folder must exist.

    Raises:
        ModelUnavailable: none of these, or no such dialect.
    """
    source = source.strip()
    plain, chosen, dialect = source.rpartition(CHOICE)
    if chosen:
        named(dialect)
        return replace(resolve(plain), dialect=dialect)
    if source == "demo":
        return Source("folder", str(bundled_model()))
    if source in NAMES:
        return _published(source.removeprefix("ra-monitor-").upper())
    if source.startswith("served:"):
        return _served(source.removeprefix("served:"))
    if folder := existing(source):
        return Source("folder", str(folder))
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", source):
        return Source("hub", source)
    raise ModelUnavailable(
        f"There is no model {source!r}: it is no folder on this machine and no known name. "
        "Give a folder, a Hugging Face id like Qwen/Qwen3-VL-4B-Instruct, served:URL#model, "
        f"or one of {', '.join(NAMES)}."
    )


def _served(address: str) -> Source:
    address, _, folder = address.partition(FOLDER)
    url, _, model = address.partition("#")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ModelUnavailable(
            f"{url!r} is not the address of a server. Write served:URL#model, "
            "for example served:http://127.0.0.1:8000/v1#ra-monitor."
        )
    if folder and not existing(folder):
        raise ModelUnavailable(
            f"The folder {folder} is not there, and the served model is to be asked as it says. Bring it back, or name "
            f"the model without {FOLDER}."
        )
    return Source("served", url.rstrip("/"), model=model, folder=folder, bare="ra-monitor" in model.lower())


def dialect_of(source: Source, folder: Path | None = None) -> Dialect | None:
    """How a model is asked and read: as it was asked for, else as its name or its folder says; None as RA-Monitor.

    What this project has trained is RA-Monitor's form, whatever it is called.

    Args:
        folder: the model's files, where they are on this machine.
    """
    if source.dialect:
        return named(source.dialect)
    if source.bare or (folder and read_card(folder)):
        return None
    name = folder.name if folder and source.kind != "hub" else source.model or source.location
    return recognise(name, architecture(folder) if folder else "")


def open_monitor(
    source: str,
    *,
    device: str = "auto",
    quantization: Quantization | None = None,
    max_new_tokens: int | None = None,
    temperature: float = 0.0,
) -> Monitor:
    """Loads or connects to a model.

    Args:
        source: see `resolve`.
        device: "auto" (CUDA where there is some, else the CPU), "cpu", "cuda" or "cuda:N"; a server has its own.
        quantization: weights in 4 or 8 bits (bitsandbytes, CUDA only).
        max_new_tokens: an answer is cut off after so many tokens; None: as its dialect needs, else MAX_NEW_TOKENS.
        temperature: 0 is greedy; above it answers are sampled, from the seed given to `stream`.

    Raises:
        ModelUnavailable: with what is missing and what to do.
    """
    found = resolve(source)
    if found.kind == "served":
        from m3ad.monitor.served import ServedMonitor

        return ServedMonitor(found, max_new_tokens=max_new_tokens, temperature=temperature)
    from m3ad.monitor.local import LocalMonitor
    from m3ad.monitor.local_load import local_folder
    from m3ad.monitor.local_plain import PlainMonitor

    dialect = dialect_of(found, local_folder(found))
    if dialect is not None:
        return PlainMonitor.open(
            found,
            dialect,
            name=source,
            device=device,
            quantization=quantization,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
        )
    return LocalMonitor.open(
        found,
        name=source,
        device=device,
        quantization=quantization,
        max_new_tokens=max_new_tokens or MAX_NEW_TOKENS,
        temperature=temperature,
    )
