"""`python -m benchmarks.reflect`: measures with the bundled model and writes docs/reflect-benchmark.md."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean, median

from benchmarks.reflect.asking import Race, races
from benchmarks.reflect.pointing import SIDE, SIZE, Pointed, answered_parts, pointed
from m3ad.demo.parts import draw
from m3ad.monitor import Monitor, open_monitor

DOC = Path(__file__).resolve().parents[2] / "docs" / "reflect-benchmark.md"
CATEGORY = "leather"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reflect", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[224, 448], help="sides of the pictures, in pixels")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is timed")
    parser.add_argument("--parts", type=int, default=12, help="defective parts to make maps of, and as many sound ones")
    parser.add_argument("--seed", type=int, default=5000, help="of the first part that is drawn for a map")
    given = parser.parse_args()
    monitor = open_monitor("demo")
    timed = {
        size: races(monitor, draw(CATEGORY, seed=902, size=size).image, given.rounds, SIDE) for size in given.sizes
    }
    maps = {kind: _maps(monitor, given.parts, kind, given.seed) for kind in (True, False)}
    DOC.write_text(document(timed, maps, monitor.device, given.rounds))


def _maps(monitor: Monitor, count: int, anomalous: bool, seed: int) -> dict[str, list[Pointed]]:
    found: dict[str, list[Pointed]] = {}
    for part, answer in answered_parts(monitor, count, anomalous=anomalous, seed=seed):
        for place, one in pointed(monitor, part, answer).items():
            found.setdefault(place, []).append(one)
    return found


def document(timed: dict[int, list[Race]], maps: dict[bool, dict[str, list[Pointed]]], device: str, rounds: int) -> str:
    """The whole page."""
    return "\n".join(
        [_TIMES.format(device=device, rounds=rounds), *map(_row, _flat(timed)), _MAPS, *_pointing(maps), ""]
    )


def _flat(timed: dict[int, list[Race]]) -> list[tuple[int, Race]]:
    return [(size, race) for size, several in timed.items() for race in several]


def _row(entry: tuple[int, Race]) -> str:
    size, race = entry
    ours, naive = median(race.ours), median(race.naive)
    return (
        f"| {race.name} | {size} x {size} | {race.count} | {ours:.2f} s | {naive:.2f} s | {race.ratio:.1f} "
        f"| {race.apart:.0e} |"
    )


def _pointing(maps: dict[bool, dict[str, list[Pointed]]]) -> list[str]:
    rows = []
    for place, found in maps[True].items():
        hits = sum(bool(one.hit) for one in found)
        lot = fmean(one.chance for one in found)
        strong = [median(one.strongest for one in some) for some in (found, maps[False][place])]
        rows.append(
            f"| {place} | {hits} of {len(found)} | {lot * len(found):.1f} of {len(found)} "
            f"| {strong[0]:.4f} | {strong[1]:.4f} |"
        )
    return rows


_TIMES = """# What questions about one case cost

Written by `python -m benchmarks.reflect`, with the bundled model ({device}). Both ways in turns in one run,
{rounds} rounds; seconds are medians and say how busy the machine was, the ratio is of these medians. *Ours*, for
probes: picture and text are read once and each place goes on from what was read. *Naive*: a fresh full pass over
picture and text for every place. The reading of the picture is counted in both. A map has another picture for each
patch, so that nothing that was read can be kept: ours asks about 16 pictures at once, naive about one. The last column
is the largest difference between the chances that both ways gave.

| question | picture | chances | ours | naive | naive / ours | apart |
|---|---|---:|---:|---:|---:|---:|"""

_MAPS = f"""
# Where the occlusion map points

Drawn parts of the known categories, {SIZE} pixels wide, maps of {SIDE} x {SIDE}, only parts that the model judges
right. *Hits*: the patch with the largest change of the odds, up or down, touches the true box of a defect; *by lot*:
how often a patch drawn by lot would. The change of P(anomalous) is the largest of a map, up or down; median over the
parts. A blurred patch often raises P(anomalous), also on the defect itself: the sign says little.

| asked | hits | by lot | change, defective parts | change, sound parts |
|---|---:|---:|---:|---:|"""


if __name__ == "__main__":
    main()
