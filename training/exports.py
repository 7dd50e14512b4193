"""Examples as a folder for other trainers: our own rows, or conversations as LLaMA-Factory and ms-swift read them.

    m3ad            data.jsonl, rows as `training.examples` documents them; `datasets` reads it without being told types
    llama-factory   data.json, ShareGPT form with `messages` and `images`, and its entry in dataset_info.json
    ms-swift        data.jsonl, one object a line with `messages` and `images`

Both conversation forms were checked on 2026-11-21 against data/README.md (commit 2ad9871) and
src/llamafactory/data/converter.py (02e2fb3) of LLaMA-Factory, and against Custom-dataset.md (025fc6b) and
swift/template/template_inputs.py (10433f2) of ms-swift: `<image>` stands in the user's text where the picture goes, as
often as there are pictures, and nowhere else.

Pictures are named by absolute paths and stay where they are: the three readers start relative paths at three different
folders, and a data set is not doubled. Of a picture in a bucket it is the file that the workspace holds of it. Only a
picture that others would see differently than our models do (turned by its EXIF orientation, 16-bit, transparent) is
written anew, upright and in 8 bits, into pictures/ beside the data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db.store import Store
from m3ad.errors import ExportError
from m3ad.images import is_plain, open_image
from m3ad.monitor.names import resolve
from m3ad.prompts import conversation
from training.config import RawsSettings
from training.examples import Example, Mix, write_examples
from training.held import held_examples
from training.loop import start_source
from training.snapshots import snapshot_examples
from training.start import read_system

IMAGE = "<image>"
PLACEHOLDERS = (IMAGE, "<video>", "<audio>")  # both trainers put media in their place, in any text of a conversation
DATASET = "m3ad"  # the name in dataset_info.json, by which LLaMA-Factory is asked for it


class Form(StrEnum):
    """What an export looks like; the module's text says who reads it."""

    M3AD = "m3ad"
    LLAMA_FACTORY = "llama-factory"
    MS_SWIFT = "ms-swift"


@dataclass(frozen=True, slots=True)
class ExportAccount:
    """What an export holds. `unanswered`: the start model never answered, so they are neither easy nor hard."""

    folder: Path
    form: Form
    examples: int
    easy: int
    hard: int
    unanswered: int
    reflective: int

    def to_json(self) -> dict[str, Any]:
        """The account as JSON values."""
        return {**asdict(self), "folder": str(self.folder), "form": self.form.value}

    def sentence(self) -> str:
        """The account for a person."""
        return (
            f"{self.examples} examples in {self.folder} ({self.form.value}): {self.easy} easy, {self.hard} hard, "
            f"{self.unanswered} never answered by the start model; {self.reflective} reflective"
        )


def export_snapshot(
    store: Store, snapshot_id: int, start_model: str, form: Form, target: Path, *, unchecked: bool = False
) -> ExportAccount:
    """Write the examples that RAWS would be trained on by default; what the snapshot keeps back is not among them.

    Args:
        start_model: a name of the store's models, or a source as `m3ad.monitor.open_monitor` takes it. Its answers
            decide what is easy and hard, and conversations begin with its system prompt.
        unchecked: stored texts that nobody has approved too, as in `RawsSettings`.

    Raises ExportError, BadImage or ModelUnavailable with a sentence; there is no folder `target` then.
    """
    source = start_source(store, start_model)
    resolve(source)  # a misspelt model would only look like one that never answered
    system = None if form is Form.M3AD else read_system(source)
    try:
        examples = snapshot_examples(store, snapshot_id, start_model, RawsSettings(unchecked=unchecked))
    except ValueError as error:  # a type that the format cannot carry; the store keeps types as they were written
        raise ExportError(f"An example cannot be written. {error}") from error
    return write_export(target, form, held_examples(store, examples), system)


def write_export(target: Path, form: Form, examples: list[Example], system: str | None) -> ExportAccount:
    """Write the folder `target`, complete or not at all, also when the process is killed.

    Args:
        system: the system prompt of the conversations; None: the question alone.

    Raises ExportError or BadImage.
    """
    if os.path.lexists(target):
        raise ExportError(f"{target} is there already: choose another folder or remove it first.")
    if not examples:
        raise ExportError(
            "There is nothing to export: no case of the snapshot is in its training split, or all its examples wait to "
            "be approved."
        )
    target = target.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as draft:
            made = Path(draft) / target.name  # in the draft: TemporaryDirectory's own folder is closed to others
            made.mkdir()
            WRITERS[form](made, list(_with_plain_pictures(examples, made, target)), system)
            made.rename(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Choose another folder.") from error
    return _account(target, form, examples)


def _account(target: Path, form: Form, examples: list[Example]) -> ExportAccount:
    mix = Mix.of(examples)
    reflective = mix.easy_reflective + mix.hard_reflective
    return ExportAccount(target, form, mix.total, mix.easy, mix.hard, mix.unanswered, reflective)


def _with_plain_pictures(examples: Iterable[Example], made: Path, target: Path) -> Iterator[Example]:
    """The examples with pictures that every program sees as our models do. Raises BadImage for one that is gone."""
    for number, example in enumerate(examples):
        if is_plain(example.image):
            yield example
            continue
        place = Path("pictures", f"{number}.png")
        (made / place).parent.mkdir(exist_ok=True)
        open_image(example.image).save(made / place)
        yield replace(example, image=str(target / place))


def _write_m3ad(folder: Path, examples: list[Example], system: str | None) -> None:
    write_examples(folder / "data.jsonl", telling_first(examples))


def _write_llama_factory(folder: Path, examples: list[Example], system: str | None) -> None:
    entry = {
        "file_name": "data.json",
        "formatting": "sharegpt",
        "columns": {"messages": "messages", "images": "images"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }
    rows = [conversation_row(example, system) for example in examples]
    (folder / "data.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({DATASET: entry}, indent=2) + "\n", encoding="utf-8")


def _write_ms_swift(folder: Path, examples: list[Example], system: str | None) -> None:
    with (folder / "data.jsonl").open("w", encoding="utf-8") as stream:
        for example in examples:
            stream.write(json.dumps(conversation_row(example, system), ensure_ascii=False) + "\n")


WRITERS: dict[Form, Callable[[Path, list[Example], str | None], None]] = {
    Form.M3AD: _write_m3ad,
    Form.LLAMA_FACTORY: _write_llama_factory,
    Form.MS_SWIFT: _write_ms_swift,
}


def telling_first(examples: list[Example]) -> list[Example]:
    """The examples with one that has a difficulty and one that has a box in front.

    `datasets` takes the types of all rows from the first ten megabytes, and fails on a text or a list of defects where
    it saw only null and empty ones until then: normal cases come first in most data sets.
    """
    answered = [example for example in examples if example.difficulty][:1]
    boxed = [example for example in examples if any(defect.box for defect in example.truth.defects)][:1]
    first = {id(example) for example in answered + boxed}
    return sorted(examples, key=lambda example: id(example) not in first)


def conversation_row(example: Example, system: str | None) -> dict[str, Any]:
    """One example as both other trainers read it: exactly the texts that our own training uses.

    Raises ExportError when the completion holds a placeholder: another picture would be looked for in its place.
    """
    found = [sign for sign in PLACEHOLDERS if sign in example.completion]
    if found:
        raise ExportError(
            f"The text of case {example.case} holds {found[0]}, which LLaMA-Factory and ms-swift replace by a file. "
            f"Export as {Form.M3AD.value}, or take it out of the text."
        )
    messages = [{"role": asked["role"], "content": _text(asked["content"])} for asked in conversation(system)]
    messages.append({"role": "assistant", "content": example.completion})
    return {"messages": messages, "images": [example.image]}


def _text(parts: list[dict[str, str]]) -> str:
    return "".join(IMAGE if part["type"] == "image" else part["text"] for part in parts)
