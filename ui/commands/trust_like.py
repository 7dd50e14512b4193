"""`trust like`: how often a model was right on cases like one."""

from __future__ import annotations

import argparse

from m3ad.errors import NotFound
from ui.commands.common import make_settings, open_store, tell
from ui.inspect_trust import trust_value
from ui.trust_presenter import measure_pictures

WORDS = "How often the model was right on annotated cases like this one, and what its operating point says."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which case."""
    parser.add_argument("case", type=int, help="Number of the case, as in links.")


def run(options: argparse.Namespace) -> None:
    """Tell it of the newest inspection by a model (--model)."""
    model = make_settings(options).model
    with open_store(options) as store:
        measure_pictures(store, model)
        store.case(options.case)
        inspection = store.latest_inspection(options.case, model)
        if inspection is None:
            raise NotFound(f"{model} has not inspected case {options.case}. Inspect it first.")
        value = trust_value(store, inspection)
        said = [value["call"], value["why"], value["like"], *value["details"], value["forced"]]
        cases = [
            f"  {one['name']} (case {one['id']}): {'right' if one['right'] else 'wrong'}" for one in value["cases"]
        ]
        tell(options, value, "\n".join(filter(None, [*said, *cases])))
