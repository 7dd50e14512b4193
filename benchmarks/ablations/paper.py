"""The paper's numbers (arXiv 2603.00055), to stand beside ours. Accuracies in percent, F1 as shares, as printed.

The text we have prints Tables 1 to 4; of Figures 4 and 5 it has the captions and what is said of them, no numbers. The
signs above the first three columns of Table 3 are lost in it: their order is that of the paper's sum of rewards, which
fits what it says of the accuracy reward (the type F1 rises wherever the second column has its tick).
"""

from __future__ import annotations

from benchmarks.ablations.cells import BASE, REFLECTIVE, THINKING
from m3ad.records import Scenario

Row = tuple[float, float, float, float]  # accuracy, balanced accuracy, type hard-F1, location hard-F1

TABLE_2_4B: dict[str, Row] = {
    BASE: (72.6, 72.1, 0.326, 0.140),
    THINKING: (74.5, 75.6, 0.452, 0.597),
    REFLECTIVE: (75.7, 77.1, 0.462, 0.611),
}
TABLE_2_8B: dict[str, Row] = {
    BASE: (66.6, 63.7, 0.271, 0.274),
    THINKING: (73.7, 74.7, 0.442, 0.525),
    REFLECTIVE: (77.4, 78.3, 0.478, 0.603),
}
# (consistency, accuracy, reflection)
TABLE_3: dict[tuple[bool, ...], Row] = {
    (False, False, False): (75.7, 77.1, 0.462, 0.611),
    (False, False, True): (76.0, 76.9, 0.503, 0.605),
    (False, True, False): (77.7, 78.8, 0.549, 0.631),
    (False, True, True): (74.3, 75.1, 0.548, 0.619),
    (True, False, False): (77.9, 78.8, 0.497, 0.588),
    (True, False, True): (75.6, 77.1, 0.448, 0.625),
    (True, True, False): (76.1, 77.5, 0.524, 0.635),
    (True, True, True): (80.3, 80.4, 0.527, 0.653),
}
# Table 1, RA-Monitor 4B: accuracy and balanced accuracy after reflection. Logical parts are not in the paper's table.
AFTER_4B: dict[Scenario, tuple[float, float]] = {
    Scenario.TEXTURE: (91.2, 91.1),
    Scenario.WORKPIECE: (72.5, 72.9),
    Scenario.ELECTRONIC: (77.1, 77.1),
}
