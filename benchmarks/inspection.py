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
BATCH = 32
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

    def batches(images: Sequence[Image]) -> list[Sequence[Image]]:
        return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]

    return {
        "plain loop of generate": plain_loop(model, device),
        f"batches of {BATCH}, text alone": lambda images: [
            text for some in batches(images) for text in monitor.answer_batch(some)
        ],
        "inspected one by one": lambda images: [inspect(monitor, image).text for image in images],
        f"inspected in batches of {BATCH}": lambda images: [
            answer.text for some in batches(images) for answer in monitor.inspect_batch(some)
        ],
    }


def measure(compared: dict[str, Way], images: Sequence[Image], rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds for all images in each round, of the clock and of the processor, and the texts of the last one."""
    clock: dict[str, list[float]] = {name: [] for name in compared}
    processor: dict[str, list[float]] = {name: [] for name in compared}
    texts: dict[str, list[str]] = {}
    for way in compared.values():
        way(images[:2])  # the first call of anything is slow
    for _ in range(rounds):
        for name, way in compared.items():
            started, used = time.perf_counter(), time.process_time()
            texts[name] = way(images)
            clock[name].append(time.perf_counter() - started)
            processor[name].append(time.process_time() - used)
    return {name: {"clock": clock[name], "processor": processor[name], "texts": texts[name]} for name in compared}


def page(found: dict[str, dict[str, Any]], model: str, device: str, count: int) -> str:
    """docs/inspection-benchmark.md."""
    base, alone = "plain loop of generate", "inspected one by one"
    lines = []
    for name, one in found.items():
        reference = found[alone if name.startswith("inspected") else base]
        same = sum(a == b for a, b in zip(one["texts"], reference["texts"], strict=True))
        used, whole = median(one["processor"]), median(found[base]["processor"])
        spread = f"{min(one['processor']):.1f} to {max(one['processor']):.1f}"
        row = (name, f"{used:.1f}", spread, f"{whole / used:.1f}", f"{median(one['clock']):.1f}", f"{same} of {count}")
        lines.append(f"| {' | '.join(row)} |")
    rows, rounds = "\n".join(lines), len(found[base]["clock"])
    made = f"python -m benchmarks.inspection {count} --model {model} --device {device}"
    return f"""# How fast many parts are inspected

Made by `{made}`: drawn parts of {SIDE} pixels,
all ways in turn in each of {rounds} rounds, on {os.cpu_count()} cores ({platform.machine()}).
Load average at the end: {os.getloadavg()[0]:.1f}.
Where that is above the number of cores, other programs took part of the time: then the processor's seconds tell more
than the clock's. Gain: the plain loop's median of processor seconds / this one's. Same text: as the plain loop's, and
of inspections as of those made one by one.

| way | processor s, median | from – to | gain | clock s, median | same text |
|---|---|---|---|---|---|
{rows}

An inspection also measures P(anomalous) at both places of decision, and reflects from the model's threshold on: what
shall reflect is written a second time from there, which the plain loop never does. A batch waits for its longest
answer, and every answer ends at `</answer>`. On a GPU the clock counts, not the processor; none was measured.
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
    print(json.dumps({name: [one["clock"], one["processor"]] for name, one in found.items()}))


if __name__ == "__main__":
    main()
