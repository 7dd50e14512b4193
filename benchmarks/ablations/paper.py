"""The paper's numbers (arXiv 2603.00055), to stand beside ours. Accuracies in percent, F1 as shares, as printed.

The text we have prints Tables 1 to 4; of Figures 4 and 5 it has the captions and what is said of them, no numbers. The
signs above the first three columns of Table 3 are lost in it: their order is that of the paper's sum of rewards, which
fits what it says of the accuracy reward (the type F1 rises wherever the second column has its tick).
"""

from __future__ import annotations

from benchmarks.ablations.cells import BASE, REFLECTIVE, THINKING
from m3ad.bench.published import TABLE_2, TABLE_3, Row
from m3ad.records import Scenario

__all__ = ["AFTER_4B", "TABLE_2_4B", "TABLE_2_8B", "TABLE_3", "Row"]

TABLE_2_4B: dict[str, Row] = dict(
    zip((BASE, THINKING, REFLECTIVE), TABLE_2["Qwen-3-VL-Instruct-4B"].values(), strict=True)
)
TABLE_2_8B: dict[str, Row] = dict(
    zip((BASE, THINKING, REFLECTIVE), TABLE_2["Qwen-3-VL-Instruct-8B"].values(), strict=True)
)
# Table 1, RA-Monitor 4B: accuracy and balanced accuracy after reflection. Logical parts are not in the paper's table.
AFTER_4B: dict[Scenario, tuple[float, float]] = {
    Scenario.TEXTURE: (91.2, 91.1),
    Scenario.WORKPIECE: (72.5, 72.9),
    Scenario.ELECTRONIC: (77.1, 77.1),
}
