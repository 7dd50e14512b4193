"""How long a model takes for many pictures, one by one and together: `python -m benchmarks.inspection PARTS`.

The plain loop is what anybody would write with transformers: prepare one picture, `generate`, decode. Beside it stands
our own monitor, one by one (with both probabilities and the reflection's threshold) and in batches. All run in turn,
round after round, on the same drawn parts; figures are medians of rounds, and outputs are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from PIL.Image import Image

from m3ad.demo.parts import CATEGORIES, draw
from m3ad.monitor.base import fit, inspect
from m3ad.monitor.local import LocalMonitor
from m3ad.monitor.local_load import load
from m3ad.monitor.names import resolve
from m3ad.prompts import SYSTEM, conversation

PAGE = Path(__file__).resolve().parents[1] / "docs" / "inspection-benchmark.md"
FIRST_SEED = 80_000_000  # away from all parts that anything was trained or judged on
SIDE = 224
MAX_TOKENS = 260
BATCHES = (8, 32)
END = "</answer>"

Way = Callable[[Sequence[Image]], list[str]]


def pictures(count: int) -> list[Image]:
    """Drawn parts of every category in turn."""
    return [draw(CATEGORIES[n % len(CATEGORIES)].name, FIRST_SEED + n, size=SIDE).image for n in range(count)]


def plain_loop(model: str, device: str) -> Way:
    """One `generate` call for each picture, greedy, with the model's own end of turn."""
    source = resolve(model)
    loaded = load(source, device, None)
    system = loaded.card.system if loaded.card else None if source.bare else SYSTEM
    prompt = loaded.processor.apply_chat_template(conversation(system), tokenize=False, add_generation_prompt=True)

    def answer(image: Image) -> str:
        inputs: Any = loaded.processor(images=[fit(image)], text=[prompt], return_tensors="pt").to(loaded.model.device)
        ids = loaded.model.generate(**inputs, max_new_tokens=MAX_TOKENS, do_sample=False)
        text = loaded.processor.tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return "".join(text.partition(END)[:2])

    return lambda images: [answer(image) for image in images]


def ways(model: str, device: str) -> dict[str, Way]:
    """What is compared, by name; the first is what the others are measured against."""
    monitor = LocalMonitor.open(resolve(model), name=model, device=device, max_new_tokens=MAX_TOKENS)

    def batched(size: int) -> Way:
        return lambda images: [
            text for start in range(0, len(images), size) for text in monitor.answer_batch(images[start : start + size])
        ]

    def inspected(size: int) -> Way:
        return lambda images: [
            answer.text
            for start in range(0, len(images), size)
            for answer in monitor.inspect_batch(images[start : start + size])
        ]

    return {
        "plain loop of generate": plain_loop(model, device),
        **{f"batches of {size}, text alone": batched(size) for size in BATCHES},
        "inspected one by one": lambda images: [inspect(monitor, image).text for image in images],
        **{f"inspected in batches of {size}": inspected(size) for size in BATCHES},
    }


def measure(compared: dict[str, Way], images: Sequence[Image], rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds for all images in each round, and the texts of the last one."""
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    texts: dict[str, list[str]] = {}
    for way in compared.values():
        way(images[:2])  # the first call of anything is slow
    for _ in range(rounds):
        for name, way in compared.items():
            started = time.perf_counter()
            texts[name] = way(images)
            seconds[name].append(time.perf_counter() - started)
    return {name: {"seconds": seconds[name], "texts": texts[name]} for name in compared}


def page(found: dict[str, dict[str, Any]], model: str, device: str, count: int) -> str:
    """docs/inspection-benchmark.md."""
    base, alone = "plain loop of generate", "inspected one by one"
    whole = median(found[base]["seconds"])
    lines = []
    for name, one in found.items():
        reference = alone if name.startswith("inspected") else base
        same = sum(a == b for a, b in zip(one["texts"], found[reference]["texts"], strict=True))
        seconds = median(one["seconds"])
        spread = f"{min(one['seconds']):.1f} to {max(one['seconds']):.1f}"
        row = (name, f"{seconds:.1f}", spread, f"{count / seconds:.2f}", f"{whole / seconds:.1f}", f"{same} of {count}")
        lines.append(f"| {' | '.join(row)} |")
    rows = "\n".join(lines)
    return f"""# How fast many parts are inspected

Made by `python -m benchmarks.inspection {count} --model {model} --device {device}`: drawn parts of {SIDE} pixels,
{len(found[base]["seconds"])} rounds, all ways in turn in each round, on {os.cpu_count()} cores ({platform.machine()}).
Load average at the end: {os.getloadavg()[0]:.1f}; above the number of cores, other work ran too, for all ways alike.
Gain: median seconds of the plain loop / median seconds. Same text: as the plain loop's, and of inspections as of those
made one by one.

| way | seconds, median | from – to | parts a second | gain | same text |
|---|---|---|---|---|---|
{rows}

An inspection measures P(anomalous) at both places of decision and reflects from the model's threshold on, which the
plain loop does not. A batch waits for its longest answer, and every answer ends at `</answer>`.
"""


def main() -> None:
    """Measure, write the page, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", type=int)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = measure(ways(options.model, options.device), pictures(options.parts), options.rounds)
    PAGE.write_text(page(found, options.model, options.device, options.parts))
    print(json.dumps({name: one["seconds"] for name, one in found.items()}))


if __name__ == "__main__":
    main()
