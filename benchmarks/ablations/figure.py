"""The figure of docs/ablations.md: a plotly figure, and its picture by a headless Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.ablations.cells import FIGURE_4, FULL
from benchmarks.ablations.statistics import Estimate, accuracy, initial_accuracy, share_of
from benchmarks.ablations.tables import Tables
from m3ad.errors import RunError
from m3ad.records import Scenario

COLOURS = {"a": "#d9a514", "b": "#3f7fe0", "c": "#1f9d61", "d": "#e5383b"}
GREY = "#8a93a3"
WIDTH, HEIGHT = 1100, 620  # pixels
SMOOTH = 5  # log points


def draw(tables: Tables) -> go.Figure:
    """Figure 4 (rate over training; fixed and broke), Figure 5, and the two curves to watch."""
    titles = (
        "reflection rate over training, by table", "a forced reflection fixes / breaks, by table",
        "accuracy before and after a forced reflection", "groups of equal reward over training",
        "initial (dotted) and final accuracy over training",
    )  # fmt: skip
    figure = make_subplots(rows=2, cols=3, subplot_titles=titles, vertical_spacing=0.16, horizontal_spacing=0.07)
    for table, cell in FIGURE_4.items():
        rows = tables.rows[cell]
        for place, metric, dash in (
            ((1, 1), "reflection/rate", "solid"), ((2, 1), "frac_reward_zero_std", "solid"),
            ((2, 2), "accuracy/initial", "dot"), ((2, 2), "accuracy/final", "solid"),
        ):  # fmt: skip
            x, y = _curve([row["curves"][metric] for row in rows])
            line = {"color": COLOURS[table], "width": 2, "dash": dash}
            shown = metric == "reflection/rate"
            trace = go.Scatter(x=x, y=y, name=f"table {table}", mode="lines", line=line, showlegend=shown)
            figure.add_trace(trace, row=place[0], col=place[1])
    for name, colour in (("fixed", COLOURS["c"]), ("broke", COLOURS["d"])):
        estimates = [tables.estimate(cell, share_of(name), "forced") for cell in FIGURE_4.values()]
        figure.add_trace(_bars(list(FIGURE_4), estimates, name, colour), row=1, col=2)
    for name, measure, colour in (("before", initial_accuracy, GREY), ("after", accuracy, COLOURS["b"])):
        estimates = [tables.estimate(FULL, measure, "forced", scenario.value) for scenario in Scenario]
        figure.add_trace(_bars([scenario.value for scenario in Scenario], estimates, name, colour), row=1, col=3)
    figure.update_layout(
        width=WIDTH, height=HEIGHT, template="plotly_white", barmode="group",
        font={"size": 11, "family": "Inter, system-ui, sans-serif"}, margin={"l": 40, "r": 10, "t": 40, "b": 30},
        legend={"x": 0.72, "y": 0.38, "xanchor": "left", "yanchor": "top"},
    )  # fmt: skip
    figure.update_annotations(font_size=12)
    figure.update_yaxes(rangemode="tozero")
    return figure


def photograph(figure: go.Figure, target: Path) -> None:
    """Write the figure as PNG. Raises RunError without Chromium; nothing is fetched from anywhere."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise RunError("There is no Chromium here to make a picture with: install it, then make the report again.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "figure.html"
        page_file.write_text(figure.to_html(include_plotlyjs=True, config={"staticPlot": True}))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        page.locator(".js-plotly-plot").screenshot(path=target)
        browser.close()


def _curve(seeds: list[list[list[float]]]) -> tuple[list[float], list[float]]:
    """The mean over the seeds, smoothed over SMOOTH points."""
    length = min(map(len, seeds))
    values = np.mean([[value for _, value in one[:length]] for one in seeds], axis=0)
    width = min(SMOOTH, length)
    smooth = np.convolve(values, np.full(width, 1 / width), mode="valid")
    return [step for step, _ in seeds[0][width - 1 : length]], [round(float(value), 4) for value in smooth]


def _bars(names: list[str], estimates: list[Estimate], name: str, colour: str) -> go.Bar:
    values = [one.value for one in estimates]
    high = [one.interval[1] - one.value for one in estimates]
    low = [one.value - one.interval[0] for one in estimates]
    error = {"type": "data", "symmetric": False, "array": high, "arrayminus": low, "thickness": 1}
    return go.Bar(x=names, y=values, name=name, marker={"color": colour}, error_y=error)
