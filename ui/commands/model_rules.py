"""`model rules`: what a model has to show before it can be promoted."""

from __future__ import annotations

import argparse
from dataclasses import fields

from m3ad.bench.rules import Rules
from ui.commands.common import make_settings, open_store, tell
from ui.judging_presenter import rule_texts, rules_from, rules_words

WORDS = "Show the rules for a promotion, or set some of them: --escape 5%%, --readable '' for no rule."


def add_options(parser: argparse.ArgumentParser) -> None:
    """A limit each."""
    for one in fields(Rules):
        parser.add_argument(f"--{one.name}", metavar="LIMIT", help=one.metadata["label"].replace("%", "%%"))


def run(options: argparse.Namespace) -> None:
    """Set what was given, then show all."""
    with open_store(options) as store:
        rules = store.promotions.rules()
        given = [getattr(options, one.name) for one in fields(Rules)]
        if any(text is not None for text in given):
            present = rule_texts(rules.rules)
            texts = [old if new is None else new for old, new in zip(present, given, strict=True)]
            rules = store.promotions.set_rules(rules_from(texts), actor=make_settings(options).user)
        words = "\n".join([*rules.rules.sentences(), rules_words(rules)])
        tell(options, {"id": rules.id, **rules.rules.to_json(), "author": rules.author}, words)
