"""The words of the project as frozen dataclasses (the word list is in README.md). No database, no page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from m3ad.geometry import Box, iou

HELD_OUT = "held out"  # the split of a case whose whole category is for the bench: no training may see it


class Scenario(StrEnum):
    """The four inspection scenarios of M3-AD."""

    TEXTURE = "texture"
    WORKPIECE = "workpiece"
    ELECTRONIC = "electronic"
    LOGICAL = "logical"


class Mode(StrEnum):
    """How a model is asked to answer: it chooses, it must not reflect, or it must."""

    AUTO = "auto"
    THINKING = "thinking"
    REFLECTIVE = "reflective"


class Outcome(StrEnum):
    """What a reflection did to the decision whether there is a defect."""

    FIXED = "fixed"
    BROKE = "broke"
    KEPT_RIGHT = "kept right"
    KEPT_WRONG = "kept wrong"


class Stage(StrEnum):
    """The two trainings of the paper: supervised warm start, then GRPO."""

    RAWS = "raws"
    RCRL = "rcrl"


class RunState(StrEnum):
    """Where a run stands, as read from its folder and its process."""

    READY = "ready"  # folder written, never started
    RUNNING = "running"
    STOPPING = "stopping"  # asked to stop, still alive
    FINISHED = "finished"  # ran to its end; the model is there
    STOPPED = "stopped"  # stopped by a person; the model so far is there
    FAILED = "failed"  # the process ended without a model


class CaptionState(StrEnum):
    """Where the texts of an example stand in the manual check (M3-AD-FT, step 4)."""

    WRITTEN = "written"  # by a caption writer; nobody has looked at them
    EDITED = "edited"  # changed by a person and not approved since
    APPROVED = "approved"
    SENT_BACK = "sent back"  # to be written again


@dataclass(frozen=True, slots=True)
class Defect:
    """One type and one box.

    Attributes:
        type: the text as written; `m3ad.taxonomy` maps it to a node.
        box: in fractions of the picture it was drawn on; None: place unknown.
        picture: which of the case's pictures that is; 0, the primary one, also without a box.
    """

    type: str
    box: Box | None = None
    picture: int = 0

    def overlap(self, other: Defect) -> float:
        """The IoU of the two boxes, 0..1; 0 where they are on different pictures, or one has none."""
        if self.box is None or other.box is None or self.picture != other.picture:
            return 0.0
        return iou(self.box, other.box)

    def to_json(self) -> dict[str, Any]:
        """`{"type": str, "box": [x1, y1, x2, y2] or null}`, fractions, and `"picture"` where it is not the primary."""
        found = {"type": self.type, "box": list(self.box.as_tuple()) if self.box else None}
        return found | ({"picture": self.picture} if self.picture else {})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Defect:
        """The inverse of `to_json`."""
        return cls(data["type"], Box(*data["box"]) if data["box"] else None, data.get("picture", 0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Anomalous or not, and its defects (none when normal)."""

    anomalous: bool
    defects: tuple[Defect, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{"anomalous": bool, "defects": [...]}`; see `Defect.to_json`."""
        return {"anomalous": self.anomalous, "defects": [defect.to_json() for defect in self.defects]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Verdict:
        """The inverse of `to_json`."""
        return cls(data["anomalous"], tuple(Defect.from_json(one) for one in data["defects"]))

    @property
    def further(self) -> int:
        """How many boxes are on other pictures than the primary one."""
        return sum(defect.picture > 0 for defect in self.defects)

    def all_on(self, pictures: int) -> bool:
        """True when every defect is on one of so many pictures."""
        return all(0 <= defect.picture < pictures for defect in self.defects)

    def on_primary(self) -> Verdict:
        """What a model can learn that sees the primary picture alone: a box on another one becomes a place unknown."""
        return Verdict(self.anomalous, tuple(Defect(d.type) if d.picture else d for d in self.defects))


NORMAL = Verdict(False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a reader should know about a trace: a stable `code` to count by and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What the model wrote, read.

    Attributes:
        text: the model's text, unchanged.
        think: the reasoning, without tags; empty when there was none.
        reflection: the reflection, without tags; None when the model did not reflect.
        initial: the verdict at the end of `think`, before any reflection; None when it cannot be read.
        verdict: the final verdict; None when it cannot be read ("unreadable", never "no defect").
        problems: everything that was repaired or could not be read, in order of the text.
    """

    text: str
    think: str
    reflection: str | None
    initial: Verdict | None
    verdict: Verdict | None
    problems: tuple[Problem, ...] = ()

    @property
    def reflected(self) -> bool:
        """True when the model wrote a reflection."""
        return self.reflection is not None


@dataclass(frozen=True, slots=True)
class Probability:
    """P(anomalous) at the two places of decision, 0..1; None where it was not or could not be measured."""

    initial: float | None = None
    final: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One image file of a case. Width and height in pixels, after EXIF orientation."""

    id: int
    path: Path
    sha256: str
    width: int
    height: int
    role: str = "primary"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case about to be imported: `key` is unique within its data set; the first of `images` is the primary one.

    Of a WAV file the spectrogram becomes the picture. `roles` names what each picture shows ("primary", "template", …);
    without it: primary, then view; spectrogram for a sound. `split` is the source's own word ("train", "test");
    HELD_OUT keeps the case's category out of all training. `licence`: of the data set, in its own words; "" not known.
    """

    dataset: str
    key: str
    scenario: Scenario
    category: str
    images: tuple[Path, ...]
    split: str = ""
    verdict: Verdict | None = None
    roles: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One part as it was pictured."""

    id: int
    dataset: str
    key: str
    scenario: Scenario
    category: str
    split: str
    pictures: tuple[Picture, ...]

    @property
    def primary(self) -> Picture:
        """The picture that is shown and inspected first."""
        return self.pictures[0]

    @property
    def name(self) -> str:
        """A short name for lists: category and key (without the category, where the key begins with it)."""
        return f"{self.category} {self.key.removeprefix(self.category + '/')}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One stored trace of one model on one case.

    `seconds` and `tokens` are its cost; `cancelled`: stopped half-way; `doubt`: see `m3ad.monitor.base.Answer`.
    """

    id: int
    case_id: int
    model: str
    mode: Mode
    seed: int
    trace: Trace
    probability: Probability
    seconds: float
    tokens: int
    cancelled: bool
    created: datetime
    doubt: float | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """One immutable revision of a person's (or a data set's) verdict on a case; revisions count from 1 per case."""

    id: int
    case_id: int
    revision: int
    verdict: Verdict
    author: str
    note: str
    inspection_id: int | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved work of one person on one case; `based_on` is the revision it started from (0: none)."""

    case_id: int
    user: str
    verdict: Verdict
    note: str
    based_on: int
    saved: datetime


@dataclass(frozen=True, slots=True)
class Model:
    """Something that can inspect. `source` is what `m3ad.monitor.open_monitor` takes; `run` the run it came from."""

    name: str
    source: str
    parent: str | None = None
    run: str | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One frozen case of a snapshot, pointing at the exact annotation revision."""

    case: Case
    annotation: Annotation
    split: str


@dataclass(frozen=True, slots=True)
class SplitAccount:
    """How the cases of a snapshot were divided.

    Attributes:
        frozen: how many are kept back from training.
        categories: those that are kept back whole.
        moved: how many changed sides to stay with a copy or near-duplicate of theirs.
        trained: how many of the frozen were in the training part of an earlier snapshot.
        unseen: how many could not be compared by look, because the file of a picture is gone.
        waiting: how many were left out, because their annotation has an open question or was sent back.
        older: how many on the training side a model has learnt from before.
        rested: how many such cases were left out, so that those that are new have their share.
    """

    frozen: int
    categories: tuple[str, ...] = ()
    moved: int = 0
    trained: int = 0
    unseen: int = 0
    waiting: int = 0
    older: int = 0
    rested: int = 0

    def to_json(self) -> dict[str, Any]:
        """The fields, as JSON types."""
        return asdict(self) | {"categories": list(self.categories)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SplitAccount:
        """The inverse of `to_json`."""
        return cls(**data | {"categories": tuple(data["categories"])})

    def sentences(self) -> str:
        """The account for the person who took the snapshot."""
        names = ", ".join(self.categories)
        parts = (
            (True, f"{_cases(self.frozen)} kept back from training."),
            (self.categories, f"Kept back whole: {names}."),
            (self.moved, f"{_cases(self.moved)} moved to the side of a copy or near-duplicate."),
            (self.trained, f"{_cases(self.trained)} of those kept back {_was(self.trained)} trained on in an earlier "
            "snapshot: its models have seen the pictures."),
            (self.unseen, f"{_cases(self.unseen)} could not be compared by look: the file of a picture is gone."),
            (self.waiting, f"{_cases(self.waiting)} left out: sent back, or with an open question."),
            (self.older, f"{_cases(self.older)} to train on {_was(self.older)} in an earlier run too."),
            (self.rested, f"{_cases(self.rested)} of earlier runs left out, for the share of older cases."),
        )  # fmt: skip
        return " ".join(sentence for wanted, sentence in parts if wanted)


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frozen list of (case, annotation revision, split). `hash` covers image bytes, verdicts and splits.

    `account` is None for snapshots of a version that gave none.
    """

    id: int
    name: str
    hash: str
    size: int
    anomalous: int
    created: datetime
    filter: dict[str, Any] = field(default_factory=dict)
    account: SplitAccount | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One training as the store knows it: which folder, which snapshot, which start. Its state is in the folder."""

    name: str
    stage: Stage
    snapshot_id: int
    start_model: str
    folder: Path
    created: datetime
