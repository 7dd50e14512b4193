"""The tree of a case as the lens shows it: the inspection as written and its branches, each one a node. No gradio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.branches import Branch
from db.store import Store
from m3ad.errors import NotFound
from m3ad.picture_changes import whole
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Inspection, Probability, Trace

ROOT = "root"


@dataclass(frozen=True, slots=True)
class Node:
    """One text in the tree.

    Attributes:
        key: "root" for the inspection, else the branch's number; `parent` likewise, None for the root.
        written: the trace as it was written; boxes are fractions of what the model was shown.
        trace: the same with boxes as fractions of the whole picture.
    """

    key: str
    parent: str | None
    kind: BranchKind | None
    recipe: Recipe
    model: str
    written: Trace
    trace: Trace
    probability: Probability
    doubt: float | None
    seconds: float
    tokens: int
    cancelled: bool
    author: str
    created: datetime

    @property
    def branch_id(self) -> int | None:
        """The branch's number in the store; None for the inspection."""
        return None if self.key == ROOT else int(self.key)


def tree(store: Store, inspection: Inspection) -> list[Node]:
    """The inspection, then its branches; every parent comes before its branches."""
    return [_root(inspection), *(_grown(branch) for branch in store.branches.of_inspection(inspection.id))]


def find(nodes: list[Node], key: str) -> Node:
    """The node with this key. Raises NotFound."""
    for node in nodes:
        if node.key == key:
            return node
    raise NotFound(f"There is no branch {key[:20]} of this inspection. Choose one of the table.")


def begun(nodes: list[Node], node: Node) -> Node:
    """Where an answer that begins anew goes off: the node itself, or the one whose text or seed it changed."""
    while node.parent is not None and (node.recipe.text or node.kind is BranchKind.SEED):
        node = find(nodes, node.parent)
    return node


def _root(inspection: Inspection) -> Node:
    return Node(
        ROOT,
        None,
        None,
        Recipe(mode=inspection.mode, seed=inspection.seed),
        inspection.model,
        inspection.trace,
        inspection.trace,
        inspection.probability,
        inspection.doubt,
        inspection.seconds,
        inspection.tokens,
        inspection.cancelled,
        "",
        inspection.created,
    )


def _grown(branch: Branch) -> Node:
    return Node(
        str(branch.id),
        ROOT if branch.parent_id is None else str(branch.parent_id),
        branch.kind,
        branch.recipe,
        branch.model,
        branch.trace,
        whole(branch.trace, branch.recipe.changes),
        branch.probability,
        branch.doubt,
        branch.seconds,
        branch.tokens,
        branch.cancelled,
        branch.author,
        branch.created,
    )
