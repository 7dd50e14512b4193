"""The names of defects that an import met, what they mean, and mapping one of them: plain values. Knows no Gradio."""

from __future__ import annotations

from typing import Any

from db.store import Store
from m3ad.datasets.layouts import LAYOUTS
from m3ad.datasets.names import ANY
from m3ad.datasets.source import Met, Source
from m3ad.errors import BadData
from m3ad.taxonomy import default_taxonomy
from m3ad.trace_fields import UNKNOWN_TYPE
from ui.data_service import MOST_ROWS, Import

TABLE_SAYS = "as the layout's table says"


def type_choices() -> list[tuple[str, str]]:
    """(words, value) of everything that a name can be mapped to."""
    types = [(node.name, node.name) for node in default_taxonomy().types]
    return [*types, ("unknown: somebody chooses it in Annotate", UNKNOWN_TYPE), (TABLE_SAYS, "")]


def name_choices(job: Import | None) -> list[tuple[str, str]]:
    """(words, number) of the names that the latest import met, those without a meaning first."""
    found = sorted(enumerate(_met(job)), key=lambda entry: entry[1].meaning.type is not None)
    return [(f"{one.name} ({one.category})", str(number)) for number, one in found[:MOST_ROWS]]


def name_rows(store: Store, job: Import | None) -> list[list[Any]]:
    """[name, category and how often] and [type or refusal, why or who said it], as an import would take them now."""
    found = _met(job)
    if job is None or job.done is None or not found:
        return []
    own = store.meanings.of(job.done.layout)
    now = Source(LAYOUTS[job.done.layout].file, own=own)
    refused_first = sorted(found, key=lambda one: one.meaning.type is not None)
    return [[[one.name, f"{one.category} · {one.count} ×"], _says(now, one)] for one in refused_first[:MOST_ROWS]]


def _says(now: Source, one: Met) -> list[str]:
    meaning = now.meaning(one.name, one.category)
    changed = "" if meaning == one.meaning else "said since the import: import again, and it counts"
    return [meaning.type or "refused", meaning.refused or changed]


def map_name(store: Store, job: Import | None, number: str, type_: str, everywhere: bool, actor: str) -> str:
    """Map a met name for its category or for every one, or let the table speak again; what was done, in words.

    Raises BadData where no name is chosen, or the type is none.
    """
    found = _met(job)
    if job is None or job.done is None or not str(number).isdecimal() or int(number) >= len(found):
        raise BadData("Choose a name first. Names are listed when a data set has been imported.")
    one = found[int(number)]
    category = ANY if everywhere else one.category
    where = "in every category" if everywhere else f"in {one.category}"
    if not type_:
        store.meanings.forget(job.done.layout, category, one.name, actor)
        return f"{one.name} means {where} what the layout's table says. Import again, and that counts."
    kind = store.meanings.say(job.done.layout, category, one.name, type_, actor)
    return f"{one.name} means {kind} {where}. Import again, and what was refused for it is taken."


def _met(job: Import | None) -> tuple[Met, ...]:
    return job.done.met if job is not None and job.done is not None else ()
