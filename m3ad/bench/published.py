"""What the paper printed (arXiv 2603.00055, Tables 1 to 5), to stand beside what is measured here.

Accuracies in percent, F1 as shares, as printed. The paper's set is M3-AD-Bench; any other set's figures stand beside
these for orientation alone. The signs above the first three columns of Table 3 are lost in the text we have: their
order is that of the paper's sum of rewards. The paper gives its 4B base model two location F1: 0.140 in Table 2, 0.110
in Table 4.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "arXiv 2603.00055"


@dataclass(frozen=True, slots=True)
class Printed:
    """A row of Table 1 (accuracy, balanced accuracy) or 4 (type, location): texture, workpiece, electronic, average."""

    kind: str
    model: str
    size: str
    numbers: tuple[float, ...]


TABLE_1 = (
    Printed("Commercial", "GPT-5.1-nano", "", (83.3, 83.2, 68.2, 67.7, 63.5, 61.9, 71.7, 70.9)),
    Printed("Commercial", "GPT-5.1-mini", "", (83.9, 84.2, 53.6, 56.3, 59.6, 63.9, 65.7, 68.1)),
    Printed("Commercial", "Gemini-2.5-Flash-Lite", "", (81.1, 81.5, 56.4, 59.0, 51.5, 56.9, 63.0, 65.8)),
    Printed("Open-source", "Anomaly-R1", "3B", (65.8, 65.5, 55.5, 55.5, 53.6, 52.6, 58.3, 57.9)),
    Printed("Open-source", "Qwen-2-VL-Instruct", "2B", (41.9, 41.4, 47.6, 46.2, 46.1, 42.7, 45.2, 43.4)),
    Printed("Open-source", "Qwen-2-VL-Instruct", "7B", (64.3, 64.1, 59.1, 59.1, 55.7, 53.8, 59.7, 59.0)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "3B", (66.1, 65.8, 57.1, 56.2, 55.7, 52.9, 59.6, 58.3)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "7B", (76.4, 75.9, 60.5, 58.8, 57.0, 52.3, 64.6, 62.3)),
    Printed("Open-source", "LlaVA-OneVision-SI", "7B", (68.1, 67.6, 59.6, 57.7, 61.2, 55.9, 63.0, 60.4)),
    Printed("Open-source", "Intern-VL-3.5", "4B", (60.7, 61.5, 51.0, 53.8, 45.6, 52.8, 52.4, 56.0)),
    Printed("Open-source", "Intern-VL-3.5", "8B", (77.8, 77.6, 57.0, 58.1, 56.8, 58.9, 63.9, 64.9)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "4B", (83.1, 83.1, 70.0, 69.4, 64.6, 63.7, 72.6, 72.1)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "8B", (71.1, 70.5, 65.3, 63.2, 63.3, 57.3, 66.6, 63.7)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "32B", (87.4, 87.3, 73.7, 73.8, 78.6, 77.5, 79.9, 79.5)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "72B", (80.6, 80.4, 70.3, 69.2, 66.8, 62.6, 72.6, 70.7)),
    Printed("Open-source", "IAD-R1", "3B", (85.6, 85.5, 66.4, 64.7, 75.7, 69.7, 75.9, 73.3)),
    Printed("Open-source", "IAD-R1", "7B", (87.0, 87.0, 74.1, 71.6, 77.0, 71.6, 79.4, 76.7)),
    Printed("Thinking", "Qwen-3-VL-Thinking", "4B", (67.3, 68.0, 53.9, 55.9, 41.5, 48.1, 54.2, 57.3)),
    Printed("Thinking", "Qwen-3-VL-Thinking", "8B", (86.0, 86.0, 54.7, 56.7, 40.0, 46.0, 60.2, 62.9)),
    Printed("RA-Monitor", "Qwen-3-VL-Instruct", "4B", (91.2, 91.1, 72.5, 72.9, 77.1, 77.1, 80.3, 80.4)),
    Printed("RA-Monitor", "Qwen-3-VL-Instruct", "8B", (88.3, 88.2, 74.3, 74.7, 79.1, 77.4, 80.6, 80.1)),
)
TABLE_4 = (
    Printed("Commercial", "GPT-5.1-nano", "", (0.425, 0.173, 0.356, 0.088, 0.34, 0.048, 0.374, 0.103)),
    Printed("Commercial", "GPT-5.1-mini", "", (0.523, 0.24, 0.481, 0.112, 0.489, 0.072, 0.498, 0.141)),
    Printed("Commercial", "Gemini-2.5-Flash-Lite", "", (0.556, 0.194, 0.422, 0.211, 0.354, 0.198, 0.444, 0.201)),
    Printed("Open-source", "Anomaly-R1", "3B", (0.32, 0.056, 0.178, 0.034, 0.12, 0.017, 0.206, 0.036)),
    Printed("Open-source", "Qwen-2-VL-Instruct", "2B", (0.007, 0.002, 0.019, 0.005, 0.01, 0.003, 0.012, 0.003)),
    Printed("Open-source", "Qwen-2-VL-Instruct", "7B", (0.234, 0.125, 0.149, 0.101, 0.125, 0.051, 0.169, 0.092)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "3B", (0.327, 0.046, 0.159, 0.03, 0.123, 0.023, 0.203, 0.033)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "7B", (0.332, 0.05, 0.209, 0.023, 0.133, 0.02, 0.225, 0.031)),
    Printed("Open-source", "LlaVA-OneVision-SI", "7B", (0.387, 0.099, 0.186, 0.051, 0.152, 0.027, 0.242, 0.059)),
    Printed("Open-source", "Intern-VL-3.5", "4B", (0.454, 0.426, 0.346, 0.058, 0.285, 0.045, 0.362, 0.176)),
    Printed("Open-source", "Intern-VL-3.5", "8B", (0.406, 0.053, 0.32, 0.033, 0.255, 0.021, 0.327, 0.036)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "4B", (0.312, 0.01, 0.385, 0.166, 0.28, 0.154, 0.326, 0.11)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "8B", (0.348, 0.424, 0.289, 0.217, 0.176, 0.18, 0.271, 0.274)),
    Printed("Open-source", "Qwen-3-VL-Instruct", "32B", (0.325, 0.444, 0.399, 0.016, 0.381, 0.032, 0.368, 0.164)),
    Printed("Open-source", "Qwen-2.5-VL-Instruct", "72B", (0.292, 0.347, 0.269, 0.226, 0.203, 0.16, 0.255, 0.244)),
    Printed("Thinking", "Qwen-3-VL-Thinking", "4B", (0.464, 0.19, 0.302, 0.167, 0.28, 0.111, 0.349, 0.156)),
    Printed("Thinking", "Qwen-3-VL-Thinking", "8B", (0.415, 0.29, 0.333, 0.216, 0.278, 0.15, 0.342, 0.219)),
    Printed("RA-Monitor", "Qwen-3-VL-Instruct", "4B", (0.497, 0.788, 0.498, 0.579, 0.587, 0.591, 0.527, 0.653)),
    Printed("RA-Monitor", "Qwen-3-VL-Instruct", "8B", (0.49, 0.764, 0.522, 0.607, 0.523, 0.571, 0.512, 0.647)),
)
Row = tuple[float, float, float, float]  # accuracy, balanced accuracy, type hard-F1, location hard-F1
# By base model; what was learnt from: nothing, thinking alone, thinking and reflection.
TABLE_2: dict[str, dict[str, Row]] = {
    "Qwen-3-VL-Instruct-4B": {
        "None": (72.6, 72.1, 0.326, 0.140),
        "Thinking Mode Only": (74.5, 75.6, 0.452, 0.597),
        "Reflective Mode": (75.7, 77.1, 0.462, 0.611),
    },
    "Qwen-3-VL-Instruct-8B": {
        "None": (66.6, 63.7, 0.271, 0.274),
        "Thinking Mode Only": (73.7, 74.7, 0.442, 0.525),
        "Reflective Mode": (77.4, 78.3, 0.478, 0.603),
    },
}
# By (consistency, accuracy, reflection) reward.
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
# Location hard-F1 of RA-Monitor by IoU: (4B, 8B) of texture, workpiece, electronic.
TABLE_5: dict[float, dict[str, tuple[float, float]]] = {
    0.1: {"texture": (0.856, 0.833), "workpiece": (0.65, 0.678), "electronic": (0.675, 0.638)},
    0.2: {"texture": (0.843, 0.816), "workpiece": (0.616, 0.646), "electronic": (0.616, 0.6)},
    0.3: {"texture": (0.788, 0.764), "workpiece": (0.579, 0.607), "electronic": (0.591, 0.571)},
    0.4: {"texture": (0.693, 0.664), "workpiece": (0.543, 0.568), "electronic": (0.56, 0.544)},
    0.5: {"texture": (0.577, 0.546), "workpiece": (0.497, 0.514), "electronic": (0.523, 0.503)},
}
