"""The table of a case's branches: what each is called, its verdict, and what RCRL would have paid for it. No gradio."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from m3ad.picture_changes import ChangeKind
from m3ad.recipes import BranchKind
from m3ad.records import Verdict
from m3ad.rewards import REFLECTION_TABLES, RewardConfig
from m3ad.trace_problems import quoted
from m3ad.trajectories import paid
from ui.inspect_presenter import verdict_word
from ui.lens_nodes import Node

CHANGED = {ChangeKind.MASK: "region covered", ChangeKind.BRIGHTEN: "region brightened", ChangeKind.CROP: "cut-out"}


def rows(nodes: list[Node], truth: Verdict | None) -> list[dict[str, Any]]:
    """One row per node, branches under their parents; `rewards` by reflection table, None where no truth is known."""
    pay = _paid(nodes, truth) if truth else {}
    return [{**_row(node, depth), "rewards": pay.get(node.key)} for node, depth in _in_order(nodes)]


def _row(node: Node, depth: int) -> dict[str, Any]:
    word, tone = verdict_word(node.trace.verdict)
    return {
        "key": node.key,
        "depth": depth,
        "title": title(node),
        "verdict": "stopped" if node.cancelled else word.lower(),
        "tone": "odd" if node.cancelled else tone,
        "p": node.probability.final,
        "group": _group(node),
        "made": f"{node.model} · {node.seconds:.1f} s · {node.tokens} tokens"
        + (f" · {node.author}" if node.author else "")
        + f" · {node.created:%Y-%m-%d %H:%M} UTC",
    }


def title(node: Node) -> str:
    """What a branch changed, in a few words."""
    recipe = node.recipe
    if node.kind is None:
        return "as written"
    if recipe.drawn:
        return f"drawn {recipe.drawn[0] + 1} of {recipe.drawn[1]}"
    if node.kind is BranchKind.EDITED:
        cut = recipe.words.removeprefix("without: ")
        return f"edit: {quoted(recipe.words)}" if cut == recipe.words else f"cut: {quoted(cut)}"
    if node.kind is BranchKind.PICTURE:
        return CHANGED[recipe.changes[-1].kind]
    if node.kind is BranchKind.DEFINITIONS:
        return "other instructions"
    return f"seed {recipe.seed}" if node.kind is BranchKind.SEED else node.kind.value


def _in_order(nodes: list[Node]) -> list[tuple[Node, int]]:
    """The nodes with how deep they lie: each followed by its branches, the oldest first."""

    def below(parent: str | None, depth: int) -> list[tuple[Node, int]]:
        return [
            found for node in nodes if node.parent == parent for found in ((node, depth), *below(node.key, depth + 1))
        ]

    return below(None, 0)


def _group(node: Node) -> str:
    """Beside which others its advantage is reckoned: those drawn with it, or all that were not drawn."""
    return f"{node.parent}-{node.recipe.seed}" if node.recipe.drawn else ""


def _paid(nodes: list[Node], truth: Verdict) -> dict[str, dict[str, list[float]]]:
    """By key and table: consistency, accuracy, reflection, total, advantage. What was stopped earns nothing."""
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        if not node.cancelled:
            groups.setdefault(_group(node), []).append(node)
    found: dict[str, dict[str, list[float]]] = {}
    for members in groups.values():
        for table in REFLECTION_TABLES:
            earned = paid(truth, [node.trace for node in members], RewardConfig(reflection_table=table))
            for node, one in zip(members, earned, strict=True):
                found.setdefault(node.key, {})[table] = [*astuple(one.rewards), one.advantage]
    return found
