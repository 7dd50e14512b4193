"""The figures of the Bench tab: before and after reflection, IoU sweep, size against recall, confusion of types."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from m3ad.bench.own_tables import confusion
from m3ad.bench.subject import Subject
from m3ad.metrics.defects import IOU_SWEEP
from m3ad.metrics.figures import Figure

COLOURS = ("#3f7fe0", "#1f9d61", "#d9a514", "#e5383b", "#8a93a3")
GREY, HEIGHT = "#8a93a3", 520
TITLES = ("balanced accuracy: before, after", "location F1 by IoU", "placed, by size", "confusion: true, said")


def figure(subjects: Sequence[Subject]) -> go.Figure:
    """Four panels, a colour for each model; the confusion is that of the first."""
    made = make_subplots(rows=2, cols=2, subplot_titles=TITLES, vertical_spacing=0.16, horizontal_spacing=0.12)
    for number, one in enumerate(subjects):
        _draw(made, one, COLOURS[number % len(COLOURS)])
    if subjects:
        _confusion(made, subjects[0])
    made.update_layout(
        height=HEIGHT,
        margin={"l": 40, "r": 8, "t": 30, "b": 24},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 11, "color": GREY, "family": "Inter, system-ui, sans-serif"},
        showlegend=False,
        barmode="group",
        uirevision="bench",
    )
    made.update_annotations(font_size=12)
    made.update_xaxes(gridcolor="rgba(138,147,163,.22)", zeroline=False)
    made.update_yaxes(gridcolor="rgba(138,147,163,.22)", zeroline=False)
    for row, column in ((1, 1), (1, 2), (2, 1)):
        made.update_yaxes(range=[0, 1], row=row, col=column)
    return made


def _draw(made: go.Figure, one: Subject, colour: str) -> None:
    whole, line = one.judgement.whole.figures, {"color": colour}
    names = ("first_balanced_accuracy", "balanced_accuracy")
    values = [whole[name] for name in names]
    bars = go.Bar(
        x=["before", "after"], y=[value.value for value in values], error_y=_errors(values), marker_color=colour
    )
    made.add_trace(bars, row=1, col=1)
    swept = [whole[f"location_{threshold:g}_f1"].value for threshold in IOU_SWEEP]
    made.add_trace(go.Scatter(x=list(IOU_SWEEP), y=swept, mode="lines+markers", line=line), row=1, col=2)
    sizes = {f"{100 * low:g}–{100 * high:g} %": tally for (low, high), tally in one.judgement.sizes.items()}
    shares = [tally.placed / tally.boxes for tally in sizes.values()]
    intervals = [Figure(share, tally.placed_interval) for share, tally in zip(shares, sizes.values(), strict=True)]
    lines = go.Scatter(x=list(sizes), y=shares, error_y=_errors(intervals), mode="lines+markers", line=line)
    made.add_trace(lines, row=2, col=1)


def _confusion(made: go.Figure, one: Subject) -> None:
    table = confusion(one, 0)
    said, true = [column.name for column in table.columns[1:]], [row[0].text for row in table.rows]
    counts = [[int(cell.text) if cell.text.isdecimal() else 0 for cell in row[1:]] for row in table.rows]
    scale = [[0, "rgba(63,127,224,.08)"], [1, COLOURS[0]]]
    heat = go.Heatmap(z=counts, x=said, y=true, colorscale=scale, showscale=False, text=counts, texttemplate="%{text}")
    made.add_trace(heat, row=2, col=2)
    made.update_yaxes(autorange="reversed", row=2, col=2)


def _errors(figures: Sequence[Figure]) -> dict[str, object]:
    """Bars from value to the ends of its interval."""
    known = [(one.value or 0, one.interval or (one.value or 0,) * 2) for one in figures]
    up, down = [high - value for value, (_, high) in known], [value - low for value, (low, _) in known]
    return {"type": "data", "array": up, "arrayminus": down, "color": GREY, "thickness": 1}
