"""What a dialect is: the words that a family of models is asked with, and what the numbers in its answers mean.

All but RA-Monitor's relatives are given one task in the same words (the paper's own are lost); only the notation of a
place is each family's own, as it has learnt it. Nobody is told that a defect is there (SPEC, M3-AD-Bench).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from m3ad import trace
from m3ad.prompts import conversation, conversation_version, type_groups
from m3ad.records import Mode, Trace
from m3ad.taxonomy import Taxonomy, default_taxonomy
from m3ad.trace_boxes import GUESSED, Notation

Size = tuple[int, int]  # width and height in pixels
CHOICE = "?dialect="  # at the end of a model's source
OWN = "ra-monitor"
# Room for models that think at length before they answer, whether that is shown or not. [U]
LONG = 8192


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of models is asked and read.

    Attributes:
        name: as people choose it and as inspections keep it.
        words: for people, what is particular about it.
        system: the system prompt; None: none.
        question: the user's text; None: the paper's question.
        notation: what the coordinates mean.
        pixels: coordinates are pixels of the picture as the model sees it, so `read` needs that size.
        step: the model's own processor resizes pictures to multiples of so many pixels; 0: coordinates do not depend
            on it.
        translate: from the family's own signs to those that `m3ad.trace` reads; total over any text.
        usual: codes of problems that are none in this dialect.
        end: text after which nobody reads on; "" where it may come before the end.
        max_new_tokens: an answer is cut off after so many tokens; None: as for other models.
    """

    name: str
    words: str
    system: str | None
    question: str | None = None
    notation: Notation = GUESSED
    pixels: bool = False
    step: int = 0
    translate: Callable[[str], str] = _unchanged
    usual: frozenset[str] = frozenset()
    end: str = "</answer>"
    max_new_tokens: int | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation, in the form of `m3ad.prompts.conversation`."""
        *before, user = conversation(self.system)
        if self.question is not None:
            user = {**user, "content": [user["content"][0], {"type": "text", "text": self.question}]}
        return [*before, user]

    @property
    def prompt(self) -> str:
        """The version of what the model is told; see `m3ad.prompts.prompt_version`."""
        return conversation_version(self.messages)

    def reading(self, seen: Size | None = None) -> str:
        """What has to be kept beside a text so that it can be read again (`m3ad.dialects.read_as`)."""
        return f"{self.name} {seen[0]}x{seen[1]}" if self.pixels and seen else self.name

    def read(self, text: str, seen: Size | None = None, taxonomy: Taxonomy | None = None) -> Trace:
        """What a model wrote, read; the text itself stays as it is. Never raises.

        Args:
            seen: the size of the picture as the model saw it, where it counts in pixels of that.
        """
        notation = replace(self.notation, scale=seen) if self.pixels and seen else self.notation
        read = trace.read(self.translate(text), taxonomy, notation)
        problems = tuple(found for found in read.problems if found.code not in self.usual)
        return replace(read, text=text, problems=problems)


def resized(size: Size, step: int) -> Size:
    """To what size Qwen's processors bring a picture of `size`: each side the nearest multiple of `step`.

    Of no less than four steps' area, as their settings are; pictures here never reach their upper limit.
    """
    width, height = (round(side / step) * step for side in size)
    least = (2 * step) ** 2
    if width * height < least:
        factor = (least / (size[0] * size[1])) ** 0.5
        width, height = (ceil(side * factor / step) * step for side in size)
    return width, height


def no_lens(name: str, dialect: Dialect) -> str:
    """Why a model of this dialect cannot be looked into."""
    return (
        f"{name} writes in its own way ({dialect.name}), without the places where RA-Monitor decides, so there is "
        f"nothing to look into. To ask it as RA-Monitor, put {CHOICE}{OWN} at the end of its source."
    )


def no_mode(name: str, dialect: Dialect, mode: Mode) -> str:
    """Why a model of this dialect cannot be asked in a mode."""
    return (
        f"{name} is asked in its own way ({dialect.name}), in which the mode {mode.value} means nothing. Use the mode "
        f"auto, or ask it as RA-Monitor: put {CHOICE}{OWN} at the end of its source."
    )


def task(place: str, taxonomy: Taxonomy | None = None, *, think: bool = True) -> str:
    """The instructions: what to do and how to answer.

    Args:
        place: how the boxes are to be written, with an example, as the end of a sentence.
        think: False for models that think before they answer without being told.
    """
    parts = [_THINK, _ANSWER] if think else [_ANSWER]
    steps = "\n".join(f"{number}. {part}" for number, part in enumerate(parts, 1))
    return _TASK.format(steps=steps, place=place, groups=type_groups(taxonomy or default_taxonomy()))


_THINK = "<think>...</think>: what the part is and what you see, in a few sentences."
_ANSWER = """If the part has defects: <type>...</type><location>...</location><answer>yes</answer>
   If it has none: <answer>no</answer>, without type and location."""
_TASK = """You inspect industrial parts. You are shown one image and asked whether the part in it has defects.

Write your answer in exactly this form:
{steps}

In <type> name the type of each defect; separate several with ";". In <location> give one box for each defect in the \
same order, {place}

Use these types only:
{groups}"""
