"""Pictures that a run or an export reads later, and from elsewhere: those in a bucket get a file here that stays."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from db.store import Store
from m3ad.remote.buckets import is_remote
from training.examples import Example

AT_ONCE = 8  # downloads: most of each is waiting


def held_examples(store: Store, examples: Sequence[Example]) -> list[Example]:
    """The examples with pictures of this machine; what lies in a bucket is fetched and kept. Raises BadImage."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda example: _held(store, example), examples))


def _held(store: Store, example: Example) -> Example:
    if not is_remote(example.image):
        return example
    return replace(example, image=str(store.places.held(store.case(int(example.case)).primary)))
