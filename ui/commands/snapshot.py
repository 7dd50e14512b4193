"""`snapshot`: annotated cases are frozen for training."""

from __future__ import annotations

import argparse

from db.filters import CaseFilter, Status
from m3ad.datasets.split import in_bench
from m3ad.records import Scenario
from ui.commands.common import open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Its name, the filters, and what is kept back."""
    parser.add_argument("name")
    parser.add_argument("--scenario", choices=[scenario.value for scenario in Scenario])
    for name in ("category", "dataset", "text"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--approved", action="store_true", help="Only cases whose newest revision was approved.")
    keep_back = "Keep this category out of training, here and in every later snapshot; may be given more than once."
    parser.add_argument("--keep-back", action="append", default=[], metavar="CATEGORY", help=keep_back)
    words = "Of the training part at most this share (0 up to below 1) is older: models have learnt from it before."
    parser.add_argument("--replay", type=float, metavar="SHARE", help=words)
    words = "Also keep back every category that the M3-AD split gives to the Bench (docs/datasets.md)."
    parser.add_argument("--m3ad-split", action="store_true", help=words)


def run(options: argparse.Namespace) -> None:
    """Freeze the annotated cases that match the filters."""
    chosen = CaseFilter(
        scenario=Scenario(options.scenario) if options.scenario else None,
        category=options.category,
        dataset=options.dataset,
        text=options.text or "",
        status=Status.APPROVED if options.approved else Status.ANNOTATED,
    )
    store = open_store(options)
    kept = [*options.keep_back, *(name for name in store.facets().categories if options.m3ad_split and in_bench(name))]
    snapshot = store.create_snapshot(options.name, chosen, frozen_categories=kept, replay=options.replay)
    data = {"id": snapshot.id, "name": snapshot.name, "cases": snapshot.size, "anomalous": snapshot.anomalous}
    assert snapshot.account is not None
    words = f"snapshot {snapshot.name}: {snapshot.size} cases, {snapshot.anomalous} anomalous"
    words += f"\n  {snapshot.account.sentences()}"
    tell(options, {**data, "hash": snapshot.hash, "split": snapshot.account.to_json()}, words)
