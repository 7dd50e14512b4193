"""The curves of a run as a figure: which metrics stand together, and how many of their points a screen can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from m3ad.records import Stage

RED, YELLOW, BLUE, GREEN, GREY = "#e5383b", "#d9a514", "#3f7fe0", "#1f9d61", "#8a93a3"
LEARNING, HEALTH = "What it learns", "How it runs"
MEMORY = "most memory"
Panel = tuple[str, dict[str, tuple[str, str]]]  # title, {legend: (metric in events.jsonl, colour)}
_MACHINE: tuple[Panel, ...] = (
    ("tokens per second", {"tokens per second": ("tokens_per_second", BLUE)}),
    (MEMORY, {"memory": ("peak_memory", GREY)}),
)
PANELS: dict[Stage, dict[str, tuple[Panel, ...]]] = {
    Stage.RAWS: {
        LEARNING: (
            ("loss", {"loss": ("loss", BLUE)}),
            ("token accuracy", {"token accuracy": ("mean_token_accuracy", GREEN)}),
        ),
        HEALTH: (
            ("entropy", {"entropy": ("entropy", YELLOW)}),
            ("gradient norm", {"gradient norm": ("grad_norm", RED)}),
            *_MACHINE,
        ),
    },
    Stage.RCRL: {
        LEARNING: (
            (
                "reward",
                {
                    "sum": ("reward", GREEN),
                    "consistency": ("rewards/consistency/mean", GREY),
                    "accuracy": ("rewards/accuracy/mean", RED),
                    "reflection": ("rewards/reflection/mean", BLUE),
                },
            ),
            ("KL to the start model", {"KL": ("kl", YELLOW)}),
            ("accuracy", {"initial": ("accuracy/initial", YELLOW), "final": ("accuracy/final", GREEN)}),
            (
                "reflection",
                {
                    "rate": ("reflection/rate", BLUE),
                    "fixed": ("reflection/fixed", GREEN),
                    "broke": ("reflection/broke", RED),
                },
            ),
            # Where all answers to a case earn the same, GRPO learns nothing from it.
            ("nothing to learn", {"equal groups": ("frac_reward_zero_std", GREY), "unreadable": ("unreadable", RED)}),
        ),
        HEALTH: (
            ("loss", {"loss": ("loss", BLUE)}),
            ("entropy", {"entropy": ("entropy", YELLOW)}),
            (
                "answer length, tokens",
                {"mean": ("completions/mean_length", BLUE), "longest": ("completions/max_length", GREY)},
            ),
            # Answers that reached the longest length, and updates that GRPO's clipping held back.
            (
                "cut off, clipped",
                {"cut off": ("completions/clipped_ratio", RED), "clipped": ("clip_ratio/region_mean", YELLOW)},
            ),
            *_MACHINE,
        ),
    },
}
MAX_POINTS = 600  # a curve is thinned for the screen only; events.jsonl keeps every point
HEIGHT = 204  # pixels; style and figure agree, so nothing jumps


def curves(events: Sequence[Mapping[str, Any]], stage: Stage, part: str = LEARNING) -> go.Figure:
    """One small panel per group of metrics over the steps; before its first point a panel has a word and no axes.

    `part`: LEARNING or HEALTH.
    """
    panels = PANELS[stage][part]
    logs = [event for event in events if event.get("kind") == "log"]
    titles = [_title(title, lines) for title, lines in panels]
    figure = make_subplots(rows=1, cols=len(panels), subplot_titles=titles, horizontal_spacing=0.05)
    for column, (title, lines) in enumerate(panels, start=1):
        drawn = 0
        for legend, (metric, colour) in lines.items():
            points = thinned([(log["step"], log[metric]) for log in logs if log.get(metric) is not None])
            drawn += len(points)
            x, y = [step for step, _ in points], [value for _, value in points]
            mode = "lines+markers" if len(points) < 30 else "lines"
            line = go.Scatter(x=x, y=y, name=legend, mode=mode, line={"color": colour, "width": 2}, showlegend=False)
            figure.add_trace(line, row=1, col=column)
        if title == MEMORY:
            figure.update_yaxes(exponentformat="SI", ticksuffix="B", row=1, col=column)
        if not drawn:
            _leave_empty(figure, column)
    _style(figure)
    return figure


def thinned(points: list[tuple[float, float]], most: int = MAX_POINTS) -> list[tuple[float, float]]:
    """At most `most` points, with the first and the last, and of every stretch between its lowest and its highest.

    So no peak is lost: a spike of one step is what a person looks for.
    """
    if len(points) <= most:
        return points
    inner, stretches = points[1:-1], (most - 2) // 2
    kept = points[:1]
    for number in range(stretches):
        stretch = inner[number * len(inner) // stretches : (number + 1) * len(inner) // stretches]
        ends = {min(stretch, key=_height), max(stretch, key=_height)}
        kept += sorted(ends)
    return kept + points[-1:]


def _height(point: tuple[float, float]) -> float:
    return point[1]


def _title(title: str, lines: Mapping[str, tuple[str, str]]) -> str:
    """A panel's title with its legend below, each name in the colour of its line; one line needs no legend."""
    if len(lines) == 1:
        return title + "<br> "
    names = " ".join(f'<span style="color:{colour}">{name}</span>' for name, (_, colour) in lines.items())
    return f'{title}<br><span style="font-size:10px">{names}</span>'


def _leave_empty(figure: go.Figure, column: int) -> None:
    """No axes where there is nothing to read on them."""
    figure.update_xaxes(visible=False, row=1, col=column)
    figure.update_yaxes(visible=False, row=1, col=column)
    word = {"text": "no points yet", "x": 0.5, "y": 0.5, "showarrow": False}
    figure.add_annotation(**word, xref="x domain", yref="y domain", row=1, col=column)


def _style(figure: go.Figure) -> None:
    """Transparent, quiet, the same size with and without points: readable in light and dark, and nothing jumps."""
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 40, "r": 8, "t": 40, "b": 24},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 11, "color": GREY, "family": "Inter, system-ui, sans-serif"},
        hovermode="x unified",
        uirevision="run",
    )
    figure.update_annotations(font_size=12)
    figure.update_xaxes(gridcolor="rgba(138,147,163,.22)", zeroline=False, rangemode="tozero")
    figure.update_yaxes(gridcolor="rgba(138,147,163,.22)", zeroline=False)
